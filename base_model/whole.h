/* SPDX-License-Identifier: MIT */
/*
 * The tokens that are recognised as a whole, before text is cut and merged: those that were
 * added to a vocabulary, and, in templates, control tokens.
 */
#pragma once

#include "base_model/vocab.h"

struct whole {
	uint32_t *ids;			/* [n], by text, a shorter one before what goes on */
	size_t n;
	size_t begins[257];		/* of each first byte */
};

bool token_is_whole(const struct token *t);
/* 0 or -ENOMEM. */
int whole_init(struct whole *w, const struct vocab *v);
void whole_deinit(struct whole *w);
/* The longest token that @text (@len > 0) begins with, or -1: one of a user, unless @special. Adds
 * the bytes that it looked at to *@n_steps. */
int32_t whole_find(const struct whole *w, const struct vocab *v, const char *text, size_t len,
		   bool special, uint64_t *n_steps);
