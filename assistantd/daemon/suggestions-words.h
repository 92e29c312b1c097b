/* SPDX-License-Identifier: MIT */
/* The words of a text, as suggestions are made for them. */
#pragma once

#include "assistantd/daemon/suggestions.h"
#include "assistantd/daemon/sentences.h"

struct word {
	size_t start, len;
	bool foreign;		/* of another language */
	bool plain;		/* ASCII letters that are part of nothing else; only then: */
	char low[WORDLIST_WORD_MAX];	/* in lower case */
	bool capital;		/* only its first letter is one */
	bool first;		/* of its sentence */
	const struct wordlist_word *usual;	/* NULL: it is not */
	bool known;
};

/* What suggestions are being found for. */
struct finding {
	const struct proofreader *p;
	const char *text;
	size_t len;
	const struct surroundings *around;
	struct word *words;
	size_t n_words;
	struct spans sentences;
	const struct word *at;		/* whose alternatives are added */
	struct suggestions *found;
	int err;			/* the first */
};

/* Cuts the text into words and sentences, and looks the words up. */
void finding_read(struct finding *f);
/* Whether the dictionary knows the word, or what is owned with "'s". */
bool finding_spells(const struct finding *f, const struct word *w);
void finding_deinit(struct finding *f);
/* The word that begins at @start, or NULL. */
const struct word *finding_word_at(const struct finding *f, size_t start);
void finding_add(struct finding *f, size_t start, size_t len, const char *text,
		 enum change_kind kind);
