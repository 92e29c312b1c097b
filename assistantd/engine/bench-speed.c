/* SPDX-License-Identifier: MIT */
/* One sequence: a prompt, generation, and generation behind a long context. */
#include <errno.h>

#include "assistantd/engine/bench.h"
#include "util/macro.h"

static const struct {
	enum bm_kv_type type;
	const char *name;
	double element;		/* bytes, with their share of a scale */
} kv_types[] = {
	{ BM_KV_F16, "f16", 2.0 },
	{ BM_KV_Q8_0, "q8_0", 34.0 / 32.0 },
};

_Static_assert(ARRAY_SIZE(kv_types) <= BENCH_KV_TYPES, "bench_context() keeps one of each");

int bench_tell_speed(struct bench *b, const char *measurement, const char *variant,
		     uint64_t tokens, double seconds)
{
	json_t *detail = json_pack("{s:I, s:f, s:I}", "tokens", (json_int_t)tokens, "seconds",
				   seconds, "token_bytes", (json_int_t)bench_token_bytes(b));

	return bench_sample(b, measurement, variant, (double)tokens / seconds, "tokens/s", detail);
}

static int one_speed(struct bench *b, struct bm_sequence *seq, int adapter)
{
	const char *variant = adapter == BENCH_NO_ADAPTER ? "base" : "adapter";
	int r = bm_sequence_truncate(seq, 0);
	double begin = bench_clock();

	if (r == 0)
		r = bench_feed(b, seq, adapter, b->prompt, bm_model_max_batch(b->vm.model));
	if (r == 0)
		r = bench_tell_speed(b, "prompt", variant, b->prompt, bench_clock() - begin);
	begin = bench_clock();
	if (r == 0)
		r = bench_feed(b, seq, adapter, b->generate, 1);
	if (r == 0)
		r = bench_tell_speed(b, "generation", variant, b->generate, bench_clock() - begin);
	return r;
}

int bench_speed(struct bench *b)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	int r = bm_sequence_new(&seq, b->vm.model, (uint32_t)(b->prompt + b->generate), BM_KV_F16);

	/* Scratch memory is touched for the first time: not by the one and then by the other. */
	if (r == 0 && b->round == 0)
		r = bench_feed(b, seq, BENCH_NO_ADAPTER, b->prompt,
			       bm_model_max_batch(b->vm.model));
	if (r == 0)
		r = one_speed(b, seq, BENCH_NO_ADAPTER);
	if (r == 0 && b->vm.n_adapters)
		r = one_speed(b, seq, 0);
	return r;
}

/* Bytes of keys and values that one token reads behind @n others. */
static double kv_bytes(const struct bench *b, uint64_t n, double element)
{
	const struct bm_config *c = bm_model_config(b->vm.model);

	return 2.0 * c->n_layers * c->n_kv_heads * c->head_dim * element * (double)n;
}

static int one_context(struct bench *b, size_t kv)
{
	uint32_t room = (uint32_t)(b->long_context + b->generate);
	double begin, seconds;
	json_t *detail;
	int r = 0;

	if (!b->filled[kv]) {
		r = bm_sequence_new(&b->filled[kv], b->vm.model, room, kv_types[kv].type);
		begin = bench_clock();
		if (r == 0)
			r = bench_feed(b, b->filled[kv], BENCH_NO_ADAPTER, b->long_context,
				       bm_model_max_batch(b->vm.model));
		if (r == 0)
			r = bench_tell_speed(b, "long prompt", kv_types[kv].name, b->long_context,
				       bench_clock() - begin);
	}
	if (r == 0)
		r = bm_sequence_truncate(b->filled[kv], (uint32_t)b->long_context);
	begin = bench_clock();
	if (r == 0)
		r = bench_feed(b, b->filled[kv], BENCH_NO_ADAPTER, b->generate, 1);
	if (r < 0)
		return r;
	seconds = bench_clock() - begin;
	detail = json_pack("{s:I, s:I, s:f}", "context", (json_int_t)b->long_context,
			   "token_bytes", (json_int_t)bench_token_bytes(b), "kv_bytes",
			   kv_bytes(b, b->long_context, kv_types[kv].element));
	return bench_sample(b, "context", kv_types[kv].name, (double)b->generate / seconds,
			    "tokens/s", detail);
}

int bench_context(struct bench *b)
{
	int r = 0;

	for (size_t kv = 0; r == 0 && kv < ARRAY_SIZE(kv_types); kv++)
		r = one_context(b, kv);
	return r;
}
