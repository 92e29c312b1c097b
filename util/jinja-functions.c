/* SPDX-License-Identifier: MIT */
/* Tests and global functions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/jinja-call.h"
#include "util/macro.h"

static bool is_number(const struct value *v)
{
	return v->kind == INT || v->kind == FLOAT;
}

/* Tests without an argument, by what they say of a value. */
static bool plain_test(struct text name, const struct value *v, bool *ret)
{
	const struct {
		const char *name;
		bool holds;
	} tests[] = {
		{ "defined", v->kind != UNDEFINED },	{ "undefined", v->kind == UNDEFINED },
		{ "none", v->kind == NONE },		{ "string", v->kind == STRING },
		{ "number", is_number(v) },		{ "integer", v->kind == INT },
		{ "float", v->kind == FLOAT },		{ "boolean", v->kind == BOOL },
		{ "mapping", v->kind == DICT },		{ "callable", v->kind >= MACRO },
		{ "iterable", v->kind == STRING || v->kind == LIST || v->kind == DICT },
		{ "sequence", v->kind == STRING || v->kind == LIST || v->kind == DICT },
		{ "true", v->kind == BOOL && v->b },	{ "false", v->kind == BOOL && !v->b },
		{ "odd", v->kind == INT && v->i % 2 },	{ "even", v->kind == INT && v->i % 2 == 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		if (text_is(name, tests[i].name)) {
			*ret = tests[i].holds;
			return true;
		}
	return false;
}

int apply_test(struct render *r, const struct node *n, struct text name, const struct value *in,
	       const struct arguments *args, bool *ret)
{
	if (plain_test(name, in, ret))
		return 0;
	if (text_is(name, "equalto") || text_is(name, "eq") || text_is(name, "==") ||
	    text_is(name, "sameas")) {
		if (args->n != 1)
			return node_error(n, r->d, "the test '%.*s' takes one argument",
					  (int)name.len, name.s);
		*ret = value_equal(in, &args->values[0]);
		return 0;
	}
	return node_error(n, r->d, "the test '%.*s' is not supported",
			  (int)MIN(name.len, (size_t)64), name.s);
}

static int do_namespace(const struct call *c)
{
	int e = 0;

	*c->ret = (struct value){ .kind = NAMESPACE };
	c->ret->dict = arena_alloc(&c->r->arena, sizeof(*c->ret->dict));
	if (!c->ret->dict)
		return -ENOMEM;
	for (size_t i = 0; e == 0 && i < c->args->n; i++)
		e = dict_set(&c->r->arena, c->ret->dict, c->args->names[i], &c->args->values[i]);
	return e;
}

static int do_range(const struct call *c)
{
	int64_t bounds[3] = { 0, 0, 1 }, n;

	for (size_t i = 0; i < c->args->n; i++)
		if (c->args->values[i].kind != INT || llabs(c->args->values[i].i) > 1000000)
			return call_error(c, "expected whole numbers up to a million");
	if (c->args->n < 1 || c->args->n > 3)
		return call_error(c, "expected one to three numbers");
	for (size_t i = 0; i < c->args->n; i++)
		bounds[c->args->n == 1 ? 1 : i] = c->args->values[i].i;
	if (bounds[2] == 0)
		return call_error(c, "a step of zero");
	n = (bounds[1] - bounds[0] + bounds[2] - (bounds[2] > 0 ? 1 : -1)) / bounds[2];
	n = MAX(n, (int64_t)0);
	*c->ret = (struct value){ .kind = LIST, .list = list_new(c->r, (size_t)n) };
	if (!c->ret->list)
		return -ENOMEM;
	for (int64_t i = 0; i < n; i++)
		c->ret->list->items[i] = (struct value){ .kind = INT,
							 .i = bounds[0] + i * bounds[2] };
	return 0;
}

/* The template refuses its input, in its own words. */
static int do_raise(const struct call *c)
{
	struct text t = text_of("the template refuses this input");

	if (c->args->n && c->args->values[0].kind == STRING && c->args->values[0].text.len)
		t = c->args->values[0].text;
	return node_error(c->n, c->r->d, "%.*s", (int)MIN(t.len, (size_t)200), t.s);
}

static int do_strftime(const struct call *c)
{
	struct tm day = { .tm_hour = 0 };
	char format[64], out[256];
	struct text t;
	size_t len;
	int e = call_text_argument(c, 0, "format", &t);

	if (e < 0)
		return e;
	if (t.len == 0 || t.len >= sizeof(format) || !strptime(c->r->date, "%Y-%m-%d", &day))
		return call_error(c, "expected a short format");
	memcpy(format, t.s, t.len);
	format[t.len] = '\0';
	len = strftime(out, sizeof(out), format, &day);
	e = text_new(c->r, out, len, 0, &t);
	return e < 0 ? e : call_give_text(c, t);
}

static const struct {
	const char *name;
	call_fn fn;
} builtins[] = {
	{ "namespace", do_namespace },
	{ "range", do_range },
	{ "raise_exception", do_raise },
	{ "strftime_now", do_strftime },
};

int builtin_find(struct text name)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
		if (text_is(name, builtins[i].name))
			return (int)i;
	return -1;
}

int call_builtin(struct render *r, const struct node *n, int builtin,
		 const struct arguments *args, struct value *ret)
{
	struct call c = { r, n, NULL, args, ret };

	return builtins[builtin].fn(&c);
}
