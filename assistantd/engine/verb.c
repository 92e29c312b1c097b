/* SPDX-License-Identifier: MIT */
/* What the verbs share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/engine/verbs.h"

int verb_fail(const char *file, const struct diag *d)
{
	fprintf(stderr, "error: %s: %s: %s\n", file, *d->field ? d->field : "file", d->text);
	return VERB_BAD_INPUT;
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
