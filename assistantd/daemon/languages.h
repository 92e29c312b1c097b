/* SPDX-License-Identifier: MIT */
/*
 * The sentences of the languages that the user speaks. Each is a set of its own, because two
 * languages may give one name to different rules; the first that understands a text has it.
 *
 * A language LANG is read from intents/LANG of each folder (its YAML files, and folders named
 * after the intent of theirs, as Home Assistant has both), and its numbers in words from
 * intents/numbers/LANG.yaml, or those of the language before a hyphen.
 */
#pragma once

#include <stddef.h>

#include "intents/intents.h"
#include "util/cleanup.h"

enum { LANGUAGES_MAX = 2 };

struct languages;

/* What is broken in the files is logged with its place, and is missing: 0 or -ENOMEM. */
int languages_read(const char *const *names, size_t n, const char *const *folders,
		   size_t n_folders, struct languages **ret);
struct languages *languages_free(struct languages *l);
DEFINE_CLEANUP(struct languages *, languages_free)

/* As intents_set_entities() and intents_match(). Where nothing is understood, what was close
 * to it is told of the first language. */
int languages_set_entities(struct languages *l, const struct intent_entity *entities, size_t n);
int languages_match(const struct languages *l, const char *text, size_t len,
		    const struct intent_context *context, size_t n_context,
		    struct intent_matches **ret);
