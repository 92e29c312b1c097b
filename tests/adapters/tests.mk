check_PROGRAMS += tests/adapters/test-catalog
tests_adapters_test_catalog_LDADD = adapters/libcatalog.a util/libutil.a $(TEST_LIBS) \
	$(YAML_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) -lm

check_PROGRAMS += tests/adapters/test-manifest
tests_adapters_test_manifest_LDADD = adapters/libcatalog.a util/libutil.a $(TEST_LIBS) \
	$(YAML_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) -lm

check_PROGRAMS += tests/adapters/test-lora tests/adapters/test-cache tests/adapters/test-package \
	tests/adapters/test-dataset tests/adapters/test-proof tests/adapters/test-signature \
	tests/adapters/test-precision \
	tests/adapters/test-tokens tests/adapters/test-train-file tests/adapters/test-train-shares \
	tests/adapters/test-train-frozen \
	tests/adapters/test-uses
check_PROGRAMS += tests/adapters/test-train
tests_adapters_test_train_LDADD = adapters/train/libtrain.a $(BASE_MODEL_LIBS) util/libutil.a \
	$(TEST_LIBS) $(JANSSON_LIBS) $(UTF8PROC_LIBS) $(PCRE2_LIBS) -lpthread -lm

dist_check_SCRIPTS += tests/adapters/train.sh
dist_check_SCRIPTS += tests/adapters/import.py tests/adapters/package.py tests/adapters/tokens.py
EXTRA_DIST += tests/adapters/gguf.py

# Folders of PEFT in memory.
PEFT_TEST_SOURCES = tests/adapters/folder.c tests/adapters/folder.h
check_PROGRAMS += tests/adapters/test-peft
tests_adapters_test_peft_SOURCES = tests/adapters/test-peft.c $(PEFT_TEST_SOURCES) \
	tests/adapters/merge.c tests/adapters/merge.h

check_PROGRAMS += tests/adapters/test-safetensors
tests_adapters_test_safetensors_SOURCES = tests/adapters/test-safetensors.c $(PEFT_TEST_SOURCES)

check_PROGRAMS += tests/adapters/test-peft-malformed
tests_adapters_test_peft_malformed_SOURCES = tests/adapters/test-peft-malformed.c \
	$(PEFT_TEST_SOURCES)

check_PROGRAMS += tests/adapters/test-peft-tokens
tests_adapters_test_peft_tokens_SOURCES = tests/adapters/test-peft-tokens.c $(PEFT_TEST_SOURCES)
