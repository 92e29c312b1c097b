/* SPDX-License-Identifier: MIT */
/* Files of sentences, rules and lists to one graph. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "intents/intents-private.h"
#include "util/yaml.h"

#define RANGE_MAX 99999999

int intents_new(struct intents **ret)
{
	struct intents *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->last_sentence = &s->sentences;
	*ret = s;
	return 0;
}

struct intents *intents_free(struct intents *s)
{
	struct sentence *e;
	struct number *n;

	if (!s)
		return NULL;
	while ((e = s->sentences)) {
		s->sentences = e->next;
		node_free(e->node);
		free(e);
	}
	while ((n = s->numbers)) {
		s->numbers = n->next;
		node_free(n->in);
		free(n);
	}
	blocks_free(s->blocks);
	named_free(s->named);
	words_free(s->skip_words);
	node_free(s->half);
	free(s);
	return NULL;
}

static int add_value(struct named *l, struct node *in, char *out, struct pair *context)
{
	struct value *v = calloc(1, sizeof(*v));

	if (!v) {
		node_free(in);
		free(out);
		pairs_free(context);
		return -ENOMEM;
	}
	*v = (struct value){ .in = in, .out = out, .context = context, .next = l->values };
	l->values = v;
	return 0;
}

static int read_value(struct named *l, const struct yaml_node *y, struct diag *d)
{
	const struct yaml_node *in = y->kind == YAML_MAPPING ? yaml_get(y, "in") : y;
	const struct yaml_node *out = yaml_get(y, "out"), *context = yaml_get(y, "context");
	struct pair *pairs = NULL;
	struct node *n = NULL;
	char *text = NULL;
	int r;

	if (!in)
		return yaml_error(y, -EINVAL, DIAG_PAIR, d, "\"in\" is missing");
	r = load_template(&n, in, d);
	if (r == 0 && out)
		r = load_text(&text, out, d);
	if (r == 0)
		r = load_pairs(&pairs, context, d);
	if (r == 0)
		return add_value(l, n, text, pairs);
	node_free(n);
	free(text);
	pairs_free(pairs);
	return r;
}

/* `type` is for the reader; what is said behind the number stands in the sentences. */
static int read_range(struct named *l, const struct yaml_node *range, struct diag *d)
{
	static const char *const keys[] = { "from", "to", "type", "fractions", NULL };
	const struct yaml_node *fractions = yaml_get(range, "fractions");
	const char *which = NULL;
	double from = 0.0, to = 0.0;
	int r = yaml_check_keys(range, keys, d);

	if (r < 0)
		return r;
	if (!yaml_get(range, "from") || !yaml_get(range, "to"))
		return yaml_error(range, -EINVAL, DIAG_PAIR, d, "from and to are needed");
	r = yaml_f64(yaml_get(range, "from"), -RANGE_MAX, RANGE_MAX, &from, d);
	if (r == 0)
		r = yaml_f64(yaml_get(range, "to"), from, RANGE_MAX, &to, d);
	if (r == 0 && ((double)(int64_t)from != from || (double)(int64_t)to != to))
		r = yaml_error(range, -EINVAL, DIAG_RANGE, d, "expected whole numbers");
	if (r == 0 && fractions)
		r = yaml_str(fractions, &which, d);
	if (r == 0 && which && strcmp(which, "halves") != 0)
		r = yaml_error(fractions, -EINVAL, DIAG_UNSUP, d, "expected halves");
	if (r < 0)
		return r;
	l->range = true;
	l->halves = which != NULL;
	l->from = (int64_t)from;
	l->to = (int64_t)to;
	return 0;
}

static int read_list(struct intents *s, const struct yaml_node *m, struct diag *d)
{
	static const char *const keys[] = { "values", "range", "wildcard", NULL };
	const struct yaml_node *values = yaml_get(m, "values"), *range = yaml_get(m, "range");
	struct named *l;
	int r = yaml_check_keys(m, keys, d);

	if (r < 0)
		return r;
	l = named_find(s->named, m->key, true);
	if (!l)
		l = named_add(&s->named, m->key, true);
	if (!l)
		return -ENOMEM;
	if (yaml_get(m, "wildcard"))
		r = yaml_bool(yaml_get(m, "wildcard"), &l->wildcard, d);
	if (r == 0 && range)
		r = read_range(l, range, d);
	if (r == 0 && values)
		r = yaml_expect(values, YAML_SEQUENCE, d);
	for (const struct yaml_node *c = values ? values->first : NULL; r == 0 && c; c = c->next)
		r = read_value(l, c, d);
	return r;
}

static int read_lists(struct intents *s, const struct yaml_node *m, struct diag *d)
{
	int r = yaml_expect(m, YAML_MAPPING, d);

	for (const struct yaml_node *c = m->first; r == 0 && c; c = c->next)
		r = read_list(s, c, d);
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
static int read_number_words(struct node **ret, const struct yaml_node *y, struct diag *d)
{
	int r = load_template(ret, y, d);

	if (r == 0 && has_reference(*ret))
		r = yaml_error(y, -EINVAL, DIAG_UNSUP, d, "a number has no rules and lists");
	return r;
}

static int read_number(struct intents *s, const struct yaml_node *y, struct diag *d)
{
	char *end = NULL;
	long long n = strtoll(y->key, &end, 10);
	struct number *number;

	if (strcmp(y->key, "half") == 0)
		return s->half ? yaml_error(y, -EINVAL, DIAG_DUP, d, "the half has a word") :
				 read_number_words(&s->half, y, d);
	if (*end || end == y->key || n < -RANGE_MAX || n > RANGE_MAX)
		return yaml_error(y, -EINVAL, DIAG_TYPE, d, "expected a whole number, or half");
	number = calloc(1, sizeof(*number));
	if (!number)
		return -ENOMEM;
	number->next = s->numbers;
	s->numbers = number;
	number->n = n;
	snprintf(number->whole, sizeof(number->whole), "%lld", n);
	snprintf(number->half, sizeof(number->half), "%lld.5", n);
	return read_number_words(&number->in, y, d);
}

static int read_numbers(struct intents *s, const struct yaml_node *m, struct diag *d)
{
	int r = yaml_expect(m, YAML_MAPPING, d);

	for (const struct yaml_node *c = m->first; r == 0 && c; c = c->next)
		r = read_number(s, c, d);
	return r;
}

static int read_settings(const struct yaml_node *m, struct diag *d)
{
	const struct yaml_node *ignore = yaml_get(m, "ignore_whitespace");
	bool ignored = false;
	int r = yaml_expect(m, YAML_MAPPING, d);

	if (r == 0 && ignore)
		r = yaml_bool(ignore, &ignored, d);
	if (r == 0 && ignored)
		r = yaml_error(ignore, -EINVAL, DIAG_UNSUP, d,
			       "languages without blanks are not supported");
	return r;
}

static int read_data(struct intents *s, const char *intent, const struct yaml_node *data,
		     struct diag *d)
{
	int r = yaml_expect(data, YAML_SEQUENCE, d);

	for (const struct yaml_node *b = data->first; r == 0 && b; b = b->next)
		r = load_block(s, intent, b, d);
	return r;
}

static int read_intents(struct intents *s, const struct yaml_node *m, struct diag *d)
{
	int r = yaml_expect(m, YAML_MAPPING, d);

	for (const struct yaml_node *c = m->first; r == 0 && c; c = c->next)
		r = yaml_get(c, "data") ? read_data(s, c->key, yaml_get(c, "data"), d) :
		    yaml_error(c, -EINVAL, DIAG_PAIR, d, "\"data\" is missing");
	return r;
}

static int read_document(struct intents *s, const char *intent, const struct yaml_node *root,
			 struct diag *d)
{
	static const char *const keys[] = { "language", "intents", "data", "lists", "numbers",
					    "expansion_rules", "skip_words", "settings",
					    "responses", NULL };
	const struct yaml_node *n;
	int r = yaml_check_keys(root, keys, d);

	if (r == 0 && (n = yaml_get(root, "settings")))
		r = read_settings(n, d);
	if (r == 0 && (n = yaml_get(root, "data")))
		r = intent ? read_data(s, intent, n, d) :
		    yaml_error(n, -EINVAL, DIAG_PAIR, d, "of which intent is not said");
	if (r == 0 && (n = yaml_get(root, "intents")))
		r = read_intents(s, n, d);
	if (r == 0 && (n = yaml_get(root, "lists")))
		r = read_lists(s, n, d);
	if (r == 0 && (n = yaml_get(root, "numbers")))
		r = read_numbers(s, n, d);
	if (r == 0 && (n = yaml_get(root, "skip_words")))
		r = load_words(&s->skip_words, n, d);
	if (r == 0 && (n = yaml_get(root, "expansion_rules")))
		r = load_rules(&s->named, n, d);
	return r;
}

int intents_load_for(struct intents *s, const char *intent, const char *text, size_t len,
		     struct diag *d)
{
	_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
	int r = yaml_parse(&y, text, len, d);

	return r < 0 ? r : read_document(s, intent, yaml_root(y), d);
}

int intents_load(struct intents *s, const char *text, size_t len, struct diag *d)
{
	return intents_load_for(s, NULL, text, len, d);
}

static int copy_context(struct pair **ret, const struct intent_context *context, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pair *p = calloc(1, sizeof(*p));

		if (!p)
			return -ENOMEM;
		p->next = *ret;
		*ret = p;
		p->key = strdup(context[i].key);
		p->value = strdup(context[i].value);
		if (!p->key || !p->value)
			return -ENOMEM;
	}
	return 0;
}

int intents_add_entity(struct intents *s, const char *list, const char *in, const char *out,
		       const struct intent_context *context, size_t n_context)
{
	struct named *l = named_find(s->named, list, true);
	struct node *n = calloc(1, sizeof(*n));
	char *copy = out ? strdup(out) : NULL;
	struct pair *pairs = NULL;

	if (!l)
		l = named_add(&s->named, list, true);
	if (n)
		n->text = strdup(in);
	if (l && n && n->text && (copy || !out) && copy_context(&pairs, context, n_context) == 0) {
		n->kind = NODE_TEXT;
		return add_value(l, n, copy, pairs);
	}
	node_free(n);
	free(copy);
	pairs_free(pairs);
	return -ENOMEM;
}

int intents_add_value(struct intents *s, const char *list, const char *in, const char *out)
{
	return intents_add_entity(s, list, in, out, NULL, 0);
}
