/* SPDX-License-Identifier: MIT */
/* The first token behind a beginning that the prefix cache knows. */
#include <errno.h>

#include "assistantd/engine/bench.h"
#include "assistantd/engine/prefix.h"
#include "util/macro.h"

#define PREFIX 300	/* tokens that are known */
#define NEW 40		/* and behind them */
#define TEXT (PREFIX + NEW)

static int tell(struct bench *b, const char *variant, double begin)
{
	return bench_sample(b, "prefix", variant, bench_clock() - begin, "s", NULL);
}

static int all_new(struct bench *b, uint32_t n, const char *variant)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	double begin = bench_clock();
	int r = bm_sequence_new(&seq, b->vm.model, n + 1, BM_KV_F16);

	if (r == 0)
		r = bench_feed(b, seq, BENCH_NO_ADAPTER, n, bm_model_max_batch(b->vm.model));
	return r < 0 ? r : tell(b, variant, begin);
}

/* As a request begins: with what is known of its text; then the rest is read. */
static int begin_known(struct bench *b, struct prefix_cache *cache, const int32_t *text,
		       const char *variant)
{
	const struct prefix_key key = { 0 };
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	double begin = bench_clock();
	uint32_t known;
	int r = prefix_cache_begin(cache, &key, text, TEXT, TEXT + 1, &seq);

	if (r < 0)
		return r;
	known = bm_sequence_length(seq);
	if (known != PREFIX)
		return bench_unavailable(b, "prefix", variant, "the cache does not know it");
	r = bench_feed(b, seq, BENCH_NO_ADAPTER, TEXT - known, bm_model_max_batch(b->vm.model));
	return r < 0 ? r : tell(b, variant, begin);
}

/* The text's beginning is computed and kept. */
static int learn(struct bench *b, struct bm_kv_pool *pool, struct prefix_cache *cache,
		 const int32_t *text)
{
	const struct prefix_key key = { 0 };
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	int r = bm_sequence_in(&seq, pool, TEXT);

	if (r == 0)
		r = bench_feed(b, seq, BENCH_NO_ADAPTER, PREFIX, bm_model_max_batch(b->vm.model));
	if (r == 0)
		prefix_cache_keep(cache, &key, text, TAKE(seq));
	return r;
}

int bench_prefix(struct bench *b)
{
	_cleanup_(bm_kv_pool_unrefp) struct bm_kv_pool *pool = NULL;
	_cleanup_(prefix_cache_freep) struct prefix_cache *cache = NULL;
	int32_t text[TEXT];
	int r = bm_kv_pool_new(&pool, b->vm.model, BM_KV_F16, SIZE_MAX);

	for (uint64_t i = 0; i < TEXT; i++)
		text[i] = bench_token(b, i);
	if (r == 0)
		r = prefix_cache_new(&cache, pool);
	if (r == 0)
		r = learn(b, pool, cache, text);
	if (r == 0)
		r = all_new(b, NEW, "new tokens alone");
	if (r == 0)
		r = begin_known(b, cache, text, "known prefix");
	return r < 0 ? r : all_new(b, TEXT, "nothing known");
}
