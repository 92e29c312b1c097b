/* SPDX-License-Identifier: MIT */
/* What was said before a message, as a caller hands it over. All of it is outside text. */
#pragma once

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/diag.h"

enum { THREAD_MESSAGES_MAX = 64, THREAD_BYTES_MAX = 128 * 1024 };

struct thread_message {
	char *from;		/* NULL: not said */
	char *text;
	bool me;		/* the user wrote it */
};

struct thread {
	struct thread_message *items;	/* the newest last */
	size_t n;
};

/*
 * Reads an aa{sv} of messages (from s, text s, time x, me b) in their order into @ret, which is
 * to be released in any case. 0; -EINVAL with the key in @d: unknown, of another type, missing,
 * or beyond the limits; -ENOMEM.
 */
int thread_read(struct thread *ret, DBusMessageIter *at, struct diag *d);
void thread_deinit(struct thread *t);
