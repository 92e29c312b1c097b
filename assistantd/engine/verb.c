/* SPDX-License-Identifier: MIT */
/* What the verbs share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

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
