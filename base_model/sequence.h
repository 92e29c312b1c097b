/* SPDX-License-Identifier: MIT */
/* The KV cache of one timeline: per layer [capacity][kv heads][head_dim], keys and values. */
#pragma once

#include "base_model/model.h"

struct bm_sequence {
	enum bm_kv_type type;
	uint32_t capacity, length;
	uint32_t width;		/* room of a position in a layer: most kv heads · head_dim */
	size_t element;		/* bytes */
	size_t size;		/* bytes of the mapping */
	uint8_t *keys, *values;	/* halves of one mapping */
};

/* Address of a position's first element in a layer. */
static inline uint8_t *sequence_at(const struct bm_sequence *s, uint8_t *half, uint32_t layer,
				   uint32_t pos)
{
	return half + ((size_t)layer * s->capacity + pos) * s->width * s->element;
}

/* Stores a position's @n floats: kv heads of the layer · head_dim. */
void sequence_store(const struct bm_sequence *s, uint8_t *half, uint32_t layer, uint32_t pos,
		    const float *x, size_t n);
