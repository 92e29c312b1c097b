/* SPDX-License-Identifier: MIT */
/* Several sequences at once: one pass over the base for all of them. */
#include <errno.h>

#include "assistantd/engine/bench.h"
#include "util/macro.h"

#define MOST 16
#define READ_FIRST 16	/* tokens of each sequence before the clock starts */

struct crowd {
	struct bench *b;
	struct bm_sequence *sequences[MOST];
	size_t n;
	int adapters[MOST];
	float *logits;		/* [MOST][n_vocab] */
};

static void crowd_deinit(struct crowd *c)
{
	for (size_t i = 0; i < MOST; i++)
		bm_sequence_free(c->sequences[i]);
	free(c->logits);
}

static int crowd_init(struct crowd *c, struct bench *b)
{
	int r = 0;

	*c = (struct crowd){ .b = b };
	c->logits = reallocarray(NULL, bm_model_config(b->vm.model)->n_vocab,
				 MOST * sizeof(*c->logits));
	if (!c->logits)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < MOST; i++)
		r = bm_sequence_new(&c->sequences[i], b->vm.model,
				    READ_FIRST + (uint32_t)b->generate, BM_KV_F16);
	return r;
}

/* Takes @n sequences; number i has adapter i modulo @n_adapters. */
static int gather(struct crowd *c, size_t n, size_t n_adapters)
{
	int r = 0;

	c->n = n;
	for (size_t i = 0; r == 0 && i < n; i++) {
		c->adapters[i] = (int)(i % n_adapters);
		r = bm_sequence_truncate(c->sequences[i], 0);
		if (r == 0)
			r = bench_feed(c->b, c->sequences[i], c->adapters[i], READ_FIRST,
				       READ_FIRST);
	}
	return r;
}

static int generate_together(struct crowd *c)
{
	uint32_t vocab = bm_model_config(c->b->vm.model)->n_vocab;
	struct bm_item items[MOST];
	int r = 0;

	for (uint64_t at = 0; r == 0 && at < c->b->generate; at++) {
		int32_t token = bench_token(c->b, at);

		for (size_t i = 0; i < c->n; i++) {
			items[i] = bench_item(c->b, c->sequences[i], c->adapters[i], &token, 1);
			items[i].logits = c->logits + i * vocab;
		}
		r = bm_forward(c->b->vm.model, items, c->n, NULL);
	}
	return r;
}

static int generate_in_turn(struct crowd *c)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n; i++)
		r = bench_feed(c->b, c->sequences[i], c->adapters[i], c->b->generate, 1);
	return r;
}

static int one(struct crowd *c, const char *variant, size_t n, size_t n_adapters,
	       int (*generate)(struct crowd *c))
{
	int r = gather(c, n, n_adapters);
	double begin = bench_clock();

	if (r == 0)
		r = generate(c);
	if (r == 0)
		r = bench_sample(c->b, "batch", variant, (double)(n * c->b->generate) /
				 (bench_clock() - begin), "tokens/s",
				 json_pack("{s:I, s:I}", "sequences", (json_int_t)n, "adapters",
					   (json_int_t)n_adapters));
	return r;
}

int bench_batch(struct bench *b)
{
	_cleanup_(crowd_deinit) struct crowd c = { 0 };
	int r;

	if (b->vm.n_adapters < 4)
		return bench_unavailable(b, "batch", "4 adapters", "fewer than four --lora");
	r = crowd_init(&c, b);
	if (r == 0)
		r = one(&c, "4 adapters, in turn", 4, 4, generate_in_turn);
	if (r == 0)
		r = one(&c, "4 adapters, together", 4, 4, generate_together);
	if (r == 0)
		r = one(&c, "1 of one adapter", 1, 1, generate_in_turn);
	if (r == 0)
		r = one(&c, "16 of one adapter", 16, 1, generate_together);
	return r;
}
