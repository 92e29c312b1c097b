/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/hashing.h"
#include "adapters/package.h"
#include "base_model/base_model.h"
#include "util/file.h"
#include "util/macro.h"
#include "util/pages.h"

#define PIECE ((size_t)1 << 20)

struct package_file {
	char *data;
	size_t size;
	struct package parts;
	struct gguf *gguf;
	struct hashing hashing;		/* of @data, while it lasts */
	bool hashes, hashed;
	struct digest digest;
};

static int end_hashing(struct package_file *f)
{
	int r = 0;

	if (f->hashes) {
		f->hashes = false;
		r = hashing_end(&f->hashing, &f->digest);
		f->hashed = r == 0;
	}
	return r < 0 ? r : f->hashed ? 0 : -EIO;
}

/* The bytes are hashed by another thread while they are read, and then used: that takes half
 * of the time, and neither changes them. */
static int read_file(struct package_file *f, int fd, struct diag *d)
{
	size_t n;
	int r = file_size(fd, PACKAGE_MAX_SIZE, &f->size, d);

	if (r < 0)
		return r;
	f->data = pages_alloc(f->size);
	if (!f->data)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	hashing_begin(&f->hashing, f->data);
	f->hashes = true;
	for (size_t at = 0; r == 0 && at < f->size; at += n) {
		n = MIN(PIECE, f->size - at);
		r = file_read_at(fd, f->data + at, n, at, d);
		if (r == 0)
			hashing_extend(&f->hashing, at + n);
	}
	return r;
}

int package_open_fd(struct package_file **ret, int fd, struct diag *d)
{
	_cleanup_(package_file_freep) struct package_file *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if ((r = read_file(f, fd, d)) < 0 ||
	    (r = package_split(&f->parts, f->data, f->size, d)) < 0 ||
	    (r = gguf_parse(&f->gguf, f->parts.content, f->parts.content_len, d)) < 0)
		return r;
	*ret = TAKE(f);
	return 0;
}

struct package_file *package_file_free(struct package_file *f)
{
	if (!f)
		return NULL;
	end_hashing(f);
	gguf_free(f->gguf);
	free(f->data);
	free(f);
	return NULL;
}

const struct package *package_parts(const struct package_file *f)
{
	return &f->parts;
}

const struct gguf *package_gguf(const struct package_file *f)
{
	return f->gguf;
}

size_t package_size(const struct package_file *f)
{
	return f->size;
}

int package_digest(struct package_file *f, struct digest *ret, struct diag *d)
{
	int r = end_hashing(f);

	if (r < 0)
		return diag_set(d, r, DIAG_SYSTEM, "", "cannot hash: %s", strerror(-r));
	*ret = f->digest;
	return 0;
}
