/* SPDX-License-Identifier: MIT */
/*
 * What a reply shall say, in the user's words: "yes", "ask for Friday", "say that I am late". The
 * sentences that are understood are a YAML file in the format of intents.h, whose intents are
 * those that replies answer to (replies.h). Nothing is guessed: what no sentence says is none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "assistantd/daemon/mentions.h"
#include "util/cleanup.h"
#include "util/diag.h"

/* Words of a hint that replies can say. */
enum hint_slot { HINT_WHEN, HINT_SUBJECT, HINT_WORDS, HINT_WH, HINT_WHAT, HINT_DO,
		 HINT_SLOT_COUNT };

/* As templates write them: "{when}". */
extern const char *const hint_slot_names[HINT_SLOT_COUNT];

struct hint {
	char *intent;			/* NULL: there is no hint */
	char *words[HINT_SLOT_COUNT];	/* NULL where it has none */
};

enum { HINT_E_UNKNOWN = 1 };	/* nothing says that */

struct hints;

/* 0; -EINVAL with line:column in @d, also for sentences that can never match; -ENOMEM; the
 * system's errors. */
int hints_read_fd(struct hints **ret, int fd, struct diag *d);
struct hints *hints_free(struct hints *h);
DEFINE_CLEANUP(struct hints *, hints_free)

/* Understands @text, by @w where it names a time; @ret is to be released in any case. 0,
 * HINT_E_UNKNOWN or -ENOMEM. */
int hints_find(const struct hints *h, const struct mention_words *w, const char *text,
	       struct hint *ret);
void hint_deinit(struct hint *h);
