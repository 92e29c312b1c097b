/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/saving.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/files.h"
#include "assistantd/daemon/log.h"
#include "util/macro.h"

struct saving {
	struct work work;
	char *path;
	struct buf text;
	bool durable;
	saved_fn saved;
	void *arg;
};

static int run(struct work *work, struct store *store)
{
	struct saving *s = container_of(work, struct saving, work);

	(void)store;
	return files_replace(s->path, s->text.len ? s->text.data : "", s->text.len, s->durable);
}

static void done(struct work *work, int result)
{
	struct saving *s = container_of(work, struct saving, work);

	/* The service ends: nobody waits for the loop any more. */
	if (result == -ECANCELED)
		result = run(work, NULL);
	if (result < 0)
		log_error("%s: %s", s->path, strerror(-result));
	if (s->saved)
		s->saved(s->arg, result);
	buf_deinit(&s->text);
	free(s->path);
	free(s);
}

int saving_post(struct worker *w, const char *path, struct buf *text, bool durable, saved_fn saved,
		void *arg)
{
	struct saving *s = calloc(1, sizeof(*s));

	if (s)
		s->path = strdup(path);
	if (!s || !s->path) {
		free(s);
		return -ENOMEM;
	}
	s->work = (struct work){ .run = run, .done = done };
	s->text = *text;
	*text = (struct buf)BUF_NULL;
	s->durable = durable;
	s->saved = saved;
	s->arg = arg;
	worker_post(w, &s->work);
	return 0;
}
