/* SPDX-License-Identifier: MIT */
/* What was read: kept in lists, joined, found, and freed. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "intents/intents-private.h"
#include "util/buf.h"

#define WARNINGS_MAX 256

static void pairs_free(struct pair *list)
{
	while (list) {
		struct pair *next = list->next;

		free(list->key);
		free(list->value);
		free(list);
		list = next;
	}
}

static void words_free(struct word *list)
{
	while (list) {
		struct word *next = list->next;

		free(list->text);
		free(list);
		list = next;
	}
}

void phrases_free(struct phrase *list)
{
	while (list) {
		struct phrase *next = list->next;

		node_free(list->node);
		free(list);
		list = next;
	}
}

static void values_free(struct value *list)
{
	while (list) {
		struct value *next = list->next;

		node_free(list->in);
		free(list->out);
		pairs_free(list->context);
		free(list);
		list = next;
	}
}

static void instances_free(struct instance *list)
{
	while (list) {
		struct instance *next = list->next;

		free(list);
		list = next;
	}
}

void defs_free(struct def *list)
{
	while (list) {
		struct def *next = list->next;

		instances_free(list->instances);
		values_free(list->values);
		node_free(list->rule);
		free(list->text);
		free(list->name);
		free(list);
		list = next;
	}
}

static void conditions_free(struct condition *list)
{
	while (list) {
		struct condition *next = list->next;

		free(list->key);
		words_free(list->values);
		free(list);
		list = next;
	}
}

void blocks_free(struct block *list)
{
	while (list) {
		struct block *next = list->next;

		pairs_free(list->slots);
		conditions_free(list->conditions);
		phrases_free(list->keywords);
		defs_free(list->locals);
		free(list->intent);
		free(list->response);
		free(list);
		list = next;
	}
}

void sentences_free(struct sentence *list)
{
	while (list) {
		struct sentence *next = list->next;

		node_free(list->node);
		free(list->template);
		free(list);
		list = next;
	}
}

void entities_free(struct entity *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(list[i].list);
		free(list[i].in);
		free(list[i].out);
		pairs_free(list[i].context);
	}
	free(list);
}

struct def *def_find(struct def *list, const char *name, bool is_list)
{
	while (list && (list->is_list != is_list || strcmp(list->name, name) != 0))
		list = list->next;
	return list;
}

struct def *def_add(struct def **list, const char *file, const char *name, bool is_list)
{
	struct def *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->name = strdup(name);
	if (!t->name) {
		free(t);
		return NULL;
	}
	t->is_list = is_list;
	t->file = file;
	t->next = *list;
	return *list = t;
}

int note_warning(struct intents *s, const char *file, uint32_t line, const char *fmt, ...)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct intent_warning w = { .line = line }, *grown;
	va_list args;
	int r;

	if (s->n_warnings > WARNINGS_MAX)
		return 0;
	va_start(args, fmt);
	r = s->n_warnings == WARNINGS_MAX ? buf_append_str(&text, "there are more warnings") :
					    buf_vprintf(&text, fmt, args);
	va_end(args);
	grown = r < 0 ? NULL : reallocarray(s->warnings, s->n_warnings + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->warnings = grown;
	w.file = strdup(file);
	w.text = buf_steal(&text);
	if (!w.file || !w.text) {
		free(w.file);
		free(w.text);
		return -ENOMEM;
	}
	s->warnings[s->n_warnings++] = w;
	return 0;
}

void warnings_free(struct intents *s)
{
	for (size_t i = 0; i < s->n_warnings; i++) {
		free(s->warnings[i].file);
		free(s->warnings[i].text);
	}
	free(s->warnings);
	s->warnings = NULL;
	s->n_warnings = 0;
}

static int check_defs(const struct intents *s, const struct def *new, struct diag *d)
{
	for (; new; new = new->next) {
		const struct def *old = def_find(s->defs, new->name, new->is_list);
		char field[32];

		snprintf(field, sizeof(field), "%u:1", new->line);
		if (old && !new->is_list)
			return diag_set(d, -EINVAL, DIAG_DUP, field,
					"%s: there is a rule of this name in %s, line %u",
					new->name, old->file, old->line);
		if (old && (old->wildcard || old->ranged || new->wildcard || new->ranged))
			return diag_set(d, -EINVAL, DIAG_DUP, field,
					"%s: there is a list of this name in %s, line %u, and "
					"only values can be added to one", new->name, old->file,
					old->line);
	}
	return 0;
}

static void join_defs(struct def **to, struct def *from)
{
	while (from) {
		struct def *next = from->next, *old = def_find(*to, from->name, from->is_list);
		struct value **last = old ? &old->values : NULL;

		if (old) {
			while (*last)
				last = &(*last)->next;
			*last = TAKE(from->values);
			from->next = NULL;
			defs_free(from);
		} else {
			from->next = *to;
			*to = from;
		}
		from = next;
	}
}

static void join_phrases(struct phrase **to, struct phrase **from)
{
	while (*to)
		to = &(*to)->next;
	*to = TAKE(*from);
}

/* There is room for the warnings of both. */
static void join_warnings(struct intents *s, struct intents *part)
{
	for (size_t i = 0; i < part->n_warnings; i++)
		s->warnings[s->n_warnings++] = part->warnings[i];
	part->n_warnings = 0;
}

int source_join(struct intents *s, struct intents *part, struct diag *d)
{
	size_t n = s->n_warnings + part->n_warnings;
	struct intent_warning *grown = reallocarray(s->warnings, n + 1, sizeof(*grown));
	struct block **block = &part->blocks;
	struct file **file = &part->files;
	int r = check_defs(s, part->defs, d);

	s->warnings = grown ? grown : s->warnings;
	if (r < 0 || !grown)
		return r < 0 ? r : -ENOMEM;
	join_warnings(s, part);
	join_defs(&s->defs, TAKE(part->defs));
	join_phrases(&s->skip_words, &part->skip_words);
	join_phrases(&s->numbers, &part->numbers);
	join_phrases(&s->halves, &part->halves);
	if (part->sentences) {
		*s->last_sentence = TAKE(part->sentences);
		s->last_sentence = part->last_sentence;
		part->last_sentence = &part->sentences;
	}
	while (*block)
		block = &(*block)->next;
	*block = s->blocks;
	s->blocks = TAKE(part->blocks);
	while (*file)
		file = &(*file)->next;
	*file = s->files;
	s->files = TAKE(part->files);
	s->script.dotless |= part->script.dotless;
	s->script.blankless |= part->script.blankless;
	return 0;
}
