/* SPDX-License-Identifier: MIT */
/*
 * Copy drafting: where a text repeats most of another (a correction its original), the next
 * tokens are guessed from where the writer stands in the original, and the model judges
 * them all in one pass (speculative decoding, Leviathan et al. 2022, arXiv:2211.17192, with
 * lookup in the prompt in place of a smaller model). A guess changes how long the writing
 * takes, never what is written.
 *
 * The place in the original is found by the last tokens written. After a word that is
 * inserted, dropped or replaced it is looked for nearby first. Guesses grow while they come
 * true, and shrink, then cease, while they do not.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

enum { BM_DRAFT_MAX = 15 };	/* tokens of one guess */

struct bm_draft;

/* @source: the original's @n tokens, borrowed. 0 or -ENOMEM. */
int bm_draft_new(struct bm_draft **ret, const int32_t *source, size_t n);
struct bm_draft *bm_draft_free(struct bm_draft *d);
DEFINE_CLEANUP(struct bm_draft *, bm_draft_free)

/*
 * Puts up to @max tokens (at most BM_DRAFT_MAX) that may come next into @to: how many, 0
 * where there is no ground for a guess. Asking again replaces the earlier guess.
 */
size_t bm_draft_propose(struct bm_draft *d, int32_t *to, size_t max);
/* Tells the token that was written, one after the other: what was guessed is judged by it. */
void bm_draft_written(struct bm_draft *d, int32_t token);
