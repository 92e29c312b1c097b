/* SPDX-License-Identifier: MIT */
/*
 * AVX-512 with VNNI. One vector: a tile's blocks go from the mapping to the product. More: the
 * tile is unpacked once, and every group of vectors runs over it. vpdpbusd multiplies unsigned
 * by signed bytes: for one vector the codes are the unsigned side, and offset · Σx is taken off;
 * for more it is the biased input, and 128 · Σw, which all of them share. Both are exact.
 */
#include "base_model/kernels/avx512-tile.h"
#include "base_model/kernels/portable.h"
#include "util/macro.h"

#define PAIR 2		/* tiles that share one reading of the inputs */
#define GROUP 6		/* vectors whose sums fit the registers beside two tiles */
#define CHUNK 32	/* blocks unpacked at once */

/* A block of two tiles, ready for many vectors: signed weights. */
struct packed_block {
	__m512i w[8][PAIR];
	__m512i start[2][PAIR];		/* −128 · Σw of a part */
	__m512 d[2][PAIR], m[2][PAIR];
};

/*
 * The tile of row @first, up to @last. A short one begins earlier, so that all its rows are
 * the matrix's; where the matrix has not as many, they are one row sixteen times.
 */
static void tile_init(struct tile *t, const struct matrix *w, uint32_t first, uint32_t last)
{
	uint32_t n = MIN(last - first, w->rows < TILE ? 1u : (uint32_t)TILE);
	uint32_t begin = w->rows < TILE ? first : MIN(first, w->rows - TILE);

	t->data = w->data + begin * w->row_size;
	t->stride = w->rows < TILE ? 0 : w->row_size;
	t->begin = begin;
	t->n = n;
	t->next = t->data;
	t->mask = (__mmask16)(((1u << n) - 1) << (first - begin));
}

/* What is read after @t: row @next, or what follows the call; else nothing new. */
static void tile_follow(struct tile *t, const struct matrix *w, uint32_t next, uint32_t last)
{
	if (next < last)
		t->next = w->data + next * w->row_size;
	else if (w->ahead)
		t->next = w->ahead + (next - last) * w->row_size;
}

INLINE __m512i broadcast_word(const void *p)
{
	int32_t word;

	memcpy(&word, p, sizeof(word));
	return _mm512_set1_epi32(word);
}

/* What the minimums of a part are multiplied by. */
INLINE __m512 minimum_factor(const struct layout *l, const struct activations *x, size_t block,
			     int part)
{
	if (l->parts == 1)
		return _mm512_set1_ps(x->scaled_sums[block]);
	return _mm512_set1_ps(x->d[block] * (float)x->sums[2 * block + part]);
}

/* acc + one block of one vector; @block counts those of all vectors. */
INLINE __m512 add_block(const struct layout *l, const struct tile_block *w,
			const struct activations *x, size_t block, __m512 acc)
{
	const int8_t *q = x->q + block * Q_BLOCK;
	/* Pairs of 16-bit numbers: −offset for the halves that the part has. */
	const __m512i offsets[3] = {
		_mm512_set1_epi16((short)-l->offset),
		_mm512_set1_epi32(-l->offset & 0xffff),
		_mm512_set1_epi32((int)((unsigned)-l->offset << 16)),
	};
	int words = 8 / l->parts;

	UNROLL
	for (int p = 0; p < l->parts; p++) {
		__m512i even = _mm512_setzero_si512(), odd = even;

		if (l->offset)
			even = _mm512_dpwssd_epi32(even, offsets[l->parts == 1 ? 0 : 1 + p],
						   broadcast_word(x->sums + 2 * block));
		UNROLL
		for (int i = p * words; i < (p + 1) * words; i += 2) {
			even = _mm512_dpbusd_epi32(even, w->w[i], broadcast_word(q + 4 * i));
			odd = _mm512_dpbusd_epi32(odd, w->w[i + 1], broadcast_word(q + 4 * i + 4));
		}
		acc = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(even, odd)),
				      _mm512_mul_ps(w->d[p], _mm512_set1_ps(x->d[block])), acc);
		if (l->minimum)
			acc = _mm512_fmadd_ps(w->m[p], minimum_factor(l, x, block, p), acc);
	}
	return acc;
}

/* Sixteen streams are more than the hardware follows: the next tile's share of this unit is
 * fetched linearly, into the second cache, since two tiles fill the first. */
INLINE void prefetch_next(const struct tile *t, size_t unit, size_t bytes)
{
	const uint8_t *next = t->next + unit * TILE * bytes;

	for (size_t line = 0; line < TILE * bytes; line += 64)
		_mm_prefetch((const char *)next + line, _MM_HINT_T1);
}

INLINE void one_vector(const struct layout *l, const struct tile *t, const struct activations *x,
		       float *y)
{
	size_t units = x->cols / Q_BLOCK / l->unit;
	__m512 acc = _mm512_setzero_ps();

	for (size_t u = 0; u < units; u++) {
		struct unit unit = { .at = u * l->bytes };

		prefetch_next(t, u, l->bytes);
		UNROLL
		for (size_t b = 0; b < l->unit; b++) {
			struct tile_block w;

			l->decode(t, &unit, (int)b, &w);
			acc = add_block(l, &w, x, u * l->unit + b, acc);
		}
	}
	_mm512_mask_storeu_ps(y + t->begin, t->mask, acc);
}

/* The signed weights of one block of one tile. */
INLINE void pack_block(const struct layout *l, const struct tile_block *w, int tile,
		       struct packed_block *out)
{
	const __m512i offset = _mm512_set1_epi8((char)l->offset);
	const __m512i bias = _mm512_set1_epi8((char)128);

	UNROLL
	for (int p = 0; p < l->parts; p++) {
		__m512i sum = _mm512_setzero_si512();

		UNROLL
		for (int i = p * (8 / l->parts); i < (p + 1) * (8 / l->parts); i++) {
			__m512i code = _mm512_sub_epi8(w->w[i], offset);

			sum = _mm512_dpbusd_epi32(sum, bias, code);
			out->w[i][tile] = code;
		}
		out->start[p][tile] = _mm512_sub_epi32(_mm512_setzero_si512(), sum);
		out->d[p][tile] = w->d[p];
		if (l->minimum)
			out->m[p][tile] = w->m[p];
	}
}

/* Blocks @at to @at + @n, whole units, of two tiles. */
INLINE void pack(const struct layout *l, const struct tile *tiles, size_t at, size_t n,
		 struct packed_block *out)
{
	for (size_t b = 0; b < n; b += l->unit)
		for (int tile = 0; tile < PAIR; tile++) {
			size_t u = (at + b) / l->unit;
			struct unit unit = { .at = u * l->bytes };

			prefetch_next(&tiles[tile], u, l->bytes);
			UNROLL
			for (size_t k = 0; k < l->unit; k++) {
				struct tile_block w;

				l->decode(&tiles[tile], &unit, (int)k, &w);
				pack_block(l, &w, tile, &out[b + k]);
			}
		}
}

/* One part of one block for @n vectors: @block is the first vector's. */
INLINE void add_part(const struct layout *l, const struct packed_block *w, int part, size_t n,
		     const struct activations *x, size_t block, size_t per_vector,
		     __m512 acc[GROUP][PAIR])
{
	__m512i sums[GROUP][PAIR];
	int words = 8 / l->parts;

	UNROLL
	for (size_t i = 0; i < n; i++) {
		sums[i][0] = w->start[part][0];
		sums[i][1] = w->start[part][1];
	}
	UNROLL
	for (int k = part * words; k < (part + 1) * words; k++) {
		const __m512i w0 = w->w[k][0], w1 = w->w[k][1];

		UNROLL
		for (size_t i = 0; i < n; i++) {
			const __m512i v = broadcast_word(
				x->biased + (block + i * per_vector) * Q_BLOCK + 4 * k);

			sums[i][0] = _mm512_dpbusd_epi32(sums[i][0], v, w0);
			sums[i][1] = _mm512_dpbusd_epi32(sums[i][1], v, w1);
		}
	}
	UNROLL
	for (size_t i = 0; i < n; i++) {
		const __m512 d = _mm512_set1_ps(x->d[block + i * per_vector]);

		UNROLL
		for (int t = 0; t < PAIR; t++) {
			acc[i][t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[i][t]),
						    _mm512_mul_ps(w->d[part][t], d), acc[i][t]);
			if (l->minimum)
				acc[i][t] = _mm512_fmadd_ps(
					w->m[part][t],
					minimum_factor(l, x, block + i * per_vector, part),
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
INLINE void add_group(const struct layout *l, const struct many *m, size_t first, size_t n)
{
	size_t per_vector = m->x->cols / Q_BLOCK;
	float *y = m->y + first * m->y_stride;
	__m512 acc[GROUP][PAIR];

	UNROLL
	for (size_t i = 0; i < n; i++)
		UNROLL
		for (int t = 0; t < PAIR; t++)
			acc[i][t] = m->at == 0 ? _mm512_setzero_ps() :
				_mm512_maskz_loadu_ps(m->tiles[t].mask,
						      y + i * m->y_stride + m->tiles[t].begin);
	for (size_t b = 0; b < m->n_blocks; b++)
		UNROLL
		for (int p = 0; p < l->parts; p++)
			add_part(l, &m->packed[b], p, n, m->x, first * per_vector + m->at + b,
				 per_vector, acc);
	UNROLL
	for (size_t i = 0; i < n; i++)
		UNROLL
		for (int t = 0; t < PAIR; t++)
			_mm512_mask_storeu_ps(y + i * m->y_stride + m->tiles[t].begin,
					      m->tiles[t].mask, acc[i][t]);
}

INLINE void add_groups(const struct layout *l, const struct many *m)
{
	size_t v = 0;

	for (; v + GROUP <= m->x->n; v += GROUP)
		add_group(l, m, v, GROUP);
	switch (m->x->n - v) {
	case 5:
		add_group(l, m, v, 5);
		break;
	case 4:
		add_group(l, m, v, 4);
		break;
	case 3:
		add_group(l, m, v, 3);
		break;
	case 2:
		add_group(l, m, v, 2);
		break;
	case 1:
		add_group(l, m, v, 1);
		break;
	}
}

/* These depend on a type's form alone, so types share them. */
static const struct layout plain = { .parts = 1 }, halves = { .parts = 2 };
static const struct layout plain_minimum = { .parts = 1, .minimum = 1 };
static const struct layout halves_minimum = { .parts = 2, .minimum = 1 };

static void __attribute__((noinline)) add_plain(const struct many *m)
{
	add_groups(&plain, m);
}

static void __attribute__((noinline)) add_halves(const struct many *m)
{
	add_groups(&halves, m);
}

static void __attribute__((noinline)) add_plain_minimum(const struct many *m)
{
	add_groups(&plain_minimum, m);
}

static void __attribute__((noinline)) add_halves_minimum(const struct many *m)
{
	add_groups(&halves_minimum, m);
}

INLINE void two_tiles(const struct layout *l, const struct tile *tiles,
		      const struct activations *x, float *y, size_t y_stride)
{
	size_t n_blocks = x->cols / Q_BLOCK;
	struct packed_block packed[CHUNK];
	struct many m = { .packed = packed, .tiles = tiles, .x = x, .y = y, .y_stride = y_stride };

	for (; m.at < n_blocks; m.at += m.n_blocks) {
		m.n_blocks = MIN(n_blocks - m.at, (size_t)CHUNK);
		pack(l, tiles, m.at, m.n_blocks, packed);
		if (l->minimum)
			l->parts == 2 ? add_halves_minimum(&m) : add_plain_minimum(&m);
		else
			l->parts == 2 ? add_halves(&m) : add_plain(&m);
	}
}

INLINE void rows(const struct layout *l, const struct matrix *w, uint32_t first, uint32_t last,
		 const struct activations *x, float *y, size_t y_stride)
{
	struct tile tiles[PAIR];

	for (; first < last; first += tiles[0].n) {
		tile_init(&tiles[0], w, first, last);
		if (x->n == 1) {
			tile_follow(&tiles[0], w, first + tiles[0].n, last);
			one_vector(l, &tiles[0], x, y);
			continue;
		}
		tiles[1] = tiles[0];
		if (first + tiles[0].n < last)
			tile_init(&tiles[1], w, first += tiles[0].n, last);
		tile_follow(&tiles[0], w, first + tiles[1].n, last);
		tile_follow(&tiles[1], w, first + tiles[1].n + TILE, last);
		two_tiles(l, tiles, x, y, y_stride);
	}
}

#define DEFINE_ROWS_OF(type, ...)                                                              \
	static void rows_##type(const struct matrix *w, uint32_t first, uint32_t last,         \
				const struct activations *x, float *y, size_t y_stride)        \
	{                                                                                      \
		static const struct layout l = { .decode = decode_##type, __VA_ARGS__ };       \
                                                                                               \
		rows(&l, w, first, last, x, y, y_stride);                                      \
	}

DEFINE_ROWS_OF(q4_0, .unit = 1, .bytes = 18, .offset = 8, .parts = 1)
DEFINE_ROWS_OF(q4_1, .unit = 1, .bytes = 20, .parts = 1, .minimum = 1)
DEFINE_ROWS_OF(q5_0, .unit = 1, .bytes = 22, .offset = 16, .parts = 1)
DEFINE_ROWS_OF(q5_1, .unit = 1, .bytes = 24, .parts = 1, .minimum = 1)
DEFINE_ROWS_OF(q8_0, .unit = 1, .bytes = 34, .offset = 128, .parts = 1)
DEFINE_ROWS_OF(iq4_nl, .unit = 1, .bytes = 18, .offset = 128, .parts = 1)
DEFINE_ROWS_OF(iq4_xs, .unit = 8, .bytes = 136, .offset = 128, .parts = 1)
DEFINE_ROWS_OF(tq2_0, .unit = 8, .bytes = 66, .offset = 1, .parts = 1)
DEFINE_ROWS_OF(q2_k, .unit = 8, .bytes = 84, .parts = 2, .minimum = 1)
DEFINE_ROWS_OF(q3_k, .unit = 8, .bytes = 110, .offset = 4, .parts = 2)
DEFINE_ROWS_OF(q4_k, .unit = 8, .bytes = 144, .parts = 1, .minimum = 1)
DEFINE_ROWS_OF(q5_k, .unit = 8, .bytes = 176, .parts = 1, .minimum = 1)
DEFINE_ROWS_OF(q6_k, .unit = 8, .bytes = 210, .offset = 32, .parts = 2)

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
		int32_t sum0 = _mm512_reduce_add_epi32(_mm512_cvtepi8_epi32(q0));
		int32_t sum1 = _mm512_reduce_add_epi32(_mm512_cvtepi8_epi32(q1));

		_mm256_storeu_si256((__m256i *)(to->q + b * Q_BLOCK), q);
		_mm256_storeu_si256((__m256i *)(to->biased + b * Q_BLOCK),
				    _mm256_xor_si256(q, _mm256_set1_epi8((char)0x80)));
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
		[TENSOR_Q4_0] = rows_q4_0,
		[TENSOR_Q8_0] = rows_q8_0,
		[TENSOR_Q4_1] = rows_q4_1,
		[TENSOR_Q5_0] = rows_q5_0,
		[TENSOR_Q5_1] = rows_q5_1,
		[TENSOR_Q2_K] = rows_q2_k,
		[TENSOR_Q3_K] = rows_q3_k,
		[TENSOR_Q4_K] = rows_q4_k,
		[TENSOR_Q5_K] = rows_q5_k,
		[TENSOR_Q6_K] = rows_q6_k,
		[TENSOR_IQ4_NL] = rows_iq4_nl,
		[TENSOR_IQ4_XS] = rows_iq4_xs,
		[TENSOR_TQ2_0] = rows_tq2_0,
	},
	.quantize = quantize,
	.low_f16 = &low_f16_avx512,
	.low_f32 = &low_f32_avx512,
	.int8_operations = int8_operations,
	PORTABLE_KERNELS,
};
