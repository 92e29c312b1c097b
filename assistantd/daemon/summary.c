/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/summary.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/trim.h"
#include "util/cleanup.h"
#include "util/macro.h"

enum { STATEMENTS_MAX = 4096, SENTENCES_PER_CHOSEN = 6, CHOSEN_MAX = 5 };

/* Measured on meetings and chats (tests/eval/summaries.py): how much a sentence's length counts
 * against it, the beginning for it, and which words are of the language's frame. */
static const double length_power = 0.45, beginning = 0.5;
static const float frame_rarity = 1.5f;

struct entry {
	char text[TERM_MAX];	/* "": free */
	float rarity;
	uint32_t count;
	uint32_t counted;	/* the place + 1 of the sentence that has counted it */
	bool said;		/* in a chosen sentence */
};

/* The words of the text, and which of them each sentence has. */
struct vocabulary {
	const struct terms *rarity;
	struct entry *slots;
	size_t n_slots, n;
	uint32_t *tokens;	/* slots, in the order of the text */
	size_t n_tokens, cap;
	size_t *starts;		/* [sentences + 1] in @tokens */
};

static struct entry *find(struct vocabulary *v, const char *text)
{
	size_t at = 5381;

	for (const char *c = text; *c; c++)
		at = at * 33 ^ (unsigned char)*c;
	for (at &= v->n_slots - 1; v->slots[at].text[0]; at = (at + 1) & (v->n_slots - 1))
		if (strcmp(v->slots[at].text, text) == 0)
			break;
	return &v->slots[at];
}

static float rarity_of(const struct terms *t, const char *term)
{
	size_t row = t ? terms_find(t, term) : 0;

	if (t && row == terms_rows(t))
		row = terms_find(t, TERM_OTHER);
	return t && row < terms_rows(t) ? terms_row(t, row)[0] : frame_rarity;
}

/* The next word at *@at that tells something; numbers tell as they stand. */
static bool next_word(const struct vocabulary *v, const char *text, size_t end, size_t *at,
		      struct term *ret, float *rarity)
{
	while (terms_next(text, end, at, ret)) {
		if (isdigit((unsigned char)text[ret->span.start])) {
			size_t n = MIN(ret->span.len, (size_t)TERM_MAX - 1);

			memcpy(ret->text, text + ret->span.start, n);
			ret->text[n] = '\0';
		} else if (!ret->word || ret->span.len < 2) {
			continue;
		}
		*rarity = rarity_of(v->rarity, ret->text);
		if (*rarity >= frame_rarity)
			return true;
	}
	return false;
}

static int add_token(struct vocabulary *v, const struct entry *e)
{
	if (v->n_tokens == v->cap) {
		size_t cap = v->cap ? v->cap * 2 : 1024;
		uint32_t *grown = reallocarray(v->tokens, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		v->tokens = grown;
		v->cap = cap;
	}
	v->tokens[v->n_tokens++] = (uint32_t)(e - v->slots);
	return 0;
}

static int count_sentence(const char *text, struct span s, struct vocabulary *v)
{
	size_t at = s.start;
	struct term term;
	float rarity;
	int r = 0;

	while (r == 0 && v->n < v->n_slots / 2 &&
	       next_word(v, text, s.start + s.len, &at, &term, &rarity)) {
		struct entry *e = find(v, term.text);

		v->n += !e->text[0];
		memcpy(e->text, term.text, sizeof(e->text));
		e->rarity = rarity;
		e->count++;
		r = add_token(v, e);
	}
	return r;
}

static int count_words(const char *text, const struct statements *all, size_t len,
		       struct vocabulary *v)
{
	int r = 0;

	for (v->n_slots = 1024; v->n_slots < len / 2; v->n_slots *= 2)
		;
	v->slots = calloc(v->n_slots, sizeof(*v->slots));
	v->starts = calloc(all->n + 1, sizeof(*v->starts));
	if (!v->slots || !v->starts)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < all->n; i++) {
		r = count_sentence(text, all->items[i].text, v);
		v->starts[i + 1] = v->n_tokens;
	}
	return r;
}

static void vocabulary_deinit(struct vocabulary *v)
{
	free(v->slots);
	free(v->tokens);
	free(v->starts);
}

/* What sentence @i of @n tells. */
static double value(size_t i, size_t n, struct vocabulary *v)
{
	size_t words = v->starts[i + 1] - v->starts[i];
	double sum = 0;

	for (size_t k = v->starts[i]; k < v->starts[i + 1]; k++) {
		struct entry *e = &v->slots[v->tokens[k]];

		if (e->said || e->counted == i + 1)
			continue;
		e->counted = (uint32_t)i + 1;
		sum += (double)e->rarity * log1p(e->count);
	}
	return sum / pow((double)words + 2, length_power) *
	       (1 + beginning * (1 - (double)i / (double)n));
}

static void say(size_t i, struct vocabulary *v)
{
	for (size_t k = v->starts[i]; k < v->starts[i + 1]; k++)
		v->slots[v->tokens[k]].said = true;
}

/* Marks the chosen ones; returns the first of them, which is the most telling. */
static size_t choose(size_t n, size_t want, struct vocabulary *v, bool *chosen)
{
	size_t first = 0;

	for (size_t k = 0; k < want; k++) {
		size_t best = n;
		double top = 0;

		/* Each sentence counts its words anew in each round. */
		for (size_t i = 0; i < v->n_slots; i++)
			v->slots[i].counted = 0;
		for (size_t i = 0; i < n; i++) {
			double is = chosen[i] ? 0 : value(i, n, v);

			if (is > top) {
				top = is;
				best = i;
			}
		}
		if (best == n)
			break;
		first = k == 0 ? best : first;
		chosen[best] = true;
		say(best, v);
	}
	return first;
}

static void trim_all(const char *text, const struct summary_of *how, struct statements *all,
		     bool *cut)
{
	for (size_t i = 0; i < all->n; i++) {
		struct span *s = &all->items[i].text;

		cut[i] = false;
		*s = trim_front(text, *s, how->words);
		if (how->longest)
			*s = trim_clause(text, *s, how->longest, &cut[i]);
	}
}

static int keep_chosen(const struct statements *all, const bool *chosen, const bool *cut,
		       size_t first, struct summary *ret)
{
	ret->items = calloc(all->n + 1, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < all->n; i++) {
		if (!chosen[i])
			continue;
		if (i == first) {
			ret->best = ret->n;
			ret->cut = cut[i];
		}
		ret->items[ret->n++] = all->items[i];
	}
	return 0;
}

int summary_extract(const char *text, size_t len, const struct summary_of *how,
		    struct summary *ret)
{
	struct statements all = { 0 };
	struct vocabulary v = { .rarity = how->rarity };
	_cleanup_free_ bool *chosen = NULL, *cut = NULL;
	size_t want = how->want, first;
	int r = statements_find(text, len, &all);

	all.n = MIN(all.n, (size_t)STATEMENTS_MAX);
	chosen = calloc(all.n + 1, sizeof(*chosen));
	cut = calloc(all.n + 1, sizeof(*cut));
	if (r == 0 && (!chosen || !cut))
		r = -ENOMEM;
	if (r == 0) {
		trim_all(text, how, &all, cut);
		r = count_words(text, &all, len, &v);
	}
	if (r == 0) {
		if (!want)
			want = CLAMP((all.n + SENTENCES_PER_CHOSEN / 2) / SENTENCES_PER_CHOSEN,
				     (size_t)1, (size_t)CHOSEN_MAX);
		first = choose(all.n, MIN(want, all.n), &v, chosen);
		/* A text without a word to tell: its beginning stands for it. */
		if (all.n)
			chosen[first] = true;
		r = keep_chosen(&all, chosen, cut, first, ret);
	}
	vocabulary_deinit(&v);
	statements_deinit(&all);
	return r;
}

void summary_deinit(struct summary *s)
{
	free(s->items);
	*s = (struct summary){ 0 };
}
