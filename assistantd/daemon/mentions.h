/* SPDX-License-Identifier: MIT */
/*
 * What a message speaks of, as its own words: the time it names ("on Friday at 9") and the thing
 * ("your draft"), so that an answer can name them. Which words tell them is data (replies.h).
 */
#pragma once

#include <stdbool.h>

#include "assistantd/daemon/sentences.h"
#include "util/cleanup.h"
#include "util/diag.h"
#include "util/yaml.h"

struct mention_words;

/* Keeps texts of the tree, which lives longer. 0; -EINVAL with line:column in @d; -ENOMEM. */
int mention_words_read(struct mention_words **ret, const struct yaml_node *map, struct diag *d);
struct mention_words *mention_words_free(struct mention_words *w);
DEFINE_CLEANUP(struct mention_words *, mention_words_free)

/* The first time that is named, with the word that leads to it; empty for none. */
struct span mention_time(const struct mention_words *w, const char *text, size_t len);

/* Whether all words of @text are of a time that it names: "at 5", "Friday or Saturday". */
bool mention_is_time(const struct mention_words *w, const char *text);

struct thing_mention {
	const char *determiner;	/* as the one who answers says it: "my" of "your"; or NULL: none */
	struct span noun;	/* the words behind it */
};

/* The first thing that is named and says something. */
struct thing_mention mention_thing(const struct mention_words *w, const char *text, size_t len);
