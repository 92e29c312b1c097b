/* SPDX-License-Identifier: MIT */
/* A text cut where a reader would: into sentences, and into pieces that a model can take. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct span {
	size_t start, len;
};

struct spans {
	struct span *items;
	size_t n, cap;
};

/* Sentences without the blanks around them; a line's end closes one. 0 or -ENOMEM. */
int sentences_find(const char *text, size_t len, struct spans *ret);
/*
 * Pieces of at most @max bytes (at least 16) of whole sentences of one line, or, where one
 * sentence is longer, of whole words; blanks between pieces belong to none.
 */
int sentences_pack(const char *text, size_t len, size_t max, struct spans *ret);
void spans_deinit(struct spans *s);
/* From @start to @end: 0 or -ENOMEM. */
int spans_add(struct spans *s, size_t start, size_t end);
/* What ends lines in it becomes blanks. */
void text_on_one_line(char *text, size_t len);
/* Whether there is anything to read in it: a letter. */
bool has_letters(const char *text, size_t len);
