/* SPDX-License-Identifier: MIT */
/* Between replies.c and replies-read.c. */
#pragma once

#include <stdbool.h>

#include "assistantd/daemon/mentions.h"
#include "assistantd/daemon/replies.h"
#include "util/yaml.h"

/* What stands in a template's places: words of the message, and those of a hint behind them. */
enum slot { SLOT_THING, SLOT_TIME, SLOT_NAME, SLOT_HINT, SLOT_COUNT = SLOT_HINT + HINT_SLOT_COUNT };

/* The slot that begins at @text, or SLOT_COUNT. */
enum slot reply_slot_at(const char *text);
/* "{thing}" */
const char *reply_slot_name(enum slot s);

struct reply_intent {
	const char *name;
	bool light;			/* cheerful, or makes little of what was said */
	const char **hints;		/* that ask for it */
	size_t n_hints;
};

struct template {
	const struct reply_intent *intent;
	const char *text;
	unsigned slots;			/* one bit each */
};

struct template_list {
	struct template *items;
	size_t n;
};

struct kind {
	const char *name;
	bool grave;			/* bad news */
	struct template_list replies;
	struct template_list hinted;	/* only where a hint asks for them */
};

struct replies {
	struct yaml *yaml;		/* owns all strings */
	struct reply_intent *intents;
	size_t n_intents;
	struct kind *kinds;
	size_t n_kinds;
	struct template_list hinted;	/* the same for any kind */
	const char *more;		/* what a hint says besides, behind a reply */
	unsigned more_slots;
	struct mention_words *mentions;
};
