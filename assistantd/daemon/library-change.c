/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/library-change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assistantd/daemon/files.h"
#include "assistantd/daemon/library-private.h"
#include "util/macro.h"

#define FILE_SIZE_MAX (UINT64_C(1) << 32)

void library_file_name(const struct digest *d, char ret[DIGEST_HEX_LEN + 6])
{
	digest_to_hex(d, ret);
	memcpy(ret + DIGEST_HEX_LEN, ".gguf", 6);
}

static int copy(const char *from, const char *to)
{
	_cleanup_close_ int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_close_ int out = -1;

	if (in < 0)
		return -errno;
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	return out < 0 ? -errno : files_copy(in, out, FILE_SIZE_MAX);
}

/* The adapter's file, where the change brings one. */
static int place_file(const struct library_change *c, const char *folder)
{
	_cleanup_free_ char *path = NULL, *fresh = NULL;
	char name[DIGEST_HEX_LEN + 6];
	int r = 0;

	if (!c->fresh && !c->copied)
		return 0;
	library_file_name(&c->digest, name);
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		path = NULL;
	if (asprintf(&fresh, "%s/%s.new", folder, name) < 0)
		fresh = NULL;
	if (!path || !fresh)
		return -ENOMEM;
	if (c->copied)
		r = copy(c->copied, fresh);
	return r < 0 ? r : files_place(c->copied ? fresh : c->fresh, path);
}

static int run(struct work *work, struct store *store)
{
	struct library_change *c = container_of(work, struct library_change, work);
	const char *folder = c->library->folders[LIBRARY_USER];
	_cleanup_free_ char *path = NULL;
	int r;

	(void)store;
	if (asprintf(&path, "%s/catalog.yaml", folder) < 0)
		return -ENOMEM;
	r = make_folders(folder);
	if (r == 0)
		r = place_file(c, folder);
	return r < 0 ? r : files_replace(path, c->text.data, c->text.len, true);
}

/* The entries of now, changed, as the text of the new catalogue. */
static int edit(struct library_change *c)
{
	const struct shelf *user = c->library->shelves[LIBRARY_USER];
	const struct catalog *now = user ? user->catalog : NULL;
	struct versions v = { .n = now ? catalog_count(now) : 0, .now = time(NULL) };
	int r;

	if (*c->library->trouble)
		return diag_set(&c->diag, -EBADMSG, DIAG_SYNTAX, "", "%s; correct it first",
				c->library->trouble);
	v.entries = calloc(v.n + 1, sizeof(*v.entries));
	if (!v.entries)
		return -ENOMEM;
	for (size_t i = 0; i < v.n; i++)
		v.entries[i] = *catalog_at(now, i);
	r = c->edit(c, &v);
	if (r == 0)
		r = catalog_write(&c->text, v.entries, v.n, &c->diag);
	free(v.entries);
	return r;
}

static int prepare(struct library_change *c)
{
	struct catalog *catalog;
	int r = edit(c);

	if (r == 0)
		r = catalog_parse(&catalog, c->text.data, c->text.len, &c->diag);
	if (r < 0)
		return r;
	c->shelf = shelf_new(c->library, catalog);
	return c->shelf ? 0 : -ENOMEM;
}

/* @c is in no list any more. */
static void finish(struct library_change *c, int result)
{
	buf_deinit(&c->text);
	c->text = (struct buf)BUF_NULL;
	if (result < 0 && !c->diag.code)
		diag_set(&c->diag, result, DIAG_SYSTEM, "", "%s: %s",
			 c->library->folders[LIBRARY_USER], strerror(-result));
	c->done(c, result);
}

static struct library_change *take_first(struct library *l)
{
	struct library_change *c = l->changes;

	l->changes = c->next;
	return c;
}

static void begin_first(struct library *l);

static void written(struct work *work, int result)
{
	struct library_change *c = container_of(work, struct library_change, work);
	struct library *l = c->library;
	struct shelf *fresh = TAKE(c->shelf);

	if (result == 0)
		library_put(l, LIBRARY_USER, fresh);
	else
		shelf_unref(fresh);
	finish(take_first(l), result);
	if (result == 0)
		l->changed(l->arg);
	library_sweep(l, false);
	begin_first(l);
}

static void begin_first(struct library *l)
{
	struct library_change *c;
	int r = 0;

	while ((c = l->changes) && (r = l->worker ? prepare(c) : -ECANCELED) < 0)
		finish(take_first(l), r);
	if (!c)
		return;
	c->work = (struct work){ .run = run, .done = written };
	worker_post(l->worker, &c->work);
}

void library_change(struct library *l, struct library_change *c)
{
	struct library_change **at = &l->changes;
	bool first = !l->changes;

	c->library = l;
	c->next = NULL;
	c->diag = (struct diag)DIAG_NULL;
	c->text = (struct buf)BUF_NULL;
	c->shelf = NULL;
	while (*at)
		at = &(*at)->next;
	*at = c;
	if (first)
		begin_first(l);
}

void library_stop(struct library *l)
{
	l->worker = NULL;
}
