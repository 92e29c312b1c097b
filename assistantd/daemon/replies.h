/* SPDX-License-Identifier: MIT */
/*
 * Answers to a message by its kind, without a model. The kinds, the words that tell them and
 * the answers are a YAML file:
 *
 *   version: 1
 *   kinds:
 *     - name: invitation
 *       words: ["invite", "join us", "would you like to come"]
 *       replies:
 *         - {intent: accept, text: "Thank you, I would love to come!"}
 */
#pragma once

#include <stddef.h>

#include "util/cleanup.h"
#include "util/diag.h"

struct replies;

struct reply {
	const char *intent, *text;	/* owned by the set */
};

/* 0; -EINVAL with line:column in @d; -ENOMEM; the system's errors. */
int replies_read_fd(struct replies **ret, int fd, struct diag *d);
struct replies *replies_free(struct replies *r);
DEFINE_CLEANUP(struct replies *, replies_free)

/*
 * Up to @max answers to @message, best first, and the kind's name. The kind is the one whose
 * words occur most, longer ones counting more; the last kind of the file is for all else.
 */
size_t replies_choose(const struct replies *r, const char *message, size_t len,
		      struct reply *ret, size_t max, const char **kind);
