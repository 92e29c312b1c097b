/* SPDX-License-Identifier: MIT */
/* Source to a tree: expressions by precedence, statements by their end tags. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/jinja-parse.h"
#include "util/macro.h"

/* Where @at is, counted on from the last place asked for: the text is walked once. After a
 * step back over a name the place is that name's end, which is near enough. */
static void find_place(struct parser *p, struct node *n)
{
	for (; p->counted < p->at; p->counted++) {
		p->column = *p->counted == '\n' ? 1 : p->column + 1;
		p->line += *p->counted == '\n';
	}
	n->line = p->line;
	n->column = p->column;
}

int node_error(const struct node *n, struct diag *d, const char *fmt, ...)
{
	char field[32], text[sizeof(d->text)];
	va_list args;

	snprintf(field, sizeof(field), "%u:%u", n->line, n->column);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return diag_set(d, -EINVAL, DIAG_SYNTAX, field, "%s", text);
}

struct node *parse_fail(struct parser *p, const char *fmt, ...)
{
	struct node place = { 0 };
	char text[200];
	va_list args;

	if (p->error)
		return NULL;
	find_place(p, &place);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	p->error = node_error(&place, p->d, "%s", text);
	return NULL;
}

struct node *parse_node(struct parser *p, enum node_kind kind)
{
	struct node *n = arena_alloc(p->arena, sizeof(*n));

	if (!n) {
		p->error = p->error ? p->error : -ENOMEM;
		return NULL;
	}
	n->kind = kind;
	find_place(p, n);
	return n;
}

void parse_skip_blank(struct parser *p)
{
	while (p->at < p->end && isspace((unsigned char)*p->at))
		p->at++;
}

bool parse_peek(struct parser *p, const char *symbol)
{
	size_t n = strlen(symbol);

	parse_skip_blank(p);
	return (size_t)(p->end - p->at) >= n && memcmp(p->at, symbol, n) == 0;
}

bool parse_take(struct parser *p, const char *symbol)
{
	if (!parse_peek(p, symbol))
		return false;
	p->at += strlen(symbol);
	return true;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool peek_word(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	return parse_peek(p, word) && (p->at + n == p->end || !is_word(p->at[n]));
}

bool parse_take_word(struct parser *p, const char *word)
{
	if (!peek_word(p, word))
		return false;
	p->at += strlen(word);
	return true;
}

bool parse_expect(struct parser *p, const char *symbol)
{
	if (parse_take(p, symbol))
		return true;
	parse_fail(p, "expected '%s'", symbol);
	return false;
}

struct text parse_name(struct parser *p)
{
	struct text name = { 0 };

	parse_skip_blank(p);
	name.s = p->at;
	if (p->at < p->end && (isalpha((unsigned char)*p->at) || *p->at == '_'))
		while (p->at < p->end && is_word(*p->at))
			p->at++;
	name.len = (size_t)(p->at - name.s);
	if (!name.len)
		parse_fail(p, "expected a name");
	return name;
}

static struct node *parse_unary(struct parser *p);

static struct node *parse_postfix(struct parser *p, struct node *n)
{
	struct node *outer;

	while (n && !p->error) {
		if (parse_take(p, ".")) {
			outer = parse_node(p, N_ATTRIBUTE);
			if (!outer)
				return NULL;
			outer->a = n;
			outer->name = parse_name(p);
		} else if (parse_take(p, "[")) {
			outer = parse_subscript(p, n);
		} else if (parse_take(p, "(")) {
			outer = parse_node(p, N_CALL);
			if (!outer)
				return NULL;
			outer->a = n;
			parse_arguments(p, outer);
		} else {
			return n;
		}
		n = outer;
	}
	return n;
}

/* x is [not] name [argument] */
static struct node *parse_test(struct parser *p, struct node *n)
{
	struct node *test = parse_node(p, N_TEST), *argument, *not = NULL;

	if (parse_take_word(p, "not"))
		not = parse_node(p, N_NOT);
	if (!test)
		return NULL;
	test->a = n;
	test->name = parse_name(p);
	if (parse_take(p, "(")) {
		parse_arguments(p, test);
	} else {
		parse_skip_blank(p);
		/* A test may take one argument without parentheses. */
		if (p->at < p->end && (isdigit((unsigned char)*p->at) || *p->at == '"' ||
				       *p->at == '\'' || text_is(test->name, "sameas") ||
				       text_is(test->name, "equalto"))) {
			argument = parse_node(p, N_LIST);
			if (!argument)
				return NULL;
			argument->a = parse_unary(p);
			test->list = argument;
		}
	}
	if (!not)
		return test;
	not->a = test;
	return not;
}

static struct node *parse_filters(struct parser *p, struct node *n)
{
	while (n && !p->error) {
		if (parse_peek(p, "|")) {
			struct node *filter;

			parse_take(p, "|");
			filter = parse_node(p, N_FILTER);
			if (!filter)
				return NULL;
			filter->a = n;
			filter->name = parse_name(p);
			if (parse_take(p, "("))
				parse_arguments(p, filter);
			n = parse_postfix(p, filter);
		} else if (parse_take_word(p, "is")) {
			n = parse_test(p, n);
		} else {
			return n;
		}
	}
	return n;
}

/* A minus binds tighter than a filter behind it. */
static struct node *parse_signed(struct parser *p)
{
	struct node *n;

	if (++p->depth > JINJA_MAX_DEPTH)
		return parse_fail(p, "nested deeper than %d", JINJA_MAX_DEPTH);
	if (!parse_peek(p, "-%}") && !parse_peek(p, "-}}") && parse_take(p, "-")) {
		n = parse_node(p, N_NEGATE);
		if (n)
			n->a = parse_signed(p);
	} else {
		n = parse_postfix(p, parse_primary(p));
	}
	p->depth--;
	return n;
}

static struct node *parse_unary(struct parser *p)
{
	return parse_filters(p, parse_signed(p));
}

struct level {
	const char *symbols[5];
	enum operator ops[5];
};

/* From loose to tight, as Jinja binds them; "~" stands between sums and products. */
static const struct level levels[] = {
	{ { "+", "-" }, { O_ADD, O_SUB } },
	{ { "~" }, { O_CONCAT } },
	{ { "**", "*", "//", "/", "%" }, { O_POW, O_MUL, O_FLOOR, O_DIV, O_MOD } },
};

/* A '-' or '%' of a closing tag is no operator. */
static bool at_tag_end(struct parser *p)
{
	static const char *const ends[] = { "-%}", "-}}", "%}", "}}", "+%}", "+}}" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (parse_peek(p, ends[i]))
			return true;
	return false;
}

static struct node *parse_binary(struct parser *p, size_t level)
{
	struct node *left;

	if (level == ARRAY_SIZE(levels))
		return parse_unary(p);
	left = parse_binary(p, level + 1);
	while (left && !p->error && !at_tag_end(p)) {
		const struct level *l = &levels[level];
		struct node *n;
		size_t i = 0;

		while (i < ARRAY_SIZE(l->symbols) && l->symbols[i] && !parse_peek(p, l->symbols[i]))
			i++;
		if (i == ARRAY_SIZE(l->symbols) || !l->symbols[i])
			return left;
		parse_take(p, l->symbols[i]);
		n = parse_node(p, N_BINARY);
		if (!n)
			return NULL;
		n->op = l->ops[i];
		n->a = left;
		n->b = parse_binary(p, level + 1);
		left = n;
	}
	return left;
}

static bool take_comparison(struct parser *p, enum operator *op)
{
	static const char *const symbols[] = { "==", "!=", "<=", ">=", "<", ">" };
	static const enum operator ops[] = { O_EQ, O_NE, O_LE, O_GE, O_LT, O_GT };
	const char *begin;

	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++)
		if (parse_take(p, symbols[i])) {
			*op = ops[i];
			return true;
		}
	if (parse_take_word(p, "in")) {
		*op = O_IN;
		return true;
	}
	begin = p->at;
	if (parse_take_word(p, "not") && parse_take_word(p, "in")) {
		*op = O_NOT_IN;
		return true;
	}
	p->at = begin;
	return false;
}

static struct node *parse_comparison(struct parser *p)
{
	struct node *left = parse_binary(p, 0);
	enum operator op;

	while (left && !p->error && take_comparison(p, &op)) {
		struct node *n = parse_node(p, N_COMPARE);

		if (!n)
			return NULL;
		n->op = op;
		n->a = left;
		n->b = parse_binary(p, 0);
		left = n;
	}
	return left;
}

static struct node *parse_not(struct parser *p)
{
	struct node *n;

	if (!parse_take_word(p, "not"))
		return parse_comparison(p);
	if (++p->depth > JINJA_MAX_DEPTH)
		return parse_fail(p, "nested deeper than %d", JINJA_MAX_DEPTH);
	n = parse_node(p, N_NOT);
	if (n)
		n->a = parse_not(p);
	p->depth--;
	return n;
}

static struct node *parse_logic(struct parser *p, const char *word, enum node_kind kind)
{
	struct node *left = kind == N_OR ? parse_logic(p, "and", N_AND) : parse_not(p);

	while (left && !p->error && parse_take_word(p, word)) {
		struct node *n = parse_node(p, kind);

		if (!n)
			return NULL;
		n->a = left;
		n->b = kind == N_OR ? parse_logic(p, "and", N_AND) : parse_not(p);
		left = n;
	}
	return left;
}

/* Without a ternary at its end: `for x in xs if …`. */
struct node *parse_condition(struct parser *p)
{
	return parse_logic(p, "or", N_OR);
}

/* a if b else c */
struct node *parse_expression(struct parser *p)
{
	struct node *n, *value;

	if (++p->depth > JINJA_MAX_DEPTH)
		return parse_fail(p, "nested deeper than %d", JINJA_MAX_DEPTH);
	value = parse_logic(p, "or", N_OR);
	while (value && !p->error && parse_take_word(p, "if")) {
		n = parse_node(p, N_TERNARY);
		if (!n)
			return NULL;
		n->a = value;
		n->b = parse_logic(p, "or", N_OR);
		if (parse_take_word(p, "else"))
			n->c = parse_expression(p);
		value = n;
	}
	p->depth--;
	return value;
}
