/* SPDX-License-Identifier: MIT */
/* What expressions are made of: literals, names, arguments and subscripts. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "util/jinja-parse.h"

static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case '\\':
	case '\'':
	case '"':
		return c;
	}
	return '\0';
}

static struct node *parse_string(struct parser *p)
{
	struct node *n = parse_node(p, N_LITERAL);
	char quote = *p->at++, *out = arena_alloc(p->arena, (size_t)(p->end - p->at) + 1);
	size_t len = 0;

	if (!n || !out)
		return parse_fail(p, "out of memory");
	for (; p->at < p->end && *p->at != quote; p->at++) {
		out[len] = *p->at;
		if (*p->at == '\\' && p->at + 1 < p->end) {
			out[len] = unescape(*++p->at);
			if (!out[len])
				return parse_fail(p, "unknown escape '\\%c'", *p->at);
		}
		len++;
	}
	if (p->at == p->end)
		return parse_fail(p, "a string without its end");
	p->at++;
	n->literal = (struct value){ .kind = STRING, .text = { .s = out, .len = len } };
	n->literal.text.labels = arena_alloc(p->arena, len + 1);
	return n->literal.text.labels ? n : parse_fail(p, "out of memory");
}

static struct node *parse_number(struct parser *p)
{
	struct node *n = parse_node(p, N_LITERAL);
	char digits[40];
	size_t len = 0;
	bool real = false;

	for (; n && p->at < p->end && len + 1 < sizeof(digits); p->at++) {
		bool point = *p->at == '.' && p->at + 1 < p->end &&
			     isdigit((unsigned char)p->at[1]);

		if (!isdigit((unsigned char)*p->at) && !point)
			break;
		real |= point;
		digits[len++] = *p->at;
	}
	digits[len] = '\0';
	if (!n || len > 18)
		return parse_fail(p, "a number too long");
	if (real)
		n->literal = (struct value){ .kind = FLOAT, .f = strtod(digits, NULL) };
	else
		n->literal = (struct value){ .kind = INT, .i = strtoll(digits, NULL, 10) };
	return n;
}

void parse_append(struct node ***tail, struct node *n)
{
	**tail = n;
	if (n)
		*tail = &n->next;
}

/* [a, b] or (a, b): list. */
static struct node *parse_list(struct parser *p, const char *end, struct node *first)
{
	struct node *n = parse_node(p, N_LIST), **tail = n ? &n->list : NULL;

	if (!n)
		return NULL;
	if (first)
		parse_append(&tail, first);
	while (!p->error && !parse_take(p, end)) {
		parse_append(&tail, parse_expression(p));
		if (!parse_take(p, ",") && !parse_peek(p, end))
			return parse_fail(p, "expected ',' or '%s'", end);
	}
	return n;
}

/* {k: v}: list of pairs, each a key in a and a value in b. */
static struct node *parse_dict(struct parser *p)
{
	struct node *n = parse_node(p, N_DICT), **tail = n ? &n->list : NULL;

	while (n && !p->error && !parse_take(p, "}")) {
		struct node *pair = parse_node(p, N_DICT);

		if (!pair)
			return NULL;
		pair->a = parse_expression(p);
		if (!parse_expect(p, ":"))
			return NULL;
		pair->b = parse_expression(p);
		parse_append(&tail, pair);
		if (!parse_take(p, ",") && !parse_peek(p, "}"))
			return parse_fail(p, "expected ',' or '}'");
	}
	return n;
}

static struct node *parse_parentheses(struct parser *p)
{
	struct node *n = parse_expression(p);

	if (parse_take(p, ","))
		return parse_list(p, ")", n);
	return parse_expect(p, ")") ? n : NULL;
}

struct node *parse_constant(struct parser *p, struct value v)
{
	struct node *n = parse_node(p, N_LITERAL);

	if (n)
		n->literal = v;
	return n;
}

struct node *parse_primary(struct parser *p)
{
	struct node *n;

	parse_skip_blank(p);
	if (p->at == p->end)
		return parse_fail(p, "the template ends inside an expression");
	if (*p->at == '"' || *p->at == '\'')
		return parse_string(p);
	if (isdigit((unsigned char)*p->at))
		return parse_number(p);
	if (parse_take(p, "["))
		return parse_list(p, "]", NULL);
	if (parse_take(p, "{"))
		return parse_dict(p);
	if (parse_take(p, "("))
		return parse_parentheses(p);
	if (parse_take_word(p, "true") || parse_take_word(p, "True"))
		return parse_constant(p, (struct value){ .kind = BOOL, .b = true });
	if (parse_take_word(p, "false") || parse_take_word(p, "False"))
		return parse_constant(p, (struct value){ .kind = BOOL });
	if (parse_take_word(p, "none") || parse_take_word(p, "None"))
		return parse_constant(p, (struct value){ .kind = NONE });
	n = parse_node(p, N_NAME);
	if (n)
		n->name = parse_name(p);
	return n;
}

/* Arguments behind '(': n->list, each with the name of a named one. */
void parse_arguments(struct parser *p, struct node *n)
{
	struct node **tail = &n->list;

	while (!p->error && !parse_take(p, ")")) {
		const char *begin;
		struct text name = { 0 };
		struct node *value, *argument;

		parse_skip_blank(p);
		begin = p->at;
		if (p->at < p->end && (isalpha((unsigned char)*p->at) || *p->at == '_')) {
			name = parse_name(p);
			if (!parse_take(p, "=") || parse_peek(p, "=")) {
				p->at = begin;
				name.len = 0;
			}
		}
		argument = parse_node(p, N_LIST);
		value = parse_expression(p);
		if (!argument || !value)
			return;
		argument->a = value;
		argument->name = name;
		parse_append(&tail, argument);
		if (!parse_take(p, ",") && !parse_peek(p, ")"))
			parse_fail(p, "expected ',' or ')'");
	}
}

/* x[i] has a and b; x[from:to:step] is N_SLICE with them in list, absent ones none. */
struct node *parse_subscript(struct parser *p, struct node *object)
{
	struct node *n = parse_node(p, N_INDEX), *parts[3] = { 0 }, **tail;
	int count = 0;

	if (!n)
		return NULL;
	n->a = object;
	while (!p->error && !parse_peek(p, "]")) {
		if (parse_take(p, ":")) {
			n->kind = N_SLICE;
			if (++count > 2)
				return parse_fail(p, "too many ':'");
		} else if (parts[count]) {
			return parse_fail(p, "expected ']'");
		} else {
			parts[count] = parse_expression(p);
		}
	}
	if (!parse_expect(p, "]"))
		return NULL;
	if (n->kind == N_INDEX) {
		n->b = parts[0];
		return n->b ? n : parse_fail(p, "expected an index");
	}
	tail = &n->list;
	for (int i = 0; i < 3; i++)
		parse_append(&tail, parts[i] ? parts[i] :
				parse_constant(p, (struct value){ .kind = NONE }));
	return n;
}
