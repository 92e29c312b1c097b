/* SPDX-License-Identifier: MIT */
/* Between the parser of statements and that of expressions. */
#pragma once

#include "util/jinja-private.h"

struct parser {
	struct arena *arena;
	struct diag *d;
	const char *begin, *at, *end;
	const char *counted;	/* up to where lines were counted */
	uint32_t line, column;
	unsigned depth;
	int error;
	bool trim_newline;	/* after a block tag the next newline is dropped */
	bool trim_blank;	/* after -%} and the like all white space is */
};

/* Notes the first error and returns NULL. */
struct node *parse_fail(struct parser *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct node *parse_node(struct parser *p, enum node_kind kind);
void parse_skip_blank(struct parser *p);
/* Whether @symbol comes next, behind white space; take: and step over it. */
bool parse_peek(struct parser *p, const char *symbol);
bool parse_take(struct parser *p, const char *symbol);
bool parse_take_word(struct parser *p, const char *word);
bool parse_expect(struct parser *p, const char *symbol);
struct text parse_name(struct parser *p);
/* Links @n (may be NULL) behind the last one. */
void parse_append(struct node ***tail, struct node *n);
struct node *parse_expression(struct parser *p);
struct node *parse_condition(struct parser *p);
struct node *parse_primary(struct parser *p);
struct node *parse_constant(struct parser *p, struct value v);
/* Arguments behind '(': @n->list, each with the name of a named one. */
void parse_arguments(struct parser *p, struct node *n);
/* What stands behind '[' of an index or slice. */
struct node *parse_subscript(struct parser *p, struct node *object);
