check_PROGRAMS += tests/base_model/test-gguf-malformed
tests_base_model_test_gguf_malformed_SOURCES = \
	tests/base_model/assemble.c tests/base_model/assemble.h \
	tests/base_model/bounds.c tests/base_model/bounds.h \
	tests/base_model/gguf-cases.h \
	tests/base_model/test-gguf-malformed.c
tests_base_model_test_gguf_malformed_LDADD = base_model/libbase_model.a util/libutil.a $(TEST_LIBS)

check_PROGRAMS += tests/base_model/test-gguf
tests_base_model_test_gguf_SOURCES = \
	tests/base_model/assemble.c tests/base_model/assemble.h \
	tests/base_model/test-gguf.c
tests_base_model_test_gguf_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc
tests_base_model_test_gguf_LDADD = base_model/libbase_model.a util/libutil.a $(TEST_LIBS)

dist_check_SCRIPTS += tests/base_model/inspect.py

check_PROGRAMS += tests/base_model/test-kernels tests/base_model/test-forward \
	tests/base_model/test-attention tests/base_model/test-chat tests/base_model/test-draft \
	tests/base_model/test-extra tests/base_model/test-family-refusals \
	tests/base_model/test-gemm tests/base_model/test-gemm-weights tests/base_model/test-quantize \
	tests/base_model/test-identity tests/base_model/test-sequences tests/base_model/test-text \
	tests/base_model/test-tokenizer tests/base_model/test-tokenizer-extra

check_PROGRAMS += tests/base_model/test-families
tests_base_model_test_families_SOURCES = \
	tests/base_model/oracle.c tests/base_model/test-families.c

check_PROGRAMS += tests/base_model/test-tokenizer-work
tests_base_model_test_tokenizer_work_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=vocab_find,--wrap=vocab_merge \
	-Wl,--wrap=merging_run,--wrap=pretokenize,--wrap=whole_find

check_PROGRAMS += tests/base_model/test-pretokenize
tests_base_model_test_pretokenize_SOURCES = tests/base_model/test-pretokenize.c \
	tests/base_model/expressions.h

check_PROGRAMS += tests/base_model/test-model-malformed
tests_base_model_test_model_malformed_SOURCES = \
	tests/base_model/bounds.c tests/base_model/bounds.h \
	tests/base_model/sample.c tests/base_model/sample.h \
	tests/base_model/test-model-malformed.c

check_PROGRAMS += tests/base_model/test-tokenizer-malformed
tests_base_model_test_tokenizer_malformed_SOURCES = \
	tests/base_model/bounds.c tests/base_model/bounds.h \
	tests/base_model/test-tokenizer-malformed.c

# Opt-in: make check-aarch64 LIBRARIES=DIR, with what the script says, tests the NEON kernels.
EXTRA_DIST += tests/aarch64.sh
check-aarch64:
	sh $(srcdir)/tests/aarch64.sh '$(srcdir)' '$(LIBRARIES)' tests/base_model/test-kernels \
		tests/base_model/test-forward tests/base_model/test-attention
.PHONY: check-aarch64
