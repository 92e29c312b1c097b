check_PROGRAMS += tests/adapters/test-catalog
tests_adapters_test_catalog_SOURCES = tests/adapters/test-catalog.c
tests_adapters_test_catalog_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_catalog_LDADD = adapters/libcatalog.a util/libutil.a $(TEST_LIBS) \
	$(YAML_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) -lm

check_PROGRAMS += tests/adapters/test-manifest
tests_adapters_test_manifest_SOURCES = tests/adapters/test-manifest.c
tests_adapters_test_manifest_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_manifest_LDADD = adapters/libcatalog.a util/libutil.a $(TEST_LIBS) \
	$(YAML_LIBS) $(JANSSON_LIBS) $(CRYPTO_LIBS) -lm

# Models and adapters for tests, also of base_model.
check_LIBRARIES += tests/libfixture.a
tests_libfixture_a_SOURCES = tests/fixture.c tests/fixture.h tests/vocabulary.c tests/vocabulary.h \
	tests/base_model/family-samples.c tests/base_model/family-samples.h \
	tests/base_model/oracle.h tests/base_model/sample.c tests/base_model/sample.h
tests_libfixture_a_CFLAGS = $(TEST_CFLAGS)
MODEL_TEST_LIBS = tests/libfixture.a $(ENGINE_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/adapters/test-lora
tests_adapters_test_lora_SOURCES = tests/adapters/test-lora.c
tests_adapters_test_lora_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_lora_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/adapters/test-cache
tests_adapters_test_cache_SOURCES = tests/adapters/test-cache.c
tests_adapters_test_cache_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_cache_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/adapters/test-package
tests_adapters_test_package_SOURCES = tests/adapters/test-package.c
tests_adapters_test_package_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_package_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/adapters/test-signature
tests_adapters_test_signature_SOURCES = tests/adapters/test-signature.c
tests_adapters_test_signature_CFLAGS = $(TEST_CFLAGS) $(SODIUM_CFLAGS)
tests_adapters_test_signature_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/adapters/test-tokens
tests_adapters_test_tokens_SOURCES = tests/adapters/test-tokens.c
tests_adapters_test_tokens_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_tokens_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/adapters/test-train
tests_adapters_test_train_SOURCES = tests/adapters/test-train.c
tests_adapters_test_train_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_train_LDADD = adapters/train/libtrain.a $(BASE_MODEL_LIBS) util/libutil.a \
	$(TEST_LIBS) $(JANSSON_LIBS) $(UTF8PROC_LIBS) $(PCRE2_LIBS) -lpthread -lm

check_PROGRAMS += tests/adapters/test-train-file
tests_adapters_test_train_file_SOURCES = tests/adapters/test-train-file.c
tests_adapters_test_train_file_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_train_file_LDADD = $(MODEL_TEST_LIBS)

dist_check_SCRIPTS += tests/adapters/train.sh

check_PROGRAMS += tests/adapters/test-uses
tests_adapters_test_uses_SOURCES = tests/adapters/test-uses.c
tests_adapters_test_uses_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_uses_LDADD = $(MODEL_TEST_LIBS)
dist_check_SCRIPTS += tests/adapters/import.py tests/adapters/package.py tests/adapters/tokens.py
EXTRA_DIST += tests/adapters/gguf.py

check_PROGRAMS += tests/adapters/test-proof
tests_adapters_test_proof_SOURCES = tests/adapters/test-proof.c
tests_adapters_test_proof_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_proof_LDADD = $(MODEL_TEST_LIBS)

# Folders of PEFT in memory.
PEFT_TEST_SOURCES = tests/adapters/folder.c tests/adapters/folder.h
check_PROGRAMS += tests/adapters/test-peft
tests_adapters_test_peft_SOURCES = tests/adapters/test-peft.c $(PEFT_TEST_SOURCES) \
	tests/adapters/merge.c tests/adapters/merge.h
tests_adapters_test_peft_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_peft_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/adapters/test-safetensors
tests_adapters_test_safetensors_SOURCES = tests/adapters/test-safetensors.c $(PEFT_TEST_SOURCES)
tests_adapters_test_safetensors_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_safetensors_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/adapters/test-peft-malformed
tests_adapters_test_peft_malformed_SOURCES = tests/adapters/test-peft-malformed.c \
	$(PEFT_TEST_SOURCES)
tests_adapters_test_peft_malformed_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_peft_malformed_LDADD = $(MODEL_TEST_LIBS)

check_PROGRAMS += tests/adapters/test-peft-tokens
tests_adapters_test_peft_tokens_SOURCES = tests/adapters/test-peft-tokens.c $(PEFT_TEST_SOURCES)
tests_adapters_test_peft_tokens_CFLAGS = $(TEST_CFLAGS)
tests_adapters_test_peft_tokens_LDADD = $(MODEL_TEST_LIBS)
