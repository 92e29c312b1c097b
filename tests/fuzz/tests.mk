# Fuzz targets. Without an engine (--enable-fuzzers) each replays its corpus in `make check`.
if FUZZ_ENGINE
FUZZ_MAIN =
else
FUZZ_MAIN = tests/fuzz/main.c
endif
FUZZ_TARGETS = \
	tests/fuzz/fuzz-discovery \
	tests/fuzz/fuzz-gguf \
	tests/fuzz/fuzz-intents \
	tests/fuzz/fuzz-ipc \
	tests/fuzz/fuzz-jinja \
	tests/fuzz/fuzz-lora \
	tests/fuzz/fuzz-manifest \
	tests/fuzz/fuzz-proposal \
	tests/fuzz/fuzz-rows \
	tests/fuzz/fuzz-safetensors \
	tests/fuzz/fuzz-tokenizer \
	tests/fuzz/fuzz-tools \
	tests/fuzz/fuzz-yaml
if FUZZ_ENGINE
# Run by hand: each fuzzes until it finds something.
noinst_PROGRAMS += $(FUZZ_TARGETS)
else
check_PROGRAMS += $(FUZZ_TARGETS)
endif

tests_fuzz_fuzz_discovery_SOURCES = tests/fuzz/fuzz-discovery.c tests/fuzz/fuzz.h $(FUZZ_MAIN)
tests_fuzz_fuzz_discovery_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_discovery_LDADD = $(TOOLS_LIBS)

tests_fuzz_fuzz_gguf_SOURCES = tests/fuzz/fuzz-gguf.c tests/fuzz/fuzz.h $(FUZZ_MAIN)
tests_fuzz_fuzz_gguf_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_gguf_LDADD = $(ENGINE_LIBS)
tests_fuzz_fuzz_intents_SOURCES = tests/fuzz/fuzz-intents.c tests/fuzz/fuzz.h $(FUZZ_MAIN)
tests_fuzz_fuzz_intents_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_intents_LDADD = intents/libintents.a util/libutil.a $(UTF8PROC_LIBS) $(YAML_LIBS)

tests_fuzz_fuzz_ipc_SOURCES = tests/fuzz/fuzz-ipc.c tests/fuzz/fuzz.h $(FUZZ_MAIN)
tests_fuzz_fuzz_ipc_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_ipc_LDADD = assistantd/ipc/libipc.a util/libutil.a

tests_fuzz_fuzz_jinja_SOURCES = tests/fuzz/fuzz-jinja.c tests/fuzz/fuzz.h $(FUZZ_MAIN)
tests_fuzz_fuzz_jinja_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_jinja_LDADD = util/libutil.a $(JANSSON_LIBS) $(UTF8PROC_LIBS) -lm

tests_fuzz_fuzz_lora_SOURCES = tests/fuzz/fuzz-lora.c tests/fuzz/fuzz.h \
	tests/fuzz/asserts.c $(FUZZ_MAIN)
tests_fuzz_fuzz_lora_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_lora_LDADD = tests/libfixture.a $(ENGINE_LIBS)

tests_fuzz_fuzz_manifest_SOURCES = tests/fuzz/fuzz-manifest.c tests/fuzz/fuzz.h $(FUZZ_MAIN)
tests_fuzz_fuzz_manifest_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_manifest_LDADD = adapters/libadapters.a adapters/libcatalog.a \
	base_model/libbase_model.a util/libutil.a $(JANSSON_LIBS) $(UTF8PROC_LIBS) $(YAML_LIBS) \
	$(CRYPTO_LIBS) $(SODIUM_LIBS) -lpthread -lm

tests_fuzz_fuzz_proposal_SOURCES = tests/fuzz/fuzz-proposal.c tests/fuzz/fuzz.h $(FUZZ_MAIN)
tests_fuzz_fuzz_proposal_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_proposal_LDADD = tools_api/libtools_api.a util/libutil.a $(JANSSON_LIBS) \
	$(YAML_LIBS)

tests_fuzz_fuzz_rows_SOURCES = tests/fuzz/fuzz-rows.c tests/fuzz/fuzz.h \
	tests/fuzz/asserts.c $(FUZZ_MAIN)
tests_fuzz_fuzz_rows_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_rows_LDADD = tests/libfixture.a $(ENGINE_LIBS)

tests_fuzz_fuzz_safetensors_SOURCES = tests/fuzz/fuzz-safetensors.c tests/fuzz/fuzz.h \
	tests/fuzz/asserts.c $(FUZZ_MAIN)
tests_fuzz_fuzz_safetensors_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_safetensors_LDADD = tests/libfixture.a $(ENGINE_LIBS)

tests_fuzz_fuzz_tokenizer_SOURCES = tests/fuzz/fuzz-tokenizer.c tests/fuzz/fuzz.h \
	tests/fuzz/asserts.c $(FUZZ_MAIN)
tests_fuzz_fuzz_tokenizer_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_tokenizer_LDADD = tests/libfixture.a $(ENGINE_LIBS)

tests_fuzz_fuzz_tools_SOURCES = tests/fuzz/fuzz-tools.c tests/fuzz/fuzz.h $(FUZZ_MAIN)
tests_fuzz_fuzz_tools_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_tools_LDADD = tools_api/libtools_api.a util/libutil.a $(JANSSON_LIBS) \
	$(YAML_LIBS) -lm
tests_fuzz_fuzz_yaml_SOURCES = tests/fuzz/fuzz-yaml.c tests/fuzz/fuzz.h $(FUZZ_MAIN)
tests_fuzz_fuzz_yaml_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_yaml_LDADD = util/libutil.a $(YAML_LIBS)
EXTRA_DIST += tests/fuzz/corpus
