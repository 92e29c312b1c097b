noinst_PROGRAMS += tests/home/lamp
tests_home_lamp_SOURCES = tests/home/lamp.c
tests_home_lamp_LDADD = $(MOSQUITTO_LIBS)

check_PROGRAMS += tests/home/test-entity
tests_home_test_entity_SOURCES = tests/home/test-entity.c
tests_home_test_entity_CFLAGS = $(TEST_CFLAGS)
tests_home_test_entity_LDADD = $(TOOLS_LIBS) $(CHECK_LIBS)
