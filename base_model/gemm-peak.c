/* SPDX-License-Identifier: MIT */
#include "base_model/gemm-private.h"
#include "util/clock.h"
#include "util/macro.h"

enum { ROUNDS = 5, STEPS = 20000, TASKS = 64 };

struct peak {
	const struct gemm_tile *tile;
	uint64_t operations[POOL_MAX_THREADS];
};

static void peak_task(void *arg, size_t task, unsigned thread)
{
	struct peak *peak = arg;

	(void)task;
	peak->operations[thread] += peak->tile->operations(STEPS);
}

double gemm_peak(struct gemm *g)
{
	unsigned threads = pool_threads(g->pool);
	double best = 0;

	for (int i = 0; i < ROUNDS; i++) {
		struct peak peak = { .tile = g->tile };
		double begin = clock_seconds(CLOCK_MONOTONIC), operations = 0;

		pool_run(g->pool, peak_task, &peak, (size_t)TASKS * threads);
		for (unsigned t = 0; t < threads; t++)
			operations += (double)peak.operations[t];
		best = MAX(best, operations / (clock_seconds(CLOCK_MONOTONIC) - begin));
	}
	return best;
}

double gemm_operations(const struct gemm *g)
{
	return g->operations;
}
