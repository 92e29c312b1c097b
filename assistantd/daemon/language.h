/* SPDX-License-Identifier: MIT */
/*
 * Which words of a text are of the proofreader's language. Each word speaks for it or against it,
 * by how usual it is there and by the list of small words of others; to go over into another
 * language costs something, little where a sentence or a quotation begins, and much within. So a
 * word is judged by those around it, and a short sentence of which nothing is known by its
 * neighbours.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct finding;
struct proofreader;

/* Whether two tags ("en", "en-GB") are of one language. */
bool language_same(const char *a, const char *b);

/* What speaks for the proofreader's language, in nats, where a text begins of which nothing is
 * known, and at both ends of one that the caller says is in it. */
#define LANGUAGE_LIKELY 1.0
#define LANGUAGE_NAMED 2.0

/* Sets @foreign of all words. Returns whether any is; an error stands in @f. */
bool language_mark(struct finding *f);
/* What the texts in front of and behind another say to it, by what speaks for the language at their
 * far ends, which is replaced: 0 or -ENOMEM. */
int language_before(const struct proofreader *p, const char *text, size_t len, double *lean);
int language_behind(const struct proofreader *p, const char *text, size_t len, double *lean);
