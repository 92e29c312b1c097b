/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/slots.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"
#include "util/macro.h"

enum { HEAD_ROOM = 512, FIRST_START = 4096, PIECE = 1 << 20 };

struct head {
	char magic[8];
	uint64_t generation, start, length;
	struct slots_id id;
	struct digest content;
	struct digest own;	/* of all before */
};

_Static_assert(sizeof(struct head) <= HEAD_ROOM, "two heads stand before the first slot");

static const char magic[8] = "ADRUN001";

/* What is found where a head may be. */
enum state { EMPTY, WHOLE, TORN, DAMAGED, FOREIGN, OTHER_RUN, OTHER_LENGTH };

static int head_digest(const struct head *h, struct digest *ret)
{
	return digest_of(h, offsetof(struct head, own), ret);
}

static uint64_t slot_start(const struct slots *s, unsigned slot)
{
	return FIRST_START + slot * s->length;
}

uint64_t slots_file_size(uint64_t length)
{
	return length <= (UINT64_MAX - FIRST_START) / 2 ? FIRST_START + 2 * length : UINT64_MAX;
}

static bool same_id(const struct slots_id *a, const struct slots_id *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* @size is the file's. */
static int read_head(const struct slots *s, unsigned slot, uint64_t size, struct head *h,
		     enum state *ret)
{
	static const struct head nothing;
	struct digest digest;
	int r;

	*ret = EMPTY;
	if (size < (uint64_t)(slot + 1) * HEAD_ROOM)
		return 0;
	r = file_read_at(s->fd, h, sizeof(*h), slot * HEAD_ROOM, NULL);
	if (r < 0 || memcmp(h, &nothing, sizeof(*h)) == 0)
		return r;
	*ret = FOREIGN;
	if (memcmp(h->magic, magic, sizeof(magic)) != 0)
		return 0;
	r = head_digest(h, &digest);
	if (r < 0)
		return r;
	*ret = TORN;
	if (!digest_equal(&digest, &h->own))
		return 0;
	*ret = same_id(&h->id, &s->id) ? OTHER_LENGTH : OTHER_RUN;
	if (*ret == OTHER_RUN || h->length != s->length)
		return 0;
	*ret = h->generation % 2 == slot || h->start != slot_start(s, slot) ||
	       h->start > size || h->length > size - h->start ? DAMAGED : WHOLE;
	return 0;
}

static int content_digest(int fd, uint64_t start, uint64_t length, struct digest *ret)
{
	_cleanup_(digest_stream_freep) struct digest_stream *stream = NULL;
	_cleanup_free_ char *piece = malloc((size_t)MIN(length + 1, (uint64_t)PIECE));
	int r = piece ? digest_stream_new(&stream) : -ENOMEM;

	while (r == 0 && length) {
		size_t n = (size_t)MIN(length, (uint64_t)PIECE);

		r = file_read_at(fd, piece, n, start, NULL);
		if (r == 0)
			r = digest_stream_update(stream, piece, n);
		start += n;
		length -= n;
	}
	return r < 0 ? r : digest_stream_finish(stream, ret);
}

/* The slot behind a head that is right may have been written over since. */
static int check_content(const struct slots *s, const struct head *h, enum state *state)
{
	struct digest digest;
	int r = *state == WHOLE ? content_digest(s->fd, h->start, h->length, &digest) : 0;

	if (r == 0 && *state == WHOLE && !digest_equal(&digest, &h->content))
		*state = DAMAGED;
	return r;
}

static const char *other_part(const struct slots_id *a, const struct slots_id *b)
{
	if (!digest_equal(&a->base, &b->base))
		return "another base model";
	if (!digest_equal(&a->data, &b->data))
		return "other data";
	if (!digest_equal(&a->held_out, &b->held_out))
		return "other rows that are held out";
	return "other options";
}

static int refuse(const struct slots *s, const struct head heads[2], const enum state states[2],
		  struct diag *d)
{
	for (unsigned i = 0; i < 2; i++)
		if (states[i] == OTHER_RUN)
			return diag_set(d, -EINVAL, DIAG_SIG, "checkpoint",
					"is of a run with %s; it goes on with the same, or a new "
					"one begins in a new file",
					other_part(&heads[i].id, &s->id));
	for (unsigned i = 0; i < 2; i++)
		if (states[i] == OTHER_LENGTH)
			return diag_set(d, -EINVAL, DIAG_LAYOUT, "checkpoint",
					"is of another version of this program");
	for (unsigned i = 0; i < 2; i++)
		if (states[i] == FOREIGN)
			return diag_set(d, -EINVAL, DIAG_TYPE, "checkpoint",
					"is no file of a training run");
	return diag_set(d, -EINVAL, DIAG_SIG, "checkpoint",
			"is damaged in both of its places; a new run begins in a new file");
}

static int take(struct slots *s, const struct head *h)
{
	s->generation = h->generation;
	return lseek(s->fd, (off_t)h->start, SEEK_SET) < 0 ? -errno : 0;
}

int slots_open(struct slots *s, int fd, const struct slots_id *id, uint64_t length,
	       struct diag *d)
{
	struct head heads[2] = { 0 };
	enum state states[2] = { EMPTY, EMPTY };
	struct stat st;
	unsigned newest;
	int r = 0;

	*s = (struct slots){ .fd = fd, .id = *id, .length = length };
	if (slots_file_size(length) > INT64_MAX)
		return -EFBIG;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return diag_set(d, -EINVAL, DIAG_TYPE, "checkpoint", "expected a regular file");
	for (unsigned i = 0; r == 0 && i < 2; i++) {
		r = read_head(s, i, (uint64_t)st.st_size, &heads[i], &states[i]);
		if (r == 0)
			r = check_content(s, &heads[i], &states[i]);
	}
	if (r < 0)
		return r;
	newest = states[1] == WHOLE && heads[1].generation > heads[0].generation;
	if (states[newest] != WHOLE)
		newest = !newest;
	if (states[newest] == WHOLE)
		return take(s, &heads[newest]);
	/* The first head was being written when the run ended: nothing is lost. */
	if (states[1] == EMPTY && (states[0] == EMPTY || states[0] == TORN))
		return SLOTS_E_EMPTY;
	return refuse(s, heads, states, d);
}

static unsigned next_slot(const struct slots *s)
{
	return s->generation % 2;
}

int slots_begin(struct slots *s)
{
	return lseek(s->fd, (off_t)slot_start(s, next_slot(s)), SEEK_SET) < 0 ? -errno : 0;
}

static int write_head(struct slots *s, unsigned slot, struct head *h)
{
	int r = head_digest(h, &h->own);

	if (r < 0)
		return r;
	if (lseek(s->fd, slot * HEAD_ROOM, SEEK_SET) < 0)
		return -errno;
	r = file_write(s->fd, h, sizeof(*h));
	if (r == 0 && fdatasync(s->fd) < 0)
		r = -errno;
	return r;
}

int slots_commit(struct slots *s)
{
	unsigned slot = next_slot(s);
	struct head h = { .generation = s->generation + 1, .id = s->id,
			  .start = slot_start(s, slot), .length = s->length };
	off_t end = lseek(s->fd, 0, SEEK_CUR);
	int r;

	if (end < 0 || fdatasync(s->fd) < 0)
		return -errno;
	memcpy(h.magic, magic, sizeof(magic));
	if ((uint64_t)end != h.start + h.length)
		return -EINVAL;
	r = content_digest(s->fd, h.start, h.length, &h.content);
	if (r == 0)
		r = write_head(s, slot, &h);
	if (r == 0)
		s->generation = h.generation;
	return r;
}
