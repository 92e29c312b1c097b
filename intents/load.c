/* SPDX-License-Identifier: MIT */
/* A file of sentences: read apart, then joined with what the set has. */
#include <errno.h>
#include <string.h>

#include "intents/intents-private.h"
#include "util/yaml.h"

int intents_new(struct intents **ret)
{
	struct intents *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->last_sentence = &s->sentences;
	*ret = s;
	return 0;
}

static void files_free(struct file *list)
{
	while (list) {
		struct file *next = list->next;

		free(list->name);
		free(list);
		list = next;
	}
}

struct intents *intents_free(struct intents *s)
{
	if (!s)
		return NULL;
	sentences_free(s->sentences);
	blocks_free(s->blocks);
	defs_free(s->defs);
	phrases_free(s->skip_words);
	phrases_free(s->numbers);
	phrases_free(s->halves);
	files_free(s->files);
	warnings_free(s);
	program_deinit(&s->program);
	free(s->by_id);
	free(s->values);
	for (size_t i = 0; i < s->n_slots; i++)
		free(s->slots[i]);
	free(s->slots);
	entities_free(s->entities, s->n_entities);
	for (size_t i = 0; i < s->n_names; i++)
		names_deinit(&s->names[i]);
	free(s->names);
	free(s);
	return NULL;
}

/* Which words are skipped, and how blanks count, is said once for all files of a language. */
static int read_settings(struct intents *s, const struct yaml_node *m, struct diag *d)
{
	static const char *const keys[] = { "ignore_whitespace", "filter_with_regex", NULL };
	const struct yaml_node *blankless = yaml_get(m, "ignore_whitespace");
	const struct yaml_node *regex = yaml_get(m, "filter_with_regex");
	bool how_others_search;
	int r = yaml_check_keys(m, keys, d);

	if (r == 0 && blankless)
		r = yaml_bool(blankless, &s->script.blankless, d);
	if (r == 0 && regex)
		r = yaml_bool(regex, &how_others_search, d);
	return r;
}

static int read_language(struct intents *s, const struct yaml_node *y, struct diag *d)
{
	const char *name = NULL;
	int r = yaml_str(y, &name, d);

	if (r == 0)
		s->script.dotless = strcmp(name, "tr") == 0 || strcmp(name, "az") == 0;
	return r;
}

static int read_data(struct intents *s, const char *file, const char *intent,
		     const struct yaml_node *data, struct diag *d)
{
	int r = yaml_expect(data, YAML_SEQUENCE, d);

	for (const struct yaml_node *b = data->first; r == 0 && b; b = b->next)
		r = load_block(s, file, intent, b, d);
	return r;
}

static int read_intents(struct intents *s, const char *file, const struct yaml_node *m,
			struct diag *d)
{
	static const char *const keys[] = { "data", "metadata", NULL };
	int r = yaml_expect(m, YAML_MAPPING, d);

	for (const struct yaml_node *c = m->first; r == 0 && c; c = c->next) {
		r = yaml_check_keys(c, keys, d);
		if (r == 0)
			r = yaml_get(c, "data") ?
			    read_data(s, file, c->key, yaml_get(c, "data"), d) :
			    yaml_error(c, -EINVAL, DIAG_PAIR, d, "\"data\" is missing");
	}
	return r;
}

static int read_document(struct intents *s, const char *file, const char *intent,
			 const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "language", "intents", "data", "lists", "numbers",
					    "expansion_rules", "skip_words", "settings",
					    "responses", NULL };
	const struct yaml_node *n;
	int r = yaml_check_keys(root, keys, d);

	if (r == 0 && (n = yaml_get(root, "language")))
		r = read_language(s, n, d);
	if (r == 0 && (n = yaml_get(root, "settings")))
		r = read_settings(s, n, d);
	if (r == 0 && (n = yaml_get(root, "data")))
		r = intent ? read_data(s, file, intent, n, d) :
		    yaml_error(n, -EINVAL, DIAG_PAIR, d, "of which intent is not said");
	if (r == 0 && (n = yaml_get(root, "intents")))
		r = read_intents(s, file, n, d);
	if (r == 0 && (n = yaml_get(root, "lists")))
		r = load_lists(&s->defs, file, n, d);
	if (r == 0 && (n = yaml_get(root, "numbers")))
		r = load_numbers(s, file, n, d);
	if (r == 0 && (n = yaml_get(root, "skip_words")))
		r = load_phrases(&s->skip_words, file, n, d);
	if (r == 0 && (n = yaml_get(root, "expansion_rules")))
		r = load_rules(&s->defs, file, n, d);
	return r;
}

static int add_file(struct intents *s, const char *name)
{
	struct file *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->next = s->files;
	s->files = f;
	f->name = strdup(name);
	return f->name ? 0 : -ENOMEM;
}

int intents_load_for(struct intents *s, const char *file, const char *intent, const char *text,
		     size_t len, struct diag *d)
{
	_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
	_cleanup_(intents_freep) struct intents *part = NULL;
	int r;

	if (s->bound)
		return diag_set(d, -EINVAL, DIAG_LAYOUT, "1:1", "the sentences are in use");
	r = yaml_parse_anchors(&y, text, len, d);
	if (r == 0)
		r = intents_new(&part);
	if (r == 0)
		r = add_file(part, file);
	if (r == 0)
		r = read_document(part, part->files->name, intent, yaml_root(y), d);
	return r < 0 ? r : source_join(s, part, d);
}

int intents_load(struct intents *s, const char *file, const char *text, size_t len,
		 struct diag *d)
{
	return intents_load_for(s, file, NULL, text, len, d);
}
