/* SPDX-License-Identifier: MIT */
/* What a run needs to go on, or another to start from it. */
#include <errno.h>
#include <string.h>

#include "adapters/train/train-private.h"
#include "util/file.h"

struct checkpoint_head {
	char magic[8];
	struct train_shape shape;
	uint32_t rank;		/* of an adapter, whose base is not in the file; 0: the base */
	uint64_t steps, n_trained;
};

static const char magic[8] = "ADTRAIN3";

static int read_all(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EINVAL;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static void fill_head(const struct trainer *t, struct checkpoint_head *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->magic, magic, sizeof(magic));
	h->shape = t->s;
	h->steps = t->steps;
	h->rank = t->rank;
	h->n_trained = t->trained.n;
}

int trainer_save(const struct trainer *t, int fd)
{
	size_t bytes = t->trained.n * sizeof(float);
	struct checkpoint_head h;
	int r;

	fill_head(t, &h);
	r = file_write(fd, &h, sizeof(h));
	if (r == 0)
		r = file_write(fd, t->trained.w, bytes);
	if (r == 0)
		r = file_write(fd, t->trained.m1, bytes);
	if (r == 0)
		r = file_write(fd, t->trained.m2, bytes);
	return r;
}

uint64_t trainer_save_size(const struct trainer *t)
{
	/* Weights and both moments, which are in memory. */
	return sizeof(struct checkpoint_head) + 3 * (uint64_t)t->trained.n * sizeof(float);
}

/* The head, of a file of the same shape, and the weights behind it. */
static int load_weights(struct trainer *t, int fd, bool any_context, struct checkpoint_head *h)
{
	struct checkpoint_head want;
	int r = read_all(fd, h, sizeof(*h));

	if (r < 0)
		return r;
	fill_head(t, &want);
	want.steps = h->steps;
	if (any_context)
		want.shape.context = h->shape.context;
	if (memcmp(h, &want, sizeof(want)) != 0)
		return -EINVAL;
	return read_all(fd, t->trained.w, t->trained.n * sizeof(float));
}

int trainer_load(struct trainer *t, int fd)
{
	size_t bytes = t->trained.n * sizeof(float);
	struct checkpoint_head h;
	int r = load_weights(t, fd, false, &h);

	if (r == 0)
		r = read_all(fd, t->trained.m1, bytes);
	if (r == 0)
		r = read_all(fd, t->trained.m2, bytes);
	if (r < 0)
		return r;
	memset(t->trained.g, 0, bytes);
	t->steps = h.steps;
	return 0;
}

int trainer_load_weights(struct trainer *t, int fd)
{
	struct checkpoint_head h;

	return load_weights(t, fd, true, &h);
}
