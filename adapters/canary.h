/* SPDX-License-Identifier: MIT */
/*
 * Canaries: texts for which a manifest says what comes out where model, tokenizer, template and
 * adapter are the right ones. A text goes through the manifest's prompt, as the user's turn
 * through the model's chat template, without a date, and is answered as answers.h says, up
 * to max_tokens.
 */
#pragma once

#include "adapters/manifest.h"
#include "util/buf.h"
#include "util/diag.h"

struct adapter;
struct bm_model;
struct stop;

enum { _CANARY_E_SUCCESS, CANARY_E_MISMATCH, CANARY_E_OTHER_PROMPT };

/*
 * The answers to all canaries of @manifest, whose outputs are not looked at: @answers is
 * [n_canaries], each emptied first. 0; -EINVAL with @d, also where a canary does not fit
 * the model's context; -ENOMEM; -ECANCELED by @stop.
 */
int canaries_answer(struct buf *answers, struct bm_model *m, const struct adapter *a, float scale,
		    const struct manifest *manifest, const struct stop *stop, struct diag *d);
/* The same, compared: CANARY_E_MISMATCH and the first that differs. */
int canaries_check(struct bm_model *m, const struct adapter *a, float scale,
		   const struct manifest *manifest, const struct stop *stop, uint32_t *first,
		   struct diag *d);

/*
 * The text that the prompt of @manifest makes the user's turn @turn of, appended to @ret: 0;
 * CANARY_E_OTHER_PROMPT where the prompt does not put that around one text; -EINVAL with @d for
 * a prompt that is none; -ENOMEM.
 */
int canary_text(struct buf *ret, const struct manifest *manifest, const char *turn, size_t len,
		struct diag *d);

/* Of what canaries_record() keeps. */
enum { CANARIES_RECORDED = 3 };

struct canary_record {
	struct manifest_canary canaries[CANARIES_RECORDED];
	size_t n_canaries;
	struct buf outputs[CANARIES_RECORDED];	/* what the canaries' outputs point to */
};

#define CANARY_RECORD_NULL { .n_canaries = 0 }

/*
 * Canaries for an adapter that comes without: of the texts @own [n_own], which must outlive @ret
 * and of which the first few are looked at, and then of some common ones, those that fit the
 * model and whose answer is not the model's own, which would say nothing of the adapter. There
 * may be none. Of @manifest the prompt and the style are used. Errors as of canaries_answer().
 */
int canaries_record(struct canary_record *ret, struct bm_model *m, const struct adapter *a,
		    float scale, const struct manifest *manifest, const char *const *own,
		    size_t n_own, const struct stop *stop, struct diag *d);
void canary_record_deinit(struct canary_record *r);
