check_PROGRAMS += tests/ipc/test-ipc
tests_ipc_test_ipc_LDADD = assistantd/ipc/libipc.a util/libutil.a $(TEST_LIBS)
check_PROGRAMS += tests/ipc/test-protocol
tests_ipc_test_protocol_LDADD = assistantd/ipc/libipc.a util/libutil.a $(CRYPTO_LIBS) $(TEST_LIBS)
check_PROGRAMS += tests/ipc/test-train-protocol
tests_ipc_test_train_protocol_LDADD = assistantd/ipc/libipc.a util/libutil.a $(CRYPTO_LIBS) \
	$(TEST_LIBS)
