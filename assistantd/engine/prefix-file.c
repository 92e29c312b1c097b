/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/prefix-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util/file.h"
#include "util/macro.h"

enum { PREFIX_VERSION = 2, PREFIX_ORDER = 0x01020304 };

struct writer {
	int fd;
	struct digest_stream *sum;
};

struct prefix_head prefix_head(const struct digest *base, const struct prefix_key *key,
			       enum bm_kv_type type, uint32_t n_tokens, size_t bytes)
{
	struct prefix_head head = {
		.magic = "prefix\r\n",
		.version = PREFIX_VERSION,
		.order = PREFIX_ORDER,
		.kv_type = type,
		.page = BM_SEQUENCE_PAGE,
		.bytes = bytes,
		.n_tokens = n_tokens,
		.base = *base,
	};

	for (uint32_t i = 0; i < key->n_uses; i++)
		if (key->uses[i].from < n_tokens)
			head.uses[head.n_uses++] = key->uses[i];
	return head;
}

static int put(void *arg, const void *data, size_t len)
{
	struct writer *w = arg;
	int r = digest_stream_update(w->sum, data, len);

	return r < 0 ? r : file_write(w->fd, data, len);
}

int prefix_file_new(int *ret, const struct prefix_head *head, const int32_t *tokens,
		    const struct bm_sequence *seq)
{
	_cleanup_close_ int fd = memfd_create("prefix", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	_cleanup_(digest_stream_freep) struct digest_stream *stream = NULL;
	struct writer w = { .fd = fd };
	struct digest sum;
	int r = fd < 0 ? -errno : digest_stream_new(&stream);

	if (r < 0)
		return r;
	w.sum = stream;
	r = put(&w, head, sizeof(*head));
	if (r == 0)
		r = put(&w, tokens, head->n_tokens * sizeof(*tokens));
	if (r == 0)
		r = bm_sequence_save(seq, head->n_tokens, put, &w);
	if (r == 0)
		r = digest_stream_finish(stream, &sum);
	if (r == 0)
		r = file_write(fd, sum.bytes, sizeof(sum.bytes));
	if (r == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW |
			    F_SEAL_SEAL) < 0)
		r = -errno;
	if (r == 0)
		*ret = TAKE_FD(fd);
	return r;
}

/* The next @len bytes of @fd, which count for the sum. */
static int take(int fd, struct digest_stream *sum, void *to, size_t len, uint64_t *at)
{
	int r = file_read_at(fd, to, len, *at, NULL);

	*at += len;
	return r < 0 ? r : digest_stream_update(sum, to, len);
}

/* Whether it begins as it must. */
static int check_start(int fd, const struct prefix_head *head, const int32_t *tokens,
		       struct digest_stream *sum, uint64_t *at)
{
	size_t len = head->n_tokens * sizeof(*tokens);
	_cleanup_free_ int32_t *its_tokens = malloc(MAX(len, sizeof(*tokens)));
	struct prefix_head its_head;
	int r = its_tokens ? take(fd, sum, &its_head, sizeof(its_head), at) : -ENOMEM;

	if (r == 0)
		r = take(fd, sum, its_tokens, len, at);
	if (r == 0 && (memcmp(&its_head, head, sizeof(*head)) != 0 ||
		       memcmp(its_tokens, tokens, len) != 0))
		r = -EINVAL;
	return r;
}

int prefix_file_read(int fd, const struct prefix_head *head, const int32_t *tokens, void **ret)
{
	_cleanup_(digest_stream_freep) struct digest_stream *stream = NULL;
	uint64_t size = sizeof(*head) + head->n_tokens * sizeof(*tokens) + sizeof(struct digest);
	_cleanup_free_ void *pages = NULL;
	struct digest sum, its_sum;
	uint64_t at = 0;
	size_t have;
	int r;

	if (head->bytes == 0 || add_overflow(size, head->bytes, &size))
		return -EINVAL;
	r = file_size(fd, size, &have, NULL);
	if (r == 0 && have != size)
		r = -EINVAL;
	if (r == 0)
		r = digest_stream_new(&stream);
	if (r == 0)
		r = check_start(fd, head, tokens, stream, &at);
	if (r < 0)
		return r;
	pages = malloc((size_t)head->bytes);
	r = pages ? take(fd, stream, pages, (size_t)head->bytes, &at) : -ENOMEM;
	if (r == 0)
		r = digest_stream_finish(stream, &sum);
	if (r == 0)
		r = file_read_at(fd, its_sum.bytes, sizeof(its_sum.bytes), at, NULL);
	if (r == 0 && !digest_equal(&sum, &its_sum))
		r = -EINVAL;
	if (r == 0)
		*ret = TAKE(pages);
	return r;
}
