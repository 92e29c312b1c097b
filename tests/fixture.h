/* SPDX-License-Identifier: MIT */
/* Small random models and adapters, the same for the same seed. */
#pragma once

#include "adapters/adapters.h"
#include "base_model/base_model.h"
#include "base_model/gguf-write.h"

struct fixture {
	uint32_t dim, heads, kv_heads, head_dim, ffn, layers, vocab, context, max_batch;
	enum tensor_type type;	/* of the matrices */
	uint64_t seed;
	bool tokenizer;		/* one token a character of ASCII; @vocab is 130 */
};

#define FIXTURE { .dim = 64, .heads = 4, .kv_heads = 2, .head_dim = 16, .ffn = 96, .layers = 2, \
		  .vocab = 50, .context = 64, .max_batch = 64, .type = TENSOR_F32, .seed = 1 }

/* Numbers in [-1, 1), the next state of a generator. */
float fixture_random(uint64_t *state);
/* Random bytes of whole blocks of a type other than F32, whose scales are small and finite. */
void fixture_weights(enum tensor_type type, uint8_t *data, size_t bytes, uint64_t *seed);
/* An unlinked file with the model; the test fails where this does. */
int fixture_model_fd(const struct fixture *f);
struct bm_model *fixture_open(const struct fixture *f, unsigned threads);

/* Tokens that an adapter brings; zeroes are what is right. */
struct token_fixture {
	const char *const *texts;
	size_t n;
	uint64_t rows, output_rows, dim;
	float size;		/* of the numbers */
	enum tensor_type type;	/* F32 is 0 */
	bool no_texts, no_embedding, not_a_number;
	bool tied;		/* without rows of the output */
};

struct lora_fixture {
	uint32_t rank, width;	/* width: columns and rows of the matrix */
	float alpha;
	uint64_t seed;
	const char *architecture, *type, *kind;	/* kind: adapter.type */
	bool no_alpha, no_b, wrong_columns, wrong_rank, not_a_number, stray, quantized;
	const char *matrix;	/* the only matrix changed */
	const uint32_t *invocation;	/* [n_invocation]; NULL: an ordinary one */
	size_t n_invocation;
	const struct token_fixture *tokens;	/* NULL: it brings none */
};

#define LORA_FIXTURE { .rank = 4, .width = 64, .alpha = 8.0f, .seed = 3, .architecture = "llama", \
		       .type = "adapter", .kind = "lora", .matrix = "blk.1.attn_q.weight" }

/* By default for a model of FIXTURE's shape. */
int fixture_lora_fd(const struct lora_fixture *l);
/* That of LORA_FIXTURE with another seed and the width of @m, loaded for it. */
struct adapter *fixture_adapter(const struct bm_model *m, uint64_t seed);
