/* SPDX-License-Identifier: MIT */
/* Rotary position embedding (Su et al. 2021, arXiv:2104.09864). */
#pragma once

#include "base_model/model.h"

struct rope {
	uint32_t n;		/* pairs: rope_dim / 2 */
	bool halves;		/* pairs (0, n), (1, n + 1) …; else (0, 1), (2, 3) … */
	float *frequencies;	/* [n] angle per position */
	float magnitude;	/* of the rotated vector */
};

/* For BM_ROTATE or BM_ROTATE_WINDOW. @factors ([rope_dim / 2], or NULL) divide the
 * frequencies of the former: Llama 3's long contexts. 0 or -ENOMEM. */
int rope_init(struct rope *r, const struct bm_config *c, enum bm_rotation rotation,
	      const float *factors);
void rope_deinit(struct rope *r);
/* Cosines and sines of position @pos, [n] each, with the magnitude folded in. */
void rope_angles(const struct rope *r, uint32_t pos, float *cosines, float *sines);
/* Rotates the pairs of a head in place. */
void rope_rotate(const struct rope *r, const float *cosines, const float *sines, float *head);
