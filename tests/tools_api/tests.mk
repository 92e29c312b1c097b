check_PROGRAMS += tests/tools_api/test-policy
tests_tools_api_test_policy_SOURCES = tests/tools_api/test-policy.c tests/tools_api/gate-table.h
tests_tools_api_test_policy_CFLAGS = $(TEST_CFLAGS)
tests_tools_api_test_policy_LDADD = tools_api/libtools_api.a util/libutil.a $(TEST_LIBS)

check_PROGRAMS += tests/tools_api/test-registry
tests_tools_api_test_registry_SOURCES = tests/tools_api/test-registry.c
tests_tools_api_test_registry_CFLAGS = $(TEST_CFLAGS) $(JANSSON_CFLAGS)
tests_tools_api_test_registry_LDADD = tools_api/libtools_api.a util/libutil.a $(TEST_LIBS) \
	$(JANSSON_LIBS) $(YAML_LIBS)

check_PROGRAMS += tests/tools_api/test-use
tests_tools_api_test_use_SOURCES = tests/tools_api/test-use.c \
	tests/tools_api/shipped.c tests/tools_api/shipped.h
tests_tools_api_test_use_CFLAGS = $(TEST_CFLAGS) $(JANSSON_CFLAGS)
tests_tools_api_test_use_LDADD = tools_api/libtools_api.a util/libutil.a $(TEST_LIBS) \
	$(JANSSON_LIBS) $(YAML_LIBS)

check_PROGRAMS += tests/tools_api/test-proposal
tests_tools_api_test_proposal_SOURCES = tests/tools_api/test-proposal.c
tests_tools_api_test_proposal_CFLAGS = $(TEST_CFLAGS) $(JANSSON_CFLAGS)
tests_tools_api_test_proposal_LDADD = tools_api/libtools_api.a util/libutil.a $(TEST_LIBS) \
	$(JANSSON_LIBS) $(YAML_LIBS)

check_PROGRAMS += tests/tools_api/test-malformed
tests_tools_api_test_malformed_SOURCES = tests/tools_api/test-malformed.c
tests_tools_api_test_malformed_CFLAGS = $(TEST_CFLAGS) $(JANSSON_CFLAGS)
tests_tools_api_test_malformed_LDADD = tools_api/libtools_api.a util/libutil.a $(TEST_LIBS) \
	$(JANSSON_LIBS) $(YAML_LIBS)
