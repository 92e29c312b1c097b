check_PROGRAMS += tests/daemon/test-config tests/daemon/test-writing
tests_daemon_test_config_SOURCES = tests/daemon/test-config.c
tests_daemon_test_config_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_config_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_writing_SOURCES = tests/daemon/test-writing.c
tests_daemon_test_writing_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_writing_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-digests
tests_daemon_test_digests_SOURCES = tests/daemon/test-digests.c
tests_daemon_test_digests_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_digests_LDADD = assistantd/daemon/libdaemon.a util/libutil.a $(CRYPTO_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-prefix-store
tests_daemon_test_prefix_store_SOURCES = tests/daemon/test-prefix-store.c
tests_daemon_test_prefix_store_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_prefix_store_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-pressure
tests_daemon_test_pressure_SOURCES = tests/daemon/test-pressure.c
tests_daemon_test_pressure_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_pressure_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-workshop
tests_daemon_test_workshop_SOURCES = tests/daemon/test-workshop.c
tests_daemon_test_workshop_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_workshop_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-follows
tests_daemon_test_follows_SOURCES = tests/daemon/test-follows.c
tests_daemon_test_follows_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_follows_LDADD = assistantd/daemon/libdaemon.a $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-versions tests/daemon/test-library tests/daemon/test-verdicts
tests_daemon_test_versions_SOURCES = tests/daemon/test-versions.c
tests_daemon_test_versions_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_versions_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_library_SOURCES = tests/daemon/test-library.c
tests_daemon_test_library_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_library_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_verdicts_SOURCES = tests/daemon/test-verdicts.c
tests_daemon_test_verdicts_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_verdicts_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-consent
tests_daemon_test_consent_SOURCES = tests/daemon/test-consent.c
tests_daemon_test_consent_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_consent_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-when tests/daemon/test-timer-list tests/daemon/test-conversation \
	tests/daemon/test-commands
tests_daemon_test_when_SOURCES = tests/daemon/test-when.c
tests_daemon_test_when_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_when_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_timer_list_SOURCES = tests/daemon/test-timer-list.c
tests_daemon_test_timer_list_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_timer_list_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_conversation_SOURCES = tests/daemon/test-conversation.c
tests_daemon_test_conversation_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_conversation_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-executor
tests_daemon_test_executor_SOURCES = tests/daemon/test-executor.c
tests_daemon_test_executor_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_executor_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-action-say
tests_daemon_test_action_say_SOURCES = tests/daemon/test-action-say.c
tests_daemon_test_action_say_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_action_say_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-languages
tests_daemon_test_languages_SOURCES = tests/daemon/test-languages.c
tests_daemon_test_languages_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_languages_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
tests_daemon_test_commands_SOURCES = tests/daemon/test-commands.c
tests_daemon_test_commands_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_commands_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/daemon/test-evil-model
tests_daemon_test_evil_model_SOURCES = tests/daemon/test-evil-model.c tests/daemon/evil.h \
	tests/daemon/evil-world.c tests/daemon/evil-calls.c \
	tests/tools_api/shipped.c tests/tools_api/shipped.h tests/tools_api/gate-table.h
tests_daemon_test_evil_model_CFLAGS = $(TEST_CFLAGS)
tests_daemon_test_evil_model_LDADD = $(DAEMON_LIBS) $(TEST_LIBS)

# Opt-in: make check-gate [BIPIA=DIR], ten million of each.
EVIL_CALLS = 10000000
check-gate: tests/daemon/test-evil-model
	srcdir='$(srcdir)' EVIL_CALLS='$(EVIL_CALLS)' BIPIA='$(BIPIA)' \
		tests/daemon/test-evil-model
.PHONY: check-gate
