check_PROGRAMS += tests/ipc/test-ipc
tests_ipc_test_ipc_SOURCES = tests/ipc/test-ipc.c
tests_ipc_test_ipc_CFLAGS = $(TEST_CFLAGS)
tests_ipc_test_ipc_LDADD = assistantd/ipc/libipc.a util/libutil.a $(TEST_LIBS)
check_PROGRAMS += tests/ipc/test-protocol
tests_ipc_test_protocol_SOURCES = tests/ipc/test-protocol.c
tests_ipc_test_protocol_CFLAGS = $(TEST_CFLAGS)
tests_ipc_test_protocol_LDADD = assistantd/ipc/libipc.a util/libutil.a $(CRYPTO_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/ipc/test-train-protocol
tests_ipc_test_train_protocol_SOURCES = tests/ipc/test-train-protocol.c
tests_ipc_test_train_protocol_CFLAGS = $(TEST_CFLAGS)
tests_ipc_test_train_protocol_LDADD = assistantd/ipc/libipc.a util/libutil.a $(CRYPTO_LIBS) \
	$(TEST_LIBS)
