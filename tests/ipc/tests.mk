check_PROGRAMS += tests/ipc/test-ipc
tests_ipc_test_ipc_SOURCES = tests/ipc/test-ipc.c
tests_ipc_test_ipc_CFLAGS = $(TEST_CFLAGS)
tests_ipc_test_ipc_LDADD = assistantd/ipc/libipc.a util/libutil.a $(CHECK_LIBS)
