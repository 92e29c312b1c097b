/* SPDX-License-Identifier: MIT */
/* The specification of attention's kernels. */
#include "base_model/kernels/attention-portable.h"

static int32_t dot_quad(const int8_t *a, const int8_t *b)
{
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
}

static float score_lane(const struct key_block *b, const struct queries *q, size_t row,
			uint32_t lane)
{
	size_t n_blocks = q->rows.cols / Q_BLOCK;
	const int8_t *x = q->rows.q + row * q->rows.cols;
	float acc = 0.0f;

	for (size_t k = 0; k < n_blocks; k++, b++, x += Q_BLOCK) {
		int32_t sum = 0;

		for (int i = 0; i < Q_BLOCK / 4; i++)
			sum += dot_quad(b->q[i][lane], x + 4 * i);
		acc = fmaf((float)sum, f16_to_f32(b->d[lane]) * q->rows.d[row * n_blocks + k], acc);
	}
	return acc;
}

static void score_q8_0(const struct queries *q, const uint8_t *keys, uint32_t tiles,
		       const uint8_t *next, float *scores)
{
	const struct key_block *tile = (const struct key_block *)keys;

	for (uint32_t t = 0; t < tiles; t++, tile += q->rows.cols / Q_BLOCK)
		for (size_t r = 0; r < q->rows.n; r++)
			for (uint32_t lane = 0; lane < KV_LANES; lane++)
				scores[r * KV_ROW + t * KV_LANES + lane] =
					score_lane(tile, q, r, lane);
}

const struct attention_kernels attention_generic = PORTABLE_ATTENTION(score_q8_0);
