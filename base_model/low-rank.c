/* SPDX-License-Identifier: MIT */
#include "base_model/low-rank.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/kernels/convert.h"
#include "util/macro.h"

#define VECTORS 8	/* of a task; of fewer than that, each segment is a task of its own */

static bool fits_f16(struct bm_values v, size_t n)
{
	const float *x = v.data;

	for (size_t i = 0; i < n && !v.half; i++)
		if (f16_to_f32(f32_to_f16(x[i])) != x[i])
			return false;
	return true;
}

static size_t groups_of(size_t n)
{
	return (n + LOW_LANES - 1) / LOW_LANES;
}

/* [lines][length] to [groups of lines][length][lane]; lanes beyond the lines stay zero. */
#define DEFINE_TRANSPOSE(name, from_type, to_type, convert)                                    \
	static void name(const void *from, size_t lines, size_t length, void *to)              \
	{                                                                                      \
		const from_type *x = from;                                                     \
		to_type *y = to;                                                               \
                                                                                               \
		for (size_t line = 0; line < lines; line += LOW_LANES) {                       \
			size_t n = MIN(lines - line, (size_t)LOW_LANES);                       \
                                                                                               \
			for (size_t i = 0; i < length; i++, y += LOW_LANES)                    \
				for (size_t k = 0; k < n; k++)                                 \
					y[k] = convert(x[(line + k) * length + i]);            \
		}                                                                              \
	}

DEFINE_TRANSPOSE(transpose_f16, uint16_t, uint16_t, )
DEFINE_TRANSPOSE(transpose_f16_to_f32, uint16_t, float, f16_to_f32)
DEFINE_TRANSPOSE(transpose_f32, float, float, )
DEFINE_TRANSPOSE(transpose_f32_to_f16, float, uint16_t, f32_to_f16)

static int pack(const struct low_rank *u, struct bm_values from, size_t lines, size_t length,
		void **ret, size_t *bytes)
{
	size_t n, size;

	if (mul_overflow(groups_of(lines) * LOW_LANES, length, &n) ||
	    mul_overflow(n, u->half ? sizeof(uint16_t) : sizeof(float), &size))
		return -ENOMEM;
	*ret = aligned_alloc(64, (size + 63) / 64 * 64);
	if (!*ret)
		return -ENOMEM;
	if (lines % LOW_LANES)
		memset(*ret, 0, size);
	if (u->half)
		(from.half ? transpose_f16 : transpose_f32_to_f16)(from.data, lines, length, *ret);
	else
		(from.half ? transpose_f16_to_f32 : transpose_f32)(from.data, lines, length, *ret);
	*bytes += size;
	return 0;
}

int low_rank_init(struct low_rank *u, uint32_t rows, uint32_t cols, uint32_t rank, float scale,
		  struct bm_values a, struct bm_values b, size_t *bytes)
{
	int r;

	*u = (struct low_rank){
		.rows = rows,
		.cols = cols,
		.rank = rank,
		.width = (uint32_t)groups_of(rank) * LOW_LANES,
		.half = fits_f16(a, (size_t)rank * cols) && fits_f16(b, (size_t)rows * rank),
		.scale = scale,
	};
	r = pack(u, a, rank, cols, &u->a, bytes);
	if (r == 0)
		r = pack(u, b, rows, rank, &u->b, bytes);
	return r;
}

void low_rank_deinit(struct low_rank *u)
{
	free(u->a);
	free(u->b);
	*u = (struct low_rank){ 0 };
}

static const void *element(const struct low_rank *u, const void *m, size_t at)
{
	return (const uint8_t *)m + at * (u->half ? sizeof(uint16_t) : sizeof(float));
}

static const struct low_kernels *kernels_of(const struct kernels *k, const struct low_rank *u)
{
	return u->half ? k->low_f16 : k->low_f32;
}

static size_t segments_of(uint32_t cols)
{
	return (cols + LOW_SEGMENT - 1) / LOW_SEGMENT;
}

/* Few vectors: their segments are computed by all threads, and added when they are read. */
static size_t parts_of(uint32_t cols, size_t n)
{
	return n < VECTORS ? segments_of(cols) : 1;
}

size_t update_low_size(uint32_t width, uint32_t cols, size_t n)
{
	return n * parts_of(cols, n) * width;
}

size_t update_tasks(const struct update *v)
{
	size_t parts = parts_of(v->u->cols, v->n);

	return groups_of(v->u->rank) *
	       (parts > 1 ? parts : (v->n + VECTORS - 1) / VECTORS);
}

/* One segment of one group of ranks, for @n vectors from @first of the update's. */
static void reduce_segment(const struct kernels *k, const struct update *v,
			   const struct activations *x, size_t group, size_t segment,
			   size_t first, size_t n, float *low, size_t low_stride)
{
	const struct low_rank *u = v->u;
	size_t at = segment * LOW_SEGMENT, cols = MIN(u->cols - at, (size_t)LOW_SEGMENT);

	kernels_of(k, u)->reduce(element(u, u->a, (group * u->cols + at) * LOW_LANES), cols,
				 x->f + (v->first + first) * x->cols + at, x->cols, n, low,
				 low_stride);
}

/* All segments, added as they come. */
static void reduce_whole(const struct kernels *k, const struct update *v,
			 const struct activations *x, size_t group, size_t first, size_t n)
{
	float sums[VECTORS][LOW_LANES];
	size_t width = v->u->width;
	float *low = v->low + first * width + group * LOW_LANES;

	for (size_t s = 0; s < segments_of(v->u->cols); s++) {
		reduce_segment(k, v, x, group, s, first, n, sums[0], LOW_LANES);
		for (size_t i = 0; i < n; i++)
			for (int lane = 0; lane < LOW_LANES; lane++)
				low[i * width + lane] = s ? low[i * width + lane] + sums[i][lane] :
							    sums[i][lane];
	}
}

/* The segments of every vector into the first one, ascending. */
static void add_segments(const struct update *v, size_t parts)
{
	size_t width = v->u->width;

	for (size_t i = 0; i < v->n; i++) {
		float *low = v->low + i * parts * width;

		for (size_t p = 1; p < parts; p++)
			for (size_t k = 0; k < width; k++)
				low[k] += low[p * width + k];
	}
}

void update_init(struct update *v, const struct low_rank *u, float scale, size_t first, size_t n,
		 float *low)
{
	*v = (struct update){ .u = u, .scale = scale, .first = first, .n = n, .low = low };
	atomic_init(&v->pending, update_tasks(v));
}

void update_reduce(const struct kernels *k, struct update *v, const struct activations *x,
		   size_t task)
{
	size_t parts = parts_of(v->u->cols, v->n), groups = groups_of(v->u->rank);
	size_t group = task % groups, rest = task / groups;

	if (parts > 1)
		reduce_segment(k, v, x, group, rest, 0, v->n,
			       v->low + rest * v->u->width + group * LOW_LANES,
			       parts * v->u->width);
	else
		reduce_whole(k, v, x, group, rest * VECTORS,
			     MIN(v->n - rest * VECTORS, (size_t)VECTORS));
	/* Whoever is last finds what the others have written. */
	if (atomic_fetch_sub(&v->pending, 1) == 1 && parts > 1)
		add_segments(v, parts);
}

void update_prefetch(const struct update *v, uint32_t first, uint32_t last)
{
	const struct low_rank *u = v->u;
	const uint8_t *at = element(u, u->b, (size_t)first * u->rank);
	const uint8_t *end = element(u, u->b, (size_t)last * u->rank);

	for (; at < end; at += 64)
		__builtin_prefetch(at);
}

void update_expand(const struct kernels *k, const struct update *v, uint32_t first, uint32_t last,
		   float *y, size_t y_stride)
{
	const struct low_rank *u = v->u;
	size_t low_stride = parts_of(u->cols, v->n) * u->width;

	for (uint32_t row = first; row < last; row += LOW_LANES)
		kernels_of(k, u)->expand(element(u, u->b, (size_t)row * u->rank), u->rank, v->low,
					 low_stride, v->n, v->scale * u->scale,
					 MIN(last - row, (uint32_t)LOW_LANES),
					 y + v->first * y_stride + row, y_stride);
}
