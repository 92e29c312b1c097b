/* SPDX-License-Identifier: MIT */
/* The graph of templates. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "intents/intents.h"

struct yaml_node;

#define TEMPLATE_DEPTH 32

enum node_kind { NODE_TEXT, NODE_SEQ, NODE_ALT, NODE_OPT, NODE_PERM, NODE_RULE, NODE_LIST };

struct node {
	enum node_kind kind;
	char *text;		/* TEXT: bytes; RULE, LIST: name */
	char *slot;		/* LIST */
	unsigned n_children;	/* PERM */
	struct node *first, *next;
	const struct named *target;	/* RULE, LIST, once bound; NULL: there is none */
	bool scoped;		/* RULE: a block may have one of this name, which then counts */
};

struct pair {
	char *key, *value;
	struct pair *next;
};

struct word {
	char *text;
	struct word *next;
};

struct value {
	struct node *in;
	char *out;		/* NULL: the words matched */
	struct pair *context;	/* what is true of a sentence that names it: domain and such */
	struct value *next;
};

/* A number in words; of a range that has halves, also with one more half. */
struct number {
	int64_t n;
	struct node *in;
	char whole[24], half[24];
	struct number *next;
};

/* A rule or a list. */
struct named {
	char *name;
	bool is_list, wildcard, range, halves;
	int64_t from, to;
	struct node *rule;
	struct value *values;
	int colour;		/* of the search for circles: 0 new, 1 open, 2 done */
	struct named *next;
};

/* Of the context: of the caller, or of what the sentence names. */
struct condition {
	char *key;
	struct word *values;	/* one of these; NULL: any */
	bool to_slot, excludes;
	struct condition *next;
};

struct sentence {
	struct node *node;
	const struct block *block;
	uint32_t line;
	struct sentence *next;
};

/* What the sentences of one block of a file share. */
struct block {
	char *intent, *response;
	struct pair *slots;
	struct condition *conditions;
	struct word *keywords;	/* one of these stands in the text; NULL: any text */
	struct named *rules;	/* of this block alone, before those of all */
	struct block *next;
};

struct intents {
	struct sentence *sentences, **last_sentence;
	struct block *blocks;
	struct named *named;
	struct word *skip_words;
	struct number *numbers;
	struct node *half;
};

/* Parses one template. 0, -ENOMEM, or -EINVAL with text (no place) in @d. */
int template_parse(struct node **ret, const char *text, struct diag *d);
void node_free(struct node *n);

/* The template that stands at @y; an error names the place. */
int load_template(struct node **ret, const struct yaml_node *y, struct diag *d);
/* A value as text; several in a list are joined by commas. */
int load_text(char **ret, const struct yaml_node *y, struct diag *d);
/* One word, or each of a list, in any order. */
int load_words(struct word **list, const struct yaml_node *y, struct diag *d);
/* A mapping of values as pairs; what has no value is left out. */
int load_pairs(struct pair **list, const struct yaml_node *m, struct diag *d);
/* Expansion rules into @list; -EINVAL for a name that it has. */
int load_rules(struct named **list, const struct yaml_node *m, struct diag *d);
/* One entry of `data`: sentences and what holds for them. */
int load_block(struct intents *s, const char *intent, const struct yaml_node *m, struct diag *d);

struct named *named_find(struct named *list, const char *name, bool is_list);
/* NULL: out of memory. */
struct named *named_add(struct named **list, const char *name, bool is_list);
void named_free(struct named *list);
void pairs_free(struct pair *list);
void words_free(struct word *list);
void blocks_free(struct block *list);
