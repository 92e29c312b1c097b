/* SPDX-License-Identifier: MIT */
/* Between restyle.c, restyle-words.c and restyle-shape.c. */
#pragma once

#include "assistantd/daemon/restyle.h"
#include "assistantd/daemon/sentences.h"

/* Texts, each once, at most @max of them; what is beyond is left out. */
struct ways {
	char *items[RESTYLE_WAYS_MAX];
	size_t n, max;
};

/* Takes over @text, also when it is not added; NULL is no memory. 0 or -ENOMEM. */
int ways_take(struct ways *w, char *text);
void ways_deinit(struct ways *w);

/* One letter of the text in the other case, where it is of ASCII. */
void letter_up(char *c);
void letter_down(char *c);

/* All of its letters are capitals, and there are too many of them for an abbreviation. */
bool restyle_capitals(const char *text);
/* Whether the token is a word of the set. */
bool token_in(const struct phrase *p, size_t token, const struct word_set *set);
/* @text with the words of @tone's swaps exchanged, in all ways, of which there is one at least:
 * appends to @ret. 0 or -ENOMEM. */
int restyle_words(const struct tone *tone, const char *text, struct ways *ret);

/* A word of the message. */
struct restyle_word {
	const char *text;
	size_t len;
};

/* What is known of the message so far. */
struct restyle_state {
	const struct tones *tones;
	const struct tone *tone;
	size_t sentence;		/* number of this one, from 1 */
	size_t *used;			/* [n_shapes] the sentence that had it first; 0: none */
	const struct tone_shape *shape;	/* the last one that fitted this sentence, or NULL */
	unsigned depth;			/* 0 */
	struct restyle_word *capitals;	/* that stand among small letters, as "NASA" does */
	size_t n_capitals;
	size_t more_ways;		/* that sentences to come may have beyond one each */
};

/* @text, one sentence, in the forms of the first shape that fits, or as it is: appends to @ret.
 * 0 or -ENOMEM. */
int restyle_shape(struct restyle_state *s, const char *text, struct ways *ret);

/* Fills @s->capitals, which the caller frees. 0 or -ENOMEM. */
int restyle_find_capitals(struct restyle_state *s, const char *text, const struct spans *sentences);
/* A sentence without shouting: a copy, or NULL without memory. */
char *restyle_calmed(const struct restyle_state *s, const char *text, size_t len);
