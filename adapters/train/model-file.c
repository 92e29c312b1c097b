/* SPDX-License-Identifier: MIT */
#include "adapters/train/model-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"

static const char *const matrix_names[TRAIN_MATRICES] = {
	[BM_ATTN_Q] = "attn_q",	    [BM_ATTN_K] = "attn_k",   [BM_ATTN_V] = "attn_v",
	[BM_ATTN_OUTPUT] = "attn_output", [BM_FFN_GATE] = "ffn_gate", [BM_FFN_UP] = "ffn_up",
	[BM_FFN_DOWN] = "ffn_down",
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
		if (bm_quantize_row(type, x + i * cols, NULL, cols, data + i * size) < 0)
			return -EINVAL;
	return gguf_writer_tensor(f->writer, name, type, rows > 1 ? 2 : 1, ne, data);
}

static int add_layer(struct file *f, struct trainer *t, uint32_t layer, enum tensor_type type)
{
	uint32_t width = trainer_shape(t)->width;
	char name[64];
	int r;

	snprintf(name, sizeof(name), "blk.%u.attn_norm.weight", layer);
	r = add_tensor(f, name, TENSOR_F32, trainer_norm(t, layer, BM_NORM_ATTN), width, 1);
	snprintf(name, sizeof(name), "blk.%u.ffn_norm.weight", layer);
	if (r == 0)
		r = add_tensor(f, name, TENSOR_F32, trainer_norm(t, layer, BM_NORM_FFN), width,
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
	int r;

	if (!trainer_embedding(t))
		return -EINVAL;
	r = file_init(&f, 2 + 9 * (size_t)s->layers);
	if (r == 0)
		r = add_metadata(&f, s, name);
	if (r == 0)
		r = gguf_writer_copy(f.writer, tokenizer, "tokenizer.");
	if (r == 0)
		r = add_tensor(&f, "token_embd.weight", type, trainer_embedding(t), s->width,
			       s->vocab);
	if (r == 0)
		r = add_tensor(&f, "output_norm.weight", TENSOR_F32,
			       trainer_norm(t, 0, BM_NORM_OUTPUT), s->width, 1);
	for (uint32_t i = 0; r == 0 && i < s->layers; i++)
		r = add_layer(&f, t, i, type);
	if (r == 0)
		r = gguf_writer_write(f.writer, fd);
	file_deinit(&f);
	return r;
}

/* The name of the tensor that has the rows of @parts matrices from @matrix on. */
static const char *tensor_of(enum bm_matrix matrix, unsigned parts)
{
	return parts == 1 ? matrix_names[matrix] : matrix == BM_ATTN_Q ? "attn_qkv" : "ffn_up";
}

static int add_update(struct file *f, struct trainer *t, uint32_t layer, enum bm_matrix matrix)
{
	struct train_view v = trainer_matrix(t, layer, matrix);
	const char *tensor = tensor_of(matrix, v.parts);
	char name[64];
	int r;

	if (v.parts == 0)
		return 0;
	snprintf(name, sizeof(name), "blk.%u.%s.weight.lora_a", layer, tensor);
	r = add_tensor(f, name, TENSOR_F16, v.a, v.in, v.rank);
	snprintf(name, sizeof(name), "blk.%u.%s.weight.lora_b", layer, tensor);
	return r < 0 ? r : add_tensor(f, name, TENSOR_F16, v.b, v.rank, v.out);
}

int train_write_lora(struct trainer *t, const char *name, int fd)
{
	const struct train_shape *s = trainer_shape(t);
	const char *architecture = trainer_architecture(t);
	struct train_view v = trainer_matrix(t, 0, BM_ATTN_Q);
	struct file f;
	int r;

	if (v.rank == 0)
		return -EINVAL;
	r = file_init(&f, 2 * (size_t)TRAIN_MATRICES * s->layers);
	if (r == 0 &&
	    (r = gguf_writer_str(f.writer, "general.architecture", architecture,
				 strlen(architecture))) == 0 &&
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
