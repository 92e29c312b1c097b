/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/log.h"

enum { CATALOGS = 2 };

struct library {
	char *folders[CATALOGS];	/* the user's, the program's */
	struct catalog *catalogs[CATALOGS];
	uint32_t generation;
};

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

void library_reload(struct library *l)
{
	for (int i = 0; i < CATALOGS; i++) {
		struct catalog *fresh;

		if (read_catalog(l->folders[i], &fresh) < 0)
			continue;
		catalog_free(l->catalogs[i]);
		l->catalogs[i] = fresh;
	}
	l->generation++;
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
	for (int i = 0; i < CATALOGS; i++) {
		catalog_free(l->catalogs[i]);
		free(l->folders[i]);
	}
	free(l);
	return NULL;
}

uint32_t library_generation(const struct library *l)
{
	return l->generation;
}

bool library_at(const struct library *l, size_t index, struct installed *ret)
{
	for (int i = 0; i < CATALOGS; i++) {
		size_t n = l->catalogs[i] ? catalog_count(l->catalogs[i]) : 0;

		if (index < n) {
			*ret = (struct installed){ catalog_at(l->catalogs[i], index),
						   l->folders[i] };
			return true;
		}
		index -= n;
	}
	return false;
}

bool library_find(const struct library *l, const char *name, struct installed *ret)
{
	for (size_t i = 0; library_at(l, i, ret); i++)
		if (strcmp(ret->entry->name, name) == 0)
			return true;
	return false;
}

bool library_choose(const struct library *l, const char *task, const char *style,
		    const struct digest *base, struct installed *ret)
{
	for (int i = 0; i < CATALOGS; i++) {
		const struct catalog_entry *e = NULL;

		if (l->catalogs[i])
			e = catalog_choose(l->catalogs[i], task, style, base);
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
