/* SPDX-License-Identifier: MIT */
/* The graph of templates. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "intents/intents.h"

#define TEMPLATE_DEPTH 32

enum node_kind { NODE_TEXT, NODE_SEQ, NODE_ALT, NODE_OPT, NODE_PERM, NODE_RULE, NODE_LIST };

struct node {
	enum node_kind kind;
	char *text;		/* TEXT: bytes; RULE, LIST: name */
	char *slot;		/* LIST */
	unsigned n_children;	/* PERM */
	struct node *first, *next;
	const struct named *target;	/* RULE, LIST, once bound */
};

struct value {
	struct node *in;
	char *out;		/* NULL: the words matched */
	struct value *next;
};

/* A rule or a list. */
struct named {
	char *name;
	bool is_list, wildcard, range;
	int64_t from, to;
	struct node *rule;
	struct value *values;
	int colour;		/* of the search for circles: 0 new, 1 open, 2 done */
	struct named *next;
};

struct pair {
	char *key, *value;
	bool to_slot, excludes;
	struct pair *next;
};

struct sentence {
	const char *intent, *response;
	struct node *node;
	const struct block *block;
	struct sentence *next;
};

/* What the sentences of one block of a file share. */
struct block {
	char *intent, *response;
	struct pair *slots, *conditions;
	struct block *next;
};

struct intents {
	struct sentence *sentences, **last_sentence;
	struct block *blocks;
	struct named *named;
};

/* Parses one template. 0, -ENOMEM, or -EINVAL with text (no place) in @d. */
int template_parse(struct node **ret, const char *text, struct diag *d);
void node_free(struct node *n);
