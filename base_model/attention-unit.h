/* SPDX-License-Identifier: MIT */
/* A part of attention that one thread computes. */
#pragma once

#include "base_model/kernels/attention.h"
#include "base_model/sequence.h"

#define UNIT_ROWS 24	/* most queries of a unit */

/*
 * Queries that read the same keys and values: consecutive tokens of a sequence, and heads
 * that share a key head. A row is one of them, [token][head].
 */
struct attention_unit {
	const struct attention_kernels *kernels;
	void (*quantize)(const struct activations *x, size_t first, size_t last);
	const struct bm_sequence *seq;
	uint32_t layer, key_head;
	uint32_t pos;			/* of the first token */
	uint32_t n_tokens, n_heads, head_dim;
	uint32_t window;		/* as in struct bm_layer_config */
	float scale, cap;
	const float *q;			/* the first head's query, [head_dim] each */
	float *out;			/* where its result goes */
	size_t stride;			/* floats from a token's heads to the next one's */
};

/* What a thread computes with. */
struct unit_scratch {
	struct queries queries;
	float *columns;
	float *scores;			/* [UNIT_ROWS][KV_ROW] */
	struct mixture part[UNIT_ROWS], total[UNIT_ROWS];
};

/* Bytes that unit_begin() wants for units of @width columns, a multiple of 64. */
size_t unit_scratch_size(uint32_t width);

/* Chunks of KV_CHUNK positions that some token of the unit sees: first..last. */
void unit_chunks(const struct attention_unit *u, uint32_t *first, uint32_t *last);
/* Lays @s out in @memory and puts the queries into the form that the keys want. */
void unit_begin(const struct attention_unit *u, struct unit_scratch *s, void *memory);
/* The mixtures of all rows over one chunk; a row that sees none of it gets a sum of 0. Their
 * out stand one behind the other. */
void unit_chunk(const struct attention_unit *u, struct unit_scratch *s, uint32_t chunk,
		struct mixture *mixtures);
/* total = total and @mixtures, of the next chunk, together. */
void unit_merge(const struct attention_unit *u, struct unit_scratch *s,
		const struct mixture *mixtures);
/* Hands the totals out. */
void unit_end(const struct attention_unit *u, const struct unit_scratch *s);
