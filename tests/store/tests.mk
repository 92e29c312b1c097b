STORE_TEST_LIBS = store/libstore.a util/libutil.a $(TEST_LIBS) $(SQLITE_LIBS)

check_PROGRAMS += tests/store/test-store
tests_store_test_store_SOURCES = tests/store/test-store.c tests/store/fixture.h
tests_store_test_store_LDADD = $(STORE_TEST_LIBS)
check_PROGRAMS += tests/store/test-store-faults
tests_store_test_store_faults_SOURCES = tests/store/test-store-faults.c tests/store/fixture.h
tests_store_test_store_faults_LDADD = $(STORE_TEST_LIBS)
check_PROGRAMS += tests/store/test-timer
tests_store_test_timer_SOURCES = tests/store/test-timer.c tests/store/fixture.h
tests_store_test_timer_LDADD = $(STORE_TEST_LIBS)
check_PROGRAMS += tests/store/test-journal
tests_store_test_journal_SOURCES = tests/store/test-journal.c tests/store/fixture.h
tests_store_test_journal_LDADD = $(STORE_TEST_LIBS)
