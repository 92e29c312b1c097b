/* SPDX-License-Identifier: MIT */
#include "base_model/peaks.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base_model/model-private.h"
#include "util/clock.h"
#include "util/macro.h"

#define PIECE ((size_t)1 << 20)
#define ROUNDS 5

struct read {
	const struct kernels *k;
	const uint8_t *data;
	size_t size;
	uint64_t sums[POOL_MAX_THREADS];	/* so that the reading is not left out */
};

static void read_task(void *arg, size_t task, unsigned thread)
{
	struct read *read = arg;
	const uint8_t *at = read->data + task * PIECE;
	size_t n = MIN(PIECE, read->size - task * PIECE);

	read->sums[thread] += read->k->read_all(at, n);
}

double bm_peak_read(struct bm_model *m)
{
	const struct gguf_tensor *last = gguf_tensor_at(m->gguf, gguf_n_tensors(m->gguf) - 1);
	const struct gguf_tensor *first = gguf_tensor_at(m->gguf, 0);
	struct read read = { .k = m->kernels, .data = first->data };
	double begin;

	read.size = (size_t)((const uint8_t *)last->data + last->size - read.data);
	begin = clock_seconds(CLOCK_MONOTONIC);
	pool_run(m->pool, read_task, &read, (read.size + PIECE - 1) / PIECE);
	return (double)read.size / (clock_seconds(CLOCK_MONOTONIC) - begin);
}

struct peak {
	const struct kernels *k;
	uint64_t operations[POOL_MAX_THREADS];
};

static void peak_task(void *arg, size_t task, unsigned thread)
{
	struct peak *peak = arg;

	peak->operations[thread] += peak->k->int8_operations(20000);
}

double bm_peak_int8(struct bm_model *m)
{
	unsigned threads = pool_threads(m->pool);
	double best = 0.0;

	if (!m->kernels->int8_operations)
		return 0.0;
	for (int i = 0; i < ROUNDS; i++) {
		struct peak peak = { .k = m->kernels };
		uint64_t operations = 0;
		double begin = clock_seconds(CLOCK_MONOTONIC);

		pool_run(m->pool, peak_task, &peak, 64 * threads);
		for (unsigned t = 0; t < threads; t++)
			operations += peak.operations[t];
		best = MAX(best, (double)operations / (clock_seconds(CLOCK_MONOTONIC) - begin));
	}
	return best;
}
