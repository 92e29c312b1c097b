check_PROGRAMS += tests/daemon/test-action-say tests/daemon/test-commands \
	tests/daemon/test-config tests/daemon/test-consent tests/daemon/test-conversation \
	tests/daemon/test-digests tests/daemon/test-follows \
	tests/daemon/test-languages tests/daemon/test-library tests/daemon/test-prefix-store \
	tests/daemon/test-power tests/daemon/test-pressure tests/daemon/test-timer-list \
	tests/daemon/test-training-filing tests/daemon/test-training-process \
	tests/daemon/test-training-run tests/daemon/test-verdicts \
	tests/daemon/test-versions tests/daemon/test-when tests/daemon/test-workshop \
	tests/daemon/test-writing
tests_daemon_test_action_say_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_commands_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_config_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_consent_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_conversation_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_digests_LDADD = assistantd/daemon/libdaemon.a util/libutil.a $(CRYPTO_LIBS) $(TEST_LIBS)
tests_daemon_test_follows_LDADD = assistantd/daemon/libdaemon.a $(TEST_LIBS)
tests_daemon_test_languages_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_library_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_prefix_store_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_pressure_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_timer_list_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_power_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_training_filing_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_training_process_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_training_run_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_verdicts_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_versions_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_when_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_workshop_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_writing_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)

EXECUTOR_WORLD = tests/daemon/executor-world.c tests/daemon/executor-world.h
check_PROGRAMS += tests/daemon/test-executor tests/daemon/test-executor-gate
tests_daemon_test_executor_SOURCES = tests/daemon/test-executor.c $(EXECUTOR_WORLD)
tests_daemon_test_executor_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_executor_gate_SOURCES = tests/daemon/test-executor-gate.c $(EXECUTOR_WORLD)
tests_daemon_test_executor_gate_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/daemon/test-notices tests/daemon/test-proofreading \
	tests/daemon/test-replies tests/daemon/test-spelling tests/daemon/test-terms
tests_daemon_test_proofreading_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_replies_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_spelling_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_notices_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_terms_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/daemon/test-evil-model
tests_daemon_test_evil_model_SOURCES = tests/daemon/test-evil-model.c tests/daemon/evil.h \
	tests/daemon/evil-world.c tests/daemon/evil-calls.c \
	tests/tools_api/shipped.c tests/tools_api/shipped.h tests/tools_api/gate-table.h
tests_daemon_test_evil_model_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)

# Opt-in: make check-gate [BIPIA=DIR], ten million of each.
EVIL_CALLS = 10000000
check-gate: tests/daemon/test-evil-model
	srcdir='$(srcdir)' EVIL_CALLS='$(EVIL_CALLS)' BIPIA='$(BIPIA)' \
		tests/daemon/test-evil-model
.PHONY: check-gate

check_PROGRAMS += tests/daemon/test-faithful tests/daemon/test-restyle
tests_daemon_test_faithful_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_restyle_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
EXTRA_DIST += tests/daemon/tones.tsv
