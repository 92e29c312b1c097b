/* SPDX-License-Identifier: MIT */
#include "base_model/draft.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

#define MATCH_MAX 16	/* tokens that a match is measured by */
#define MATCH_FAR 3	/* of them that are evidence anywhere in the original */
#define NEAR 16		/* tokens around the expected place, where one is enough */
#define NEAR_BONUS 2
#define LOST_MAX 8	/* unknown tokens in a row after which the place is given up */
#define FIRST_GUESS 7	/* tokens of a guess that nothing speaks against */
#define LEAST_GUESS 4
#define PATIENCE 2	/* useless guesses in a row that an edit may well cause */

struct bm_draft {
	const int32_t *source;
	size_t n;
	int32_t last[MATCH_MAX];	/* the end of what was written, newest first */
	size_t n_last;
	bool placed;
	size_t place;		/* in the source: what is expected next */
	unsigned lost;		/* tokens written since the place was certain */
	unsigned failures;	/* guesses in a row of which nothing came true */
	size_t length;		/* of the next guess */
	int32_t guess[BM_DRAFT_MAX];
	size_t n_guess, n_judged;
	bool refuted;
};

int bm_draft_new(struct bm_draft **ret, const int32_t *source, size_t n)
{
	struct bm_draft *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->source = source;
	d->n = n;
	d->length = FIRST_GUESS;
	*ret = d;
	return 0;
}

struct bm_draft *bm_draft_free(struct bm_draft *d)
{
	free(d);
	return NULL;
}

/* How many tokens before @at are the last ones written. */
static size_t match_length(const struct bm_draft *d, size_t at)
{
	size_t n = 0;

	while (n < d->n_last && n < at && d->source[at - 1 - n] == d->last[n])
		n++;
	return n;
}

static size_t distance(size_t a, size_t b)
{
	return a > b ? a - b : b - a;
}

/* What speaks for @at being the place: longer matches, and nearby ones. */
static size_t evidence(const struct bm_draft *d, size_t at)
{
	size_t n = match_length(d, at);

	return n && d->placed && distance(at, d->place) <= NEAR ? n + NEAR_BONUS : n;
}

/* Evidence that is enough: less at the very beginning, where there is no more to be had, and
 * more the longer guessing has been of no use. */
static size_t enough(const struct bm_draft *d)
{
	size_t useless = d->failures > PATIENCE ? d->failures - PATIENCE : 0;

	return MIN((size_t)MATCH_FAR, d->n_last) + useless;
}

/*
 * Looks for the place after a token that was not expected. Without a trace of it the word is
 * taken for a replacement: the place moves on by one, and the next token may say better.
 */
static void look_for_place(struct bm_draft *d)
{
	size_t best = 0, found = 0;

	for (size_t at = 1; at < d->n; at++) {
		size_t score = d->source[at - 1] == d->last[0] ? evidence(d, at) : 0;

		if (score > best || (score == best && score && d->placed &&
				     distance(at, d->place) < distance(found, d->place))) {
			best = score;
			found = at;
		}
	}
	if (best >= enough(d)) {
		d->placed = true;
		d->place = found;
		d->lost = 0;
	} else if (d->placed && ++d->lost <= LOST_MAX) {
		d->place++;
	} else {
		d->placed = false;
	}
}

/* Learns from the guess that was judged last, once. */
static void judge(struct bm_draft *d)
{
	if (d->n_judged == 0 && !d->refuted)
		return;
	d->failures = d->n_judged ? 0 : MIN(d->failures + 1, (unsigned)MATCH_MAX);
	if (!d->refuted)
		d->length = MIN(2 * d->length + 1, (size_t)BM_DRAFT_MAX);
	else
		d->length = MAX(d->n_judged, (size_t)LEAST_GUESS);
	d->n_guess = d->n_judged = 0;
	d->refuted = false;
}

size_t bm_draft_propose(struct bm_draft *d, int32_t *to, size_t max)
{
	size_t n = 0;

	judge(d);
	if (d->placed && d->place < d->n && (d->lost == 0 || d->failures <= PATIENCE))
		n = MIN(d->length, d->n - d->place);
	if (d->lost)
		n = MIN(n, (size_t)LEAST_GUESS);
	n = MIN(n, max);
	memcpy(d->guess, d->source + d->place, n * sizeof(*to));
	memcpy(to, d->guess, n * sizeof(*to));
	d->n_guess = n;
	return n;
}

void bm_draft_written(struct bm_draft *d, int32_t token)
{
	if (!d->refuted && d->n_judged < d->n_guess) {
		d->refuted = d->guess[d->n_judged] != token;
		d->n_judged += !d->refuted;
	}
	memmove(d->last + 1, d->last, (MATCH_MAX - 1) * sizeof(token));
	d->last[0] = token;
	d->n_last = MIN(d->n_last + 1, (size_t)MATCH_MAX);
	if (d->placed && d->place < d->n && d->source[d->place] == token) {
		d->place++;
		d->lost = 0;
	} else {
		look_for_place(d);
	}
}
