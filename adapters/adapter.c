/* SPDX-License-Identifier: MIT */
#include "adapters/adapter.h"

#include <errno.h>
#include <stdlib.h>

#include "adapters/lora.h"
#include "base_model/base_model.h"
#include "util/file.h"
#include "util/macro.h"

/* Read and hashed piece by piece, while the piece is still in the cache. */
#define PIECE ((size_t)1 << 20)

struct adapter {
	uint32_t references;
	struct bm_delta *delta;
	struct digest digest;
	struct lora_summary summary;
};

static int read_and_hash(int fd, char **ret, size_t *len, struct digest *digest, struct diag *d)
{
	_cleanup_(digest_stream_freep) struct digest_stream *hash = NULL;
	_cleanup_free_ char *data = NULL;
	size_t size = 0, n;
	int r = file_size(fd, ADAPTER_MAX_SIZE, &size, d);

	if (r < 0)
		return r;
	data = malloc(size);
	if (!data || digest_stream_new(&hash) < 0)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	for (size_t at = 0; at < size; at += n) {
		n = MIN(PIECE, size - at);
		r = file_read_at(fd, data + at, n, at, d);
		if (r == 0)
			r = digest_stream_update(hash, data + at, n);
		if (r < 0)
			return r;
	}
	r = digest_stream_finish(hash, digest);
	if (r < 0)
		return r;
	*ret = TAKE(data);
	*len = size;
	return 0;
}

int adapter_load_fd(struct adapter **ret, const struct bm_model *m, int fd, struct diag *d)
{
	_cleanup_(adapter_unrefp) struct adapter *a = NULL;
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	_cleanup_free_ char *data = NULL;
	size_t len = 0;
	int r;

	a = calloc(1, sizeof(*a));
	if (!a)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	a->references = 1;
	r = read_and_hash(fd, &data, &len, &a->digest, d);
	if (r == 0)
		r = gguf_parse(&g, data, len, d);
	if (r == 0)
		r = lora_build(&a->delta, &a->summary, g, m, d);
	if (r < 0)
		return r;
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

uint32_t adapter_rank(const struct adapter *a)
{
	return a->summary.max_rank;
}

uint32_t adapter_matrix_count(const struct adapter *a)
{
	return a->summary.matrix_count;
}
