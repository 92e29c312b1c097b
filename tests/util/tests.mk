check_PROGRAMS += tests/util/test-text
tests_util_test_text_SOURCES = tests/util/test-text.c
tests_util_test_text_CFLAGS = $(TEST_CFLAGS)
tests_util_test_text_LDADD = util/libutil.a $(CHECK_LIBS)
