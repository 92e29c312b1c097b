/* SPDX-License-Identifier: MIT */
/* Arithmetic, concatenation and comparison. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "util/jinja-private.h"
#include "util/macro.h"

static bool as_number(const struct value *v, double *ret)
{
	if (v->kind == INT)
		*ret = (double)v->i;
	else if (v->kind == BOOL)
		*ret = v->b;
	else if (v->kind == FLOAT)
		*ret = v->f;
	else
		return false;
	return true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static int integers(const struct node *n, struct render *r, int64_t a, int64_t b, int64_t *ret)
{
	bool overflow = false;

	if ((n->op == O_FLOOR || n->op == O_MOD) && b == 0)
		return node_error(n, r->d, "division by zero");
	if ((n->op == O_FLOOR || n->op == O_MOD) && b == -1)
		overflow = mul_overflow(a, n->op == O_FLOOR ? -1 : 0, ret);
	else if (n->op == O_ADD)
		overflow = add_overflow(a, b, ret);
	else if (n->op == O_SUB)
		overflow = __builtin_sub_overflow(a, b, ret);
	else if (n->op == O_MUL)
		overflow = mul_overflow(a, b, ret);
	else if (n->op == O_FLOOR)
		*ret = floor_div(a, b);
	else
		*ret = a - floor_div(a, b) * b;
	return overflow ? node_error(n, r->d, "a number too large") : 0;
}

static int reals(const struct node *n, struct render *r, double a, double b, double *ret)
{
	if ((n->op == O_DIV || n->op == O_FLOOR || n->op == O_MOD) && b == 0.0)
		return node_error(n, r->d, "division by zero");
	switch (n->op) {
	case O_ADD:
		*ret = a + b;
		return 0;
	case O_SUB:
		*ret = a - b;
		return 0;
	case O_MUL:
		*ret = a * b;
		return 0;
	case O_DIV:
		*ret = a / b;
		return 0;
	case O_FLOOR:
		*ret = floor(a / b);
		return 0;
	case O_MOD:
		*ret = a - floor(a / b) * b;
		return 0;
	case O_POW:
		*ret = pow(a, b);
		return 0;
	default:
		return node_error(n, r->d, "no arithmetic");
	}
}

static int eval_numbers(struct render *r, const struct node *n, const struct value *a,
			const struct value *b, struct value *ret)
{
	double x, y;

	if (!as_number(a, &x) || !as_number(b, &y))
		return node_error(n, r->d, "these values have no such arithmetic");
	ret->label = MAX(a->label, b->label);
	if (a->kind == INT && b->kind == INT && n->op != O_DIV && n->op != O_POW) {
		ret->kind = INT;
		return integers(n, r, a->i, b->i, &ret->i);
	}
	ret->kind = FLOAT;
	return reals(n, r, x, y, &ret->f);
}

static int eval_concat(struct render *r, const struct node *n, const struct value *a,
		       const struct value *b, struct value *ret)
{
	struct text x, y;
	int e;

	if ((e = value_to_text(r, n, a, &x)) < 0 || (e = value_to_text(r, n, b, &y)) < 0)
		return e;
	ret->kind = STRING;
	return text_concat(r, x, y, &ret->text);
}

static int concat_lists(struct render *r, const struct list *a, const struct list *b,
			struct value *ret)
{
	ret->kind = LIST;
	ret->list = list_new(r, a->n + b->n);
	if (!ret->list)
		return -ENOMEM;
	memcpy(ret->list->items, a->items, a->n * sizeof(a->items[0]));
	memcpy(ret->list->items + a->n, b->items, b->n * sizeof(b->items[0]));
	return 0;
}

int eval_binary(struct render *r, const struct node *n, struct value *ret)
{
	struct value a, b;
	int e;

	if ((e = eval(r, n->a, &a)) < 0 || (e = eval(r, n->b, &b)) < 0)
		return e;
	if (n->op == O_CONCAT || (n->op == O_ADD && a.kind == STRING && b.kind == STRING))
		return eval_concat(r, n, &a, &b, ret);
	if (n->op == O_ADD && a.kind == LIST && b.kind == LIST)
		return concat_lists(r, a.list, b.list, ret);
	return eval_numbers(r, n, &a, &b, ret);
}

static int contains(struct render *r, const struct node *n, const struct value *needle,
		    const struct value *in, bool *ret)
{
	*ret = false;
	if (in->kind == STRING && needle->kind == STRING)
		*ret = !needle->text.len || memmem(in->text.s, in->text.len, needle->text.s,
						   needle->text.len) != NULL;
	else if (in->kind == LIST)
		for (size_t i = 0; i < in->list->n && !*ret; i++)
			*ret = value_equal(needle, &in->list->items[i]);
	else if (in->kind == DICT)
		*ret = dict_find(in->dict, needle) != NULL;
	else if (in->kind != UNDEFINED)
		return node_error(n, r->d, "'in' needs text, a list or a dictionary");
	return 0;
}

static int order(struct render *r, const struct node *n, const struct value *a,
		 const struct value *b, int *ret)
{
	double x, y;

	if (a->kind == STRING && b->kind == STRING) {
		*ret = memcmp(a->text.s, b->text.s, MIN(a->text.len, b->text.len));
		if (*ret == 0)
			*ret = (a->text.len > b->text.len) - (a->text.len < b->text.len);
		return 0;
	}
	if (!as_number(a, &x) || !as_number(b, &y))
		return node_error(n, r->d, "these values have no order");
	*ret = (x > y) - (x < y);
	return 0;
}

int eval_compare(struct render *r, const struct node *n, struct value *ret)
{
	struct value a, b;
	int e, c = 0;

	if ((e = eval(r, n->a, &a)) < 0 || (e = eval(r, n->b, &b)) < 0)
		return e;
	ret->kind = BOOL;
	if (n->op == O_EQ || n->op == O_NE) {
		ret->b = value_equal(&a, &b) == (n->op == O_EQ);
		return 0;
	}
	if (n->op == O_IN || n->op == O_NOT_IN) {
		e = contains(r, n, &a, &b, &ret->b);
		ret->b ^= n->op == O_NOT_IN;
		return e;
	}
	e = order(r, n, &a, &b, &c);
	ret->b = n->op == O_LT ? c < 0 : n->op == O_LE ? c <= 0 : n->op == O_GT ? c > 0 : c >= 0;
	return e;
}

int eval_negate(struct render *r, const struct node *n, struct value *ret)
{
	static const struct value zero = { .kind = INT };
	struct node minus = *n;
	struct value v;
	int e = eval(r, n->a, &v);

	minus.op = O_SUB;
	return e < 0 ? e : eval_numbers(r, &minus, &zero, &v, ret);
}
