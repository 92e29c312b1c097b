/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/mentions.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/terms.h"
#include "assistantd/daemon/words.h"
#include "util/macro.h"

enum { NOUN_WORDS_MAX = 4, MENTION_BYTES = 60 };

enum list_kind { LIST_MOMENTS, LIST_TIMES, LIST_PERIODS, LIST_BEGINS, LIST_JOINS, LIST_ENDS,
		 LIST_EMPTY, LIST_DETERMINERS, LIST_COUNT };

static const char *const list_names[LIST_COUNT + 1] = {
	[LIST_MOMENTS] = "moments", [LIST_TIMES] = "times", [LIST_PERIODS] = "periods",
	[LIST_BEGINS] = "begins", [LIST_JOINS] = "joins", [LIST_ENDS] = "ends",
	[LIST_EMPTY] = "empty", [LIST_DETERMINERS] = "determiners",
};

struct list {
	const char **words, **become;	/* @become: of determiners */
	size_t n;
};

struct mention_words {
	struct list lists[LIST_COUNT];
};

struct mention_words *mention_words_free(struct mention_words *w)
{
	for (size_t i = 0; w && i < LIST_COUNT; i++) {
		free(w->lists[i].words);
		free(w->lists[i].become);
	}
	free(w);
	return NULL;
}

static int read_list(struct list *l, const struct yaml_node *n, bool pairs, struct diag *d)
{
	size_t count = 0;
	int r = yaml_expect(n, pairs ? YAML_MAPPING : YAML_SEQUENCE, d);

	if (r < 0)
		return r;
	for (const struct yaml_node *c = n->first; c; c = c->next)
		count++;
	l->words = calloc(count + 1, sizeof(*l->words));
	l->become = calloc(count + 1, sizeof(*l->become));
	if (!l->words || !l->become)
		return -ENOMEM;
	for (const struct yaml_node *c = n->first; r == 0 && c; c = c->next, l->n++) {
		r = yaml_str(c, &l->become[l->n], d);
		l->words[l->n] = pairs ? c->key : l->become[l->n];
	}
	return r;
}

int mention_words_read(struct mention_words **ret, const struct yaml_node *map, struct diag *d)
{
	_cleanup_(mention_words_freep) struct mention_words *w = calloc(1, sizeof(*w));
	int r = w ? yaml_expect(map, YAML_MAPPING, d) : -ENOMEM;

	if (r == 0)
		r = yaml_check_keys(map, list_names, d);
	for (size_t i = 0; r == 0 && i < LIST_COUNT; i++) {
		const struct yaml_node *n = yaml_get(map, list_names[i]);

		r = n ? read_list(&w->lists[i], n, i == LIST_DETERMINERS, d)
		      : yaml_error(map, -EINVAL, DIAG_TYPE, d, "%s: missing", list_names[i]);
	}
	if (r == 0)
		*ret = TAKE(w);
	return r;
}

/* The place of a word in the list, or its end. */
static size_t find(const struct list *l, const char *word)
{
	size_t i = 0;

	while (i < l->n && !words_equal(l->words[i], strlen(l->words[i]), word, strlen(word)))
		i++;
	return i;
}

static bool has(const struct mention_words *w, enum list_kind kind, const char *word)
{
	return find(&w->lists[kind], word) < w->lists[kind].n;
}

/* Whether only blanks stand between two terms. */
static bool joined(const char *text, size_t from, size_t to)
{
	while (from < to && isspace((unsigned char)text[from]) && text[from] != '\n')
		from++;
	return from == to;
}

/* A time under way: its words so far, and where what names it ends. */
struct run {
	size_t start, last, told;	/* @last 0: nothing yet; @told 0: no time yet */
};

static bool is_number(const struct term *t)
{
	return t->text[0] == '0';
}

/* Takes the next term in; false where it does not belong to the run. */
static bool take_time(const struct mention_words *w, const struct term *t, struct run *run)
{
	bool moment = has(w, LIST_MOMENTS, t->text);
	bool time = moment || has(w, LIST_TIMES, t->text) || strcmp(t->text, "0:00") == 0;

	if (!time && !has(w, LIST_BEGINS, t->text) &&
	    (!run->last || (!has(w, LIST_PERIODS, t->text) && !has(w, LIST_JOINS, t->text) &&
			    !is_number(t))))
		return false;
	/* "this tomorrow": a moment needs no word that leads to it. */
	if (!run->last || (moment && !run->told))
		run->start = t->span.start;
	run->last = t->span.start + t->span.len;
	if (time || has(w, LIST_PERIODS, t->text) || (run->told && is_number(t)))
		run->told = run->last;
	return true;
}

struct span mention_time(const struct mention_words *w, const char *text, size_t len)
{
	struct run run = { 0 };
	struct term t;
	size_t at = 0;

	while (terms_next(text, len, &at, &t)) {
		bool goes_on = !run.last || joined(text, run.last, t.span.start);

		if (run.told && !goes_on)
			break;
		if (!goes_on)
			run = (struct run){ 0 };
		if (take_time(w, &t, &run))
			continue;
		if (run.told)
			break;
		run = (struct run){ 0 };
	}
	if (!run.told || run.told - run.start > MENTION_BYTES)
		return (struct span){ 0 };
	return (struct span){ run.start, run.told - run.start };
}

static bool is_time(const struct mention_words *w, const char *word)
{
	return has(w, LIST_MOMENTS, word) || has(w, LIST_TIMES, word) ||
	       has(w, LIST_PERIODS, word);
}

bool mention_is_time(const struct mention_words *w, const char *text)
{
	bool told = false;
	struct term t;
	size_t at = 0;

	while (terms_next(text, strlen(text), &at, &t)) {
		bool names = is_time(w, t.text) || is_number(&t);

		if (!names && !has(w, LIST_BEGINS, t.text) && !has(w, LIST_JOINS, t.text))
			return false;
		told = told || names;
	}
	return told;
}

/* The words of a noun behind a determiner, up to one that ends it; empty where one of them says
 * nothing, or they are a time. */
static struct span noun_behind(const struct mention_words *w, const char *text, size_t len,
			       size_t at)
{
	struct span none = { at, 0 }, noun = none;
	size_t last = at, words = 0;
	struct term t;

	while (words < NOUN_WORDS_MAX && terms_next(text, len, &at, &t) && t.word &&
	       joined(text, last, t.span.start) && !has(w, LIST_ENDS, t.text)) {
		if (has(w, LIST_EMPTY, t.text))
			return none;
		if (is_time(w, t.text))
			break;
		if (!words++)
			noun.start = t.span.start;
		last = t.span.start + t.span.len;
		noun.len = last - noun.start;
	}
	return words < NOUN_WORDS_MAX && noun.len <= MENTION_BYTES ? noun : none;
}

struct thing_mention mention_thing(const struct mention_words *w, const char *text, size_t len)
{
	const struct list *l = &w->lists[LIST_DETERMINERS];
	size_t at = 0;
	struct term t;

	while (terms_next(text, len, &at, &t)) {
		size_t i = t.word ? find(l, t.text) : l->n;
		struct span noun;

		if (i == l->n)
			continue;
		noun = noun_behind(w, text, len, at);
		if (noun.len)
			return (struct thing_mention){ l->become[i], noun };
	}
	return (struct thing_mention){ 0 };
}
