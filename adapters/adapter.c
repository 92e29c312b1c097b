/* SPDX-License-Identifier: MIT */
#include "adapters/adapter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/lora.h"
#include "adapters/package.h"
#include "base_model/base_model.h"
#include "util/clock.h"
#include "util/macro.h"

struct adapter {
	uint32_t references;
	struct bm_delta *delta;
	struct tokenizer *tokenizer;	/* NULL: it brings no tokens */
	struct digest digest;
	struct lora_summary summary;
	uint64_t load_us;
};

static int load(struct adapter *a, const struct bm_model *m, int fd, struct diag *d)
{
	_cleanup_(package_file_freep) struct package_file *f = NULL;
	_cleanup_(manifest_file_freep) struct manifest_file *manifest = NULL;
	int r = package_open_fd(&f, fd, d);

	if (r < 0)
		return r;
	r = lora_build(&a->delta, &a->tokenizer, &a->summary, package_gguf(f), m, d);
	/* Of a manifest nothing is used here, but one that contradicts its file is refused. */
	if (r == 0)
		r = package_manifest(&manifest, package_gguf(f), d);
	return r < 0 ? r : package_digest(f, &a->digest, d);
}

int adapter_load_fd(struct adapter **ret, const struct bm_model *m, int fd, struct diag *d)
{
	_cleanup_(adapter_unrefp) struct adapter *a = calloc(1, sizeof(*a));
	uint64_t began = (uint64_t)clock_us(CLOCK_MONOTONIC);
	int r;

	if (!a)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	a->references = 1;
	r = load(a, m, fd, d);
	if (r < 0)
		return r;
	a->load_us = (uint64_t)clock_us(CLOCK_MONOTONIC) - began;
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
	tokenizer_free(a->tokenizer);
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

const struct tokenizer *adapter_tokenizer(const struct adapter *a)
{
	return a->tokenizer;
}

const int32_t *adapter_invocation(const struct adapter *a, size_t *n)
{
	*n = a->summary.n_invocation;
	return a->summary.invocation;
}
