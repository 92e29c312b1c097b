/* SPDX-License-Identifier: MIT */
/*
 * Answers to a message by its kind, without a model. The kinds and their answers are a YAML file,
 * with slots for words of the message (mentions.h) and of a hint (hints.h):
 *
 *   version: 1
 *   intents:                    # what an answer says, and which hints ask for it
 *     accept: {}                # without hints, the one of its name
 *     forgive: {light: true, hints: [accept, forgive]}
 *   kinds:
 *     - name: invitation
 *       replies:
 *         - {intent: accept, text: "Thank you, I would love to come {time}!"}
 *     - name: grief
 *       grave: true             # bad news: no intent that is light answers it
 *       replies: […]
 *       hinted: […]             # only where a hint asks for them
 *   hinted:                     # the same for all kinds, for what these have not
 *     - {intent: suggest, text: "How about {when}?"}
 *   more: "{subject} {words}."  # what a hint has to say besides: "no, I am ill"
 *   mentions: {moments: […], times: […], …, determiners: {my: your}}
 */
#pragma once

#include <stddef.h>

#include "assistantd/daemon/hints.h"
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
	const struct hint *hint;	/* what is to be said, or NULL */
};

struct reply {
	const char *kind, *intent;	/* of the message, and what it says; the set's */
	char *text;		/* the caller's */
};

/* 0; -EINVAL with line:column in @d; -ENOMEM; the system's errors. */
int replies_read_fd(struct replies **ret, int fd, struct diag *d);
struct replies *replies_free(struct replies *r);
DEFINE_CLEANUP(struct replies *, replies_free)

/* Whether there are answers to every kind that @kinds tells: 0, or -EINVAL with @d. */
int replies_check(const struct replies *r, const struct terms *kinds, struct diag *d);
/* By which a hint's times are known. */
const struct mention_words *replies_mentions(const struct replies *r);

/*
 * Fills @ret with up to @max answers, and *@n with how many: of the message's kind, which @kinds
 * tells by its columns' names (sorter.h; the last kind of the file where it has none of that
 * name), one of each intent in the order of the file. Of an intent, the one that says most of
 * the message's own words is taken. With a hint, all that it asks for and no others; there may
 * be none. 0 or -ENOMEM.
 */
int replies_choose(const struct replies *r, const struct terms *kinds, const struct reply_to *to,
		   struct reply *ret, size_t max, size_t *n);
