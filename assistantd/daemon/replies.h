/* SPDX-License-Identifier: MIT */
/*
 * Answers to a message by its kind, without a model. The kinds and their answers are a YAML file,
 * with slots for words of the message (mentions.h):
 *
 *   version: 1
 *   kinds:
 *     - name: invitation
 *       replies:
 *         - {intent: accept, text: "Thank you, I would love to come {time}!"}
 *   mentions: {moments: […], times: […], …, determiners: {my: your}}
 */
#pragma once

#include <stddef.h>

#include "assistantd/daemon/terms.h"
#include "util/cleanup.h"
#include "util/diag.h"

struct replies;

/* What is answered. */
struct reply_to {
	const char *text;
	size_t len;
	const char *name;	/* who wrote it, or NULL */
	const char *earlier;	/* said before, for what the text only points at; or NULL */
};

struct reply {
	const char *kind, *intent;	/* of the message, and what it says; the set's */
	char *text;		/* the caller's */
};

/* 0; -EINVAL with line:column in @d; -ENOMEM; the system's errors. */
int replies_read_fd(struct replies **ret, int fd, struct diag *d);
struct replies *replies_free(struct replies *r);
DEFINE_CLEANUP(struct replies *, replies_free)

/*
 * Fills @ret with up to @max answers, and *@n with how many: of the message's kind, which @kinds
 * tells by its columns' names (sorter.h; the last kind of the file where it has none of that
 * name), one of each intent in the order of the file, then what is left. Of an intent, the one
 * that says most of the message's own words is taken. 0 or -ENOMEM.
 */
int replies_choose(const struct replies *r, const struct terms *kinds, const struct reply_to *to,
		   struct reply *ret, size_t max, size_t *n);
