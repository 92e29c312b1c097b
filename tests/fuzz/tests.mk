# Fuzz targets. Without an engine (--enable-fuzzers) each replays its corpus in `make check`.
if FUZZ_ENGINE
FUZZ_MAIN =
else
FUZZ_MAIN = tests/fuzz/main.c
endif
FUZZ_TARGETS = tests/fuzz/fuzz-gguf
if FUZZ_ENGINE
# Run by hand: each fuzzes until it finds something.
noinst_PROGRAMS += $(FUZZ_TARGETS)
else
check_PROGRAMS += $(FUZZ_TARGETS)
endif

tests_fuzz_fuzz_gguf_SOURCES = tests/fuzz/fuzz-gguf.c tests/fuzz/fuzz.h $(FUZZ_MAIN)
tests_fuzz_fuzz_gguf_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_gguf_LDADD = base_model/libbase_model.a util/libutil.a
EXTRA_DIST += tests/fuzz/corpus
