/* SPDX-License-Identifier: MIT */
/*
 * How likely texts are behind one prompt: Σ ln p(token). The prompt is read once, and so is what
 * a text has in common with the first of those before it that begin at the prompt: it goes on
 * from a fork there. Whoever owns the passes asks what the next one computes, as of a
 * bm_writer; how passes are cut, shared and repeated never changes a bit of a score.
 */
#pragma once

#include "adapters/adapters.h"
#include "assistantd/engine/scoring-texts.h"
#include "base_model/base_model.h"

struct scoring;

/* Takes over @texts; those that do not fit @context tokens behind @prompt (copied, at least 1)
 * have no score. @n_extra as in struct bm_item. It is parked until it is resumed. -ENOMEM. */
int scoring_new(struct scoring **ret, const struct bm_model *m, const int32_t *prompt,
		size_t n_prompt, struct scoring_texts *texts, uint32_t context, uint32_t n_extra);
struct scoring *scoring_free(struct scoring *s);
DEFINE_CLEANUP(struct scoring *, scoring_free)

const int32_t *scoring_prompt(const struct scoring *s, size_t *n);
/* Tokens that it needs room for at once to go on: the prompt and one text. */
uint32_t scoring_room(const struct scoring *s);
/* Takes over @begun, with fewer than all tokens of the prompt and room for scoring_room(). */
void scoring_resume(struct scoring *s, struct bm_sequence *begun);
/* Hands over what was computed of the prompt, which may be NULL, and forgets the rest but for the
 * scores. */
struct bm_sequence *scoring_park(struct scoring *s);
bool scoring_parked(const struct scoring *s);

/*
 * Tokens that a pass can compute for it, at most @rows of them with logits. 0: there is no room
 * to go on, and it should be parked. 0 or more, or -ENOMEM.
 */
int scoring_pending(struct scoring *s, size_t rows);
/*
 * What the next pass computes for it, of at most @room tokens and @rows of them with logits, of
 * which the first stand at @logits: fills @items, at most @max; returns how many, and in *@used
 * the rows. @uses are those of the prompt.
 */
size_t scoring_items(struct scoring *s, struct adapter_uses *uses, size_t room, size_t rows,
		     float *logits, struct bm_item *items, size_t max, size_t *used);
/* After the pass of these @items, whose logits it changes: true when all texts have scores. */
bool scoring_advance(struct scoring *s, const struct bm_item *items, size_t n);

size_t scoring_texts_count(const struct scoring *s);
/* NaN where it does not fit; @tokens of the text. */
double scoring_score(const struct scoring *s, size_t i, size_t *tokens);
/* Texts that have their scores, or never will. */
size_t scoring_finished(const struct scoring *s);
/* Tokens that passes have computed. */
uint64_t scoring_computed(const struct scoring *s);
