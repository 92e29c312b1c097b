/* SPDX-License-Identifier: MIT */
/*
 * A few vectors, with VNNI: every block of two tiles is unpacked to registers, and each vector
 * is multiplied by it there. What limits this is reading, so one reading of an input serves two
 * products, and the sums of inputs, by which codes are larger than what they mean, are where
 * the products' chains begin.
 */
#include "base_model/kernels/kernels.h"
#include "base_model/kernels/tile-512.h"

#include "base_model/kernels/tile-unpack.h"
#include "base_model/kernels/tile-couple.h"

#define BYTES_OFFSET 128	/* signed bytes are unsigned when they are larger by it */

/* −offset · Σ x of part @part of block @at. */
INLINE __m512i chain_start(const struct tile_format *f, const struct activations *x, size_t at,
			   unsigned part)
{
	const int offset = f->largest ? f->offset : BYTES_OFFSET;
	const uint32_t first = part == 0 ? (uint32_t)-offset & 0xffff : 0;
	const uint32_t second = part + 1 == f->parts ? (uint32_t)-offset << 16 : 0;

	return offset == 0 ? _mm512_setzero_si512() :
	       _mm512_madd_epi16(splat_memory(x->sums + 2 * at),
				 _mm512_set1_epi32((int)(first | second)));
}

/* The exact sums of part @part of block @at of both tiles. Two chains for each: one would wait
 * for itself. */
INLINE void sum_part(const struct tile_format *f, const struct tile_block *w,
		     const struct activations *x, size_t at, unsigned part, __m512i sums[COUPLE])
{
	const size_t n_words = TILE_WORDS / f->parts;
	const int8_t *q = x->q + at * Q_BLOCK + part * 4 * n_words;
	__m512i odd[COUPLE];

	UNROLL
	for (int t = 0; t < COUPLE; t++) {
		sums[t] = chain_start(f, x, at, part);
		odd[t] = _mm512_setzero_si512();
	}
	UNROLL
	for (size_t j = 0; j < n_words; j++) {
		const __m512i v = splat_memory(q + 4 * j);

		UNROLL
		for (int t = 0; t < COUPLE; t++) {
			const __m512i codes = (__m512i)w[t].w[part * n_words + j];

			if (j % 2 == 0)
				sums[t] = _mm512_dpbusd_epi32(sums[t], codes, v);
			else
				odd[t] = _mm512_dpbusd_epi32(odd[t], codes, v);
		}
	}
	UNROLL
	for (int t = 0; t < COUPLE; t++)
		sums[t] = _mm512_add_epi32(sums[t], odd[t]);
}

/* acc[n] + the products with block @at of @n vectors. */
INLINE void add_block(const struct tile_format *f, const struct tile_block *w,
		      const struct activations *x, size_t at, size_t n, __m512 acc[][COUPLE])
{
	for (size_t i = 0; i < n; i++)
		UNROLL
		for (unsigned p = 0; p < f->parts; p++) {
			const size_t block = at + i * (x->cols / Q_BLOCK);
			const __m512 d = _mm512_set1_ps(x->d[block]);
			__m512i sums[COUPLE];

			sum_part(f, w, x, block, p, sums);
			UNROLL
			for (int t = 0; t < COUPLE; t++) {
				acc[i][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[t]),
							    _mm512_mul_ps((__m512)w[t].d[p], d),
							    acc[i][t]);
				if (f->has_minimum)
					acc[i][t] = _mm512_fmadd_ps(
						(__m512)w[t].m[p],
						(__m512)minimum_factor(f, x, block, p), acc[i][t]);
			}
		}
}

INLINE void unpack(const struct tile_format *f, const struct tile *t, struct tile_unit *u,
		   unsigned b, struct tile_block *out)
{
	f->unpack(t, u, b, out);
	if (f->largest)
		return;
	UNROLL
	for (int j = 0; j < TILE_WORDS; j++)
		out->w[j] ^= splat_word(0x80808080);
}

/* Where @n is constant, the sums stay in registers. */
INLINE void stream(const struct tile_format *f, const struct tile *tiles,
		   const struct activations *x, size_t n, float *y, size_t y_stride)
{
	__m512 acc[AVX512_FEW][COUPLE] = { 0 };

	for (size_t unit = 0; unit < x->cols / Q_BLOCK / f->blocks; unit++) {
		struct tile_unit u[COUPLE] = { unit_at(f, unit), unit_at(f, unit) };

		UNROLL
		for (unsigned b = 0; b < f->blocks; b++) {
			struct tile_block w[COUPLE];

			UNROLL
			for (int t = 0; t < COUPLE; t++) {
				tile_prefetch(&tiles[t], unit, f->bytes, b, f->blocks);
				unpack(f, &tiles[t], &u[t], b, &w[t]);
			}
			add_block(f, w, x, unit * f->blocks + b, n, acc);
		}
	}
	for (size_t i = 0; i < n; i++)
		UNROLL
		for (int t = 0; t < COUPLE; t++)
			_mm512_mask_storeu_ps(y + i * y_stride + tiles[t].first,
					      first_lanes(tiles[t].n), acc[i][t]);
}

INLINE void rows_of(const struct tile_format *f, const struct matrix *w, uint32_t first,
		    uint32_t last, const struct activations *x, float *y, size_t y_stride)
{
	struct tile tiles[COUPLE];

	for (; first < last; first += COUPLE * LANE_ROWS) {
		couple_init(tiles, w, first, last);
		if (x->n == 1)
			stream(f, tiles, x, 1, y, y_stride);
		else
			stream(f, tiles, x, x->n, y, y_stride);
	}
}

#define RUNS 1
#include "base_model/kernels/tile-types.h"

const rows_fn avx512_few[TENSOR_TYPES] = { TILE_ROWS };
