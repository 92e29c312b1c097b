/* SPDX-License-Identifier: MIT */
/* Rules, lists of values, ranges, numbers in words. */
#include <errno.h>
#include <string.h>

#include "intents/intents-private.h"
#include "util/yaml.h"

/* Whole numbers of which ten times as much is no problem either. */
#define RANGE_MAX 99999999

int load_rules(struct def **list, const char *file, const struct yaml_node *m, struct diag *d)
{
	int r = yaml_expect(m, YAML_MAPPING, d);

	for (const struct yaml_node *c = m->first; r == 0 && c; c = c->next) {
		const char *text = NULL;
		struct def *t;

		r = yaml_str(c, &text, d);
		if (r < 0)
			break;
		t = def_add(list, file, c->key, false);
		if (!t)
			return -ENOMEM;
		t->line = c->line;
		t->text = strdup(text);
		r = t->text ? load_template(&t->rule, c, d) : -ENOMEM;
	}
	return r;
}

static int read_value(struct value *v, const char *file, const struct yaml_node *y,
		      struct diag *d)
{
	static const char *const keys[] = { "in", "out", "context", "metadata", NULL };
	const struct yaml_node *out = yaml_get(y, "out"), *metadata = yaml_get(y, "metadata");
	int r;

	v->file = file;
	v->line = y->line;
	v->id = NONE;
	if (y->kind != YAML_MAPPING)
		return load_template(&v->in, y, d);
	r = yaml_check_keys(y, keys, d);
	if (r == 0 && !yaml_get(y, "in"))
		return yaml_error(y, -EINVAL, DIAG_PAIR, d, "\"in\" is missing");
	if (r == 0)
		r = load_template(&v->in, yaml_get(y, "in"), d);
	if (r == 0 && out)
		r = load_text(&v->out, out, d);
	if (r == 0)
		r = load_pairs(&v->context, yaml_get(y, "context"), d);
	return r == 0 && metadata ? yaml_expect(metadata, YAML_MAPPING, d) : r;
}

static int read_values(struct def *t, const struct yaml_node *values, struct diag *d)
{
	struct value **last = &t->values;
	int r = yaml_expect(values, YAML_SEQUENCE, d);

	for (const struct yaml_node *c = values->first; r == 0 && c; c = c->next) {
		*last = calloc(1, sizeof(**last));
		if (!*last)
			return -ENOMEM;
		r = read_value(*last, t->file, c, d);
		last = &(*last)->next;
	}
	return r;
}

static int read_whole(const struct yaml_node *y, double min, int32_t *ret, struct diag *d)
{
	double v = 0.0;
	int r = yaml_f64(y, min, RANGE_MAX, &v, d);

	if (r == 0 && (double)(int32_t)v != v)
		r = yaml_error(y, -EINVAL, DIAG_RANGE, d, "expected a whole number");
	*ret = 10 * (int32_t)v;
	return r;
}

static int read_fractions(struct range *range, const struct yaml_node *y, struct diag *d)
{
	const char *which = NULL;
	int r = yaml_str(y, &which, d);

	if (r < 0)
		return r;
	range->halves = strcmp(which, "halves") == 0;
	range->tenths = strcmp(which, "tenths") == 0;
	return range->halves || range->tenths ? 0 :
	       yaml_error(y, -EINVAL, DIAG_UNSUP, d, "expected halves or tenths");
}

/* `type` is for the reader; what is said behind the number stands in the sentences. */
static int read_range(struct def *t, const struct yaml_node *m, struct diag *d)
{
	static const char *const keys[] = { "from", "to", "step", "type", "fractions",
					    "multiplier", NULL };
	int r = yaml_check_keys(m, keys, d);

	if (r < 0)
		return r;
	if (!yaml_get(m, "from") || !yaml_get(m, "to"))
		return yaml_error(m, -EINVAL, DIAG_PAIR, d, "from and to are needed");
	t->ranged = true;
	t->range.multiplier = 1.0;
	r = read_whole(yaml_get(m, "from"), -RANGE_MAX, &t->range.from, d);
	if (r == 0)
		r = read_whole(yaml_get(m, "to"), t->range.from / 10, &t->range.to, d);
	if (r == 0 && yaml_get(m, "step"))
		r = read_whole(yaml_get(m, "step"), 1, &t->range.step, d);
	if (r == 0 && yaml_get(m, "fractions"))
		r = read_fractions(&t->range, yaml_get(m, "fractions"), d);
	if (r == 0 && yaml_get(m, "multiplier"))
		r = yaml_f64(yaml_get(m, "multiplier"), -1e6, 1e6, &t->range.multiplier, d);
	return r;
}

static int read_list(struct def *t, const struct yaml_node *m, struct diag *d)
{
	static const char *const keys[] = { "values", "range", "wildcard", "metadata", NULL };
	const struct yaml_node *values = yaml_get(m, "values"), *range = yaml_get(m, "range");
	const struct yaml_node *wildcard = yaml_get(m, "wildcard");
	int r = yaml_check_keys(m, keys, d);

	if (r == 0 && wildcard)
		r = yaml_bool(wildcard, &t->wildcard, d);
	if (r == 0 && !!values + !!range + t->wildcard > 1)
		r = yaml_error(m, -EINVAL, DIAG_LAYOUT, d,
			       "%s: expected one of values, range, wildcard", m->key);
	if (r == 0 && range)
		r = read_range(t, range, d);
	if (r == 0 && values)
		r = read_values(t, values, d);
	return r;
}

int load_lists(struct def **list, const char *file, const struct yaml_node *m, struct diag *d)
{
	int r = yaml_expect(m, YAML_MAPPING, d);

	for (const struct yaml_node *c = m->first; r == 0 && c; c = c->next) {
		struct def *t = def_add(list, file, c->key, true);

		if (!t)
			return -ENOMEM;
		t->line = c->line;
		r = read_list(t, c, d);
	}
	return r;
}

static bool has_reference(const struct node *n)
{
	for (; n; n = n->next)
		if (n->kind == NODE_RULE || n->kind == NODE_LIST || has_reference(n->first))
			return true;
	return false;
}

/* Words alone: a number that calls a range would call itself. */
static int read_number(struct phrase **list, const char *file, const struct yaml_node *y,
		       int32_t number, struct diag *d)
{
	const struct phrase *before = *list;
	int r = load_phrases(list, file, y, d);

	for (struct phrase *p = *list; r == 0 && p != before; p = p->next) {
		p->number = number;
		if (has_reference(p->node))
			r = yaml_error(y, -EINVAL, DIAG_UNSUP, d,
				       "a number has no rules and lists");
	}
	return r;
}

int load_numbers(struct intents *s, const char *file, const struct yaml_node *m, struct diag *d)
{
	int r = yaml_expect(m, YAML_MAPPING, d);

	for (const struct yaml_node *c = m->first; r == 0 && c; c = c->next) {
		char *end = NULL;
		long long n = strtoll(c->key, &end, 10);

		if (strcmp(c->key, "half") == 0)
			r = read_number(&s->halves, file, c, 0, d);
		else if (*end || end == c->key || n < -RANGE_MAX || n > RANGE_MAX)
			r = yaml_error(c, -EINVAL, DIAG_TYPE, d,
				       "expected a whole number, or half");
		else
			r = read_number(&s->numbers, file, c, (int32_t)n, d);
	}
	return r;
}
