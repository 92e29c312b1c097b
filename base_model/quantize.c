/* SPDX-License-Identifier: MIT */
#include "base_model/quantize.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base_model/kernels/blocks.h"
#include "base_model/kernels/convert.h"
#include "base_model/quantize-fit.h"
#include "util/macro.h"

static void quantize_q8_0(const float *x, struct block_q8_0 *out)
{
	float largest = 0, inverse;

	for (int i = 0; i < Q_BLOCK; i++)
		largest = fmaxf(largest, fabsf(x[i]));
	out->d = f32_to_f16(largest / 127);
	inverse = largest > 0 ? 127 / largest : 0;
	for (int i = 0; i < Q_BLOCK; i++)
		out->qs[i] = (int8_t)lrintf(x[i] * inverse);
}

/* Low nibbles are the first half, high ones the second; a fifth bit of weight i is bit i of
 * @high, where the type has one. */
static void put_levels(const uint8_t *levels, uint8_t *nibbles, uint8_t *high)
{
	for (int i = 0; i < Q_BLOCK / 2; i++)
		nibbles[i] = (uint8_t)((levels[i] & 15) | (levels[i + Q_BLOCK / 2] & 15) << 4);
	if (!high)
		return;
	memset(high, 0, Q_BLOCK / 8);
	for (int i = 0; i < Q_BLOCK; i++)
		high[i / 8] = (uint8_t)(high[i / 8] | levels[i] >> 4 << i % 8);
}

static void quantize_block(enum tensor_type type, const float *x, const float *importance,
			   void *out)
{
	struct block_q4_0 *q4_0 = out;
	struct block_q4_1 *q4_1 = out;
	struct block_q5_0 *q5_0 = out;
	struct block_q5_1 *q5_1 = out;
	struct block_iq4_nl *iq4_nl = out;
	struct quantize_fit fit;

	switch (type) {
	case TENSOR_Q4_0:
		q4_0->d = quantize_fit_levels(&fit, 8, x, importance);
		put_levels(fit.levels, q4_0->qs, NULL);
		break;
	case TENSOR_Q5_0:
		q5_0->d = quantize_fit_levels(&fit, 16, x, importance);
		put_levels(fit.levels, q5_0->qs, q5_0->qh);
		break;
	case TENSOR_IQ4_NL:
		iq4_nl->d = quantize_fit_table(&fit, x, importance);
		put_levels(fit.levels, iq4_nl->qs, NULL);
		break;
	case TENSOR_Q4_1:
		q4_1->d = quantize_fit_range(&fit, 15, x, importance, &q4_1->m);
		put_levels(fit.levels, q4_1->qs, NULL);
		break;
	case TENSOR_Q5_1:
		q5_1->d = quantize_fit_range(&fit, 31, x, importance, &q5_1->m);
		put_levels(fit.levels, q5_1->qs, q5_1->qh);
		break;
	default:
		quantize_q8_0(x, out);
	}
}

static bool has_blocks(enum tensor_type type)
{
	static const enum tensor_type types[] = { TENSOR_Q4_0, TENSOR_Q4_1, TENSOR_Q5_0,
						  TENSOR_Q5_1, TENSOR_Q8_0, TENSOR_IQ4_NL };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (type == types[i])
			return true;
	return false;
}

int bm_quantize_row(enum tensor_type type, const float *x, const float *importance, uint64_t n,
		    void *out)
{
	uint64_t size = tensor_row_size(type, Q_BLOCK);
	uint16_t *halves = out;

	for (uint64_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return -EINVAL;
	if (tensor_row_size(type, n) == 0)
		return -EINVAL;
	if (type == TENSOR_F32)
		memcpy(out, x, n * sizeof(*x));
	else if (type == TENSOR_F16)
		for (uint64_t i = 0; i < n; i++)
			halves[i] = f32_to_f16(x[i]);
	else if (has_blocks(type))
		for (uint64_t i = 0; i < n; i += Q_BLOCK)
			quantize_block(type, x + i, importance ? importance + i : NULL,
				       (uint8_t *)out + i / Q_BLOCK * size);
	else
		return -EINVAL;
	return 0;
}
