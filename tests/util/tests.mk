check_PROGRAMS += tests/util/test-text
tests_util_test_text_LDADD = util/libutil.a $(TEST_LIBS)

check_PROGRAMS += tests/util/test-yaml
tests_util_test_yaml_LDADD = util/libutil.a $(TEST_LIBS) $(YAML_LIBS)

check_PROGRAMS += tests/util/test-jinja
tests_util_test_jinja_LDADD = util/libutil.a $(TEST_LIBS) $(JANSSON_LIBS) -lm

check_PROGRAMS += tests/util/test-file
tests_util_test_file_LDADD = util/libutil.a $(TEST_LIBS)

check_PROGRAMS += tests/util/test-pages
tests_util_test_pages_LDADD = util/libutil.a $(TEST_LIBS)
