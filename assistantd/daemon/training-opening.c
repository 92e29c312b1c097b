/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/training-opening.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "assistantd/daemon/digests.h"
#include "assistantd/daemon/training-folder.h"
#include "util/macro.h"

struct training_opening {
	struct work work;
	char *folder, *base, *digests;
	struct train_begin begin;
	const char *what;		/* one of these, which failed */
	training_opened_fn opened;	/* NULL: cancelled */
	void *arg;
};

static int open_base(struct training_opening *o)
{
	struct train_begin *v = &o->begin;
	struct stat st;

	v->base_fd = open(o->base, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (v->base_fd < 0 || fstat(v->base_fd, &st) < 0)
		return -errno;
	v->file_bytes = training_order_file_bytes(v->rank, (uint64_t)st.st_size);
	v->has_digests = digests_find(o->digests, &st, &v->digest, &v->weights);
	return 0;
}

/* -EWOULDBLOCK while a process of an earlier life of the service holds it. */
static int open_checkpoint(const char *folder)
{
	_cleanup_close_ int fd = training_folder_open(folder, TRAINING_CHECKPOINT,
						      O_RDWR | O_CREAT);

	if (fd < 0)
		return fd;
	/* The lock is the open file's, which the process shares: it lasts as long as either. */
	return flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : TAKE_FD(fd);
}

static int run(struct work *work, struct store *store)
{
	struct training_opening *o = container_of(work, struct training_opening, work);
	struct train_begin *v = &o->begin;
	int r;

	(void)store;
	o->what = o->base;
	r = open_base(o);
	if (r < 0)
		return r;
	o->what = o->folder;
	v->data_fd = training_folder_open(o->folder, TRAINING_DATA, O_RDONLY);
	if (v->data_fd < 0)
		return v->data_fd;
	v->held_out_fd = training_folder_open(o->folder, TRAINING_HELD_OUT, O_RDONLY);
	if (v->held_out_fd < 0 && v->held_out_fd != -ENOENT)
		return v->held_out_fd;
	v->held_out_fd = MAX(v->held_out_fd, -1);
	v->checkpoint_fd = open_checkpoint(o->folder);
	return MIN(v->checkpoint_fd, 0);
}

static struct training_opening *opening_free(struct training_opening *o)
{
	if (!o)
		return NULL;
	train_begin_deinit(&o->begin);
	free(o->folder);
	free(o->base);
	free(o->digests);
	free(o);
	return NULL;
}
DEFINE_CLEANUP(struct training_opening *, opening_free)

static void done(struct work *work, int result)
{
	struct training_opening *o = container_of(work, struct training_opening, work);

	if (o->opened)
		o->opened(o->arg, result, o->what, &o->begin);
	opening_free(o);
}

int training_opening_new(struct training_opening **ret, struct worker *w,
			 const struct training_run *r, const char *digests,
			 training_opened_fn opened, void *arg)
{
	_cleanup_(opening_freep) struct training_opening *o = calloc(1, sizeof(*o));
	int e;

	if (!o)
		return -ENOMEM;
	*o = (struct training_opening){ .work = { .run = run, .done = done },
					.begin = TRAIN_BEGIN_NULL, .what = "",
					.opened = opened, .arg = arg };
	o->folder = strdup(r->folder);
	o->base = strdup(r->order.base);
	o->digests = strdup(digests);
	e = o->folder && o->base && o->digests ? training_order_put(&r->order, &o->begin) : -ENOMEM;
	if (e < 0)
		return e;
	*ret = o;
	worker_post(w, &TAKE(o)->work);
	return 0;
}

struct training_opening *training_opening_cancel(struct training_opening *o)
{
	if (o)
		o->opened = NULL;
	return NULL;
}
