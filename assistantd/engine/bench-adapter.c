/* SPDX-License-Identifier: MIT */
/* Changing adapters: between those in memory, and from the file. */
#include <errno.h>
#include <fcntl.h>

#include "assistantd/engine/bench.h"
#include "assistantd/engine/residents.h"
#include "util/macro.h"

#define LOOKUPS 1000
#define BUDGET ((size_t)1 << 40)

/* As a request finds its adapter; the other one each time. */
static int tell_lookup(struct bench *b, struct residents *residents)
{
	double begin = bench_clock();
	int r = 0;

	for (int i = 0; r == 0 && i < LOOKUPS; i++) {
		const struct digest *digest = adapter_digest(b->vm.adapters[i % 2]);
		_cleanup_(adapter_unrefp) struct adapter *a = residents_find(residents, digest);

		r = a ? 0 : -ENOENT;
	}
	return r < 0 ? r : bench_sample(b, "adapter", "look up",
					(bench_clock() - begin) / LOOKUPS, "s", NULL);
}

/* One token more for a sequence with its adapter, and its seconds. */
static int time_token(struct bench *b, struct bm_sequence *seq, int adapter, double *ret)
{
	double begin = bench_clock();
	int r = bench_feed(b, seq, adapter, 1, 1);

	*ret = bench_clock() - begin;
	return r;
}

/* Two sequences with an adapter each, two tokens of the one and two of the other: the first of
 * two comes after a switch. Both kinds meet the same moments of the machine. */
static int time_tokens(struct bench *b, struct bm_sequence *const seq[2], double *other,
		       double *same)
{
	double ignored;
	int r = time_token(b, seq[1], 1, &ignored);

	for (uint64_t i = 0; r == 0 && i < b->generate; i++) {
		r = time_token(b, seq[i % 2], (int)(i % 2), &other[i]);
		if (r == 0)
			r = time_token(b, seq[i % 2], (int)(i % 2), &same[i]);
	}
	return r;
}

static int tell_tokens(struct bench *b)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *one = NULL, *two = NULL;
	_cleanup_free_ double *other = calloc(b->generate, sizeof(*other));
	_cleanup_free_ double *same = calloc(b->generate, sizeof(*same));
	uint32_t room = 2 * (uint32_t)b->generate + 1;
	int r = other && same ? 0 : -ENOMEM;

	if (r == 0)
		r = bm_sequence_new(&one, b->vm.model, room, BM_KV_F16);
	if (r == 0)
		r = bm_sequence_new(&two, b->vm.model, room, BM_KV_F16);
	if (r == 0)
		r = time_tokens(b, (struct bm_sequence *[]){ one, two }, other, same);
	if (r == 0)
		r = bench_sample(b, "adapter", "token, same adapter",
				 bench_median(same, b->generate), "s", NULL);
	return r < 0 ? r : bench_sample(b, "adapter", "token, other adapter",
					bench_median(other, b->generate), "s", NULL);
}

static int load(struct bench *b, struct residents *residents, size_t index, double *seconds)
{
	_cleanup_(adapter_unrefp) struct adapter *a = NULL;
	_cleanup_close_ int fd = -1;
	struct diag d = DIAG_NULL;
	double begin = bench_clock();
	int r;

	fd = open(b->options.loras[index], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = adapter_load_fd(&a, b->vm.model, fd, &d);
	if (r == 0)
		r = residents_add(residents, a);
	*seconds = bench_clock() - begin;
	return r;
}

int bench_adapter(struct bench *b)
{
	_cleanup_(residents_freep) struct residents *residents = NULL;
	double seconds[2] = { 0 };
	int r;

	if (b->vm.n_adapters < 2)
		return bench_unavailable(b, "adapter", "look up", "fewer than two --lora");
	r = residents_new(&residents, b->vm.model, BM_KV_F16, BUDGET, BUDGET);
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = load(b, residents, i, &seconds[i]);
	/* The first of a fresh process: nothing that is freed can be used again. */
	if (r == 0)
		r = bench_sample(b, "adapter", "load", seconds[0], "s",
				 json_pack("{s:I}", "bytes", (json_int_t)
					   adapter_bytes(b->vm.adapters[0])));
	if (r == 0)
		r = tell_lookup(b, residents);
	return r < 0 ? r : tell_tokens(b);
}
