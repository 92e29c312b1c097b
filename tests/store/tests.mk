check_PROGRAMS += tests/store/test-store
tests_store_test_store_SOURCES = tests/store/test-store.c tests/store/fixture.h
tests_store_test_store_CFLAGS = $(TEST_CFLAGS) $(SQLITE_CFLAGS)
tests_store_test_store_LDADD = store/libstore.a util/libutil.a $(TEST_LIBS) $(SQLITE_LIBS)
check_PROGRAMS += tests/store/test-store-faults
tests_store_test_store_faults_SOURCES = tests/store/test-store-faults.c tests/store/fixture.h
tests_store_test_store_faults_CFLAGS = $(TEST_CFLAGS) $(SQLITE_CFLAGS)
tests_store_test_store_faults_LDADD = store/libstore.a util/libutil.a $(TEST_LIBS) $(SQLITE_LIBS)
