/* SPDX-License-Identifier: MIT */
/* How long a running stream waits for its tokens while adapters are loaded beside it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "assistantd/engine/bench.h"

/* Loads one adapter after the other, as the engine's preparer does. */
struct loader {
	struct bench *b;
	atomic_bool stop;
	/* Loaded, and taken over by the computing thread, which puts it in place of another. */
	_Atomic(struct adapter *) ready;
	size_t n_loads;			/* the loader's own */
	int result;
};

static int load_one(struct loader *l)
{
	const char *path = l->b->options.loras[l->n_loads++ % l->b->vm.n_adapters];
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;
	int r = fd < 0 ? -errno : adapter_load_fd(&a, l->b->vm.model, fd, &d);

	adapter_unref(atomic_exchange(&l->ready, a));
	return r;
}

static void *load_all(void *arg)
{
	struct loader *l = arg;

	while (l->result == 0 && !l->stop)
		l->result = load_one(l);
	return NULL;
}

/* Tokens behind a prompt of one, and the seconds of each; @l NULL: alone. */
static int time_tokens(struct bench *b, struct bm_sequence *seq, struct loader *l, double *times)
{
	int r = bm_sequence_truncate(seq, 1);

	for (uint64_t i = 0; r == 0 && i < b->generate; i++) {
		double begin = bench_clock();

		if (l)
			adapter_unref(atomic_exchange(&l->ready, NULL));
		r = bench_feed(b, seq, BENCH_NO_ADAPTER, 1, 1);
		times[i] = bench_clock() - begin;
	}
	return r;
}

static int time_beside_loading(struct bench *b, struct bm_sequence *seq, double *times)
{
	struct loader l = { .b = b };
	pthread_t thread;
	int r = -pthread_create(&thread, NULL, load_all, &l);

	if (r < 0)
		return r;
	r = time_tokens(b, seq, &l, times);
	l.stop = true;
	pthread_join(thread, NULL);
	adapter_unref(l.ready);
	return r < 0 ? r : l.result;
}

static int tell(struct bench *b, const char *median, const char *longest, double *times)
{
	int r = bench_sample(b, "loading", median, bench_median(times, b->generate), "s", NULL);

	/* The median has sorted them. */
	return r < 0 ? r : bench_sample(b, "loading", longest, times[b->generate - 1], "s", NULL);
}

int bench_loading(struct bench *b)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	_cleanup_free_ double *times = calloc(b->generate, sizeof(*times));
	int r = times ? 0 : -ENOMEM;

	if (b->vm.n_adapters == 0)
		return bench_unavailable(b, "loading", "token, alone", "no --lora");
	if (r == 0)
		r = bm_sequence_new(&seq, b->vm.model, (uint32_t)b->generate + 1, BM_KV_F16);
	if (r == 0)
		r = bench_feed(b, seq, BENCH_NO_ADAPTER, 1, 1);
	if (r == 0)
		r = time_tokens(b, seq, NULL, times);
	if (r == 0)
		r = tell(b, "token, alone", "longest token, alone", times);
	if (r == 0)
		r = time_beside_loading(b, seq, times);
	return r < 0 ? r : tell(b, "token, loading", "longest token, loading", times);
}
