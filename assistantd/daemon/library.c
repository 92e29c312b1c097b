/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/log.h"

/* One catalogue as it was read; @catalog is NULL where there is no file. */
struct shelf {
	unsigned refs;
	struct catalog *catalog;
};

struct library {
	char *folders[LIBRARY_CATALOGS];
	struct shelf *shelves[LIBRARY_CATALOGS];
	uint32_t generation;
};

static struct shelf *shelf_unref(struct shelf *s)
{
	if (s && --s->refs == 0) {
		catalog_free(s->catalog);
		free(s);
	}
	return NULL;
}

/* 0 and the catalogue, NULL when there is none. */
static int read_catalog(const char *folder, struct catalog **ret)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	struct diag d = DIAG_NULL;
	int r;

	*ret = NULL;
	if (asprintf(&path, "%s/catalog.yaml", folder) < 0)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = catalog_read_fd(ret, fd, &d);
	if (r < 0)
		log_error("%s:%s: %s", path, d.field, d.text);
	return r;
}

static int read_shelf(const char *folder, struct shelf **ret)
{
	struct shelf *s = calloc(1, sizeof(*s));
	int r = s ? read_catalog(folder, &s->catalog) : -ENOMEM;

	if (r < 0) {
		free(s);
		return r;
	}
	s->refs = 1;
	*ret = s;
	return 0;
}

void library_reload(struct library *l)
{
	for (int i = 0; i < LIBRARY_CATALOGS; i++) {
		struct shelf *fresh;

		if (read_shelf(l->folders[i], &fresh) < 0)
			continue;
		shelf_unref(l->shelves[i]);
		l->shelves[i] = fresh;
	}
	l->generation++;
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
	for (int i = 0; i < LIBRARY_CATALOGS; i++)
		h->shelves[i] = shelf_unref(h->shelves[i]);
}

int library_new(struct library **ret, const struct paths *paths)
{
	struct library *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	if (asprintf(&l->folders[0], "%s/adapters", paths->data) < 0)
		l->folders[0] = NULL;
	if (asprintf(&l->folders[1], "%s/tiny", paths->shared) < 0)
		l->folders[1] = NULL;
	if (!l->folders[0] || !l->folders[1]) {
		library_free(l);
		return -ENOMEM;
	}
	library_reload(l);
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

static const struct catalog *catalog_of(const struct library *l, int i)
{
	return l->shelves[i] ? l->shelves[i]->catalog : NULL;
}

bool library_at(const struct library *l, size_t index, struct installed *ret)
{
	for (int i = 0; i < LIBRARY_CATALOGS; i++) {
		const struct catalog *c = catalog_of(l, i);
		const struct catalog_entry *e;

		for (size_t k = 0; c && (e = catalog_at(c, k)); k++) {
			if (e->state != CATALOG_ACTIVE || !e->enabled || index-- > 0)
				continue;
			*ret = (struct installed){ e, l->folders[i] };
			return true;
		}
	}
	return false;
}

bool library_find(const struct library *l, const char *name, struct installed *ret)
{
	for (size_t i = 0; library_at(l, i, ret); i++)
		if (strcmp(ret->entry->manifest.name, name) == 0)
			return true;
	return false;
}

bool library_choose(const struct library *l, const char *task, const char *style,
		    const struct identity *model, struct installed *ret)
{
	for (int i = 0; i < LIBRARY_CATALOGS; i++) {
		const struct catalog *c = catalog_of(l, i);
		const struct catalog_entry *e = c ? catalog_choose(c, task, style, model) : NULL;

		if (e) {
			*ret = (struct installed){ e, l->folders[i] };
			return true;
		}
	}
	return false;
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
