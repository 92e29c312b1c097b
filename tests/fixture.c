/* SPDX-License-Identifier: MIT */
#include "tests/fixture.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base_model/kernels/blocks.h"
#include "base_model/vocab.h"
#include "util/macro.h"
#include "util/utf8.h"

float fixture_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (float)(int32_t)(*state >> 32) * 0x1p-31f;
}

/* Everything that the writer borrows until the file is written. */
struct memory {
	void *blocks[256];
	size_t n;
};

static void *keep(struct memory *m, void *block)
{
	ck_assert_ptr_nonnull(block);
	ck_assert_uint_lt(m->n, ARRAY_SIZE(m->blocks));
	return m->blocks[m->n++] = block;
}

static void release(struct memory *m)
{
	while (m->n)
		free(m->blocks[--m->n]);
}

/* Where a block has its f16 scales, and the exponent, as in the upper byte, with which any
 * quants make weights below one; floats of 16 bits are scales only. */
static const struct {
	uint8_t n, at[2], exponent;
} scales[TENSOR_TYPES] = {
	[TENSOR_F16] = { 1, { 0 }, 0x28 },
	[TENSOR_BF16] = { 1, { 0 }, 0x3c },
	[TENSOR_Q4_0] = { 1, { offsetof(struct block_q4_0, d) }, 0x24 },
	[TENSOR_Q4_1] = { 2, { offsetof(struct block_q4_1, d),
			       offsetof(struct block_q4_1, m) }, 0x24 },
	[TENSOR_Q5_0] = { 1, { offsetof(struct block_q5_0, d) }, 0x20 },
	[TENSOR_Q5_1] = { 2, { offsetof(struct block_q5_1, d),
			       offsetof(struct block_q5_1, m) }, 0x20 },
	[TENSOR_Q8_0] = { 1, { offsetof(struct block_q8_0, d) }, 0x14 },
	[TENSOR_Q2_K] = { 2, { offsetof(struct block_q2_K, d),
			       offsetof(struct block_q2_K, dmin) }, 0x20 },
	[TENSOR_Q3_K] = { 1, { offsetof(struct block_q3_K, d) }, 0x18 },
	[TENSOR_Q4_K] = { 2, { offsetof(struct block_q4_K, d),
			       offsetof(struct block_q4_K, dmin) }, 0x0c },
	[TENSOR_Q5_K] = { 2, { offsetof(struct block_q5_K, d),
			       offsetof(struct block_q5_K, dmin) }, 0x08 },
	[TENSOR_Q6_K] = { 1, { offsetof(struct block_q6_K, d) }, 0x08 },
	[TENSOR_IQ4_NL] = { 1, { offsetof(struct block_iq4_nl, d) }, 0x14 },
	[TENSOR_IQ4_XS] = { 1, { offsetof(struct block_iq4_xs, d) }, 0x04 },
	[TENSOR_TQ2_0] = { 1, { offsetof(struct block_tq2_0, d) }, 0x30 },
};

void fixture_weights(enum tensor_type type, uint8_t *data, size_t bytes, uint64_t *seed)
{
	uint32_t per, size;

	ck_assert(tensor_type_block(type, &per, &size));
	for (size_t i = 0; i < bytes; i++)
		data[i] = (uint8_t)(int)(128.0f + 127.0f * fixture_random(seed));
	for (size_t block = 0; block < bytes; block += size)
		for (unsigned i = 0; i < scales[type].n; i++) {
			uint8_t *upper = data + block + scales[type].at[i] + 1;

			*upper = (*upper & 0x81) | scales[type].exponent;
		}
}

/* Random weights of a type, below @size where they are floats. */
static void *weights(struct memory *m, enum tensor_type type, uint64_t rows, uint64_t cols,
		     float size, uint64_t *seed)
{
	uint64_t row_size = tensor_row_size(type, cols), bytes = rows * row_size;
	uint8_t *data = keep(m, calloc(1, bytes));
	float *floats = (float *)data;

	ck_assert_uint_gt(row_size, 0);
	if (type == TENSOR_F32) {
		for (uint64_t i = 0; i < rows * cols; i++)
			floats[i] = size * fixture_random(seed);
		return data;
	}
	fixture_weights(type, data, bytes, seed);
	return data;
}

static void tensor(struct gguf_writer *w, struct memory *m, const char *name,
		   enum tensor_type type, uint64_t cols, uint64_t rows, float size, uint64_t *seed)
{
	const uint64_t ne[2] = { cols, rows };

	ck_assert_int_eq(gguf_writer_tensor(w, name, type, rows > 1 ? 2 : 1, ne,
					    weights(m, type, ne[1], ne[0], size, seed)), 0);
}

static void layer(struct gguf_writer *w, struct memory *m, const struct fixture *f, uint32_t i,
		  uint64_t *seed)
{
	uint32_t q = f->heads * f->head_dim, kv = f->kv_heads * f->head_dim;
	const struct {
		const char *name;
		uint32_t cols, rows;
	} matrices[] = {
		{ "attn_q", f->dim, q },     { "attn_k", f->dim, kv },	   { "attn_v", f->dim, kv },
		{ "attn_output", q, f->dim }, { "ffn_gate", f->dim, f->ffn },
		{ "ffn_up", f->dim, f->ffn }, { "ffn_down", f->ffn, f->dim },
	};
	char name[64];

	snprintf(name, sizeof(name), "blk.%u.attn_norm.weight", i);
	tensor(w, m, name, TENSOR_F32, f->dim, 1, 1.0f, seed);
	snprintf(name, sizeof(name), "blk.%u.ffn_norm.weight", i);
	tensor(w, m, name, TENSOR_F32, f->dim, 1, 1.0f, seed);
	for (size_t k = 0; k < ARRAY_SIZE(matrices); k++) {
		snprintf(name, sizeof(name), "blk.%u.%s.weight", i, matrices[k].name);
		tensor(w, m, name, f->type, matrices[k].cols, matrices[k].rows, 0.3f, seed);
	}
}

static void metadata(struct gguf_writer *w, const struct fixture *f)
{
	const struct {
		const char *key;
		uint32_t value;
	} numbers[] = {
		{ "llama.block_count", f->layers },
		{ "llama.embedding_length", f->dim },
		{ "llama.feed_forward_length", f->ffn },
		{ "llama.context_length", f->context },
		{ "llama.attention.head_count", f->heads },
		{ "llama.attention.head_count_kv", f->kv_heads },
		{ "llama.attention.key_length", f->head_dim },
		{ "llama.attention.value_length", f->head_dim },
	};
	const struct {
		const char *key;
		float value;
	} reals[] = {
		{ "llama.rope.freq_base", 10000.0f },
		{ "llama.attention.layer_norm_rms_epsilon", 1e-5f },
	};

	ck_assert_int_eq(gguf_writer_str(w, "general.architecture", "llama", 5), 0);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		ck_assert_int_eq(gguf_writer_u32(w, numbers[i].key, numbers[i].value), 0);
	for (size_t i = 0; i < ARRAY_SIZE(reals); i++)
		ck_assert_int_eq(gguf_writer_f32(w, reals[i].key, reals[i].value), 0);
}

/* Byte-level, without merges: a token is a character of ASCII, then come two control tokens. */
static void ascii_tokenizer(struct gguf_writer *w)
{
	static const char *const special[] = { "<s>", "</s>" };
	enum { BYTES = 128, TOKENS = BYTES + ARRAY_SIZE(special) };
	char spellings[BYTES][8];
	const char *tokens[TOKENS];
	int32_t types[TOKENS];

	for (int i = 0; i < TOKENS; i++) {
		types[i] = i < BYTES ? TOKEN_NORMAL : TOKEN_CONTROL;
		tokens[i] = i < BYTES ? spellings[i] : special[i - BYTES];
	}
	for (unsigned i = 0; i < BYTES; i++)
		spellings[i][utf8_encode(bpe_char_of_byte((uint8_t)i), spellings[i])] = '\0';
	ck_assert_int_eq(gguf_writer_str(w, "tokenizer.ggml.model", "gpt2", 4), 0);
	ck_assert_int_eq(gguf_writer_str(w, "tokenizer.ggml.pre", "gpt-2", 5), 0);
	ck_assert_int_eq(gguf_writer_strings(w, "tokenizer.ggml.tokens", tokens, TOKENS), 0);
	ck_assert_int_eq(gguf_writer_array(w, "tokenizer.ggml.token_type", GGUF_TYPE_I32, types,
					   TOKENS), 0);
	ck_assert_int_eq(gguf_writer_strings(w, "tokenizer.ggml.merges", NULL, 0), 0);
	ck_assert_int_eq(gguf_writer_u32(w, "tokenizer.ggml.bos_token_id", BYTES), 0);
	ck_assert_int_eq(gguf_writer_u32(w, "tokenizer.ggml.eos_token_id", BYTES + 1), 0);
}

static int finish(struct gguf_writer *w, struct memory *m)
{
	int fd = memfd_create("fixture", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	gguf_writer_free(w);
	release(m);
	return fd;
}

int fixture_model_fd(const struct fixture *f)
{
	struct memory m = { .n = 0 };
	struct gguf_writer *w;
	uint64_t seed = f->seed;

	ck_assert_int_eq(gguf_writer_new(&w), 0);
	metadata(w, f);
	if (f->tokenizer)
		ascii_tokenizer(w);
	tensor(w, &m, "token_embd.weight", f->type, f->dim, f->vocab, 1.0f, &seed);
	tensor(w, &m, "output_norm.weight", TENSOR_F32, f->dim, 1, 1.0f, &seed);
	for (uint32_t i = 0; i < f->layers; i++)
		layer(w, &m, f, i, &seed);
	return finish(w, &m);
}

struct bm_model *fixture_open(const struct fixture *f, unsigned threads)
{
	struct bm_params params = { .threads = threads, .max_batch = f->max_batch };
	_cleanup_close_ int fd = fixture_model_fd(f);
	struct diag d = DIAG_NULL;
	struct bm_model *m = NULL;

	ck_assert_msg(bm_model_open_fd(&m, fd, &params, &d) == 0, "%s: %s", d.field, d.text);
	return m;
}

static void put_tokens(struct gguf_writer *w, struct memory *m, const struct token_fixture *t,
		       uint64_t width, uint64_t *seed)
{
	uint64_t ne[2] = { t->dim ? t->dim : width, t->rows ? t->rows : t->n };
	float size = t->size != 0.0f ? t->size : 0.5f;
	uint16_t *data = weights(m, t->type, ne[1], ne[0], size, seed);

	/* The upper half of the last number. */
	if (t->not_a_number)
		data[ne[0] * ne[1] * (t->type == TENSOR_F32 ? 2 : 1) - 1] = 0xffff;
	if (!t->no_texts)
		ck_assert_int_eq(gguf_writer_strings(w, "assistantd.tokens.text", t->texts, t->n),
				 0);
	if (!t->no_embedding)
		ck_assert_int_eq(gguf_writer_tensor(w, "token_embd.extra", t->type, 2, ne, data),
				 0);
	ne[1] = t->output_rows ? t->output_rows : t->n;
	data = weights(m, t->type, ne[1], ne[0], size, seed);
	if (!t->tied)
		ck_assert_int_eq(gguf_writer_tensor(w, "output.extra", t->type, 2, ne, data), 0);
}

int fixture_lora_fd(const struct lora_fixture *l)
{
	struct memory m = { .n = 0 };
	struct gguf_writer *w;
	uint64_t seed = l->seed, a[2] = { l->wrong_columns ? l->width / 2 : l->width, l->rank };
	uint64_t b[2] = { l->wrong_rank ? l->rank + 1 : l->rank, l->width };
	char name[64];
	float *data;

	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_str(w, "general.architecture", l->architecture,
					 strlen(l->architecture)), 0);
	ck_assert_int_eq(gguf_writer_str(w, "general.type", l->type, strlen(l->type)), 0);
	ck_assert_int_eq(gguf_writer_str(w, "adapter.type", l->kind, strlen(l->kind)), 0);
	if (!l->no_alpha)
		ck_assert_int_eq(gguf_writer_f32(w, "adapter.lora.alpha", l->alpha), 0);
	if (l->invocation)
		ck_assert_int_eq(gguf_writer_array(w, "adapter.alora.invocation_tokens",
						   GGUF_TYPE_U32, l->invocation,
						   l->n_invocation), 0);
	snprintf(name, sizeof(name), "%s.lora_a", l->matrix);
	data = weights(&m, l->quantized ? TENSOR_Q8_0 : TENSOR_F32, a[1], a[0], 0.5f, &seed);
	if (l->not_a_number)
		data[5] = NAN;
	ck_assert_int_eq(gguf_writer_tensor(w, name, l->quantized ? TENSOR_Q8_0 : TENSOR_F32, 2, a,
					    data), 0);
	snprintf(name, sizeof(name), l->stray ? "%s.other" : "%s.lora_b", l->matrix);
	data = weights(&m, TENSOR_F32, b[1], b[0], 0.5f, &seed);
	if (!l->no_b)
		ck_assert_int_eq(gguf_writer_tensor(w, name, TENSOR_F32, 2, b, data), 0);
	if (l->tokens)
		put_tokens(w, &m, l->tokens, l->width, &seed);
	return finish(w, &m);
}

struct adapter *fixture_adapter(const struct bm_model *m, uint64_t seed)
{
	struct lora_fixture l = LORA_FIXTURE;
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;
	int fd;

	l.seed = seed;
	l.width = bm_model_config(m)->dim;
	fd = fixture_lora_fd(&l);
	ck_assert_msg(adapter_load_fd(&a, m, fd, &d) == 0, "%s: %s", d.field, d.text);
	close(fd);
	return a;
}
