INTENTS_LIBS = intents/libintents.a util/libutil.a $(UTF8PROC_LIBS) $(YAML_LIBS)
SAID = tests/intents/said.c tests/intents/said.h

check_PROGRAMS += tests/intents/test-forms
tests_intents_test_forms_SOURCES = tests/intents/test-forms.c $(SAID)
tests_intents_test_forms_LDADD = $(INTENTS_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/intents/test-order
tests_intents_test_order_SOURCES = tests/intents/test-order.c $(SAID)
tests_intents_test_order_LDADD = $(INTENTS_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/intents/test-scripts
tests_intents_test_scripts_SOURCES = tests/intents/test-scripts.c $(SAID)
tests_intents_test_scripts_LDADD = $(INTENTS_LIBS) $(TEST_LIBS)

check_PROGRAMS += tests/intents/test-hostile
tests_intents_test_hostile_SOURCES = tests/intents/test-hostile.c $(SAID)
tests_intents_test_hostile_LDADD = $(INTENTS_LIBS) $(TEST_LIBS)

# Opt-in: make check-languages SENTENCES=DIR draws sentences from the templates of all languages
# in DIR, and understands them again.
EXTRA_PROGRAMS += tests/intents/sampled
tests_intents_sampled_LDADD = $(INTENTS_LIBS)
check-languages: tests/intents/sampled
	srcdir='$(srcdir)' sh $(srcdir)/tests/intents/languages.sh '$(SENTENCES)' $(LANGUAGES)
.PHONY: check-languages
EXTRA_DIST += tests/intents/languages.sh tests/intents/sample.py
CLEANFILES += tests/intents/sampled

check_PROGRAMS += tests/intents/test-numbers
tests_intents_test_numbers_LDADD = $(INTENTS_LIBS) $(TEST_LIBS)

# A house that a file describes, for tests of sentences.
check_LIBRARIES += tests/libhearing.a
tests_libhearing_a_SOURCES = tests/intents/hearing.c tests/intents/hearing.h
HEARING_LIBS = tests/libhearing.a $(INTENTS_LIBS)

check_PROGRAMS += tests/intents/test-english
tests_intents_test_english_LDADD = $(HEARING_LIBS) $(TEST_LIBS)
EXTRA_DIST += tests/intents/english.tsv tests/intents/english-house.tsv

noinst_PROGRAMS += tests/intents/hear
tests_intents_hear_LDADD = $(HEARING_LIBS)

# How well sentences alone understand people: DATA=DIR has home-assistant-datasets and hwu64;
# OTHER=DIR has sentences of Home Assistant, to be measured beside ours; MISSES=FILE is given what
# was not understood of the part that is not held out.
EXTRA_DIST += tests/intents/eval/cases.py tests/intents/eval/evaluate.py \
	tests/intents/eval/service.py
OTHER =
MISSES =
eval-sentences: tests/intents/hear
	@test -n '$(DATA)' || { echo 'make eval-sentences DATA=DIR' >&2; exit 1; }
	other='$(OTHER)'; numbers=$(srcdir)/examples/intents/numbers/en.yaml; \
	$(PYTHON3) $(srcdir)/tests/intents/eval/evaluate.py \
		--hear $(abs_builddir)/tests/intents/hear \
		--house $(srcdir)/tests/intents/english-house.tsv \
		--sentences ours=$(srcdir)/examples/intents/en,$$numbers \
		$${other:+--sentences "home assistant=$$other,$$numbers"} \
		--misses '$(or $(MISSES),/dev/null)' '$(DATA)'
# The same homes through the whole service, on a private bus and a real broker.
eval-service: all
	@test -n '$(DATA)' || { echo 'make eval-service DATA=DIR' >&2; exit 1; }
	$(AM_TESTS_ENVIRONMENT) $(PYTHON3) $(srcdir)/tests/intents/eval/service.py '$(DATA)'
.PHONY: eval-sentences eval-service
