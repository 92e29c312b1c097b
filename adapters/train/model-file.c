/* SPDX-License-Identifier: MIT */
#include "adapters/train/model-file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"

static const char *const matrix_names[TRAIN_MATRICES] = {
	[TRAIN_Q] = "attn_q",	    [TRAIN_K] = "attn_k",   [TRAIN_V] = "attn_v",
	[TRAIN_O] = "attn_output",  [TRAIN_GATE] = "ffn_gate", [TRAIN_UP] = "ffn_up",
	[TRAIN_DOWN] = "ffn_down",
};

/* Collects tensors, whose bytes the writer borrows until the file is written. */
struct file {
	struct gguf_writer *writer;
	void **blocks;
	size_t n_blocks, cap;
};

static int file_init(struct file *f, size_t tensors)
{
	*f = (struct file){ .cap = tensors };
	f->blocks = calloc(tensors, sizeof(*f->blocks));
	return f->blocks ? gguf_writer_new(&f->writer) : -ENOMEM;
}

static void file_deinit(struct file *f)
{
	while (f->n_blocks)
		free(f->blocks[--f->n_blocks]);
	free(f->blocks);
	gguf_writer_free(f->writer);
}

static int add_tensor(struct file *f, const char *name, enum tensor_type type, const float *x,
		      uint64_t cols, uint64_t rows)
{
	uint64_t ne[2] = { cols, rows }, size = tensor_row_size(type, cols);
	uint8_t *data;

	if (size == 0)
		return -EINVAL;
	if (f->n_blocks == f->cap || !(data = reallocarray(NULL, rows, size)))
		return -ENOMEM;
	f->blocks[f->n_blocks++] = data;
	for (uint64_t i = 0; i < rows; i++)
		if (bm_quantize_row(type, x + i * cols, cols, data + i * size) < 0)
			return -EINVAL;
	return gguf_writer_tensor(f->writer, name, type, rows > 1 ? 2 : 1, ne, data);
}

static int add_layer(struct file *f, struct trainer *t, uint32_t layer, enum tensor_type type)
{
	uint32_t width = trainer_shape(t)->width;
	char name[64];
	int r;

	snprintf(name, sizeof(name), "blk.%u.attn_norm.weight", layer);
	r = add_tensor(f, name, TENSOR_F32, trainer_norm(t, TRAIN_NORM_ATTN, layer), width, 1);
	snprintf(name, sizeof(name), "blk.%u.ffn_norm.weight", layer);
	if (r == 0)
		r = add_tensor(f, name, TENSOR_F32, trainer_norm(t, TRAIN_NORM_FFN, layer), width,
			       1);
	for (int i = 0; r == 0 && i < TRAIN_MATRICES; i++) {
		struct train_view v = trainer_matrix(t, layer, i);

		snprintf(name, sizeof(name), "blk.%u.%s.weight", layer, matrix_names[i]);
		r = add_tensor(f, name, type, v.w, v.in, v.out);
	}
	return r;
}

static int add_metadata(struct file *f, const struct train_shape *s, const char *name)
{
	const struct {
		const char *key;
		uint32_t value;
	} numbers[] = {
		{ "llama.block_count", s->layers },
		{ "llama.embedding_length", s->width },
		{ "llama.feed_forward_length", s->ffn },
		{ "llama.context_length", s->context },
		{ "llama.attention.head_count", s->heads },
		{ "llama.attention.head_count_kv", s->kv_heads },
		{ "llama.rope.dimension_count", s->width / s->heads },
		{ "llama.vocab_size", s->vocab },
	};
	int r = gguf_writer_str(f->writer, "general.architecture", "llama", 5);

	if (r == 0)
		r = gguf_writer_str(f->writer, "general.name", name, strlen(name));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(numbers); i++)
		r = gguf_writer_u32(f->writer, numbers[i].key, numbers[i].value);
	if (r == 0)
		r = gguf_writer_f32(f->writer, "llama.rope.freq_base", s->rope_base);
	if (r == 0)
		r = gguf_writer_f32(f->writer, "llama.attention.layer_norm_rms_epsilon", s->eps);
	return r;
}

int train_write_base(struct trainer *t, const struct gguf *tokenizer, const char *name,
		     enum tensor_type type, int fd)
{
	const struct train_shape *s = trainer_shape(t);
	struct file f;
	int r = file_init(&f, 2 + 9 * (size_t)s->layers);

	if (r == 0)
		r = add_metadata(&f, s, name);
	if (r == 0)
		r = gguf_writer_copy(f.writer, tokenizer, "tokenizer.");
	if (r == 0)
		r = add_tensor(&f, "token_embd.weight", type, trainer_embedding(t), s->width,
			       s->vocab);
	if (r == 0)
		r = add_tensor(&f, "output_norm.weight", TENSOR_F32,
			       trainer_norm(t, TRAIN_NORM_OUTPUT, 0), s->width, 1);
	for (uint32_t i = 0; r == 0 && i < s->layers; i++)
		r = add_layer(&f, t, i, type);
	if (r == 0)
		r = gguf_writer_write(f.writer, fd);
	file_deinit(&f);
	return r;
}

static int add_update(struct file *f, struct trainer *t, uint32_t layer, enum train_place place)
{
	struct train_view v = trainer_matrix(t, layer, place);
	char name[64];
	int r;

	snprintf(name, sizeof(name), "blk.%u.%s.weight.lora_a", layer, matrix_names[place]);
	r = add_tensor(f, name, TENSOR_F16, v.a, v.in, v.rank);
	snprintf(name, sizeof(name), "blk.%u.%s.weight.lora_b", layer, matrix_names[place]);
	return r < 0 ? r : add_tensor(f, name, TENSOR_F16, v.b, v.rank, v.out);
}

int train_write_lora(struct trainer *t, const char *name, int fd)
{
	const struct train_shape *s = trainer_shape(t);
	struct train_view v = trainer_matrix(t, 0, TRAIN_Q);
	struct file f;
	int r;

	if (v.rank == 0)
		return -EINVAL;
	r = file_init(&f, 2 * (size_t)TRAIN_MATRICES * s->layers);
	if (r == 0 &&
	    (r = gguf_writer_str(f.writer, "general.architecture", "llama", 5)) == 0 &&
	    (r = gguf_writer_str(f.writer, "general.type", "adapter", 7)) == 0 &&
	    (r = gguf_writer_str(f.writer, "general.name", name, strlen(name))) == 0 &&
	    (r = gguf_writer_str(f.writer, "adapter.type", "lora", 4)) == 0)
		r = gguf_writer_f32(f.writer, "adapter.lora.alpha", v.alpha);
	for (uint32_t i = 0; r == 0 && i < s->layers; i++)
		for (int k = 0; r == 0 && k < TRAIN_MATRICES; k++)
			r = add_update(&f, t, i, k);
	if (r == 0)
		r = gguf_writer_write(f.writer, fd);
	file_deinit(&f);
	return r;
}

/* Every row of a tensor as floats; @rows is 1 for a vector. */
static void read_rows(const struct gguf *g, const char *name, float *out, size_t cols, size_t rows)
{
	const struct gguf_tensor *t = gguf_tensor(g, name);

	for (size_t i = 0; t && i < rows; i++)
		bm_tensor_row(t, i, out + i * cols);
}

static void read_layer(const struct gguf *g, struct trainer *t, uint32_t layer)
{
	uint32_t width = trainer_shape(t)->width;
	char name[64];

	snprintf(name, sizeof(name), "blk.%u.attn_norm.weight", layer);
	read_rows(g, name, trainer_norm(t, TRAIN_NORM_ATTN, layer), width, 1);
	snprintf(name, sizeof(name), "blk.%u.ffn_norm.weight", layer);
	read_rows(g, name, trainer_norm(t, TRAIN_NORM_FFN, layer), width, 1);
	for (int i = 0; i < TRAIN_MATRICES; i++) {
		struct train_view v = trainer_matrix(t, layer, i);

		snprintf(name, sizeof(name), "blk.%u.%s.weight", layer, matrix_names[i]);
		read_rows(g, name, v.w, v.in, v.out);
	}
}

/* No window, no scale but the heads' own: what files of the architecture may have besides. */
static bool is_plain(const struct bm_config *c)
{
	return c->window == 0 && c->embedding_scale == 1.0f && c->residual_scale == 1.0f &&
	       c->logit_divisor == 1.0f && c->logit_cap == 0.0f && c->attention_cap == 0.0f &&
	       c->attention_temperature == 0.0f && c->rope_attention == 1.0f &&
	       c->attention_scale == 1.0f / sqrtf((float)c->head_dim);
}

/* The trainer knows embeddings that are the output too, and no tensor beyond the named. */
static int check_model(const struct bm_model *m, struct diag *d)
{
	const struct bm_config *c = bm_model_config(m);

	if (strcmp(c->architecture, "llama") != 0 || !is_plain(c))
		return diag_set(d, -EINVAL, DIAG_UNSUP, c->architecture,
				"training knows plain models of architecture llama only");
	if (c->rope_scaling != BM_ROPE_NONE || c->head_dim * c->n_heads != c->dim ||
	    c->rope_dim != c->head_dim)
		return diag_set(d, -EINVAL, DIAG_UNSUP, c->architecture,
				"training knows plain rotary positions over whole heads only");
	if (gguf_n_tensors(bm_model_gguf(m)) != 2 + 9 * (size_t)c->n_layers)
		return diag_set(d, -EINVAL, DIAG_UNSUP, "tensors",
				"training knows models with tied embeddings and no biases only");
	return 0;
}

int train_from_model(struct trainer **ret, const struct bm_model *m, uint32_t context,
		     size_t rows, unsigned threads, struct diag *d)
{
	const struct bm_config *c = bm_model_config(m);
	const struct gguf *g = bm_model_gguf(m);
	struct train_shape shape = { c->n_vocab, c->dim, c->n_layers, c->n_heads, c->n_kv_heads,
				     c->ffn_dim, context, c->rope_base, c->norm_eps };
	_cleanup_(trainer_freep) struct trainer *t = NULL;
	int r = check_model(m, d);

	if (r < 0)
		return r;
	if (context < 1 || context > c->context)
		return diag_set(d, -EINVAL, DIAG_RANGE, "context", "%u, the model has %u",
				context, c->context);
	r = trainer_new(&t, &shape, rows, threads, 0);
	if (r < 0)
		return diag_set(d, r, DIAG_RANGE, "shape", "%s", strerror(-r));
	read_rows(g, "token_embd.weight", trainer_embedding(t), c->dim, c->n_vocab);
	read_rows(g, "output_norm.weight", trainer_norm(t, TRAIN_NORM_OUTPUT, 0), c->dim, 1);
	for (uint32_t i = 0; i < c->n_layers; i++)
		read_layer(g, t, i);
	*ret = TAKE(t);
	return 0;
}
