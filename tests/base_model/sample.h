/* SPDX-License-Identifier: MIT */
/*
 * Random models of any family, written down as text. Every file has the keys of a small
 * shape: embedding_length D, block_count, context_length, feed_forward_length F, and heads
 * of H components, N of queries and M of keys and values; what the text says comes instead.
 */
#pragma once

#include "base_model/base_model.h"

enum { SAMPLE_DIM = 64, SAMPLE_HEAD_DIM = 16, SAMPLE_VOCAB = 50, SAMPLE_CONTEXT = 64,
       SAMPLE_MAX_LAYERS = 8 };

struct sample_layer {
	uint32_t heads, kv_heads, ffn;
};

struct sample {
	const char *architecture;
	/* Words SUFFIX=VALUE: u4 an integer, f0.5, b1 a boolean, sTEXT, and arrays of u4,8
	 * (U), of i32 (I), of booleans (B110); SUFFIX alone leaves a key out. A suffix that
	 * begins with a dot is the whole key. */
	const char *keys;
	/* Words NAME:COLUMNS,ROWS, or with a third length, of sums of D Q K F H N M V R,
	 * which may have a factor each: Q and K are the rows of queries and of keys, R pairs
	 * of rotated components. */
	const char *tensors, *layer_tensors;
	uint32_t layers, rope_dim;
	struct sample_layer first;	/* every layer is as this one, */
	struct sample_layer second;	/* but for the second, unless it has no heads */
	enum tensor_type type;		/* of matrices */
	const char *poisoned;		/* name of a tensor with a zero in it, or NULL */
};

/* An unlinked file with it; @more are keys as above, which win. The test fails where this does. */
int sample_fd(const struct sample *s, const char *more);
struct bm_model *sample_open(const struct sample *s, unsigned threads);
/* The verdict on a sample that is to be refused. */
void sample_refused(const struct sample *s, const char *more, enum diag_code code,
		    const char *field);
