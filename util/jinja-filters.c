/* SPDX-License-Identifier: MIT */
/* Filters and methods: each a row of a table and a short function. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/jinja-call.h"
#include "util/macro.h"
#include "util/utf8.h"

int call_error(const struct call *c, const char *what)
{
	return node_error(c->n, c->r->d, "%.*s: %s", (int)MIN(c->n->name.len, (size_t)64),
			  c->n->name.s ? c->n->name.s : "", what);
}

int call_give_text(const struct call *c, struct text t)
{
	*c->ret = (struct value){ .kind = STRING, .text = t };
	return 0;
}

int call_text_argument(const struct call *c, size_t i, const char *name, struct text *ret)
{
	const struct value *v = argument(c->args, i, name);

	if (!v || v->kind != STRING)
		return call_error(c, "expected a string as argument");
	*ret = v->text;
	return 0;
}

static int do_string(const struct call *c)
{
	struct text t;
	int e = value_to_text(c->r, c->n, c->in, &t);

	return e < 0 ? e : call_give_text(c, t);
}

static int do_same(const struct call *c)
{
	*c->ret = *c->in;
	return 0;
}

/* Of Home Assistant: what is not there stops the template, which is no fault of it. */
static int do_is_defined(const struct call *c)
{
	if (c->in->kind == UNDEFINED)
		return diag_set(c->r->d, -EINVAL, DIAG_PAIR, "is_defined",
				"the value is undefined");
	return do_same(c);
}

static int do_length(const struct call *c)
{
	size_t n = 0;

	if (c->in->kind == STRING)
		n = utf8_count(c->in->text.s, c->in->text.len);
	else if (c->in->kind == LIST)
		n = c->in->list->n;
	else if (c->in->kind == DICT)
		n = c->in->dict->n;
	else
		return call_error(c, "the value has no length");
	*c->ret = (struct value){ .kind = INT, .i = (int64_t)n };
	return 0;
}

static int do_tojson(const struct call *c)
{
	const struct value *indent = argument(c->args, 0, "indent");
	struct text t;
	int e;

	if (indent && (indent->kind != INT || indent->i < 0 || indent->i > 16))
		return call_error(c, "indent must be 0 to 16");
	e = value_to_json(c->r, c->n, c->in, indent ? (int)indent->i : -1, &t);
	return e < 0 ? e : call_give_text(c, t);
}

static int do_default(const struct call *c)
{
	const struct value *other = argument(c->args, 0, "default_value");
	const struct value *falsy = argument(c->args, 1, "boolean");
	bool use = c->in->kind == UNDEFINED || (falsy && value_truth(falsy) && !value_truth(c->in));

	*c->ret = use ? (struct value){ .kind = STRING, .text = text_of("") } : *c->in;
	if (use && other)
		*c->ret = *other;
	return 0;
}

static int do_items(const struct call *c)
{
	size_t i = 0;

	if (c->in->kind != DICT)
		return call_error(c, "expected a dictionary");
	*c->ret = (struct value){ .kind = LIST, .list = list_new(c->r, c->in->dict->n) };
	if (!c->ret->list)
		return -ENOMEM;
	for (const struct entry *e = c->in->dict->first; e; e = e->next) {
		struct list *pair = list_new(c->r, 2);

		if (!pair)
			return -ENOMEM;
		pair->items[0] = e->key;
		pair->items[1] = e->value;
		c->ret->list->items[i++] = (struct value){ .kind = LIST, .list = pair };
	}
	return 0;
}

static int one_of_pairs(const struct call *c, int part)
{
	int e = do_items(c);

	for (size_t i = 0; e == 0 && i < c->ret->list->n; i++)
		c->ret->list->items[i] = c->ret->list->items[i].list->items[part];
	return e;
}

static int do_keys(const struct call *c)
{
	return one_of_pairs(c, 0);
}

static int do_values(const struct call *c)
{
	return one_of_pairs(c, 1);
}

static int do_get(const struct call *c)
{
	const struct value *absent = argument(c->args, 1, "default"), *v;
	const struct value *key = argument(c->args, 0, "key");

	if (c->in->kind != DICT || !key)
		return call_error(c, "expected a dictionary and a key");
	v = dict_find(c->in->dict, key);
	*c->ret = v ? *v : absent ? *absent : (struct value){ .kind = NONE };
	return 0;
}

static int do_join(const struct call *c)
{
	const struct value *by = argument(c->args, 0, "d");
	struct text done = text_of(""), t;
	int e = 0;

	if (c->in->kind != LIST)
		return call_error(c, "expected a list");
	for (size_t i = 0; e == 0 && i < c->in->list->n; i++) {
		if (i && by && by->kind == STRING)
			e = text_concat(c->r, done, by->text, &done);
		if (e == 0)
			e = value_to_text(c->r, c->n, &c->in->list->items[i], &t);
		if (e == 0)
			e = text_concat(c->r, done, t, &done);
	}
	return e < 0 ? e : call_give_text(c, done);
}

static int first_or_last(const struct call *c, bool first)
{
	if (c->in->kind != LIST)
		return call_error(c, "expected a list");
	*c->ret = c->in->list->n ? c->in->list->items[first ? 0 : c->in->list->n - 1] :
				   (struct value){ .kind = UNDEFINED };
	return 0;
}

static int do_first(const struct call *c)
{
	return first_or_last(c, true);
}

static int do_last(const struct call *c)
{
	return first_or_last(c, false);
}

/* Items whose attribute passes a test (without one: is true), or does not. */
static int select_items(const struct call *c, bool want)
{
	struct arguments rest = { 0 };
	struct list *kept;
	struct text name;
	size_t n = 0;
	int e = call_text_argument(c, 0, "attribute", &name);

	if (e < 0)
		return e;
	if (c->in->kind != LIST)
		return call_error(c, "expected a list");
	kept = list_new(c->r, c->in->list->n);
	if (!kept)
		return -ENOMEM;
	for (size_t i = 2; i < c->args->n; i++)
		rest.values[rest.n++] = c->args->values[i];
	for (size_t i = 0; i < c->in->list->n; i++) {
		const struct value *item = &c->in->list->items[i], *v = NULL;
		struct value absent = { .kind = UNDEFINED };
		bool holds;

		if (item->kind == DICT)
			v = dict_get(item->dict, name);
		holds = v && value_truth(v);
		if (c->args->n > 1 && c->args->values[1].kind == STRING)
			e = apply_test(c->r, c->n, c->args->values[1].text, v ? v : &absent, &rest,
				       &holds);
		if (e < 0)
			return e;
		if (holds == want)
			kept->items[n++] = *item;
	}
	kept->n = n;
	*c->ret = (struct value){ .kind = LIST, .list = kept };
	return 0;
}

static int do_selectattr(const struct call *c)
{
	return select_items(c, true);
}

static int do_rejectattr(const struct call *c)
{
	return select_items(c, false);
}

/* map(attribute="x") or map("filter") */
static int do_map(const struct call *c)
{
	const struct value *attribute = NULL;
	static const struct arguments none;
	struct text filter = { 0 };
	int e = 0;

	for (size_t i = 0; i < c->args->n; i++)
		if (text_is(c->args->names[i], "attribute"))
			attribute = &c->args->values[i];
	if (c->in->kind != LIST)
		return call_error(c, "expected a list");
	if (!attribute && (e = call_text_argument(c, 0, "filter", &filter)) < 0)
		return e;
	*c->ret = (struct value){ .kind = LIST, .list = list_new(c->r, c->in->list->n) };
	if (!c->ret->list)
		return -ENOMEM;
	for (size_t i = 0; e == 0 && i < c->in->list->n; i++) {
		const struct value *item = &c->in->list->items[i], *v = NULL;

		if (attribute && attribute->kind == STRING && item->kind == DICT)
			v = dict_get(item->dict, attribute->text);
		if (attribute)
			c->ret->list->items[i] = v ? *v : (struct value){ .kind = UNDEFINED };
		else
			e = apply_filter(c->r, c->n, filter, item, &none, &c->ret->list->items[i]);
	}
	return e;
}

static bool to_number(const struct value *v, double *ret)
{
	char digits[64], *end;

	if (v->kind == INT || v->kind == BOOL || v->kind == FLOAT) {
		*ret = v->kind == INT ? (double)v->i : v->kind == FLOAT ? v->f : v->b;
		return true;
	}
	if (v->kind != STRING || v->text.len == 0 || v->text.len >= sizeof(digits))
		return false;
	memcpy(digits, v->text.s, v->text.len);
	digits[v->text.len] = '\0';
	*ret = strtod(digits, &end);
	while (isspace((unsigned char)*end))
		end++;
	return !*end && isfinite(*ret);
}

/* A value's own label, or the highest of its text. */
static uint8_t label_of(const struct value *v)
{
	uint8_t label = v->label;

	for (size_t i = 0; v->kind == STRING && i < v->text.len; i++)
		label = MAX(label, v->text.labels[i]);
	return label;
}

static int do_int(const struct call *c)
{
	const struct value *other = argument(c->args, 0, "default");
	double f;

	if (to_number(c->in, &f) && fabs(f) < 9e18)
		*c->ret = (struct value){ .kind = INT, .i = (int64_t)f, .label = label_of(c->in) };
	else
		*c->ret = other ? *other : (struct value){ .kind = INT };
	return 0;
}

static int do_float(const struct call *c)
{
	const struct value *other = argument(c->args, 0, "default");
	double f;

	if (to_number(c->in, &f))
		*c->ret = (struct value){ .kind = FLOAT, .f = f, .label = label_of(c->in) };
	else
		*c->ret = other ? *other : (struct value){ .kind = FLOAT };
	return 0;
}

static int do_round(const struct call *c)
{
	const struct value *precision = argument(c->args, 0, "precision");
	double f, unit;

	if (!to_number(c->in, &f) || (precision && (precision->kind != INT || precision->i < 0 ||
						    precision->i > 15)))
		return call_error(c, "expected a number and a precision of 0 to 15");
	unit = pow(10.0, precision ? (double)precision->i : 0.0);
	*c->ret = (struct value){ .kind = FLOAT, .f = rint(f * unit) / unit,
				  .label = label_of(c->in) };
	return 0;
}

static int do_abs(const struct call *c)
{
	double f;

	if (!to_number(c->in, &f) || (c->in->kind == INT && c->in->i == INT64_MIN))
		return call_error(c, "expected a number");
	*c->ret = *c->in;
	if (c->in->kind == INT)
		c->ret->i = c->in->i < 0 ? -c->in->i : c->in->i;
	else
		*c->ret = (struct value){ .kind = FLOAT, .f = fabs(f), .label = label_of(c->in) };
	return 0;
}

static int do_iif(const struct call *c)
{
	const struct value *yes = argument(c->args, 0, "if_true");
	const struct value *no = argument(c->args, 1, "if_false");
	bool holds = value_truth(c->in);

	if (holds)
		*c->ret = yes ? *yes : (struct value){ .kind = BOOL, .b = true };
	else
		*c->ret = no ? *no : (struct value){ .kind = BOOL };
	return 0;
}

struct row {
	const char *name;
	call_fn fn;
};

static const struct row filters[] = {
	{ "trim", text_strip },	    { "length", do_length },	  { "count", do_length },
	{ "tojson", do_tojson },    { "to_json", do_tojson },	  { "string", do_string },
	{ "list", do_same },	    { "safe", do_same },	  { "upper", text_upper },
	{ "lower", text_lower },    { "capitalize", text_capitalize },
	{ "replace", text_replace }, { "truncate", text_truncate },
	{ "default", do_default },  { "d", do_default },	  { "first", do_first },
	{ "last", do_last },	    { "join", do_join },	  { "items", do_items },
	{ "selectattr", do_selectattr }, { "rejectattr", do_rejectattr }, { "map", do_map },
	{ "int", do_int },	    { "float", do_float },	  { "round", do_round },
	{ "abs", do_abs },	    { "iif", do_iif },		  { "is_defined", do_is_defined },
};

static const struct row text_methods[] = {
	{ "strip", text_strip },	    { "lstrip", text_lstrip },	  { "rstrip", text_rstrip },
	{ "upper", text_upper },	    { "lower", text_lower },
	{ "capitalize", text_capitalize },
	{ "replace", text_replace },  { "split", text_split },	  { "startswith", text_startswith },
	{ "endswith", text_endswith },
};

static const struct row dict_methods[] = {
	{ "items", do_items }, { "keys", do_keys }, { "values", do_values }, { "get", do_get },
};

static call_fn find(const struct row *rows, size_t n, struct text name)
{
	for (size_t i = 0; i < n; i++)
		if (text_is(name, rows[i].name))
			return rows[i].fn;
	return NULL;
}

int apply_filter(struct render *r, const struct node *n, struct text name, const struct value *in,
		 const struct arguments *args, struct value *ret)
{
	struct call c = { r, n, in, args, ret };
	call_fn fn = find(filters, ARRAY_SIZE(filters), name);

	return fn ? fn(&c) : node_error(n, r->d, "the filter '%.*s' is not supported",
					(int)MIN(name.len, (size_t)64), name.s);
}

int call_method(struct render *r, const struct node *n, const struct value *object,
		struct text name, const struct arguments *args, struct value *ret)
{
	struct call c = { r, n, object, args, ret };
	call_fn fn = NULL;

	if (object->kind == STRING)
		fn = find(text_methods, ARRAY_SIZE(text_methods), name);
	else if (object->kind == DICT)
		fn = find(dict_methods, ARRAY_SIZE(dict_methods), name);
	return fn ? fn(&c) : node_error(n, r->d, "the method '%.*s' is not supported on this value",
					(int)MIN(name.len, (size_t)64), name.s);
}
