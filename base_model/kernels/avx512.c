/* SPDX-License-Identifier: MIT */
/*
 * AVX-512 with VNNI, for several vectors at once: two tiles of sixteen rows are unpacked, and
 * every group of vectors runs over them. vpdpbusd multiplies unsigned by signed bytes: the
 * unsigned side is the biased input, and 128 · Σw, which all vectors share, is taken off.
 */
#include "base_model/kernels/portable.h"
#include "base_model/kernels/unpack.h"
#include "base_model/kernels/tile-512.h"
#include "util/macro.h"

#define GROUP 6		/* vectors whose sums fit the registers beside two tiles */
#define CHUNK 32	/* blocks unpacked at once */

#include "base_model/kernels/tile-unpack.h"
#include "base_model/kernels/tile-couple.h"

/* A block of two tiles, ready for many vectors: signed weights. */
struct packed_block {
	__m512i w[TILE_WORDS][COUPLE];
	__m512i start[2][COUPLE];		/* −128 · Σw of a part */
	__m512 d[2][COUPLE], m[2][COUPLE];
};

/* One block of one tile. */
INLINE void pack_block(const struct tile_format *f, const struct tile_block *w, int tile,
		       struct packed_block *out)
{
	const __m512i offset = _mm512_set1_epi8((char)f->offset);
	const __m512i bias = _mm512_set1_epi8((char)128);
	int n_words = TILE_WORDS / (int)f->parts;

	UNROLL
	for (int p = 0; p < (int)f->parts; p++) {
		__m512i sum = _mm512_setzero_si512();

		UNROLL
		for (int i = p * n_words; i < (p + 1) * n_words; i++) {
			__m512i weights = _mm512_sub_epi8((__m512i)w->w[i], offset);

			sum = _mm512_dpbusd_epi32(sum, bias, weights);
			out->w[i][tile] = weights;
		}
		out->start[p][tile] = _mm512_sub_epi32(_mm512_setzero_si512(), sum);
		out->d[p][tile] = (__m512)w->d[p];
		if (f->has_minimum)
			out->m[p][tile] = (__m512)w->m[p];
	}
}

/* Blocks @at to @at + @n, whole units, of two tiles. */
INLINE void pack(const struct tile_format *f, const struct tile *tiles, size_t at, size_t n,
		 struct packed_block *out)
{
	for (size_t b = 0; b < n; b += f->blocks)
		for (int tile = 0; tile < COUPLE; tile++) {
			size_t unit = (at + b) / f->blocks;
			struct tile_unit u = unit_at(f, unit);

			UNROLL
			for (unsigned k = 0; k < f->blocks; k++) {
				struct tile_block w;

				tile_prefetch(&tiles[tile], unit, f->bytes, k, f->blocks);
				f->unpack(&tiles[tile], &u, k, &w);
				pack_block(f, &w, tile, &out[b + k]);
			}
		}
}

/* One part of one block for @n vectors: @block is the first vector's. */
INLINE void add_part(const struct tile_format *f, const struct packed_block *w, int part, size_t n,
		     const struct activations *x, size_t block, size_t per_vector,
		     __m512 acc[GROUP][COUPLE])
{
	__m512i sums[GROUP][COUPLE];
	int n_words = TILE_WORDS / (int)f->parts;

	UNROLL
	for (size_t i = 0; i < n; i++) {
		sums[i][0] = w->start[part][0];
		sums[i][1] = w->start[part][1];
	}
	UNROLL
	for (int k = part * n_words; k < (part + 1) * n_words; k++) {
		const __m512i w0 = w->w[k][0], w1 = w->w[k][1];

		UNROLL
		for (size_t i = 0; i < n; i++) {
			const __m512i v = splat_memory(
				x->biased + (block + i * per_vector) * Q_BLOCK + 4 * k);

			sums[i][0] = _mm512_dpbusd_epi32(sums[i][0], v, w0);
			sums[i][1] = _mm512_dpbusd_epi32(sums[i][1], v, w1);
		}
	}
	UNROLL
	for (size_t i = 0; i < n; i++) {
		const __m512 d = _mm512_set1_ps(x->d[block + i * per_vector]);

		UNROLL
		for (int t = 0; t < COUPLE; t++) {
			acc[i][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[i][t]),
						    _mm512_mul_ps(w->d[part][t], d), acc[i][t]);
			if (f->has_minimum)
				acc[i][t] = _mm512_fmadd_ps(
					w->m[part][t],
					(__m512)minimum_factor(f, x, block + i * per_vector, part),
					acc[i][t]);
		}
	}
}

struct many {
	const struct packed_block *packed;
	const struct tile *tiles;
	const struct activations *x;
	size_t at, n_blocks;	/* which blocks are packed */
	float *y;
	size_t y_stride;
};

/* Continues the sums of @n vectors from @first over the packed blocks. */
INLINE void add_group(const struct tile_format *f, const struct many *m, size_t first, size_t n)
{
	size_t per_vector = m->x->cols / Q_BLOCK;
	float *y = m->y + first * m->y_stride;
	__m512 acc[GROUP][COUPLE];

	UNROLL
	for (size_t i = 0; i < n; i++)
		UNROLL
		for (int t = 0; t < COUPLE; t++)
			acc[i][t] = m->at == 0 ? _mm512_setzero_ps() :
				_mm512_maskz_loadu_ps(first_lanes(m->tiles[t].n),
						      y + i * m->y_stride + m->tiles[t].first);
	for (size_t b = 0; b < m->n_blocks; b++)
		UNROLL
		for (int p = 0; p < (int)f->parts; p++)
			add_part(f, &m->packed[b], p, n, m->x, first * per_vector + m->at + b,
				 per_vector, acc);
	UNROLL
	for (size_t i = 0; i < n; i++)
		UNROLL
		for (int t = 0; t < COUPLE; t++)
			_mm512_mask_storeu_ps(y + i * m->y_stride + m->tiles[t].first,
					      first_lanes(m->tiles[t].n), acc[i][t]);
}

INLINE void add_groups(const struct tile_format *f, const struct many *m)
{
	size_t v = 0;

	for (; v + GROUP <= m->x->n; v += GROUP)
		add_group(f, m, v, GROUP);
	switch (m->x->n - v) {
	case 5:
		add_group(f, m, v, 5);
		break;
	case 4:
		add_group(f, m, v, 4);
		break;
	case 3:
		add_group(f, m, v, 3);
		break;
	case 2:
		add_group(f, m, v, 2);
		break;
	case 1:
		add_group(f, m, v, 1);
		break;
	}
}

/* These depend on a type's form alone, so types share them. */
static const struct tile_format plain = { .parts = 1 }, two_parts = { .parts = 2 };
static const struct tile_format plain_minimum = { .parts = 1, .has_minimum = true };
static const struct tile_format two_parts_minimum = { .parts = 2, .has_minimum = true };

static void __attribute__((noinline)) add_plain(const struct many *m)
{
	add_groups(&plain, m);
}

static void __attribute__((noinline)) add_two_parts(const struct many *m)
{
	add_groups(&two_parts, m);
}

static void __attribute__((noinline)) add_plain_minimum(const struct many *m)
{
	add_groups(&plain_minimum, m);
}

static void __attribute__((noinline)) add_two_parts_minimum(const struct many *m)
{
	add_groups(&two_parts_minimum, m);
}

INLINE void two_tiles(const struct tile_format *f, const struct tile *tiles,
		      const struct activations *x, float *y, size_t y_stride)
{
	size_t n_blocks = x->cols / Q_BLOCK;
	struct packed_block packed[CHUNK];
	struct many m = { .packed = packed, .tiles = tiles, .x = x, .y = y, .y_stride = y_stride };

	for (; m.at < n_blocks; m.at += m.n_blocks) {
		m.n_blocks = MIN(n_blocks - m.at, (size_t)CHUNK);
		pack(f, tiles, m.at, m.n_blocks, packed);
		if (f->has_minimum)
			f->parts == 2 ? add_two_parts_minimum(&m) : add_plain_minimum(&m);
		else
			f->parts == 2 ? add_two_parts(&m) : add_plain(&m);
	}
}

INLINE void rows_of(const struct tile_format *f, const struct matrix *w, uint32_t first,
		    uint32_t last, const struct activations *x, float *y, size_t y_stride)
{
	struct tile tiles[COUPLE];

	if (x->n <= AVX512_FEW) {
		avx512_few[w->type](w, first, last, x, y, y_stride);
		return;
	}
	for (; first < last; first += COUPLE * LANE_ROWS) {
		couple_init(tiles, w, first, last);
		two_tiles(f, tiles, x, y, y_stride);
	}
}

#define RUNS 0
#include "base_model/kernels/tile-types.h"

/* The bits of portable_quantize(), which says why. */
static void quantize(const struct activations *to, size_t first, size_t last)
{
	const __m512 round = _mm512_set1_ps(0x1.8p23f);

	for (size_t b = first; b < last; b++) {
		__m512 x0 = _mm512_loadu_ps(to->f + b * Q_BLOCK);
		__m512 x1 = _mm512_loadu_ps(to->f + b * Q_BLOCK + Q_HALF);
		/* Of a NaN and a number, the second operand is taken. */
		__m512 most = _mm512_max_ps(_mm512_abs_ps(x0), _mm512_setzero_ps());
		float max = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(x1), most));
		__m512 inverse = _mm512_set1_ps(max > 0x1p-110f ? 127.0f / max : 0.0f);
		__m512 y0 = _mm512_add_ps(_mm512_mul_ps(x0, inverse), round);
		__m512 y1 = _mm512_add_ps(_mm512_mul_ps(x1, inverse), round);
		__m128i q0 = _mm512_cvtepi32_epi8(_mm512_castps_si512(y0));
		__m128i q1 = _mm512_cvtepi32_epi8(_mm512_castps_si512(y1));
		__m256i q = _mm256_set_m128i(q1, q0);
		__m256i biased = _mm256_xor_si256(q, _mm256_set1_epi8((char)0x80));
		/* Of each eight biased bytes; those of a half are in neighbours. */
		__m256i eights = _mm256_sad_epu8(biased, _mm256_setzero_si256());
		__m256i sums = _mm256_add_epi32(eights, _mm256_bsrli_epi128(eights, 8));
		int sum0 = _mm256_extract_epi32(sums, 0) - 128 * Q_HALF;
		int sum1 = _mm256_extract_epi32(sums, 4) - 128 * Q_HALF;

		_mm256_storeu_si256((__m256i *)(to->q + b * Q_BLOCK), q);
		_mm256_storeu_si256((__m256i *)(to->biased + b * Q_BLOCK), biased);
		to->d[b] = max / 127.0f;
		to->sums[2 * b] = (int16_t)sum0;
		to->sums[2 * b + 1] = (int16_t)sum1;
		to->scaled_sums[b] = to->d[b] * (float)(sum0 + sum1);
	}
}

/* In assembler, so that the accumulators stay where they are. */
static uint64_t int8_operations(size_t n)
{
	for (size_t i = 0; i < n; i++)
		__asm__ volatile(
			"vpdpbusd %%zmm30, %%zmm31, %%zmm0\n\tvpdpbusd %%zmm30, %%zmm31, %%zmm1\n\t"
			"vpdpbusd %%zmm30, %%zmm31, %%zmm2\n\tvpdpbusd %%zmm30, %%zmm31, %%zmm3\n\t"
			"vpdpbusd %%zmm30, %%zmm31, %%zmm4\n\tvpdpbusd %%zmm30, %%zmm31, %%zmm5\n\t"
			"vpdpbusd %%zmm30, %%zmm31, %%zmm6\n\tvpdpbusd %%zmm30, %%zmm31, %%zmm7\n\t"
			"vpdpbusd %%zmm30, %%zmm31, %%zmm8\n\tvpdpbusd %%zmm30, %%zmm31, %%zmm9"
			: : : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
			  "xmm8", "xmm9");
	/* Ten instructions of 64 products and as many sums. */
	return (uint64_t)n * 10 * 64 * 2;
}

const struct kernels kernels_avx512 = {
	.name = "avx512",
	.attention = &attention_avx512,
	.rows = {
		PORTABLE_ROWS,
		TILE_ROWS,
	},
	.quantize = quantize,
	.low_f16 = &low_f16_avx512,
	.low_f32 = &low_f32_avx512,
	.int8_operations = int8_operations,
	PORTABLE_KERNELS,
	UNPACK_KERNELS,
};
