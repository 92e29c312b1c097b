/* SPDX-License-Identifier: MIT */
/*
 * One text being written: reads a prompt, then chooses token by token, by copy drafting
 * several in one pass. Whoever owns the passes asks each writer what the next pass computes
 * for it and lets it go on by the logits; how passes are cut, shared and repeated never
 * changes a token.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_model/draft.h"
#include "base_model/model.h"
#include "base_model/sampler.h"
#include "util/cleanup.h"

struct bm_writer;

struct bm_writer_params {
	const int32_t *prompt;	/* copied */
	size_t n_prompt;	/* at least 1 */
	uint32_t max_tokens;	/* of the answer, at least 1 */
	uint32_t context;	/* tokens of prompt and answer together, at most the model's */
	/* With the first tokens of the prompt, fewer than all, and room for all that may come:
	 * taken over where the writer is made. NULL: a new one of type @kv. */
	struct bm_sequence *sequence;
	enum bm_kv_type kv;
	struct bm_sampling sampling;
	uint32_t n_extra;	/* of every item: tokens that its adapters bring, all of them */
	bool draft;		/* guess from the prompt */
	/* What is "chosen" whatever the logits say, [max_tokens], borrowed; NULL: the sampler
	 * chooses. For measuring models that have nothing to say. */
	const int32_t *forced;
};

struct bm_writer_counts {
	uint64_t passes;	/* that chose a token */
	uint64_t written;	/* tokens chosen */
	uint64_t guessed, right;	/* tokens that drafting put forward, and that came true */
};

/* 0; -EINVAL for a prompt that is empty or leaves no room, or for bad sampling; -ENOMEM. */
int bm_writer_new(struct bm_writer **ret, struct bm_model *m, const struct bm_writer_params *p);
struct bm_writer *bm_writer_free(struct bm_writer *w);
DEFINE_CLEANUP(struct bm_writer *, bm_writer_free)

/* Tokens that are known and not computed yet: 1 while it writes, more while it reads. */
size_t bm_writer_pending(const struct bm_writer *w);
/* Tokens that it would guess behind the pending one, if it may. */
size_t bm_writer_wishes(struct bm_writer *w);
/*
 * What the next pass computes for it: up to @room tokens (at least 1), of them up to
 * @guesses guessed. Fills @item but for deltas and logits; the tokens stay the writer's until
 * its next call. Returns how many rows of logits the pass must give: 0 while it reads.
 */
size_t bm_writer_item(struct bm_writer *w, size_t room, size_t guesses, struct bm_item *item);

enum bm_writer_state {
	BM_WRITER_GOES_ON,
	BM_WRITER_ENDED,	/* by an end token, which is not written */
	BM_WRITER_FULL,		/* max_tokens or the context is reached */
};

/*
 * After the pass of @item, whose logits it changes: the tokens now chosen are *@tokens [*@n]
 * until the next call. A state, or -ENOMEM.
 */
int bm_writer_advance(struct bm_writer *w, const struct bm_item *item, const int32_t **tokens,
		      size_t *n);
/* What is known: prompt and what was written, *@n tokens, and *@n_end that it may become. */
const int32_t *bm_writer_tokens(const struct bm_writer *w, size_t *n, size_t *n_end);
/* Hands over what was computed of its tokens, as many as the sequence is long; until it is
 * resumed it takes part in no pass. */
struct bm_sequence *bm_writer_park(struct bm_writer *w);
bool bm_writer_parked(const struct bm_writer *w);
/* Takes over @sequence, which has fewer than all known tokens and room for the others. */
void bm_writer_resume(struct bm_writer *w, struct bm_sequence *sequence);

struct bm_writer_counts bm_writer_counts(const struct bm_writer *w);
