check_PROGRAMS += tests/engine/test-batch
tests_engine_test_batch_SOURCES = tests/engine/test-batch.c
tests_engine_test_batch_CFLAGS = $(TEST_CFLAGS)
tests_engine_test_batch_LDADD = $(MODEL_TEST_LIBS)

# The same, longer: make check-schedules.
check_PROGRAMS += tests/engine/test-scheduler
tests_engine_test_scheduler_SOURCES = \
	tests/engine/front.c tests/engine/front.h tests/engine/test-scheduler.c
tests_engine_test_scheduler_CFLAGS = $(TEST_CFLAGS)
tests_engine_test_scheduler_LDADD = $(MODEL_TEST_LIBS)
SCHEDULES = 6000
SWITCHES = 10000
check-schedules: tests/engine/test-scheduler
	SCHEDULES=$(SCHEDULES) SWITCHES=$(SWITCHES) tests/engine/test-scheduler
.PHONY: check-schedules
