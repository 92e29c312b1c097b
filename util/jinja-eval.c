/* SPDX-License-Identifier: MIT */
/* Expressions to values. */
#include <errno.h>
#include <string.h>

#include "util/jinja-private.h"
#include "util/macro.h"
#include "util/utf8.h"

static int step(struct render *r, const struct node *n)
{
	if (++r->steps > r->max_steps)
		return node_error(n, r->d, "more than %u steps", r->max_steps);
	return 0;
}

static const struct value *lookup(const struct render *r, struct text name)
{
	const struct value *v = NULL;

	for (const struct scope *s = r->scope; s && !v; s = s->parent)
		v = dict_get(&s->variables, name);
	return v;
}

static int eval_name(struct render *r, const struct node *n, struct value *ret)
{
	const struct value *v = lookup(r, n->name);

	if (v) {
		*ret = *v;
		return 0;
	}
	ret->builtin = builtin_find(n->name);
	ret->kind = ret->builtin >= 0 ? BUILTIN : UNDEFINED;
	if (text_is(n->name, "strftime_now") && !r->date)
		ret->kind = UNDEFINED;
	return 0;
}

static int eval_list(struct render *r, const struct node *n, struct value *ret)
{
	size_t count = 0, i = 0;
	int e = 0;

	for (const struct node *item = n->list; item; item = item->next)
		count++;
	ret->kind = LIST;
	ret->list = list_new(r, count);
	if (!ret->list)
		return -ENOMEM;
	for (const struct node *item = n->list; e == 0 && item; item = item->next)
		e = eval(r, item, &ret->list->items[i++]);
	return e;
}

static int eval_dict(struct render *r, const struct node *n, struct value *ret)
{
	struct value key, value;
	int e = 0;

	ret->kind = DICT;
	ret->dict = arena_alloc(&r->arena, sizeof(*ret->dict));
	if (!ret->dict)
		return -ENOMEM;
	for (const struct node *pair = n->list; e == 0 && pair; pair = pair->next) {
		if ((e = eval(r, pair->a, &key)) < 0 || (e = eval(r, pair->b, &value)) < 0)
			return e;
		if (key.kind != STRING && key.kind != INT && key.kind != FLOAT &&
		    key.kind != BOOL && key.kind != NONE)
			return node_error(pair, r->d, "a key must be text, a number or none");
		e = dict_put(&r->arena, ret->dict, &key, &value);
	}
	return e;
}

static void member(const struct value *object, struct text name, struct value *ret)
{
	const struct value *v = NULL;

	if (object->kind == DICT || object->kind == NAMESPACE)
		v = dict_get(object->dict, name);
	*ret = v ? *v : (struct value){ .kind = UNDEFINED };
}

static int eval_attribute(struct render *r, const struct node *n, struct value *ret)
{
	struct value object;
	int e = eval(r, n->a, &object);

	if (e < 0)
		return e;
	if (object.kind == UNDEFINED)
		return node_error(n, r->d, "'%.*s' of an undefined value",
				  (int)MIN(n->name.len, (size_t)64), n->name.s);
	member(&object, n->name, ret);
	return 0;
}

static size_t length_of(const struct value *v)
{
	return v->kind == STRING ? v->text.len : v->kind == LIST ? v->list->n : 0;
}

/* Text is addressed by characters. */
static struct text characters(struct text t, size_t from, size_t to)
{
	return text_slice(t, utf8_prefix(t.s, t.len, from), utf8_prefix(t.s, t.len, to));
}

static int eval_index(struct render *r, const struct node *n, struct value *ret)
{
	struct value object, index;
	int64_t i, count;
	int e;

	if ((e = eval(r, n->a, &object)) < 0 || (e = eval(r, n->b, &index)) < 0)
		return e;
	if (object.kind == UNDEFINED)
		return node_error(n, r->d, "an index of an undefined value");
	if (object.kind == DICT) {
		const struct value *v = dict_find(object.dict, &index);

		*ret = v ? *v : (struct value){ .kind = UNDEFINED };
		return 0;
	}
	if (index.kind == STRING) {
		member(&object, index.text, ret);
		return 0;
	}
	if (index.kind != INT)
		return node_error(n, r->d, "an index must be a string or a whole number");
	count = (int64_t)(object.kind == STRING ? utf8_count(object.text.s, object.text.len)
						 : length_of(&object));
	i = index.i < 0 ? index.i + count : index.i;
	*ret = (struct value){ .kind = UNDEFINED };
	if (i < 0 || i >= count)
		return 0;
	if (object.kind == LIST) {
		*ret = object.list->items[i];
	} else {
		ret->kind = STRING;
		ret->text = characters(object.text, (size_t)i, (size_t)i + 1);
	}
	return 0;
}

/* A bound of a slice, as Python clips it. */
static int slice_bound(struct render *r, const struct node *n, int64_t count, int64_t absent,
		       int64_t low, int64_t high, int64_t *ret)
{
	struct value v;
	int e = eval(r, n, &v);

	if (e < 0)
		return e;
	if (v.kind != NONE && v.kind != INT)
		return node_error(n, r->d, "a slice takes whole numbers");
	*ret = v.kind == NONE ? absent : CLAMP(v.i < 0 ? v.i + count : v.i, low, high);
	return 0;
}

static int slice_list(struct render *r, const struct list *from, int64_t begin, int64_t end,
		      int64_t by, struct value *ret)
{
	size_t n = 0, i = 0;

	for (int64_t k = begin; by > 0 ? k < end : k > end; k += by)
		n++;
	ret->kind = LIST;
	ret->list = list_new(r, n);
	if (!ret->list)
		return -ENOMEM;
	for (int64_t k = begin; by > 0 ? k < end : k > end; k += by)
		ret->list->items[i++] = from->items[k];
	return 0;
}

static int eval_slice(struct render *r, const struct node *n, struct value *ret)
{
	const struct node *from = n->list, *to = from->next, *by = to->next;
	struct value object, stride;
	int64_t count, begin = 0, end = 0;
	bool back;
	int e;

	if ((e = eval(r, n->a, &object)) < 0 || (e = eval(r, by, &stride)) < 0)
		return e;
	if (stride.kind == NONE)
		stride = (struct value){ .kind = INT, .i = 1 };
	if ((object.kind != LIST && object.kind != STRING) || stride.kind != INT || !stride.i ||
	    stride.i < -INT32_MAX || stride.i > INT32_MAX)
		return node_error(n, r->d, "this value cannot be sliced so");
	back = stride.i < 0;
	count = (int64_t)(object.kind == STRING ? utf8_count(object.text.s, object.text.len)
						 : object.list->n);
	if ((e = slice_bound(r, from, count, back ? count - 1 : 0, back ? -1 : 0,
			     back ? count - 1 : count, &begin)) < 0 ||
	    (e = slice_bound(r, to, count, back ? -1 : count, back ? -1 : 0,
			     back ? count - 1 : count, &end)) < 0)
		return e;
	if (object.kind == LIST)
		return slice_list(r, object.list, begin, end, stride.i, ret);
	if (stride.i != 1)
		return node_error(n, r->d, "a string is sliced by steps of one");
	ret->kind = STRING;
	ret->text = characters(object.text, (size_t)begin, (size_t)MAX(begin, end));
	return 0;
}

int eval_arguments(struct render *r, const struct node *call, struct arguments *ret)
{
	int e = 0;

	ret->n = 0;
	for (const struct node *a = call->list; e == 0 && a; a = a->next) {
		if (ret->n == MAX_ARGUMENTS)
			return node_error(a, r->d, "more than %d arguments", MAX_ARGUMENTS);
		ret->names[ret->n] = a->name;
		e = eval(r, a->a, &ret->values[ret->n++]);
	}
	return e;
}

const struct value *argument(const struct arguments *a, size_t position, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->names[i].len ? text_is(a->names[i], name) : i == position)
			return &a->values[i];
	return NULL;
}

static int eval_call(struct render *r, const struct node *n, struct value *ret)
{
	struct arguments args;
	struct value callee;
	int e;

	if (n->a->kind == N_ATTRIBUTE) {
		if ((e = eval(r, n->a->a, &callee)) < 0 || (e = eval_arguments(r, n, &args)) < 0)
			return e;
		return call_method(r, n, &callee, n->a->name, &args, ret);
	}
	e = eval(r, n->a, &callee);
	if (e < 0)
		return e;
	if (callee.kind == MACRO)
		return call_macro(r, n, callee.macro, ret);
	if (callee.kind != BUILTIN)
		return node_error(n, r->d, "'%.*s' is not a function",
				  (int)MIN(n->a->name.len, (size_t)64), n->a->name.s);
	e = eval_arguments(r, n, &args);
	return e < 0 ? e : call_builtin(r, n, callee.builtin, &args, ret);
}

static int eval_filter(struct render *r, const struct node *n, struct value *ret)
{
	struct arguments args;
	struct value in;
	int e;

	if ((e = eval(r, n->a, &in)) < 0 || (e = eval_arguments(r, n, &args)) < 0)
		return e;
	return apply_filter(r, n, n->name, &in, &args, ret);
}

static int eval_test(struct render *r, const struct node *n, struct value *ret)
{
	struct arguments args;
	struct value in;
	int e;

	if ((e = eval(r, n->a, &in)) < 0 || (e = eval_arguments(r, n, &args)) < 0)
		return e;
	ret->kind = BOOL;
	return apply_test(r, n, n->name, &in, &args, &ret->b);
}

static int eval_logic(struct render *r, const struct node *n, struct value *ret)
{
	int e = eval(r, n->a, ret);

	if (e < 0)
		return e;
	if (n->kind == N_NOT) {
		*ret = (struct value){ .kind = BOOL, .b = !value_truth(ret) };
		return 0;
	}
	return value_truth(ret) == (n->kind == N_AND) ? eval(r, n->b, ret) : 0;
}

static int eval_ternary(struct render *r, const struct node *n, struct value *ret)
{
	struct value condition;
	int e = eval(r, n->b, &condition);

	if (e < 0)
		return e;
	if (value_truth(&condition))
		return eval(r, n->a, ret);
	*ret = (struct value){ .kind = UNDEFINED };
	return n->c ? eval(r, n->c, ret) : 0;
}

int eval(struct render *r, const struct node *n, struct value *ret)
{
	int e = step(r, n);

	*ret = (struct value){ .kind = UNDEFINED };
	if (e < 0)
		return e;
	switch (n->kind) {
	case N_LITERAL:
		*ret = n->literal;
		return 0;
	case N_NAME:
		return eval_name(r, n, ret);
	case N_LIST:
		return eval_list(r, n, ret);
	case N_DICT:
		return eval_dict(r, n, ret);
	case N_ATTRIBUTE:
		return eval_attribute(r, n, ret);
	case N_INDEX:
		return eval_index(r, n, ret);
	case N_SLICE:
		return eval_slice(r, n, ret);
	case N_CALL:
		return eval_call(r, n, ret);
	case N_FILTER:
		return eval_filter(r, n, ret);
	case N_TEST:
		return eval_test(r, n, ret);
	case N_NOT:
	case N_AND:
	case N_OR:
		return eval_logic(r, n, ret);
	case N_NEGATE:
		return eval_negate(r, n, ret);
	case N_TERNARY:
		return eval_ternary(r, n, ret);
	case N_BINARY:
		return eval_binary(r, n, ret);
	case N_COMPARE:
		return eval_compare(r, n, ret);
	case N_TEXT:
	case N_OUTPUT:
	case N_IF:
	case N_FOR:
	case N_SET:
	case N_MACRO:
	case N_BREAK:
	case N_CONTINUE:
		break;
	}
	return node_error(n, r->d, "a statement where a value was expected");
}
