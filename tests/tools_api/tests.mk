TOOLS_API_TEST_LIBS = tools_api/libtools_api.a util/libutil.a $(TEST_LIBS) $(JANSSON_LIBS) \
	$(YAML_LIBS)

check_PROGRAMS += tests/tools_api/test-policy
tests_tools_api_test_policy_SOURCES = tests/tools_api/test-policy.c tests/tools_api/gate-table.h
tests_tools_api_test_policy_LDADD = $(TOOLS_API_TEST_LIBS)

check_PROGRAMS += tests/tools_api/test-registry
tests_tools_api_test_registry_LDADD = $(TOOLS_API_TEST_LIBS)

check_PROGRAMS += tests/tools_api/test-use
tests_tools_api_test_use_SOURCES = tests/tools_api/test-use.c \
	tests/tools_api/shipped.c tests/tools_api/shipped.h
tests_tools_api_test_use_LDADD = $(TOOLS_API_TEST_LIBS)

check_PROGRAMS += tests/tools_api/test-proposal
tests_tools_api_test_proposal_LDADD = $(TOOLS_API_TEST_LIBS)

check_PROGRAMS += tests/tools_api/test-malformed
tests_tools_api_test_malformed_LDADD = $(TOOLS_API_TEST_LIBS)
