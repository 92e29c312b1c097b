# What the service makes of a model's corrections, for this test and for evaluate.py.
noinst_PROGRAMS += tests/tiny/bound
tests_tiny_bound_LDADD = $(DAEMON_LIBS)
# What it proposes to a text, and what it has scored to choose among it, for fit.py.
noinst_PROGRAMS += tests/tiny/suggestions
tests_tiny_suggestions_LDADD = $(DAEMON_LIBS)

# The ways that rules know to say something in a tone, to read and to measure them.
noinst_PROGRAMS += tests/tiny/restyle
tests_tiny_restyle_SOURCES = tests/tiny/restyle.c
tests_tiny_restyle_LDADD = $(DAEMON_LIBS)

dist_check_SCRIPTS += tests/tiny/quality.py
EXTRA_DIST += tests/tiny/proofread.jsonl tests/tiny/friendly.jsonl tests/tiny/professional.jsonl \
	tests/tiny/concise.jsonl
