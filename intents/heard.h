/* SPDX-License-Identifier: MIT */
/* A text that is to be understood, as positions between its characters. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "intents/fold.h"

#define HEARD_MAX 256
#define HEARD_POSITIONS (HEARD_MAX + 2)

struct heard {
	struct folded folded;
	struct script script;
	uint32_t len;	/* characters that are looked at */
	uint32_t end;	/* the position behind the whole text: len, or len + 1 if it has more */
	size_t n_bytes;
	bool mark[HEARD_POSITIONS];	/* a mark stands here that may be passed over */
	bool closing[HEARD_POSITIONS];	/* from here on, only such marks */
	bool joined[HEARD_POSITIONS];	/* the character here belongs to the one before it */
};

/* @text is valid UTF-8. 0 or -ENOMEM; to be released in any case. */
int heard_init(struct heard *h, const char *text, size_t len, struct script script);
void heard_deinit(struct heard *h);

/* The character at a position, 0 behind the last. */
static inline uint32_t heard_at(const struct heard *h, uint32_t pos)
{
	return pos < h->len ? h->folded.chars[pos].c : 0;
}

/* Whether a blank of a template may stand for nothing here: beside a blank, at an end, and
 * beside a number (30%, 5min). */
bool heard_boundary(const struct heard *h, uint32_t pos);

/* Whether a word may begin or end here, as words to skip and keywords do. */
bool heard_begins_word(const struct heard *h, uint32_t pos);
bool heard_ends_word(const struct heard *h, uint32_t pos);
/* The position behind the marks and the blank that stand at @pos. */
uint32_t heard_next_word(const struct heard *h, uint32_t pos);
/* The bytes of the text between two positions. */
void heard_bytes(const struct heard *h, uint32_t from, uint32_t to, size_t *start, size_t *end);
