noinst_PROGRAMS += tests/home/lamp
tests_home_lamp_SOURCES = tests/home/lamp.c
tests_home_lamp_LDADD = $(MOSQUITTO_LIBS)

check_PROGRAMS += tests/home/test-entity
tests_home_test_entity_SOURCES = tests/home/test-entity.c
tests_home_test_entity_CFLAGS = $(TEST_CFLAGS)
tests_home_test_entity_LDADD = $(TOOLS_LIBS) $(CHECK_LIBS)

# Against a real broker; skipped where none is installed.
check_PROGRAMS += tests/home/test-tools
tests_home_test_tools_SOURCES = tests/home/house.c tests/home/house.h tests/home/test-tools.c
tests_home_test_tools_CFLAGS = $(TEST_CFLAGS)
tests_home_test_tools_LDADD = assistantd/ipc/libipc.a util/libutil.a $(MOSQUITTO_LIBS) $(CHECK_LIBS)
