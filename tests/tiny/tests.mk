# What the service makes of a model's corrections, for this test and for evaluate.py.
noinst_PROGRAMS += tests/tiny/bound
tests_tiny_bound_LDADD = $(DAEMON_LIBS)

dist_check_SCRIPTS += tests/tiny/quality.py
EXTRA_DIST += tests/tiny/proofread.jsonl tests/tiny/friendly.jsonl tests/tiny/professional.jsonl \
	tests/tiny/concise.jsonl
