/* SPDX-License-Identifier: MIT */
/*
 * The choice of the next token. The same logits, history and seed give the same token.
 * Order: repetition penalty, temperature, top-k, top-p, min-p, draw.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

struct bm_sampling {
	float temperature;	/* 0: the most likely token (greedy), the rest is not used */
	uint32_t top_k;		/* keep the k most likely; 0: all */
	float top_p;		/* keep the fewest whose probabilities reach this; 1: all */
	float min_p;		/* drop below this share of the most likely; 0: none */
	/* Divides the logits of seen tokens (Keskar et al. 2019, arXiv:1909.05858); 1: off. */
	float repetition_penalty;
	uint32_t penalty_window;	/* over as many last tokens, at most 1024 */
	uint64_t seed;
};

#define BM_SAMPLING_GREEDY { .top_p = 1.0f, .repetition_penalty = 1.0f }

struct bm_sampler;

/* -EINVAL when a value is not finite or out of range; -ENOMEM. */
int bm_sampler_new(struct bm_sampler **ret, const struct bm_sampling *sampling, uint32_t n_vocab);
struct bm_sampler *bm_sampler_free(struct bm_sampler *s);
DEFINE_CLEANUP(struct bm_sampler *, bm_sampler_free)
/* Tells a token that stands in the text, chosen or given: the penalty sees it. */
void bm_sampler_accept(struct bm_sampler *s, int32_t token);
/* Picks from @logits [n_vocab], which it changes. Ties go to the lower token. */
int32_t bm_sampler_pick(struct bm_sampler *s, float *logits);
