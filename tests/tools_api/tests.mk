check_PROGRAMS += tests/tools_api/test-policy
tests_tools_api_test_policy_SOURCES = tests/tools_api/test-policy.c
tests_tools_api_test_policy_CFLAGS = $(TEST_CFLAGS)
tests_tools_api_test_policy_LDADD = tools_api/libtools_api.a util/libutil.a $(CHECK_LIBS)
