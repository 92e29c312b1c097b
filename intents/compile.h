/* SPDX-License-Identifier: MIT */
/* From templates to states: shared by what compiles nodes and what finds their units. */
#pragma once

#include "intents/intents-private.h"

/* A name that some block has a rule or list of its own for. */
struct scoped {
	const char *name;
	bool is_list;
};

struct compiler {
	struct intents *s;
	struct scoped *scoped;
	size_t n_scoped, n_bits;	/* bits: 64 at a time */
	uint64_t *used;			/* scoped names that the unit being compiled leads to */
	const struct block *block;	/* whose own rules count, or NULL */
	const char *file;		/* where the template stands */
	uint32_t line;
	const struct sentence *sentence;	/* for which it is compiled, or NULL */
	unsigned depth;
	unsigned height;	/* most depth of a unit that this one calls */
	int error;		/* -ENOMEM, or -E2BIG: no room for more states */
};

/* The state at which @n begins when @next is behind it; NONE with the error set. */
uint32_t compile_node(struct compiler *c, const struct node *n, uint32_t next);
uint32_t compile_state(struct compiler *c, enum op op, uint32_t arg, uint32_t next);
uint32_t compile_choice(struct compiler *c, const uint32_t *targets, size_t n);

/* The unit of that name here, or NONE, with a warning or an error. */
uint32_t unit_named(struct compiler *c, const char *name, bool is_list);
/* A unit of one node, of one of several phrases, which returns ten times its number, and of
 * what is made otherwise. NONE with the error set. */
uint32_t unit_of_node(struct compiler *c, const struct node *n);
uint32_t unit_of_phrases(struct compiler *c, const struct phrase *list);
uint32_t unit_add(struct compiler *c, struct unit u);
/* Finds the names that blocks have rules and lists of their own for. 0 or -ENOMEM. */
int find_scoped(struct compiler *c);
