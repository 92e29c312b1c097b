check_PROGRAMS += tests/daemon/test-config tests/daemon/test-writing
tests_daemon_test_config_SOURCES = tests/daemon/test-config.c
tests_daemon_test_config_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_config_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_writing_SOURCES = tests/daemon/test-writing.c
tests_daemon_test_writing_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_writing_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
