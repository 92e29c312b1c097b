/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/library-private.h"
#include "assistantd/daemon/log.h"
#include "util/macro.h"

struct shelf *shelf_new(struct library *l, struct catalog *catalog)
{
	struct shelf *s = calloc(1, sizeof(*s));

	if (!s) {
		catalog_free(catalog);
		return NULL;
	}
	*s = (struct shelf){ .refs = 1, .catalog = catalog, .library = l, .next = l->all };
	l->all = s;
	return s;
}

struct shelf *shelf_unref(struct shelf *s)
{
	struct shelf **at;

	if (!s || --s->refs > 0)
		return NULL;
	for (at = &s->library->all; *at != s; at = &(*at)->next)
		;
	*at = s->next;
	catalog_free(s->catalog);
	free(s);
	return NULL;
}

void library_put(struct library *l, int which, struct shelf *s)
{
	shelf_unref(l->shelves[which]);
	l->shelves[which] = s;
	l->generation++;
}

/* 0 and the catalogue, NULL when there is none. */
static int read_catalog(const char *folder, struct catalog **ret, char *trouble, size_t size)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	struct diag d = DIAG_NULL;
	int r;

	*ret = NULL;
	*trouble = '\0';
	if (asprintf(&path, "%s/catalog.yaml", folder) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	r = fd < 0 ? -errno : catalog_read_fd(ret, fd, &d);
	if (r < 0) {
		snprintf(trouble, size, "%s:%s: %s", path, d.field, d.code ? d.text : strerror(-r));
		log_error("%s", trouble);
	}
	return r;
}

void library_reload(struct library *l)
{
	for (int i = 0; i < LIBRARY_CATALOGS; i++) {
		char trouble[sizeof(l->trouble)];
		struct catalog *catalog;
		struct shelf *fresh = NULL;

		if (read_catalog(l->folders[i], &catalog, trouble, sizeof(trouble)) == 0)
			fresh = shelf_new(l, catalog);
		if (fresh)
			library_put(l, i, fresh);
		if (i == LIBRARY_USER)
			memcpy(l->trouble, trouble, sizeof(trouble));
	}
}

void library_hold(struct library *l, struct library_hold *h)
{
	for (int i = 0; i < LIBRARY_CATALOGS; i++) {
		h->shelves[i] = l->shelves[i];
		if (h->shelves[i])
			h->shelves[i]->refs++;
	}
}

void library_release(struct library_hold *h)
{
	for (int i = 0; i < LIBRARY_CATALOGS; i++) {
		struct shelf *s = TAKE(h->shelves[i]);
		struct library *l = s ? s->library : NULL;
		bool last = s && s->refs == 1;

		shelf_unref(s);
		/* Files of versions that were removed meanwhile. */
		if (last)
			library_sweep(l, false);
	}
}

int library_new(struct library **ret, const struct paths *paths, struct worker *worker,
		loop_fn changed, void *arg)
{
	struct library *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*l = (struct library){ .worker = worker, .changed = changed, .arg = arg };
	if (asprintf(&l->folders[LIBRARY_USER], "%s/adapters", paths->data) < 0)
		l->folders[LIBRARY_USER] = NULL;
	if (asprintf(&l->folders[LIBRARY_PROGRAM], "%s/tiny", paths->shared) < 0)
		l->folders[LIBRARY_PROGRAM] = NULL;
	if (!l->folders[LIBRARY_USER] || !l->folders[LIBRARY_PROGRAM]) {
		library_free(l);
		return -ENOMEM;
	}
	library_reload(l);
	library_sweep(l, true);
	*ret = l;
	return 0;
}

struct library *library_free(struct library *l)
{
	if (!l)
		return NULL;
	for (int i = 0; i < LIBRARY_CATALOGS; i++) {
		shelf_unref(l->shelves[i]);
		free(l->folders[i]);
	}
	free(l);
	return NULL;
}

uint32_t library_generation(const struct library *l)
{
	return l->generation;
}

uint32_t library_next_sequence(const struct library *l, const char *name)
{
	struct installed i;
	uint32_t last = 0;

	for (size_t k = 0; library_at(l, k, &i); k++)
		if (i.users && strcmp(i.entry->manifest.name, name) == 0)
			last = MAX(last, i.entry->manifest.sequence);
	return last < UINT32_MAX ? last + 1 : last;
}

const char *library_folder(const struct library *l)
{
	return l->folders[LIBRARY_USER];
}

static const struct catalog *catalog_of(const struct library *l, int i)
{
	return l->shelves[i] ? l->shelves[i]->catalog : NULL;
}

bool library_at(const struct library *l, size_t index, struct installed *ret)
{
	for (int i = 0; i < LIBRARY_CATALOGS; i++) {
		const struct catalog *c = catalog_of(l, i);
		size_t n = c ? catalog_count(c) : 0;

		if (index < n) {
			*ret = (struct installed){ catalog_at(c, index), l->folders[i],
						   i == LIBRARY_USER };
			return true;
		}
		index -= n;
	}
	return false;
}

bool library_find(const struct library *l, const char *name, const struct identity *model,
		  struct installed *ret)
{
	struct installed at;
	bool found = false;

	for (size_t i = 0; library_at(l, i, &at); i++) {
		const struct manifest *m = &at.entry->manifest;
		bool fits = model && manifest_mismatch(m, model) == MANIFEST_FITS;

		if (at.entry->state != CATALOG_ACTIVE || strcmp(m->name, name) != 0 ||
		    (found && !fits))
			continue;
		*ret = at;
		found = true;
		if (fits)
			break;
	}
	return found;
}

int library_open(const struct installed *i)
{
	_cleanup_free_ char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/%s", i->folder, i->entry->file) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

char *library_model(const struct paths *paths, const struct config *config)
{
	char *path = NULL;

	if (config->model)
		return strdup(config->model);
	if (asprintf(&path, "%s/models/current", paths->data) < 0)
		return NULL;
	if (access(path, F_OK) == 0)
		return path;
	free(path);
	return asprintf(&path, "%s/tiny/base.gguf", paths->shared) < 0 ? NULL : path;
}
