/* SPDX-License-Identifier: MIT */
#include "base_model/token-rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/model-private.h"
#include "util/macro.h"

#define ALIGNMENT ((size_t)64)

static int check(const struct gguf_tensor *t, const struct bm_config *c, uint64_t n)
{
	bool is_float = t->type == TENSOR_F32 || t->type == TENSOR_F16 || t->type == TENSOR_BF16;

	return is_float && t->ne[0] == c->dim && t->ne[1] == n && t->ne[2] == 1 && t->ne[3] == 1 ?
	       0 : -EINVAL;
}

static size_t aligned(size_t size)
{
	return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void place(struct matrix *w, const struct gguf_tensor *t, uint8_t *at)
{
	memcpy(at, t->data, t->size);
	matrix_of_tensor(w, t);
	w->data = at;
}

int token_rows_init(struct token_rows *r, const struct bm_model *m,
		    const struct gguf_tensor *embedding, const struct gguf_tensor *output,
		    size_t *bytes)
{
	const struct bm_config *c = &m->config;
	uint64_t n = embedding->ne[1];
	size_t size;

	if (n < 1 || n > TOKENIZER_MAX_EXTRA || n > INT32_MAX - c->n_vocab ||
	    check(embedding, c, n) < 0 || (output ? check(output, c, n) < 0 : !m->weights.tied))
		return -EINVAL;
	/* Each is as large as a tensor of a parsed file, and below that by far. */
	size = aligned(embedding->size) + (output ? aligned(output->size) : 0);
	r->memory = aligned_alloc(ALIGNMENT, size);
	if (!r->memory)
		return -ENOMEM;
	r->n = (uint32_t)n;
	place(&r->embedding, embedding, r->memory);
	r->output = r->embedding;
	if (output)
		place(&r->output, output, (uint8_t *)r->memory + aligned(embedding->size));
	*bytes += size;
	return 0;
}

void token_rows_deinit(struct token_rows *r)
{
	free(r->memory);
	*r = (struct token_rows){ 0 };
}
