/* SPDX-License-Identifier: MIT */
/* NEON with the dot product of Armv8.2: tiles of four rows. */
#include <arm_neon.h>

#define VECTOR_BYTES 16
#include "base_model/kernels/low-rank-portable.h"
#include "base_model/kernels/portable-quantize.h"
#include "base_model/kernels/portable.h"
#include "base_model/kernels/unpack.h"
#include "base_model/kernels/tile.h"

#define GROUP 8
#define BYTES_OFFSET 0

INLINE void transpose(const uint8_t *const rows[LANE_ROWS], size_t at, words out[4])
{
	uint32x4_t a[4], even, odd, even2, odd2;

	UNROLL
	for (int i = 0; i < 4; i++)
		a[i] = vreinterpretq_u32_u8(vld1q_u8(rows[i] + at));
	even = vtrn1q_u32(a[0], a[1]);
	odd = vtrn2q_u32(a[0], a[1]);
	even2 = vtrn1q_u32(a[2], a[3]);
	odd2 = vtrn2q_u32(a[2], a[3]);
	out[0] = (words)vtrn1q_u64(vreinterpretq_u64_u32(even), vreinterpretq_u64_u32(even2));
	out[1] = (words)vtrn1q_u64(vreinterpretq_u64_u32(odd), vreinterpretq_u64_u32(odd2));
	out[2] = (words)vtrn2q_u64(vreinterpretq_u64_u32(even), vreinterpretq_u64_u32(even2));
	out[3] = (words)vtrn2q_u64(vreinterpretq_u64_u32(odd), vreinterpretq_u64_u32(odd2));
}

INLINE floats halves(const uint8_t *const rows[LANE_ROWS], size_t at)
{
	uint16x4_t v = vdup_n_u16(0);

	v = vld1_lane_u16((const uint16_t *)(rows[0] + at), v, 0);
	v = vld1_lane_u16((const uint16_t *)(rows[1] + at), v, 1);
	v = vld1_lane_u16((const uint16_t *)(rows[2] + at), v, 2);
	v = vld1_lane_u16((const uint16_t *)(rows[3] + at), v, 3);
	return (floats)vcvt_f32_f16(vreinterpret_f16_u16(v));
}

INLINE floats low_halves(words v)
{
	return (floats)vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32((uint32x4_t)v)));
}

INLINE words look_up(words v)
{
	static const int8_t table[16] = IQ4_VALUES;

	return (words)vqtbl1q_s8(vld1q_s8(table), (uint8x16_t)v);
}

INLINE floats to_floats(ints v)
{
	return (floats)vcvtq_f32_s32((int32x4_t)v);
}

INLINE floats fused(floats a, floats b, floats c)
{
	return (floats)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}

INLINE floats load_lanes(const float *from, uint32_t n)
{
	floats v = { 0 };

	if (n == LANE_ROWS)
		return (floats)vld1q_f32(from);
	for (uint32_t i = 0; i < n; i++)
		v[i] = from[i];
	return v;
}

INLINE void store_lanes(float *to, floats v, uint32_t n)
{
	if (n == LANE_ROWS)
		vst1q_f32(to, (float32x4_t)v);
	for (uint32_t i = 0; i < n && n < LANE_ROWS; i++)
		to[i] = v[i];
}

INLINE ints weighted(const int16_t *pair, int first, int second)
{
	return (ints)vdupq_n_s32(first * pair[0] + second * pair[1]);
}

INLINE void dot_bytes(const words *w, size_t n_words, const int8_t *x, size_t stride, size_t n,
		      ints *sums)
{
	UNROLL
	for (size_t j = 0; j < n_words; j += 4) {
		UNROLL
		for (size_t i = 0; i < n; i++) {
			int8x16_t columns = vld1q_s8(x + i * stride + 4 * j);
			int32x4_t sum = j ? (int32x4_t)sums[i] : vdupq_n_s32(0);

			sum = vdotq_laneq_s32(sum, (int8x16_t)w[j], columns, 0);
			sum = vdotq_laneq_s32(sum, (int8x16_t)w[j + 1], columns, 1);
			sum = vdotq_laneq_s32(sum, (int8x16_t)w[j + 2], columns, 2);
			sum = vdotq_laneq_s32(sum, (int8x16_t)w[j + 3], columns, 3);
			sums[i] = (ints)sum;
		}
	}
}

/* Codes are small enough to be signed bytes as well. */
INLINE void dot_codes(const words *w, size_t n_words, int largest, const int8_t *x,
		      size_t stride, size_t n, ints *sums)
{
	dot_bytes(w, n_words, x, stride, n, sums);
}

#include "base_model/kernels/tile-unpack.h"
#include "base_model/kernels/tile-rows.h"

const struct kernels kernels_neon = {
	.name = "neon",
	.attention = &attention_generic,
	.rows = { PORTABLE_ROWS, TILE_ROWS },
	.quantize = portable_quantize,
	PORTABLE_LOW,
	PORTABLE_KERNELS,
	UNPACK_KERNELS,
};
