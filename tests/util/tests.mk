check_PROGRAMS += tests/util/test-text
tests_util_test_text_SOURCES = tests/util/test-text.c
tests_util_test_text_CFLAGS = $(TEST_CFLAGS)
tests_util_test_text_LDADD = util/libutil.a $(CHECK_LIBS)

check_PROGRAMS += tests/util/test-yaml
tests_util_test_yaml_SOURCES = tests/util/test-yaml.c
tests_util_test_yaml_CFLAGS = $(TEST_CFLAGS)
tests_util_test_yaml_LDADD = util/libutil.a $(CHECK_LIBS) $(YAML_LIBS)
