/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/suggestions.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assistantd/daemon/language.h"
#include "assistantd/daemon/suggestions-words.h"
#include "assistantd/daemon/spelling.h"
#include "assistantd/daemon/verbatim.h"
#include "util/macro.h"

enum {
	NEAR_MAX = 8,		/* words that may be meant by another */
	/* A word that stands so seldom may be another that stands so much more often; both are
	 * powers of two. */
	RARE_LEVEL = 5, RARE_LEVELS = 6,
	USUAL_LEVEL = 5,	/* what is joined, cut or given an ending */
	SENTENCE_WORDS = 3,	/* of what is no heading or list */
};

static void add_like(struct finding *f, const struct word *w, const char *text,
		     enum change_kind kind)
{
	char fresh[SUGGESTION_MAX];

	if (strlen(text) >= sizeof(fresh) || strcmp(text, w->low) == 0)
		return;
	strcpy(fresh, text);
	if (w->capital)
		fresh[0] = (char)toupper((unsigned char)fresh[0]);
	finding_add(f, w->start, w->len, fresh, kind);
}

static void add_other(void *arg, enum change_kind kind, const char *other)
{
	struct finding *f = arg;

	add_like(f, f->at, other, kind);
}

/* "ofthe" is two words. */
static void cut(struct finding *f, const struct word *w)
{
	char text[WORDLIST_WORD_MAX + 1];

	for (size_t i = 1; i < w->len; i++) {
		const struct wordlist_word *a, *b;

		memcpy(text, w->low, i);
		text[i] = '\0';
		memcpy(text + i + 1, w->low + i, w->len - i + 1);
		a = wordlist_find(f->p->words, text);
		b = wordlist_find(f->p->words, text + i + 1);
		if (!a || !b || MIN(a->level, b->level) < (i < 3 || w->len - i < 3 ? 12u : 8u))
			continue;
		text[i] = ' ';
		add_like(f, w, text, CHANGE_SPACING);
	}
}

/* Fingers and ears swap, double and drop letters sooner than they put others in their place. */
static enum change_kind kind_of_mistake(const struct word *w, const char *text)
{
	size_t len = strlen(text), differ = 0;

	if (spelling_distance(w->low, w->len, text, len) > 1)
		return CHANGE_FAR;
	if (strchr(text, '\'') && !strchr(w->low, '\''))
		return CHANGE_APOSTROPHE;
	for (size_t i = 0; i < len && len == w->len; i++)
		differ += tolower((unsigned char)text[i]) != w->low[i];
	return differ == 1 ? CHANGE_LETTER : CHANGE_SPELLING;
}

static void add_near(struct finding *f, const struct word *w, unsigned least,
		     enum change_kind kind)
{
	const struct wordlist_word *near[NEAR_MAX];
	size_t n = wordlist_near(f->p->words, w->low, near, NEAR_MAX);

	for (size_t i = 0; i < n; i++)
		if (near[i]->level >= least)
			add_like(f, w, near[i]->text, kind == CHANGE_SPELLING ?
						      kind_of_mistake(w, near[i]->text) : kind);
}

/* An unknown name is left alone, but the days and months are few and known. */
static void misspelt_name(struct finding *f, const struct word *w)
{
	const struct wordlist_word *near[NEAR_MAX];
	size_t n = w->known ? 0 : wordlist_near(f->p->words, w->low, near, NEAR_MAX);

	for (size_t i = 0; i < n; i++) {
		char low[WORDLIST_WORD_MAX];

		strcpy(low, near[i]->text);
		low[0] = (char)tolower((unsigned char)low[0]);
		if (confusions_has(f->p->confusions, CONFUSIONS_CAPITALS, low))
			add_like(f, w, near[i]->text, kind_of_mistake(w, near[i]->text));
	}
}

static void misspelt(struct finding *f, const struct word *w)
{
	unsigned level = w->usual ? w->usual->level : 0;
	bool names = w->usual && isupper((unsigned char)*w->usual->text);

	if (w->len < 2)
		return;
	if (w->capital && !w->first) {
		misspelt_name(f, w);
	} else if (names && !w->capital) {
		finding_add(f, w->start, w->len, w->usual->text, CHANGE_CAPITAL);
	} else if (!w->known) {
		add_near(f, w, 0, w->capital ? CHANGE_NAME : CHANGE_SPELLING);
		cut(f, w);
	} else if (level < RARE_LEVEL && w->len > 2) {
		add_near(f, w, level + RARE_LEVELS, CHANGE_RARE);
	}
}

static bool is_usual(const struct finding *f, const char *text)
{
	const struct wordlist_word *w = wordlist_find(f->p->words, text);

	return w && w->level >= USUAL_LEVEL && islower((unsigned char)*w->text);
}

static void add_usual(struct finding *f, const struct word *w, const char *stem, size_t len,
		      const char *end, enum change_kind kind)
{
	char text[SUGGESTION_MAX];

	if (len + strlen(end) >= sizeof(text))
		return;
	memcpy(text, stem, len);
	strcpy(text + len, end);
	if (is_usual(f, text))
		add_like(f, w, text, kind);
}

static void endings(struct finding *f, const struct word *w)
{
	const char last = w->low[w->len - 1];

	if (w->len < 3 || !w->known || (w->capital && !w->first) || strchr(w->low, '\''))
		return;
	if (last == 's') {
		add_usual(f, w, w->low, w->len - 1, "", CHANGE_ENDING);
		if (w->len > 4 && w->low[w->len - 2] == 'e')
			add_usual(f, w, w->low, w->len - 2, "", CHANGE_ENDING);
		if (w->len > 4 && w->low[w->len - 3] == 'i')
			add_usual(f, w, w->low, w->len - 3, "y", CHANGE_ENDING);
	} else if (last == 'y') {
		add_usual(f, w, w->low, w->len - 1, "ies", CHANGE_ENDING);
		add_usual(f, w, w->low, w->len, "s", CHANGE_ENDING);
	} else {
		add_usual(f, w, w->low, w->len, last == 'x' || last == 'h' ? "es" : "s",
			  CHANGE_ENDING);
	}
}

/* "dont", "cant", "lets". */
static void apostrophes(struct finding *f, const struct word *w)
{
	char text[SUGGESTION_MAX];

	for (size_t behind = 1; behind <= 2 && behind + 1 <= w->len && w->len > 2; behind++) {
		size_t at = w->len - behind;

		memcpy(text, w->low, at);
		text[at] = '\'';
		strcpy(text + at + 1, w->low + at);
		if (!strchr(w->low, '\'') && is_usual(f, text))
			add_like(f, w, text, CHANGE_APOSTROPHE);
	}
}

/* Whether anything may be suggested for it. */
static bool is_read(const struct word *w)
{
	return w->plain && !w->foreign;
}

static void articles(struct finding *f, const struct word *w)
{
	if (strcmp(w->low, "a") == 0)
		add_like(f, w, "an", CHANGE_ARTICLE);
	else if (strcmp(w->low, "an") == 0)
		add_like(f, w, "a", CHANGE_ARTICLE);
}

static void one_word(struct finding *f, const struct word *w)
{
	const char *instead = confusions_instead(f->p->confusions, w->low);

	f->at = w;
	if (instead)
		add_like(f, w, instead, CHANGE_USAGE);
	else
		misspelt(f, w);
	/* Of a heading or a list, what its words have to do with each other nobody knows. */
	if (f->n_words < SENTENCE_WORDS)
		return;
	confusions_each(f->p->confusions, w->low, add_other, f);
	if (!w->capital &&
	    (w->first || confusions_has(f->p->confusions, CONFUSIONS_CAPITALS, w->low))) {
		char text[SUGGESTION_MAX];

		strcpy(text, w->low);
		text[0] = (char)toupper((unsigned char)text[0]);
		finding_add(f, w->start, w->len, text, CHANGE_CAPITAL);
	}
	apostrophes(f, w);
	endings(f, w);
	/* How an abbreviation or a number is spoken nobody knows: "an MRI". */
	if (w + 1 == f->words + f->n_words || !is_read(w + 1))
		return;
	articles(f, w);
	if (confusions_has(f->p->confusions, CONFUSIONS_EXTRA, w->low) && !w->first && w->start &&
	    f->text[w->start - 1] == ' ')
		finding_add(f, w->start - 1, w->len + 1, "", CHANGE_EXTRA);
}

/* In front of a word, but for the word itself. */
static void add_missing(void *arg, const char *missing)
{
	struct finding *f = arg;
	char text[SUGGESTION_MAX];

	if (strlen(missing) + 2 > sizeof(text) || strcmp(missing, f->at->low) == 0 ||
	    confusions_has(f->p->confusions, CONFUSIONS_EXTRA, f->at->low))
		return;
	text[0] = ' ';
	strcpy(text + 1, missing);
	finding_add(f, f->at->start - 1, 0, text, CHANGE_MISSING);
}

/* Both are words with one blank between them. */
static void two_words(struct finding *f, const struct word *a, const struct word *b)
{
	char text[2 * WORDLIST_WORD_MAX];
	const char *instead;
	struct word both = { .start = a->start, .len = a->len + 1 + b->len,
			     .capital = a->capital };

	if (strcmp(a->low, b->low) == 0 &&
	    !confusions_has(f->p->confusions, CONFUSIONS_TWICE, a->low))
		finding_add(f, a->start + a->len, b->len + 1, "", CHANGE_DOUBLED);
	strcpy(text, a->low);
	strcat(text, " ");
	strcat(text, b->low);
	instead = confusions_instead(f->p->confusions, text);
	memmove(text + a->len, text + a->len + 1, b->len + 1);
	if (instead)
		add_like(f, &both, instead, CHANGE_USAGE);
	else if (both.len < WORDLIST_WORD_MAX && is_usual(f, text) && !b->capital)
		add_like(f, &both, text, CHANGE_SPACING);
	f->at = b;
	if (!b->capital)
		confusions_each_missing(f->p->confusions, a->low, add_missing, f);
}

/* Whether the sentence that begins with @first begins like a question: "what a" does not. */
static bool is_question(const struct finding *f, const struct word *first)
{
	const struct word *next = first + 1;
	char two[2 * WORDLIST_WORD_MAX];

	if (!confusions_has(f->p->confusions, CONFUSIONS_QUESTIONS, first->low))
		return false;
	if (next == f->words + f->n_words || !next->plain)
		return true;
	strcpy(two, first->low);
	strcat(two, " ");
	strcat(two, next->low);
	return !confusions_has(f->p->confusions, CONFUSIONS_STATEMENTS, two);
}

/* An address goes on with every sign behind it, and a smiley has no need of one. */
static bool ends_plainly(const struct finding *f, size_t end)
{
	return isalnum((unsigned char)f->text[end - 1]) && end > 1 &&
	       !strchr(":;=", f->text[end - 2]) && !verbatim_word(f->text, f->len, end - 1);
}

/* The sign at the end of a sentence, which begins with @first; a title has none. */
static void sentence_end(struct finding *f, const struct word *first, size_t end)
{
	size_t n = 0, capitals = 0, last_word = (size_t)(first - f->words);
	bool question = is_question(f, first);
	const char last = f->text[end - 1];

	if (last == '.' && question && end > 1 && isalnum((unsigned char)f->text[end - 2]))
		finding_add(f, end - 1, 1, "?", CHANGE_PUNCTUATION);
	for (; last_word < f->n_words && f->words[last_word].start < end; last_word++) {
		capitals += isupper((unsigned char)f->text[f->words[last_word].start]) != 0;
		n++;
	}
	if (ends_plainly(f, end) && n >= SENTENCE_WORDS && capitals < n &&
	    (end < f->len || f->around->ends)) {
		finding_add(f, end, 0, ".", CHANGE_STOP);
		if (question)
			finding_add(f, end, 0, "?", CHANGE_STOP);
	}
}

static int by_place(const void *a, const void *b)
{
	const struct suggestion *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->len != y->len ? (x->len < y->len ? -1 : 1) : strcmp(x->text, y->text);
}

int suggestions_find(const struct proofreader *p, const char *text, size_t len,
		     const struct surroundings *around, struct suggestions *ret)
{
	struct finding f = { .p = p, .text = text, .len = len, .around = around,
			     .found = ret };
	int foreign;

	finding_read(&f);
	foreign = language_mark(&f);
	for (size_t i = 0; f.err == 0 && i < f.n_words; i++) {
		const struct word *w = &f.words[i], *next = i + 1 < f.n_words ? w + 1 : NULL;

		if (!is_read(w))
			continue;
		one_word(&f, w);
		if (next && is_read(next) && !next->first &&
		    next->start == w->start + w->len + 1 && text[next->start - 1] == ' ')
			two_words(&f, w, next);
	}
	for (size_t i = 0; f.err == 0 && i < f.sentences.n; i++) {
		const struct span *s = &f.sentences.items[i];
		const struct word *first = finding_word_at(&f, s->start);

		if (first && is_read(first))
			sentence_end(&f, first, s->start + s->len);
	}
	finding_deinit(&f);
	if (f.err == 0 && ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), by_place);
	return f.err < 0 ? f.err : foreign;
}
