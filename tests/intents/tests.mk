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
