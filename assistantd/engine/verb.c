/* SPDX-License-Identifier: MIT */
/* What the verbs share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/engine/verbs.h"
#include "util/cleanup.h"

int verb_fail(const char *file, const struct diag *d)
{
	fprintf(stderr, "error: %s: %s: %s\n", file, *d->field ? d->field : "file", d->text);
	return VERB_BAD_INPUT;
}

int verb_each_line(int (*each)(void *arg, const char *line, size_t len, struct diag *d),
		   void *arg)
{
	_cleanup_free_ char *line = NULL;
	struct diag d = DIAG_NULL;
	size_t cap = 0, number = 0;
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = getline(&line, &cap, stdin)) >= 0) {
		number++;
		r = each(arg, line, (size_t)len, &d);
	}
	if (r == 0)
		return VERB_OK;
	diag_set(&d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
	snprintf(d.field, sizeof(d.field), "line %zu", number);
	return verb_fail("standard input", &d);
}

int verb_open(const char *path, struct diag *d)
{
	/* A FIFO would block the open; what it is, the reader judges. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		diag_set(d, -errno, DIAG_SYSTEM, "", "%s", strerror(errno));
	return fd;
}

int verb_create(const char *path, char **fresh, struct diag *d)
{
	int fd;

	*fresh = NULL;
	if (asprintf(fresh, "%s.new", path) < 0) {
		*fresh = NULL;
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	}
	fd = open(*fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	return fd >= 0 ? fd : diag_set(d, -errno, DIAG_SYSTEM, "", "%s", strerror(errno));
}

int verb_place(const char *fresh, const char *path, int r, struct diag *d)
{
	if (r == 0 && rename(fresh, path) < 0)
		r = diag_set(d, -errno, DIAG_SYSTEM, "", "%s", strerror(errno));
	if (r < 0)
		unlink(fresh);
	return r;
}
