/* SPDX-License-Identifier: MIT */
/* The first token behind a beginning that was computed before. */
#include <errno.h>

#include "assistantd/engine/bench.h"
#include "util/macro.h"

#define PREFIX 300	/* tokens that are known */
#define NEW 40		/* and behind them */

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

static int behind(struct bench *b, const struct bm_sequence *known)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	double begin = bench_clock();
	int r = bm_sequence_fork(&seq, known, PREFIX, PREFIX + NEW + 1);

	if (r == 0)
		r = bench_feed(b, seq, BENCH_NO_ADAPTER, NEW, bm_model_max_batch(b->vm.model));
	return r < 0 ? r : tell(b, "known prefix", begin);
}

int bench_prefix(struct bench *b)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *known = NULL;
	int r = bm_sequence_new(&known, b->vm.model, PREFIX, BM_KV_F16);

	if (r == 0)
		r = bench_feed(b, known, BENCH_NO_ADAPTER, PREFIX,
			       bm_model_max_batch(b->vm.model));
	if (r == 0)
		r = all_new(b, NEW, "new tokens alone");
	if (r == 0)
		r = behind(b, known);
	return r < 0 ? r : all_new(b, PREFIX + NEW, "nothing known");
}
