/* SPDX-License-Identifier: MIT */
/* The low-rank update of one matrix, packed for the kernels, and its use in a pass. */
#pragma once

#include <stdatomic.h>

#include "base_model/kernels/kernels.h"
#include "base_model/model.h"

#define LOW_MAX_RANK 256

struct low_rank {
	uint32_t rows, cols, rank;	/* rank 0: no update */
	uint32_t width;			/* rank, up to whole groups of lanes */
	bool half;			/* a and b are f16, which loses nothing of them */
	float scale;
	void *a, *b;
};

/* Those from @at on. */
static inline struct bm_values values_from(struct bm_values v, size_t at)
{
	size_t element = v.half ? sizeof(uint16_t) : sizeof(float);

	return (struct bm_values){ (const uint8_t *)v.data + at * element, v.half };
}

/* From @a [rank][cols] and @b [rows][rank], which are copied. Adds the bytes it takes to
 * @bytes. 0 or -ENOMEM. */
int low_rank_init(struct low_rank *u, uint32_t rows, uint32_t cols, uint32_t rank, float scale,
		  struct bm_values a, struct bm_values b, size_t *bytes);
void low_rank_deinit(struct low_rank *u);

/* An update applied to some vectors of a product. */
struct update {
	const struct low_rank *u;
	float scale;		/* times the update's own */
	size_t first, n;	/* vectors of the product's inputs */
	float *low;		/* A x, [n] of them; by segments until they are added */
	atomic_size_t pending;	/* tasks of A x that are not done */
};

void update_init(struct update *v, const struct low_rank *u, float scale, size_t first, size_t n,
		 float *low);

/* Floats of update.low for @n vectors. */
size_t update_low_size(uint32_t width, uint32_t cols, size_t n);
/* The tasks of A x. They depend on nothing but @x->f. */
size_t update_tasks(const struct update *v);
void update_reduce(const struct kernels *k, struct update *v, const struct activations *x,
		   size_t task);
/* Fetches what update_expand() of these rows will read. */
void update_prefetch(const struct update *v, uint32_t first, uint32_t last);
/* When all of them are done: adds rows @first to @last - 1, @first a multiple of LOW_LANES, to
 * @y [vectors][y_stride]. */
void update_expand(const struct kernels *k, const struct update *v, uint32_t first, uint32_t last,
		   float *y, size_t y_stride);
