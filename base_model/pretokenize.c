/* SPDX-License-Identifier: MIT */
#include "base_model/pretokenize.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/characters.h"
#include "base_model/cuts.h"
#include "base_model/pattern.h"
#include "util/macro.h"

const struct pretokenizer *pretokenizer_find(const char *name, size_t len)
{
	for (const struct pretokenizer *p = cuts; p->name; p++)
		if (strlen(p->name) == len && memcmp(p->name, name, len) == 0)
			return p;
	return NULL;
}

int pretokenizer_new(struct pretokenizer **ret, const char *const *expressions, size_t n,
		     bool ignores_merges, const char *field, struct diag *d)
{
	static const struct splitter none[] = { { .fn = NULL } };
	_cleanup_(pretokenizer_freep) struct pretokenizer *p = calloc(1, sizeof(*p));
	int r = 0;

	if (!p)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	p->splitters = none;
	p->ignores_merges = ignores_merges;
	p->patterns = calloc(n + 1, sizeof(*p->patterns));
	if (!p->patterns)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	for (; r == 0 && p->n_patterns < n; p->n_patterns += r == 0)
		r = pattern_new(&p->patterns[p->n_patterns], expressions[p->n_patterns], field, d);
	if (r == 0)
		*ret = TAKE(p);
	return r;
}

struct pretokenizer *pretokenizer_free(struct pretokenizer *p)
{
	if (!p)
		return NULL;
	while (p->n_patterns)
		pattern_free(p->patterns[--p->n_patterns]);
	free(p->patterns);
	free(p);
	return NULL;
}

bool pretokenizer_ignores_merges(const struct pretokenizer *p)
{
	return p->ignores_merges;
}

bool pretokenizer_adds_bos(const struct pretokenizer *p)
{
	return p->adds_bos;
}

void words_deinit(struct words *w)
{
	free(w->ends);
	*w = (struct words){ 0 };
}

/* What a splitter matches is a piece, and so is what stands between. */
static void cut_piece(const struct splitter *p, struct characters *c, size_t begin, size_t end,
		      uint32_t *to, size_t *n)
{
	size_t rest = begin, stop;	/* begin of what matches nothing so far */

	for (size_t at = begin; at < end; at = stop) {
		bool matches = p->fn(c, at, end, p, &stop);

		c->n_steps++;
		if (!matches)
			continue;
		if (rest < at)
			to[(*n)++] = (uint32_t)at;
		to[(*n)++] = (uint32_t)stop;
		rest = stop;
	}
	if (rest < end)
		to[(*n)++] = (uint32_t)end;
}

static size_t split_all(const struct splitter *p, struct characters *c, const uint32_t *ends,
			size_t n, uint32_t *to)
{
	size_t n_to = 0;

	for (size_t i = 0, at = 0; i < n; at = ends[i++])
		cut_piece(p, c, at, ends[i], to, &n_to);
	return n_to;
}

/* Pieces of a text: each step cuts those of the one before. */
struct pieces {
	uint32_t *ends, *next;	/* [characters] */
	size_t n;
};

static void pieces_deinit(struct pieces *p)
{
	free(p->ends);
	free(p->next);
}

static void advance(struct pieces *p, size_t n_next)
{
	uint32_t *ends = p->ends;

	p->ends = p->next;
	p->next = ends;
	p->n = n_next;
}

static int cut_all(const struct pretokenizer *p, struct characters *c, struct pieces *pieces)
{
	size_t n;
	int r = 0;

	for (const struct splitter *s = p->splitters; s->fn; s++)
		advance(pieces, split_all(s, c, pieces->ends, pieces->n, pieces->next));
	for (size_t k = 0; r == 0 && k < p->n_patterns; k++) {
		r = pattern_cut(p->patterns[k], c, pieces->ends, pieces->n, pieces->next, &n);
		advance(pieces, n);
	}
	return r;
}

int pretokenize(const struct pretokenizer *p, const char *text, size_t len, struct words *ret)
{
	_cleanup_(characters_deinit) struct characters c = CHARACTERS_NULL;
	_cleanup_(pieces_deinit) struct pieces pieces = { .n = 1 };
	int r;

	*ret = (struct words){ 0 };
	if (len == 0)
		return 0;
	if (characters_init(&c, text, len) < 0)
		return -ENOMEM;
	pieces.ends = reallocarray(NULL, c.n, sizeof(*pieces.ends));
	pieces.next = reallocarray(NULL, c.n, sizeof(*pieces.next));
	if (!pieces.ends || !pieces.next)
		return -ENOMEM;
	pieces.ends[0] = (uint32_t)c.n;
	r = cut_all(p, &c, &pieces);
	if (r < 0)
		return r;
	for (size_t i = 0; i < pieces.n; i++)
		pieces.ends[i] = c.offsets[pieces.ends[i]];
	ret->ends = TAKE(pieces.ends);
	ret->n = pieces.n;
	ret->n_steps = c.n_steps;
	return 0;
}
