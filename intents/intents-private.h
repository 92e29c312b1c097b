/* SPDX-License-Identifier: MIT */
/* What files of sentences say, as it is read: source of the automaton (program.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "intents/fold.h"
#include "intents/intents.h"
#include "intents/names.h"
#include "intents/program.h"

struct yaml_node;

#define TEMPLATE_DEPTH 32
#define TEMPLATE_ORDER_MAX 8

enum node_kind { NODE_TEXT, NODE_SEQ, NODE_ALT, NODE_OPT, NODE_PERM, NODE_RULE, NODE_LIST };

/* A template, until it is compiled. */
struct node {
	enum node_kind kind;
	char *text;		/* TEXT: bytes; RULE, LIST: name */
	char *slot;		/* LIST */
	unsigned n_children;	/* ALT, PERM */
	struct node *first, *next;
};

struct pair {
	char *key, *value;
	struct pair *next;
};

struct word {
	char *text;
	struct word *next;
};

/* A template that is not a sentence: words to skip, keywords, a number in words. */
struct phrase {
	struct node *node;
	int32_t number;
	uint32_t line;
	const char *file;
	struct phrase *next;
};

/* Of a list. */
struct value {
	struct node *in;
	char *out;		/* NULL: the words matched */
	struct pair *context;	/* what is true of a sentence that names it: domain and such */
	uint32_t id;		/* in `values` of the set, or NONE */
	const char *file;
	uint32_t line;
	struct value *next;
};

/* A rule or a list, of all or of one block. */
struct def {
	char *name;
	bool is_list, wildcard, ranged;
	struct range range;
	struct node *rule;
	char *text;		/* of the rule: two alike are one */
	struct value *values;
	const char *file;	/* NULL: a list that is filled from outside alone */
	uint32_t line;
	bool open;		/* being compiled: who calls it now closes a circle */
	struct def *same;	/* of blocks: the first that is alike, which stands for it */
	struct instance *instances;
	struct def *next;
};

/* What a unit came to for blocks that say the same of all names it leads to. */
struct instance {
	uint32_t unit;			/* NONE: it cannot be called */
	const struct block *block;	/* one of those blocks */
	struct instance *next;
	uint64_t names[];		/* bits of the compiler's `scoped` names */
};

/* Of the context: of the caller, or of what the sentence names. */
struct condition {
	char *key;
	struct word *values;	/* one of these; NULL: any */
	bool to_slot, excludes;
	struct condition *next;
};

/* What the sentences of one block of a file share. */
struct block {
	char *intent, *response;
	struct pair *slots;
	struct condition *conditions;
	struct phrase *keywords;	/* one of these stands in the text; NULL: any text */
	uint32_t keywords_unit;
	struct def *locals;	/* rules and lists, before those of all */
	const char *file;
	struct block *next;
};

struct sentence {
	struct node *node;
	char *template;
	const struct block *block;
	uint32_t line;
	struct sentence *next;
};

struct file {
	char *name;
	struct file *next;
};

/* A value from outside, as it came. */
struct entity {
	char *list, *in, *out;
	struct pair *context;
};

struct intents {
	struct sentence *sentences, **last_sentence;
	struct block *blocks;
	struct def *defs;
	struct phrase *skip_words, *numbers, *halves;
	struct file *files;
	struct script script;
	struct intent_warning *warnings;
	size_t n_warnings;
	bool bound;

	struct program program;
	const struct sentence **by_id;		/* what the root returns */
	const struct value **values;		/* what lists return */
	size_t n_values;
	char **slots;				/* their names */
	size_t n_slots;

	struct entity *entities;
	size_t n_entities;
	struct names *names;			/* of the entities, one for each list */
	size_t n_names;
};

/* Parses one template. 0, -ENOMEM, or -EINVAL with text (no place) in @d. */
int template_parse(struct node **ret, const char *text, struct diag *d);
void node_free(struct node *n);
DEFINE_CLEANUP(struct node *, node_free)

/* The template that stands at @y; an error names the place. */
int load_template(struct node **ret, const struct yaml_node *y, struct diag *d);
/* A value as text; several in a list are joined by commas. */
int load_text(char **ret, const struct yaml_node *y, struct diag *d);
/* One template, or each of a list, added at the front. */
int load_phrases(struct phrase **list, const char *file, const struct yaml_node *y,
		 struct diag *d);
/* A mapping of values as pairs; what has no value is left out. */
int load_pairs(struct pair **list, const struct yaml_node *m, struct diag *d);
/* Expansion rules and lists into @list; -EINVAL for a rule whose name it has. */
int load_rules(struct def **list, const char *file, const struct yaml_node *m, struct diag *d);
int load_lists(struct def **list, const char *file, const struct yaml_node *m, struct diag *d);
int load_numbers(struct intents *s, const char *file, const struct yaml_node *m, struct diag *d);
/* One entry of `data`: sentences and what holds for them. */
int load_block(struct intents *s, const char *file, const char *intent,
	       const struct yaml_node *m, struct diag *d);
/* Moves all of @part behind what @s has. -EINVAL (nothing moved) where both have a rule, or a
 * list that is more than values, of the same name. */
int source_join(struct intents *s, struct intents *part, struct diag *d);

struct def *def_find(struct def *list, const char *name, bool is_list);
/* NULL: out of memory. */
struct def *def_add(struct def **list, const char *file, const char *name, bool is_list);
void defs_free(struct def *list);
void phrases_free(struct phrase *list);
void blocks_free(struct block *list);
void sentences_free(struct sentence *list);
void entities_free(struct entity *list, size_t n);

/* -ENOMEM, or 0; beyond WARNINGS_MAX, one says that there are more. */
int note_warning(struct intents *s, const char *file, uint32_t line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void warnings_free(struct intents *s);
