/* SPDX-License-Identifier: MIT */
/*
 * A base model: hyper-parameters and weights of a GGUF file, used from the mapping, and
 * the forward pass. One pass serves any number of sequences, each with adapters of its own;
 * what a sequence gets depends on nothing that runs beside it.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_model/gguf.h"
#include "base_model/tokenizer.h"
#include "util/cleanup.h"
#include "util/diag.h"

struct bm_model;

enum bm_kv_type { BM_KV_F16, BM_KV_F32, BM_KV_Q8_0, BM_KV_COUNT };

struct bm_params {
	unsigned threads;	/* 1 to 64 */
	uint32_t max_batch;	/* tokens of one pass, 1 to 4096; 0: 256 */
};

/* Scaling of rotary positions beyond the trained context. */
enum bm_rope_scaling { BM_ROPE_NONE, BM_ROPE_LINEAR, BM_ROPE_YARN, BM_ROPE_LONG };

/* How a layer's queries and keys know their positions. */
enum bm_rotation { BM_ROTATE, BM_ROTATE_WINDOW, BM_ROTATE_NONE };

/* What differs between the layers of one model. */
struct bm_layer_config {
	uint32_t n_heads, n_kv_heads, ffn_dim;
	uint32_t window;	/* positions that a token sees, its own included; 0: all */
	enum bm_rotation rotation;
};

struct family;

struct bm_config {
	char architecture[65];
	const struct family *family;
	uint32_t n_vocab, dim, n_layers, head_dim;
	uint32_t n_heads, n_kv_heads, ffn_dim;	/* the most of any layer */
	struct bm_layer_config *layers;		/* [n_layers] */
	uint32_t context;	/* tokens that the model was made for */
	float norm_eps;
	bool parallel;		/* both branches of a layer read the same x */
	float embedding_scale, residual_scale, logit_divisor;
	float logit_cap;	/* bound of the divided logits, cap · tanh(x / cap); 0: none */

	float attention_scale;	/* of the products of queries and keys */
	float attention_cap;	/* bound of the scaled products, as of the logits; 0: none */
	/* Queries grow by 1 + temperature · ln(1 + ⌊position / length⌋); 0: they do not. */
	float attention_temperature;
	uint32_t temperature_length;
	uint32_t window;	/* of the layers that have one */

	uint32_t rope_dim;	/* components of a head that are rotated */
	float rope_base;
	float window_rope_base;	/* of windowed layers, where the family has one for them */
	enum bm_rope_scaling rope_scaling;
	float rope_factor;	/* context multiplied by this */
	float rope_attention;	/* factor on the rotated vectors */
	float yarn_fast, yarn_slow;	/* turns within the original context */
	float yarn_log_multiplier;
	uint32_t rope_original_context;
};

/*
 * Opens the model in @fd, which stays the caller's; the weights are used from its mapping.
 * 0; -EINVAL with @d when the file is malformed or of a kind that we do not run, naming
 * it; -ENOMEM or the system's error.
 */
int bm_model_open_fd(struct bm_model **ret, int fd, const struct bm_params *params,
		     struct diag *d);
struct bm_model *bm_model_free(struct bm_model *m);
DEFINE_CLEANUP(struct bm_model *, bm_model_free)

const struct bm_config *bm_model_config(const struct bm_model *m);
const struct gguf *bm_model_gguf(const struct bm_model *m);
/* NULL when the file has none. */
const struct tokenizer *bm_model_tokenizer(const struct bm_model *m);
uint32_t bm_model_max_batch(const struct bm_model *m);
/* "generic", "avx2", "avx512" */
const char *bm_model_kernels(const struct bm_model *m);
/* Row @row of a tensor of a type that we compute with, as floats [ne[0]]; false for another. */
bool bm_tensor_row(const struct gguf_tensor *t, uint64_t row, float *out);

/*
 * Memory for KV caches under one limit, in pages that sequences share. A pool and its
 * sequences belong to one thread at a time; sequences keep their pool alive.
 */
struct bm_kv_pool;

/* Asked to make room for @bytes by freeing idle sequences or raising the limit. */
typedef void (*bm_kv_full_fn)(void *arg, size_t bytes);

/* @limit in bytes. -ENOMEM; -EOVERFLOW for a model whose pages have no size. */
int bm_kv_pool_new(struct bm_kv_pool **ret, const struct bm_model *m, enum bm_kv_type type,
		   size_t limit);
struct bm_kv_pool *bm_kv_pool_ref(struct bm_kv_pool *p);
struct bm_kv_pool *bm_kv_pool_unref(struct bm_kv_pool *p);
DEFINE_CLEANUP(struct bm_kv_pool *, bm_kv_pool_unref)
void bm_kv_pool_on_full(struct bm_kv_pool *p, bm_kv_full_fn full, void *arg);
/* A limit below what is used takes nothing away; nothing is given out until it fits. */
void bm_kv_pool_set_limit(struct bm_kv_pool *p, size_t limit);
/* Bytes that sequences hold or were promised. */
size_t bm_kv_pool_used(const struct bm_kv_pool *p);
/* Bytes that a new sequence of @n_ctx tokens is promised. */
size_t bm_kv_pool_need(const struct bm_kv_pool *p, uint32_t n_ctx);

/* One timeline of tokens: its KV cache and its length. Belongs to one thread at a time. */
struct bm_sequence;

/* Tokens that layers with a window keep beyond it, so that a sequence can go back. */
#define BM_SEQUENCE_BACK 64

/* Room for @n_ctx tokens, 1 to the model's context, in a pool of its own: -EINVAL beyond,
 * -ENOMEM. Memory is taken from the system as it is touched. */
int bm_sequence_new(struct bm_sequence **ret, const struct bm_model *m, uint32_t n_ctx,
		    enum bm_kv_type type);
/* The same in @pool, which promises all that it may need: -ENOSPC where it cannot. */
int bm_sequence_in(struct bm_sequence **ret, struct bm_kv_pool *pool, uint32_t n_ctx);
/*
 * A sequence that begins with the first @length tokens of @from and has room for @n_ctx.
 * Whole pages are shared, a partly filled one is copied when it is written to. -ERANGE
 * where @from does not cover that; else as bm_sequence_in().
 */
int bm_sequence_fork(struct bm_sequence **ret, const struct bm_sequence *from, uint32_t length,
		     uint32_t n_ctx);
struct bm_sequence *bm_sequence_free(struct bm_sequence *s);
DEFINE_CLEANUP(struct bm_sequence *, bm_sequence_free)
uint32_t bm_sequence_length(const struct bm_sequence *s);
uint32_t bm_sequence_capacity(const struct bm_sequence *s);
/* True when all is there that a token at position @length would look at. */
bool bm_sequence_covers(const struct bm_sequence *s, uint32_t length);
/* Forgets the tokens from @length on; a larger length changes nothing. 0; -ERANGE, and
 * nothing is forgotten, where it does not cover that. Back to 0 it always can, and by
 * BM_SEQUENCE_BACK tokens that were appended to it since it was made. */
int bm_sequence_truncate(struct bm_sequence *s, uint32_t length);
/* Nothing will be appended any more: gives back what was promised. */
void bm_sequence_seal(struct bm_sequence *s);

/* Sequences are saved by whole pages of so many tokens. */
#define BM_SEQUENCE_PAGE 32

/* Takes the next @len bytes: 0 or an error, which ends the saving. */
typedef int (*bm_save_fn)(void *arg, const void *data, size_t len);

/* Bytes of @length tokens as they are saved; 0 where that is no number of whole pages. */
size_t bm_kv_pool_saved_bytes(const struct bm_kv_pool *p, uint32_t length);
/* Gives @put what was computed of the first @length tokens: 0; -EINVAL where they are not
 * whole pages of it; -ERANGE where pages have gone, no window reaching them; @put's error. */
int bm_sequence_save(const struct bm_sequence *s, uint32_t length, bm_save_fn put, void *arg);
/*
 * A full sequence of the @length tokens that were saved, of the same model, from a pool of
 * the same type: -EINVAL where @len is not bm_kv_pool_saved_bytes(); else as
 * bm_sequence_in(). What the bytes say is believed.
 */
int bm_sequence_restore(struct bm_sequence **ret, struct bm_kv_pool *pool, uint32_t length,
			const void *data, size_t len);

/* Matrices that an adapter can change. */
enum bm_matrix {
	BM_ATTN_Q, BM_ATTN_K, BM_ATTN_V, BM_ATTN_OUTPUT, BM_FFN_GATE, BM_FFN_UP, BM_FFN_DOWN,
	BM_OUTPUT, BM_MATRIX_COUNT,
	/* One tensor of the file that holds the rows of several of them, one after the other. */
	BM_ATTN_QKV = BM_MATRIX_COUNT, BM_FFN_GATE_UP,
};

/* "blk.3.attn_q.weight" → 3, BM_ATTN_Q. 0, or -ENOENT for what no adapter can change or the
 * file has not. The output matrix belongs to no layer: 0; where it is tied to the embedding,
 * it is not found. */
int bm_matrix_find(const struct bm_model *m, const char *name, uint32_t *layer,
		   enum bm_matrix *matrix);
/* How many matrices the rows of a tensor are, from *@first on. */
unsigned bm_matrix_parts(enum bm_matrix matrix, enum bm_matrix *first);
/* One of a layer, or the output's; no rows where the family has none. */
void bm_matrix_shape(const struct bm_model *m, uint32_t layer, enum bm_matrix matrix,
		     uint32_t *rows, uint32_t *cols);
/* True where neighbouring components of a head are rotated together. Files of such families
 * have the rows of queries and keys in an order of their own: in the checkpoints that they
 * are made of, the first half of a head is rotated with its second half. */
bool bm_model_pairs_neighbours(const struct bm_model *m);

/* The low-rank updates of one adapter, W + scale · B A, in the form that the pass uses. */
struct bm_delta;

int bm_delta_new(struct bm_delta **ret, const struct bm_model *m);
struct bm_delta *bm_delta_free(struct bm_delta *delta);
DEFINE_CLEANUP(struct bm_delta *, bm_delta_free)
/* Finite numbers, as f32 or as f16. */
struct bm_values {
	const void *data;
	bool half;
};

/*
 * Adds the update of one matrix: @a is [rank][columns], @b is [rows][rank]; both are copied,
 * to half precision where that loses nothing. 0; -EEXIST when it has one; -EINVAL for a
 * layer, matrix or rank (1 to 256) out of range; -ENOMEM.
 */
int bm_delta_set(struct bm_delta *delta, uint32_t layer, enum bm_matrix matrix, uint32_t rank,
		 float scale, struct bm_values a, struct bm_values b);
size_t bm_delta_bytes(const struct bm_delta *delta);

/*
 * Adds tokens beyond the vocabulary, numbered from n_vocab on: the rows of @embedding, of
 * ne = [dim, n], are read as those of the model's embedding are, and a token's logit is the
 * product with its row of @output, without a bias. F32, F16 or BF16, copied. @output NULL: the
 * rows of @embedding, for a model that ties both. 0; -EEXIST when it has some; -EINVAL for
 * another shape or type, or more than TOKENIZER_MAX_EXTRA; -ENOMEM.
 */
int bm_delta_set_tokens(struct bm_delta *delta, const struct gguf_tensor *embedding,
			const struct gguf_tensor *output);
/* How many it brings. */
uint32_t bm_delta_tokens(const struct bm_delta *delta);

/* What one sequence wants of a pass. */
struct bm_item {
	struct bm_sequence *seq;
	const int32_t *tokens;
	size_t n_tokens;
	const struct bm_delta *const *deltas;	/* applied in this order */
	const float *scales;			/* one per delta; 0 is as if it were absent */
	size_t n_deltas;
	/* [n_vocab + n_extra] of the last token, or of each [n_tokens]; or NULL */
	float *logits;
	bool all_logits;
	uint32_t n_extra;	/* of the tokens that its adapters bring, those with logits */
};

/*
 * Appends every item's tokens to its sequence, in one pass over the weights. Sequences of a
 * call are distinct. A token beyond the vocabulary is one that an adapter of its item brings; of
 * an item's adapters, one at most brings some. 0; -EINVAL for any other token, or for logits of
 * tokens that nothing brings; -E2BIG for more than max_batch tokens together; -ENOSPC for a full
 * sequence; -ENOMEM; -ECANCELED within a layer of @cancel (may be NULL) becoming true. On
 * failure all sequences keep their length.
 */
int bm_forward(struct bm_model *m, const struct bm_item *items, size_t n_items,
	       const atomic_bool *cancel);
