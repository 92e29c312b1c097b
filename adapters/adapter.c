/* SPDX-License-Identifier: MIT */
#include "adapters/adapter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "adapters/hashing.h"
#include "adapters/lora.h"
#include "base_model/base_model.h"
#include "util/file.h"
#include "util/macro.h"

#define PIECE ((size_t)1 << 20)
#define HUGE_PAGE ((size_t)2 << 20)

struct adapter {
	uint32_t references;
	struct bm_delta *delta;
	struct digest digest;
	struct lora_summary summary;
	uint64_t load_us;
};

static int parse(struct adapter *a, const char *data, size_t len, const struct bm_model *m,
		 struct diag *d)
{
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	int r = gguf_parse(&g, data, len, d);

	return r < 0 ? r : lora_build(&a->delta, &a->summary, g, m, d);
}

/* The bytes are hashed by another thread while they are read and packed: that takes half of
 * the time, and neither changes them. */
static int load(struct adapter *a, const struct bm_model *m, int fd, struct diag *d)
{
	_cleanup_free_ char *data = NULL;
	struct hashing hashing;
	size_t size = 0, n;
	int r = file_size(fd, ADAPTER_MAX_SIZE, &size, d), hashed;

	if (r < 0)
		return r;
	data = aligned_alloc(HUGE_PAGE, (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
	if (!data)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	/* Touching small pages takes as long as hashing; a wish only. */
	(void)madvise(data, size, MADV_HUGEPAGE);
	hashing_begin(&hashing, data);
	for (size_t at = 0; r == 0 && at < size; at += n) {
		n = MIN(PIECE, size - at);
		r = file_read_at(fd, data + at, n, at, d);
		if (r == 0)
			hashing_extend(&hashing, at + n);
	}
	if (r == 0)
		r = parse(a, data, size, m, d);
	hashed = hashing_end(&hashing, &a->digest);
	if (r == 0 && hashed < 0)
		r = diag_set(d, hashed, DIAG_SYSTEM, "", "cannot hash: %s", strerror(-hashed));
	return r;
}

static uint64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int adapter_load_fd(struct adapter **ret, const struct bm_model *m, int fd, struct diag *d)
{
	_cleanup_(adapter_unrefp) struct adapter *a = calloc(1, sizeof(*a));
	uint64_t began = clock_us();
	int r;

	if (!a)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	a->references = 1;
	r = load(a, m, fd, d);
	if (r < 0)
		return r;
	a->load_us = clock_us() - began;
	*ret = TAKE(a);
	return 0;
}

struct adapter *adapter_ref(struct adapter *a)
{
	a->references++;
	return a;
}

struct adapter *adapter_unref(struct adapter *a)
{
	if (!a || --a->references > 0)
		return NULL;
	bm_delta_free(a->delta);
	free(a);
	return NULL;
}

uint32_t adapter_reference_count(const struct adapter *a)
{
	return a->references;
}

const struct bm_delta *adapter_delta(const struct adapter *a)
{
	return a->delta;
}

const struct digest *adapter_digest(const struct adapter *a)
{
	return &a->digest;
}

size_t adapter_bytes(const struct adapter *a)
{
	return sizeof(*a) + bm_delta_bytes(a->delta);
}

uint64_t adapter_load_us(const struct adapter *a)
{
	return a->load_us;
}

uint32_t adapter_rank(const struct adapter *a)
{
	return a->summary.max_rank;
}

uint32_t adapter_matrix_count(const struct adapter *a)
{
	return a->summary.matrix_count;
}

const int32_t *adapter_invocation(const struct adapter *a, size_t *n)
{
	*n = a->summary.n_invocation;
	return a->summary.invocation;
}
