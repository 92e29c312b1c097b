check_PROGRAMS += tests/base_model/test-gguf-malformed
tests_base_model_test_gguf_malformed_SOURCES = \
	tests/base_model/assemble.c tests/base_model/assemble.h \
	tests/base_model/bounds.c tests/base_model/bounds.h \
	tests/base_model/gguf-cases.h \
	tests/base_model/test-gguf-malformed.c
tests_base_model_test_gguf_malformed_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_gguf_malformed_LDADD = base_model/libbase_model.a util/libutil.a $(TEST_LIBS)

check_PROGRAMS += tests/base_model/test-gguf
tests_base_model_test_gguf_SOURCES = \
	tests/base_model/assemble.c tests/base_model/assemble.h \
	tests/base_model/test-gguf.c
tests_base_model_test_gguf_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc
tests_base_model_test_gguf_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_gguf_LDADD = base_model/libbase_model.a util/libutil.a $(TEST_LIBS)

dist_check_SCRIPTS += tests/base_model/inspect.py

check_PROGRAMS += tests/base_model/test-kernels
tests_base_model_test_kernels_SOURCES = tests/base_model/test-kernels.c
tests_base_model_test_kernels_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_kernels_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-forward
tests_base_model_test_forward_SOURCES = tests/base_model/test-forward.c
tests_base_model_test_forward_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_forward_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-chat
tests_base_model_test_chat_SOURCES = tests/base_model/test-chat.c
tests_base_model_test_chat_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_chat_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-extra
tests_base_model_test_extra_SOURCES = tests/base_model/test-extra.c
tests_base_model_test_extra_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_extra_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-families
tests_base_model_test_families_SOURCES = \
	tests/base_model/oracle.c tests/base_model/test-families.c
tests_base_model_test_families_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_families_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-family-refusals
tests_base_model_test_family_refusals_SOURCES = tests/base_model/test-family-refusals.c
tests_base_model_test_family_refusals_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_family_refusals_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-text
tests_base_model_test_text_SOURCES = tests/base_model/test-text.c
tests_base_model_test_text_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_text_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-tokenizer-work
tests_base_model_test_tokenizer_work_SOURCES = tests/base_model/test-tokenizer-work.c
tests_base_model_test_tokenizer_work_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_tokenizer_work_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=vocab_find,--wrap=vocab_merge \
	-Wl,--wrap=merging_run,--wrap=pretokenize,--wrap=whole_find
tests_base_model_test_tokenizer_work_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-draft
tests_base_model_test_draft_SOURCES = tests/base_model/test-draft.c
tests_base_model_test_draft_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_draft_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-attention
tests_base_model_test_attention_SOURCES = tests/base_model/test-attention.c
tests_base_model_test_attention_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_attention_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-sequences
tests_base_model_test_sequences_SOURCES = tests/base_model/test-sequences.c
tests_base_model_test_sequences_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_sequences_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-pretokenize
tests_base_model_test_pretokenize_SOURCES = tests/base_model/test-pretokenize.c \
	tests/base_model/expressions.h
tests_base_model_test_pretokenize_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_pretokenize_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-tokenizer
tests_base_model_test_tokenizer_SOURCES = tests/base_model/test-tokenizer.c
tests_base_model_test_tokenizer_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_tokenizer_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-tokenizer-extra
tests_base_model_test_tokenizer_extra_SOURCES = tests/base_model/test-tokenizer-extra.c
tests_base_model_test_tokenizer_extra_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_tokenizer_extra_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-model-malformed
tests_base_model_test_model_malformed_SOURCES = \
	tests/base_model/bounds.c tests/base_model/bounds.h \
	tests/base_model/sample.c tests/base_model/sample.h \
	tests/base_model/test-model-malformed.c
tests_base_model_test_model_malformed_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_model_malformed_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-tokenizer-malformed
tests_base_model_test_tokenizer_malformed_SOURCES = \
	tests/base_model/bounds.c tests/base_model/bounds.h \
	tests/base_model/test-tokenizer-malformed.c
tests_base_model_test_tokenizer_malformed_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_tokenizer_malformed_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/base_model/test-identity
tests_base_model_test_identity_SOURCES = tests/base_model/test-identity.c
tests_base_model_test_identity_CFLAGS = $(TEST_CFLAGS)
tests_base_model_test_identity_LDADD = $(MODEL_TEST_LIBS)

# Opt-in: make check-aarch64 LIBRARIES=DIR, with what the script says, tests the NEON kernels.
EXTRA_DIST += tests/aarch64.sh
check-aarch64:
	sh $(srcdir)/tests/aarch64.sh '$(srcdir)' '$(LIBRARIES)' tests/base_model/test-kernels \
		tests/base_model/test-forward tests/base_model/test-attention
.PHONY: check-aarch64
