check_PROGRAMS += tests/sandbox/test-sandbox
tests_sandbox_test_sandbox_SOURCES = \
	tests/sandbox/escapes.c tests/sandbox/escapes.h \
	tests/sandbox/needs.c \
	tests/sandbox/test-sandbox.c \
	tests/sandbox/world.c
tests_sandbox_test_sandbox_LDADD = $(SANDBOX_LIBS) util/libutil.a $(TEST_LIBS) $(CRYPTO_LIBS)
