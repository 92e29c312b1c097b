check_PROGRAMS += tests/intents/test-intents
tests_intents_test_intents_SOURCES = tests/intents/test-intents.c
tests_intents_test_intents_CFLAGS = $(TEST_CFLAGS)
tests_intents_test_intents_LDADD = intents/libintents.a util/libutil.a $(CHECK_LIBS) $(YAML_LIBS)
