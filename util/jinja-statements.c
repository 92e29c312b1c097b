/* SPDX-License-Identifier: MIT */
/*
 * Text and tags. White space around tags goes as Jinja does it with trim_blocks and
 * lstrip_blocks: a block tag takes the newline behind it and the blanks before it on its
 * line; a '-' takes all white space on its side; a '+' keeps it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/jinja-parse.h"
#include "util/macro.h"

static struct node *parse_block(struct parser *p, const char *const *ends, const char **end);

static bool starts(const struct parser *p, const char *at, const char *tag)
{
	return (size_t)(p->end - at) >= 2 && memcmp(at, tag, 2) == 0;
}

/* The text up to @to, less what the tags around it take. */
static struct node *text_node(struct parser *p, const char *to)
{
	const char *from = p->at, *stop = to;
	struct node *n;

	if (p->trim_blank)
		while (from < to && isspace((unsigned char)*from))
			from++;
	else if (p->trim_newline && from < to && *from == '\n')
		from++;
	p->trim_blank = p->trim_newline = false;
	if (to < p->end && to + 2 < p->end && to[2] == '-') {
		while (stop > from && isspace((unsigned char)stop[-1]))
			stop--;
	} else if (to < p->end && to[1] != '{' && !(to + 2 < p->end && to[2] == '+')) {
		while (stop > from && (stop[-1] == ' ' || stop[-1] == '\t'))
			stop--;
		/* Only blanks that begin a line: of the source, or behind a tag's newline. */
		if (stop > from ? stop[-1] != '\n' : from > p->begin && from[-1] != '\n')
			stop = to;
	}
	if (stop == from)
		return NULL;
	n = parse_node(p, N_TEXT);
	if (!n)
		return NULL;
	n->literal = (struct value){ .kind = STRING };
	n->literal.text = (struct text){ .s = from, .len = (size_t)(stop - from) };
	n->literal.text.labels = arena_alloc(p->arena, n->literal.text.len);
	return n->literal.text.labels ? n : parse_fail(p, "out of memory");
}

static void open_tag(struct parser *p)
{
	p->at += 2;
	if (p->at < p->end && (*p->at == '-' || *p->at == '+'))
		p->at++;
}

/* @close is "%}" or "}}". */
static bool close_tag(struct parser *p, const char *close)
{
	if (parse_take(p, "-"))
		p->trim_blank = true;
	else if (!parse_take(p, "+"))
		p->trim_newline = close[0] == '%';
	if (!starts(p, p->at, close)) {
		parse_fail(p, "expected '%s'", close);
		return false;
	}
	p->at += 2;
	return true;
}

static void skip_comment(struct parser *p)
{
	const char *end = memmem(p->at + 2, (size_t)(p->end - p->at - 2), "#}", 2);

	if (!end) {
		parse_fail(p, "a comment without its end");
		return;
	}
	p->trim_blank = end[-1] == '-' && end > p->at + 2;
	p->trim_newline = end[-1] != '+';
	p->at = end + 2;
}

/* if: a is the condition, b what follows when it holds, c else (elif: another if). */
static struct node *parse_if(struct parser *p)
{
	static const char *const ends[] = { "elif", "else", "endif", NULL };
	static const char *const last[] = { "endif", NULL };
	struct node *n = parse_node(p, N_IF);
	const char *end;

	if (!n)
		return NULL;
	n->a = parse_expression(p);
	if (!n->a || !close_tag(p, "%}"))
		return NULL;
	n->b = parse_block(p, ends, &end);
	if (p->error)
		return NULL;
	if (strcmp(end, "elif") == 0) {
		if (++p->depth > JINJA_MAX_DEPTH)
			return parse_fail(p, "nested deeper than %d", JINJA_MAX_DEPTH);
		n->c = parse_if(p);
		p->depth--;
		return n;
	}
	if (strcmp(end, "else") == 0) {
		if (!close_tag(p, "%}"))
			return NULL;
		n->c = parse_block(p, last, &end);
	}
	return close_tag(p, "%}") ? n : NULL;
}

/* for: list are the names, a what is iterated, b the body, c the else; the condition of
 * `if` is the only child of the a node's own next. */
static struct node *parse_for(struct parser *p)
{
	static const char *const ends[] = { "else", "endfor", NULL };
	static const char *const last[] = { "endfor", NULL };
	struct node *n = parse_node(p, N_FOR), **tail = n ? &n->list : NULL;
	const char *end;

	do {
		struct node *name = parse_node(p, N_NAME);

		if (!n || !name)
			return NULL;
		name->name = parse_name(p);
		parse_append(&tail, name);
	} while (!p->error && parse_take(p, ","));
	if (!parse_take_word(p, "in"))
		return parse_fail(p, "expected 'in'");
	n->a = parse_condition(p);
	if (n->a && parse_take_word(p, "if"))
		n->a->next = parse_condition(p);
	if (!n->a || !close_tag(p, "%}"))
		return NULL;
	n->b = parse_block(p, ends, &end);
	if (!p->error && strcmp(end, "else") == 0) {
		if (!close_tag(p, "%}"))
			return NULL;
		n->c = parse_block(p, last, &end);
	}
	return !p->error && close_tag(p, "%}") ? n : NULL;
}

/* set: a is what is assigned to (a name or namespace.attribute), b the value. */
static struct node *parse_set(struct parser *p)
{
	struct node *n = parse_node(p, N_SET), *attribute;

	if (!n)
		return NULL;
	n->a = parse_node(p, N_NAME);
	if (!n->a)
		return NULL;
	n->a->name = parse_name(p);
	if (parse_take(p, ".")) {
		attribute = parse_node(p, N_ATTRIBUTE);
		if (!attribute)
			return NULL;
		attribute->a = n->a;
		attribute->name = parse_name(p);
		n->a = attribute;
	}
	if (!parse_expect(p, "="))
		return NULL;
	n->b = parse_expression(p);
	return n->b && close_tag(p, "%}") ? n : NULL;
}

/* macro: name, list the parameters (a: default or NULL), b the body. */
static struct node *parse_macro(struct parser *p)
{
	static const char *const ends[] = { "endmacro", NULL };
	struct node *n = parse_node(p, N_MACRO), **tail = n ? &n->list : NULL;
	const char *end;

	if (!n)
		return NULL;
	n->name = parse_name(p);
	if (!parse_expect(p, "("))
		return NULL;
	while (!p->error && !parse_take(p, ")")) {
		struct node *parameter = parse_node(p, N_NAME);

		if (!parameter)
			return NULL;
		parameter->name = parse_name(p);
		if (parse_take(p, "="))
			parameter->a = parse_expression(p);
		parse_append(&tail, parameter);
		if (!parse_take(p, ",") && !parse_peek(p, ")"))
			return parse_fail(p, "expected ',' or ')'");
	}
	if (p->error || !close_tag(p, "%}"))
		return NULL;
	n->b = parse_block(p, ends, &end);
	return !p->error && close_tag(p, "%}") ? n : NULL;
}

static struct node *parse_statement(struct parser *p, struct text name)
{
	struct node *n;

	if (text_is(name, "if"))
		return parse_if(p);
	if (text_is(name, "for"))
		return parse_for(p);
	if (text_is(name, "set"))
		return parse_set(p);
	if (text_is(name, "macro"))
		return parse_macro(p);
	if (text_is(name, "break") || text_is(name, "continue")) {
		n = parse_node(p, text_is(name, "break") ? N_BREAK : N_CONTINUE);
		return close_tag(p, "%}") ? n : NULL;
	}
	return parse_fail(p, "the statement '%.*s' is not supported",
			  (int)MIN(name.len, (size_t)32), name.s);
}

static struct node *parse_output(struct parser *p)
{
	struct node *n = parse_node(p, N_OUTPUT);

	if (!n)
		return NULL;
	n->a = parse_expression(p);
	return n->a && close_tag(p, "}}") ? n : NULL;
}

static const char *find_tag(const struct parser *p)
{
	const char *s = p->at;

	while ((s = memchr(s, '{', (size_t)(p->end - s))) != NULL) {
		if (s + 1 < p->end && (s[1] == '{' || s[1] == '%' || s[1] == '#'))
			return s;
		s++;
	}
	return p->end;
}

/* Statements up to one of @ends, of which the name is given and the rest of its tag is
 * still to be read; NULL @ends: up to the end of the source. */
static struct node *parse_block(struct parser *p, const char *const *ends, const char **end)
{
	struct node *first = NULL, **tail = &first;

	if (++p->depth > JINJA_MAX_DEPTH)
		return parse_fail(p, "nested deeper than %d", JINJA_MAX_DEPTH);
	while (!p->error) {
		const char *tag = find_tag(p);
		struct text name;

		parse_append(&tail, text_node(p, tag));
		p->at = tag;
		if (tag == p->end)
			break;
		if (starts(p, tag, "{#")) {
			skip_comment(p);
			continue;
		}
		open_tag(p);
		if (starts(p, tag, "{{")) {
			parse_append(&tail, parse_output(p));
			continue;
		}
		name = parse_name(p);
		for (const char *const *e = ends; e && *e; e++)
			if (text_is(name, *e)) {
				*end = *e;
				p->depth--;
				return first;
			}
		if (!p->error)
			parse_append(&tail, parse_statement(p, name));
	}
	if (ends && !p->error)
		parse_fail(p, "expected '%s' before the end", ends[0]);
	p->depth--;
	return first;
}

int jinja_parse(struct jinja **ret, const char *source, size_t len, struct diag *d)
{
	_cleanup_(jinja_freep) struct jinja *t = NULL;
	struct parser p = { .d = d, .line = 1, .column = 1 };
	char *copy;

	if (len > JINJA_MAX_SOURCE)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "1:1", "larger than %zu bytes",
				JINJA_MAX_SOURCE);
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->arena.limit = JINJA_MAX_MEMORY;
	copy = arena_alloc(&t->arena, len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, source, len);
	if (len && copy[len - 1] == '\n')
		len--;
	p.arena = &t->arena;
	p.begin = p.at = p.counted = copy;
	p.end = copy + len;
	t->body = parse_block(&p, NULL, NULL);
	if (p.error)
		return p.error;
	*ret = TAKE(t);
	return 0;
}

struct jinja *jinja_free(struct jinja *t)
{
	if (!t)
		return NULL;
	arena_deinit(&t->arena);
	free(t);
	return NULL;
}
