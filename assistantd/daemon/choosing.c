/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/choosing.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

/* So many words behind a change tell whether it is right; more only cost time. */
enum { WORDS_BEHIND = 6 };

/* Where the words behind @at end that are looked at. */
static size_t horizon(const char *text, size_t len, size_t at)
{
	for (int words = 0; words < WORDS_BEHIND && at < len; words++) {
		while (at < len && isspace((unsigned char)text[at]))
			at++;
		while (at < len && !isspace((unsigned char)text[at]))
			at++;
	}
	return at;
}

/* Models know sentences from where lines begin, and not from the beginnings of documents. */
static int begin_line(struct buf *line, const char *text, size_t len)
{
	int r = buf_append_char(line, '\n');

	return r < 0 ? r : buf_append(line, text, len);
}

/* The text up to @end, asked for already or anew: its number, or a negative error. */
static int ask_without(struct engine_score *score, const char *text, size_t end, uint32_t *numbers)
{
	_cleanup_(buf_deinit) struct buf line = BUF_NULL;
	int r = 0;

	if (!numbers[end]) {
		r = begin_line(&line, text, end);
		if (r == 0)
			r = engine_score_add(score, line.data, line.len);
		if (r < 0)
			return r;
		numbers[end] = score->n_texts;
	}
	return (int)numbers[end] - 1;
}

static int ask_with(struct engine_score *score, const char *text, size_t end,
		    const struct suggestion *p)
{
	_cleanup_(buf_deinit) struct buf changed = BUF_NULL;
	size_t after = p->start + p->len;
	int r = begin_line(&changed, text, p->start);

	if (r == 0)
		r = buf_append_str(&changed, p->text);
	if (r == 0)
		r = buf_append(&changed, text + after, end - after);
	if (r == 0)
		r = engine_score_add(score, changed.data, changed.len);
	return r < 0 ? r : (int)score->n_texts - 1;
}

int choosing_ask(struct choosing *c, const char *text, size_t len, const struct suggestions *p,
		 struct engine_score *score)
{
	_cleanup_free_ uint32_t *numbers = calloc(len + 1, sizeof(*numbers));
	int r;

	c->with = calloc(p->n + 1, sizeof(*c->with));
	c->without = calloc(p->n + 1, sizeof(*c->without));
	if (!numbers || !c->with || !c->without)
		return -ENOMEM;
	/* First, so that all others go on from it. */
	r = ask_without(score, text, len, numbers);
	for (; r >= 0 && c->n < p->n; c->n += r >= 0) {
		const struct suggestion *at = &p->items[c->n];
		size_t end = horizon(text, len, at->start + at->len);

		r = ask_without(score, text, end, numbers);
		if (r >= 0) {
			c->without[c->n] = (uint32_t)r;
			r = ask_with(score, text, end, at);
		}
		if (r >= 0)
			c->with[c->n] = (uint32_t)r;
	}
	return r == -E2BIG ? 0 : MIN(r, 0);
}

void choosing_deinit(struct choosing *c)
{
	free(c->with);
	free(c->without);
	*c = (struct choosing){ 0 };
}

static double gain_of(const struct choosing *c, size_t i, const struct engine_scored *scored)
{
	double gain = scored->scores[c->with[i]] - scored->scores[c->without[i]];

	return isnan(gain) ? (double)-INFINITY : gain;
}

/* Two that change the same letters, put something into the same place or between letters that
 * the other changes, or strike out neighbours, each of which gains by the other's being there. */
static bool collide(const struct suggestion *a, const struct suggestion *b)
{
	size_t touching = !*a->text && !*b->text;

	return a->start == b->start ||
	       (a->start < b->start + b->len + touching &&
		b->start < a->start + a->len + touching);
}

struct candidate_gain {
	size_t index;
	double beyond;
};

static int by_gain(const void *a, const void *b)
{
	const struct candidate_gain *x = a, *y = b;

	if (x->beyond != y->beyond)
		return x->beyond > y->beyond ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static int by_place(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	return x->suggestion->start < y->suggestion->start ? -1 : 1;
}

int choosing_take(const struct choosing *c, const struct suggestions *p,
		  const double *needs, const struct engine_scored *scored,
		  struct chosen **ret, size_t *n)
{
	_cleanup_free_ struct candidate_gain *gains = calloc(c->n + 1, sizeof(*gains));
	size_t n_gains = 0;

	*n = 0;
	*ret = calloc(c->n + 1, sizeof(**ret));
	if (!gains || !*ret) {
		free(TAKE(*ret));
		return -ENOMEM;
	}
	for (size_t i = 0; i < c->n; i++) {
		double beyond = gain_of(c, i, scored) - needs[p->items[i].kind] -
				p->items[i].more;

		if (beyond > 0)
			gains[n_gains++] = (struct candidate_gain){ i, beyond };
	}
	qsort(gains, n_gains, sizeof(*gains), by_gain);
	for (size_t i = 0; i < n_gains; i++) {
		const struct suggestion *at = &p->items[gains[i].index];
		bool collides = false;

		for (size_t k = 0; k < *n; k++)
			collides |= collide(at, (*ret)[k].suggestion);
		if (!collides)
			(*ret)[(*n)++] = (struct chosen){ at, 1 / (1 + exp(-gains[i].beyond)) };
	}
	qsort(*ret, *n, sizeof(**ret), by_place);
	return 0;
}
