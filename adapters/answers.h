/* SPDX-License-Identifier: MIT */
/* Answers to a few prompts, all of which go through the model together: greedily, positions in
 * f16, nothing guessed, up to the end of the turn or max_tokens. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/diag.h"

struct adapter;
struct bm_model;
struct stop;

#define ANSWERS_MAX 16		/* at once */

struct answer_prompt {
	const int32_t *tokens;	/* [n], at least one, and fewer than the model's context */
	size_t n;
	uint32_t max_tokens;
};

/*
 * With @a at @scale, 0 being the model alone, the answers to @prompts [n]: @answers is [n], each
 * emptied first. 0; -EINVAL with @d, also for a prompt without the adapter's invocation and
 * more than ANSWERS_MAX; -ENOMEM; -ECANCELED by @stop.
 */
int answers_write(struct buf *answers, struct bm_model *m, const struct adapter *a, float scale,
		  const struct answer_prompt *prompts, size_t n, const struct stop *stop,
		  struct diag *d);
