check_PROGRAMS += tests/engine/test-batch tests/engine/test-prefix tests/engine/test-slots

# The same, longer: make check-schedules.
check_PROGRAMS += tests/engine/test-scheduler
FRONT = tests/engine/front.c tests/engine/front.h tests/engine/front-cases.c \
	tests/engine/front-alone.c tests/engine/front-alone.h
TRAFFIC = $(FRONT) tests/engine/traffic.c tests/engine/traffic.h
tests_engine_test_scheduler_SOURCES = tests/engine/test-scheduler.c $(TRAFFIC)
check_PROGRAMS += tests/engine/test-purity
tests_engine_test_purity_SOURCES = tests/engine/test-purity.c $(TRAFFIC)
SCHEDULES = 6000
SWITCHES = 10000
SEQUENCES = 10000
check-schedules: tests/engine/test-scheduler tests/engine/test-purity
	SCHEDULES=$(SCHEDULES) SWITCHES=$(SWITCHES) tests/engine/test-scheduler
	SEQUENCES=$(SEQUENCES) tests/engine/test-purity
.PHONY: check-schedules

# Not in make check: make soak, two hours or SOAK_SECONDS; the figures are in soak.json, too.
EXTRA_PROGRAMS += tests/engine/soak
tests_engine_soak_SOURCES = tests/engine/soak.c $(TRAFFIC)
soak: assistant-engine tests/engine/soak
	tests/engine/soak ./assistant-engine $(srcdir)/examples/tiny soak.json
.PHONY: soak
CLEANFILES += tests/engine/soak soak.json

check_PROGRAMS += tests/engine/test-prefix-file
tests_engine_test_prefix_file_SOURCES = tests/engine/test-prefix-file.c $(FRONT)

check_PROGRAMS += tests/engine/test-residents
tests_engine_test_residents_SOURCES = tests/engine/test-residents.c $(TRAFFIC)

WORKSHOP_FRONT = tests/engine/workshop-front.c tests/engine/workshop-front.h \
	tests/adapters/folder.c tests/adapters/folder.h
check_PROGRAMS += tests/engine/test-workshop
tests_engine_test_workshop_SOURCES = tests/engine/test-workshop.c $(WORKSHOP_FRONT)
check_PROGRAMS += tests/engine/test-workshop-malformed
tests_engine_test_workshop_malformed_SOURCES = tests/engine/test-workshop-malformed.c \
	$(WORKSHOP_FRONT)

check_PROGRAMS += tests/engine/test-tokens
tests_engine_test_tokens_SOURCES = tests/engine/test-tokens.c $(FRONT)

RUN_FRONT = tests/engine/run-front.c tests/engine/run-front.h
check_PROGRAMS += tests/engine/test-run
tests_engine_test_run_SOURCES = tests/engine/test-run.c $(RUN_FRONT)
check_PROGRAMS += tests/engine/test-run-faults
tests_engine_test_run_faults_SOURCES = tests/engine/test-run-faults.c $(RUN_FRONT)
check_PROGRAMS += tests/engine/test-train-serve
tests_engine_test_train_serve_SOURCES = tests/engine/test-train-serve.c $(RUN_FRONT)
