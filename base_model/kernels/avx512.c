/* SPDX-License-Identifier: MIT */
/*
 * AVX-512 with VNNI. A tile is 16 rows, a lane each: a block of 32 columns becomes eight
 * vectors, each with four consecutive columns of all rows, which one vpdpbusd multiplies by
 * the same four activations. It takes unsigned weights, so those are stored with an offset
 * (8 for q4_0, 128 for q8_0), and offset · Σx is taken off the exact sum.
 */
#include <immintrin.h>

#include "base_model/kernels/blocks.h"
#include "base_model/kernels/portable.h"

#define TILE 16
#define GROUP 8		/* vectors of a batch that share one reading of a tile */
#define CHUNK 64	/* blocks unpacked at once: 36 KiB */
/* Kept in registers: without it the accumulators of a group are an array in memory. */
#define UNROLL _Pragma("GCC unroll 8")
#define INLINE static inline __attribute__((always_inline))

struct tile_block {
	__m512i w[8];	/* [four columns][row] */
	__m512 d;
};

struct tile {
	const uint8_t *rows[TILE];
	uint32_t first, n;	/* rows of the matrix; a short tile repeats its last */
};

typedef void (*load_fn)(const struct tile *t, size_t block, struct tile_block *out);

INLINE __m512i insert_row(__m512i a, const uint8_t *row, int lane)
{
	__m128i v = _mm_loadu_si128((const __m128i *)row);

	switch (lane) {
	case 1:
		return _mm512_inserti32x4(a, v, 1);
	case 2:
		return _mm512_inserti32x4(a, v, 2);
	case 3:
		return _mm512_inserti32x4(a, v, 3);
	}
	return _mm512_castsi128_si512(v);
}

/* Sixteen bytes at @at of each row, to four vectors of one 32-bit word per row. */
INLINE void transpose(const struct tile *t, size_t at, __m512i out[4])
{
	__m512i a[4], low, high, low2, high2;

	/* a[i] takes rows i, i+4 … where unpacking expects them: lanes come out as rows
	 * 0 1 2 3 | 4 5 6 7 | …, when a[i] holds row 4·lane + i. */
	UNROLL
	for (int i = 0; i < 4; i++) {
		a[i] = insert_row(_mm512_undefined_epi32(), t->rows[i] + at, 0);
		a[i] = insert_row(a[i], t->rows[4 + i] + at, 1);
		a[i] = insert_row(a[i], t->rows[8 + i] + at, 2);
		a[i] = insert_row(a[i], t->rows[12 + i] + at, 3);
	}
	low = _mm512_unpacklo_epi32(a[0], a[1]);
	high = _mm512_unpackhi_epi32(a[0], a[1]);
	low2 = _mm512_unpacklo_epi32(a[2], a[3]);
	high2 = _mm512_unpackhi_epi32(a[2], a[3]);
	out[0] = _mm512_unpacklo_epi64(low, low2);
	out[1] = _mm512_unpackhi_epi64(low, low2);
	out[2] = _mm512_unpacklo_epi64(high, high2);
	out[3] = _mm512_unpackhi_epi64(high, high2);
}

/* The f16 scales that stand at @at of each row. */
INLINE __m512 load_scales(const struct tile *t, size_t at)
{
	uint16_t d[TILE];

	_Pragma("GCC unroll 16")
	for (int i = 0; i < TILE; i++)
		memcpy(&d[i], t->rows[i] + at, sizeof(d[i]));
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)d));
}

INLINE void load_q4_0(const struct tile *t, size_t block, struct tile_block *out)
{
	size_t at = block * sizeof(struct block_q4_0);
	const __m512i nibble = _mm512_set1_epi8(15);
	__m512i words[4];

	out->d = load_scales(t, at);
	transpose(t, at + 2, words);
	UNROLL
	for (int i = 0; i < 4; i++) {
		out->w[i] = _mm512_and_si512(words[i], nibble);
		out->w[i + 4] = _mm512_and_si512(_mm512_srli_epi16(words[i], 4), nibble);
	}
}

INLINE void load_q8_0(const struct tile *t, size_t block, struct tile_block *out)
{
	size_t at = block * sizeof(struct block_q8_0);
	const __m512i top = _mm512_set1_epi8((char)0x80);

	out->d = load_scales(t, at);
	transpose(t, at + 2, out->w);
	transpose(t, at + 18, out->w + 4);
	UNROLL
	for (int i = 0; i < 8; i++)
		out->w[i] = _mm512_xor_si512(out->w[i], top);
}

INLINE __m512i four_columns(const int8_t *x)
{
	int32_t word;

	memcpy(&word, x, sizeof(word));
	return _mm512_set1_epi32(word);
}

/* acc + the exact sum of block @at of the activations, scaled. */
INLINE __m512 add_block(const struct tile_block *w, const struct activations *x, size_t at,
			int32_t offset, __m512 acc)
{
	const int8_t *q = x->q + at * Q_BLOCK;
	int32_t sum = x->sums[2 * at] + x->sums[2 * at + 1];
	__m512i even = _mm512_set1_epi32(-offset * sum), odd = _mm512_setzero_si512();

	UNROLL
	for (int i = 0; i < 8; i += 2) {
		even = _mm512_dpbusd_epi32(even, w->w[i], four_columns(q + 4 * i));
		odd = _mm512_dpbusd_epi32(odd, w->w[i + 1], four_columns(q + 4 * i + 4));
	}
	return _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(even, odd)),
			       _mm512_mul_ps(w->d, _mm512_set1_ps(x->d[at])), acc);
}

static void tile_init(struct tile *t, const struct matrix *w, uint32_t first, uint32_t last)
{
	t->first = first;
	t->n = last - first < TILE ? last - first : TILE;
	for (uint32_t i = 0; i < TILE; i++) {
		uint32_t row = first + (i < t->n ? i : t->n - 1);

		t->rows[i] = w->data + row * w->row_size;
	}
}

INLINE __mmask16 tile_mask(const struct tile *t)
{
	return (__mmask16)((1u << t->n) - 1);
}

/* One vector: blocks go from the mapping to the product without a copy. Sixteen streams
 * are more than the hardware follows, so the next tile, which lies behind this one in
 * memory, is prefetched linearly. */
INLINE void tile_single(load_fn load, int32_t offset, size_t block_size, const struct tile *t,
			const struct activations *x, float *y)
{
	size_t n_blocks = x->cols / Q_BLOCK;
	uintptr_t ahead = (uintptr_t)(t->rows[TILE - 1] + n_blocks * block_size);
	__m512 acc = _mm512_setzero_ps();
	struct tile_block w;

	for (size_t b = 0; b < n_blocks; b++) {
		uintptr_t next = ahead + b * TILE * block_size;

		for (size_t line = 0; line < TILE * block_size; line += 64)
			_mm_prefetch((const char *)(next + line), _MM_HINT_T0);
		load(t, b, &w);
		acc = add_block(&w, x, b, offset, acc);
	}
	_mm512_mask_storeu_ps(y + t->first, tile_mask(t), acc);
}

/* @n vectors from @first against @n_blocks unpacked ones; their chains are independent. */
INLINE void add_chunk(const struct tile_block *w, size_t n_blocks, const struct activations *x,
		      size_t first, size_t n, size_t at, int32_t offset, __m512 *acc)
{
	size_t per_vector = x->cols / Q_BLOCK;

	for (size_t b = 0; b < n_blocks; b++)
		UNROLL
		for (size_t i = 0; i < n; i++)
			acc[i] = add_block(&w[b], x, (first + i) * per_vector + at + b, offset,
					   acc[i]);
}

/* As add_chunk(), from and to the sums so far in y. */
INLINE void continue_sums(const struct tile_block *w, size_t n_blocks, const struct activations *x,
			  size_t first, size_t n, size_t at, int32_t offset, const struct tile *t,
			  float *y, size_t y_stride)
{
	__m512 acc[GROUP];

	y += first * y_stride + t->first;
	UNROLL
	for (size_t i = 0; i < n; i++)
		acc[i] = at ? _mm512_maskz_loadu_ps(tile_mask(t), y + i * y_stride) :
			      _mm512_setzero_ps();
	add_chunk(w, n_blocks, x, first, n, at, offset, acc);
	UNROLL
	for (size_t i = 0; i < n; i++)
		_mm512_mask_storeu_ps(y + i * y_stride, tile_mask(t), acc[i]);
}

INLINE void tile_many(load_fn load, int32_t offset, const struct tile *t,
		      const struct activations *x, float *y, size_t y_stride)
{
	size_t n_blocks = x->cols / Q_BLOCK, v;
	struct tile_block unpacked[CHUNK];

	for (size_t at = 0; at < n_blocks; at += CHUNK) {
		size_t n = n_blocks - at < CHUNK ? n_blocks - at : CHUNK;

		for (size_t b = 0; b < n; b++)
			load(t, at + b, &unpacked[b]);
		for (v = 0; v + GROUP <= x->n; v += GROUP)
			continue_sums(unpacked, n, x, v, GROUP, at, offset, t, y, y_stride);
		for (; v < x->n; v++)
			continue_sums(unpacked, n, x, v, 1, at, offset, t, y, y_stride);
	}
}

#define DEFINE_TILED_ROWS(name, load, offset, block)                                           \
	static void name(const struct matrix *w, uint32_t first, uint32_t last,                \
			 const struct activations *x, float *y, size_t y_stride)               \
	{                                                                                      \
		struct tile t;                                                                 \
                                                                                               \
		for (; first < last; first += t.n) {                                           \
			tile_init(&t, w, first, last);                                         \
			if (x->n == 1)                                                         \
				tile_single(load, offset, sizeof(block), &t, x, y);            \
			else                                                                   \
				tile_many(load, offset, &t, x, y, y_stride);                   \
		}                                                                              \
	}

DEFINE_TILED_ROWS(rows_q4_0, load_q4_0, 8, struct block_q4_0)
DEFINE_TILED_ROWS(rows_q8_0, load_q8_0, 128, struct block_q8_0)

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
		PORTABLE_ROWS, [TENSOR_Q4_0] = rows_q4_0, [TENSOR_Q8_0] = rows_q8_0,
		[TENSOR_Q4_1] = generic_rows, [TENSOR_Q5_0] = generic_rows,
		[TENSOR_Q5_1] = generic_rows, [TENSOR_Q2_K] = generic_rows,
		[TENSOR_Q3_K] = generic_rows, [TENSOR_Q4_K] = generic_rows,
		[TENSOR_Q5_K] = generic_rows, [TENSOR_Q6_K] = generic_rows,
		[TENSOR_IQ4_NL] = generic_rows, [TENSOR_IQ4_XS] = generic_rows,
		[TENSOR_TQ2_0] = generic_rows,
	},
	.int8_operations = int8_operations,
	PORTABLE_KERNELS,
};
