/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

#include "util/jinja.h"

/* Memory that lives as long as a template, or as one rendering of it. */
struct arena {
	struct arena_block *blocks;
	size_t used;
	size_t limit;
};

/* Zeroed; NULL when the limit or memory is reached. */
void *arena_alloc(struct arena *a, size_t size);
void arena_deinit(struct arena *a);

/* Text with the label of each byte. */
struct text {
	const char *s;
	const uint8_t *labels;
	size_t len;
};

enum kind { UNDEFINED, NONE, BOOL, INT, FLOAT, STRING, LIST, DICT, NAMESPACE, MACRO, BUILTIN };

struct value {
	enum kind kind;
	uint8_t label;		/* of a scalar */
	union {
		bool b;
		int64_t i;
		double f;
		struct text text;
		struct list *list;
		struct dict *dict;
		const struct node *macro;
		int builtin;
	};
};

struct list {
	size_t n;
	struct value items[];
};

struct entry {
	struct value key;	/* text, a number, a truth value or none */
	struct value value;
	struct entry *next;
};

struct dict {
	size_t n;
	struct entry *first, **last;
};

enum node_kind {
	/* statements */
	N_TEXT, N_OUTPUT, N_IF, N_FOR, N_SET, N_MACRO, N_BREAK, N_CONTINUE,
	/* expressions */
	N_LITERAL, N_NAME, N_LIST, N_DICT, N_ATTRIBUTE, N_INDEX, N_SLICE, N_CALL, N_FILTER,
	N_TEST, N_NOT, N_NEGATE, N_AND, N_OR, N_TERNARY, N_BINARY, N_COMPARE,
};

enum operator { O_ADD, O_SUB, O_MUL, O_DIV, O_FLOOR, O_MOD, O_POW, O_CONCAT,
		O_EQ, O_NE, O_LT, O_LE, O_GT, O_GE, O_IN, O_NOT_IN };

/* What a, b, c and list are is said where each kind is parsed. */
struct node {
	enum node_kind kind;
	enum operator op;
	uint32_t line, column;
	struct text name;
	struct value literal;
	struct node *a, *b, *c;
	struct node *list;		/* children, linked by next */
	struct node *next;
};

struct jinja {
	struct arena arena;
	struct node *body;
};

/* One rendering. */
struct scope {
	struct scope *parent;
	struct dict variables;
};

struct render {
	struct arena arena;
	struct diag *d;
	struct scope *scope;
	struct scope global;
	const char *date;
	uint32_t steps, max_steps;
	size_t max_output;
	unsigned depth;
	char *out;
	uint8_t *out_labels;
	size_t out_len, out_cap;
	enum { FLOW_NORMAL, FLOW_BREAK, FLOW_CONTINUE } flow;
};

/* Fills @d with the node's place; -EINVAL. */
int node_error(const struct node *n, struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct text text_of(const char *literal);
bool text_equal(struct text a, struct text b);
bool text_is(struct text t, const char *literal);
struct text text_slice(struct text t, size_t from, size_t to);

/* -ENOMEM when the rendering's memory is used up. */
int text_concat(struct render *r, struct text a, struct text b, struct text *ret);
/* @s copied with one label. */
int text_new(struct render *r, const char *s, size_t len, uint8_t label, struct text *ret);
/* Of the keys that are equal, the last counts. */
int dict_put(struct arena *a, struct dict *dict, const struct value *key, const struct value *v);
/* A key that is not there yet. */
int dict_append(struct arena *a, struct dict *dict, const struct value *key,
		const struct value *v);
const struct value *dict_find(const struct dict *dict, const struct value *key);
/* The same with a text. */
int dict_set(struct arena *a, struct dict *dict, struct text key, const struct value *v);
const struct value *dict_get(const struct dict *dict, struct text key);
int value_of_json(struct render *r, const struct jinja_variable *v, const json_t *json,
		  const char *key, struct value *ret, unsigned depth);
bool value_truth(const struct value *v);
bool value_equal(const struct value *a, const struct value *b);
/* As Python prints it; -EINVAL for what has no plain text. */
int value_to_text(struct render *r, const struct node *at, const struct value *v, struct text *ret);
int value_to_json(struct render *r, const struct node *at, const struct value *v, int indent,
		  struct text *ret);
struct list *list_new(struct render *r, size_t n);

int eval(struct render *r, const struct node *n, struct value *ret);
int eval_binary(struct render *r, const struct node *n, struct value *ret);
int eval_compare(struct render *r, const struct node *n, struct value *ret);
int eval_negate(struct render *r, const struct node *n, struct value *ret);
int run_block(struct render *r, const struct node *block);
int call_macro(struct render *r, const struct node *call, const struct node *macro,
	       struct value *ret);

/* Positional and named arguments of a call, filter or test. */
#define MAX_ARGUMENTS 8
struct arguments {
	size_t n;
	struct value values[MAX_ARGUMENTS];
	struct text names[MAX_ARGUMENTS];	/* len 0: positional */
};
int eval_arguments(struct render *r, const struct node *call, struct arguments *ret);
/* The argument at a position or by name, or NULL. */
const struct value *argument(const struct arguments *a, size_t position, const char *name);

int apply_filter(struct render *r, const struct node *n, struct text name, const struct value *in,
		 const struct arguments *args, struct value *ret);
int apply_test(struct render *r, const struct node *n, struct text name, const struct value *in,
	       const struct arguments *args, bool *ret);
int call_method(struct render *r, const struct node *n, const struct value *object,
		struct text name, const struct arguments *args, struct value *ret);
/* -1: no such function. */
int builtin_find(struct text name);
int call_builtin(struct render *r, const struct node *n, int builtin,
		 const struct arguments *args, struct value *ret);
