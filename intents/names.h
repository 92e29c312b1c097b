/* SPDX-License-Identifier: MIT */
/* What things are called: folded names in order, in which a text is looked up by character. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "intents/fold.h"

struct name {
	uint32_t *key;		/* without marks */
	uint32_t n;
	uint32_t entity;	/* index */
};

struct names {
	char *list;		/* whose values they are */
	struct name *items;	/* by key, then by entity */
	size_t n;
};

/* Adds a name, in no order yet; one without characters is left out. 0 or -ENOMEM. */
int names_add(struct names *t, const char *text, uint32_t entity, struct script script);
void names_sort(struct names *t);
void names_deinit(struct names *t);

/* Part of the names that begin with the same @n characters. */
struct name_span {
	size_t lo, hi;
	uint32_t n;
};

/* Those of @span that have @c next. */
struct name_span names_narrow(const struct names *t, struct name_span span, uint32_t c);
/* How many at the beginning of @span have no more characters. */
size_t names_complete(const struct names *t, struct name_span span);
