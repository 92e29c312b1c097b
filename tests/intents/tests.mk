check_PROGRAMS += tests/intents/test-intents
tests_intents_test_intents_SOURCES = tests/intents/test-intents.c
tests_intents_test_intents_CFLAGS = $(TEST_CFLAGS)
tests_intents_test_intents_LDADD = intents/libintents.a util/libutil.a $(TEST_LIBS) $(UTF8PROC_LIBS) $(YAML_LIBS)

check_PROGRAMS += tests/intents/test-forms
tests_intents_test_forms_SOURCES = tests/intents/test-forms.c
tests_intents_test_forms_CFLAGS = $(TEST_CFLAGS)
tests_intents_test_forms_LDADD = intents/libintents.a util/libutil.a $(TEST_LIBS) $(UTF8PROC_LIBS) $(YAML_LIBS)

# Understands what sample.py says from the sentence files of a language.
EXTRA_PROGRAMS += tests/intents/understand
tests_intents_understand_SOURCES = tests/intents/understand.c
tests_intents_understand_LDADD = intents/libintents.a util/libutil.a $(UTF8PROC_LIBS) $(YAML_LIBS)

check_PROGRAMS += tests/intents/test-numbers
tests_intents_test_numbers_SOURCES = tests/intents/test-numbers.c
tests_intents_test_numbers_CFLAGS = $(TEST_CFLAGS)
tests_intents_test_numbers_LDADD = intents/libintents.a util/libutil.a $(TEST_LIBS) $(YAML_LIBS) \
	$(UTF8PROC_LIBS)

# A house that a file describes, for tests of sentences.
check_LIBRARIES += tests/libhearing.a
tests_libhearing_a_SOURCES = tests/intents/hearing.c tests/intents/hearing.h
HEARING_LIBS = tests/libhearing.a intents/libintents.a util/libutil.a

check_PROGRAMS += tests/intents/test-english
tests_intents_test_english_SOURCES = tests/intents/test-english.c
tests_intents_test_english_CFLAGS = $(TEST_CFLAGS)
tests_intents_test_english_LDADD = $(HEARING_LIBS) $(TEST_LIBS) $(YAML_LIBS) $(UTF8PROC_LIBS)
EXTRA_DIST += tests/intents/english.tsv tests/intents/english-house.tsv
