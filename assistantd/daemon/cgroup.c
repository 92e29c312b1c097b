/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"
#include "util/macro.h"

enum { GROUPS_MAX = 65536, LIMIT_MAX = 64 };

static const struct {
	const char *controller;		/* in the second field of a line; "" is version 2 */
	const char *mount;		/* below the root */
	const char *file;
} sources[] = {
	{ "", "", "memory.max" },
	{ "", "", "memory.high" },
	/* Version 2 beside version 1, as systemd mounts it. */
	{ "", "/unified", "memory.max" },
	{ "", "/unified", "memory.high" },
	{ "memory", "/memory", "memory.limit_in_bytes" },
};

static int read_file(const char *path, size_t max, struct buf *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r = fd < 0 ? -1 : file_read_all(fd, max, ret, NULL);

	return r < 0 || ret->len == 0 || ret->len > max ? -1 : 0;
}

/* A number, or "max". */
static uint64_t read_limit(const char *path)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	unsigned long long value;

	if (read_file(path, LIMIT_MAX, &text) < 0 || sscanf(text.data, "%llu", &value) != 1)
		return UINT64_MAX;
	/* Version 1 has no word for no limit: it is the largest number of pages. */
	return value >= LLONG_MAX / 4096 * 4096 ? UINT64_MAX : value;
}

/* Of the group at @path and of those above it, to the root of the hierarchy. */
static uint64_t limit_of(const char *root, const char *mount, const char *path, const char *file)
{
	uint64_t least = UINT64_MAX;
	size_t len = strlen(path);

	for (;;) {
		_cleanup_free_ char *at = NULL;

		if (asprintf(&at, "%s%s%.*s/%s", root, mount, (int)len, path, file) < 0)
			return least;
		least = MIN(least, read_limit(at));
		while (len > 0 && path[len - 1] != '/')
			len--;
		if (len == 0)
			return least;
		len--;
	}
}

/* Whether "memory" is among "cpu,memory". */
static bool has_controller(const char *list, const char *name)
{
	size_t len = strlen(name);

	if (len == 0)
		return *list == '\0';
	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strncmp(at, name, len) == 0 && (at[len] == '\0' || at[len] == ','))
			return true;
	return false;
}

uint64_t cgroup_memory_limit(const char *groups, const char *root)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	uint64_t least = UINT64_MAX;
	char *line, *rest;

	if (read_file(groups, GROUPS_MAX, &text) < 0)
		return least;
	/* Lines "number:controllers:path". */
	for (rest = text.data; (line = strsep(&rest, "\n")); ) {
		char *number = strsep(&line, ":"), *list = strsep(&line, ":");

		if (!number || !list || !line || line[0] != '/')
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
			if (has_controller(list, sources[i].controller))
				least = MIN(least, limit_of(root, sources[i].mount, line,
							    sources[i].file));
	}
	return least;
}
