/* SPDX-License-Identifier: MIT */
#include "base_model/sequence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base_model/kernels/convert.h"
#include "util/macro.h"

int bm_sequence_new(struct bm_sequence **ret, const struct bm_model *m, uint32_t n_ctx,
		    enum bm_kv_type type)
{
	const struct bm_config *c = bm_model_config(m);
	_cleanup_free_ struct bm_sequence *s = NULL;
	size_t half;
	void *memory;

	if (n_ctx < 1 || n_ctx > c->context)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->type = type;
	s->capacity = n_ctx;
	s->width = c->n_kv_heads * c->head_dim;
	s->element = type == BM_KV_F32 ? sizeof(float) : sizeof(uint16_t);
	if (mul_overflow((size_t)c->n_layers * n_ctx, s->width * s->element, &half) ||
	    mul_overflow(half, (size_t)2, &s->size))
		return -ENOMEM;
	memory = mmap(NULL, s->size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	/* Quick to give back when the process dies, and fewer TLB misses; a wish only. */
	(void)madvise(memory, s->size, MADV_HUGEPAGE);
	s->keys = memory;
	s->values = s->keys + half;
	*ret = TAKE(s);
	return 0;
}

struct bm_sequence *bm_sequence_free(struct bm_sequence *s)
{
	if (!s)
		return NULL;
	munmap(s->keys, s->size);
	free(s);
	return NULL;
}

uint32_t bm_sequence_length(const struct bm_sequence *s)
{
	return s->length;
}

uint32_t bm_sequence_capacity(const struct bm_sequence *s)
{
	return s->capacity;
}

void bm_sequence_truncate(struct bm_sequence *s, uint32_t length)
{
	s->length = MIN(s->length, length);
}

void sequence_store(const struct bm_sequence *s, uint8_t *half, uint32_t layer, uint32_t pos,
		    const float *x, size_t n)
{
	void *to = sequence_at(s, half, layer, pos);
	uint16_t *halves = to;

	if (s->type == BM_KV_F32)
		memcpy(to, x, n * sizeof(*x));
	else
		for (size_t i = 0; i < n; i++)
			halves[i] = f32_to_f16(x[i]);
}
