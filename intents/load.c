/* SPDX-License-Identifier: MIT */
/* Files of sentences, rules and lists to one graph. */
#include <errno.h>
#include <string.h>

#include "intents/intents-private.h"
#include "util/yaml.h"

int intents_new(struct intents **ret)
{
	struct intents *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->last_sentence = &s->sentences;
	*ret = s;
	return 0;
}

static void pairs_free(struct pair *p)
{
	struct pair *next;

	for (; p; p = next) {
		next = p->next;
		free(p->key);
		free(p->value);
		free(p);
	}
}

static void named_free(struct named *n)
{
	struct value *v, *next;

	for (v = n->values; v; v = next) {
		next = v->next;
		node_free(v->in);
		free(v->out);
		free(v);
	}
	node_free(n->rule);
	free(n->name);
	free(n);
}

struct intents *intents_free(struct intents *s)
{
	struct sentence *e;
	struct block *b;
	struct named *n;

	if (!s)
		return NULL;
	while ((e = s->sentences)) {
		s->sentences = e->next;
		node_free(e->node);
		free(e);
	}
	while ((b = s->blocks)) {
		s->blocks = b->next;
		pairs_free(b->slots);
		pairs_free(b->conditions);
		free(b->intent);
		free(b->response);
		free(b);
	}
	while ((n = s->named)) {
		s->named = n->next;
		named_free(n);
	}
	free(s);
	return NULL;
}

static struct named *find(const struct intents *s, const char *name, bool is_list)
{
	struct named *n;

	for (n = s->named; n; n = n->next)
		if (n->is_list == is_list && !strcmp(n->name, name))
			return n;
	return NULL;
}

static struct named *add_named(struct intents *s, const char *name, bool is_list)
{
	struct named *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->name = strdup(name);
	n->is_list = is_list;
	n->next = s->named;
	if (!n->name) {
		free(n);
		return NULL;
	}
	return s->named = n;
}

static int parse_at(const struct yaml_node *y, struct node **ret, struct diag *d)
{
	struct diag inner = DIAG_NULL;
	const char *text = NULL;
	int r = yaml_str(y, &text, d);

	if (!r)
		r = template_parse(ret, text, &inner);
	return r == -EINVAL && inner.code ? yaml_error(y, r, inner.code, d, "%s", inner.text) : r;
}

static int add_pair(struct pair **list, const struct yaml_node *y, bool excludes, struct diag *d)
{
	const struct yaml_node *v = y->kind == YAML_MAPPING ? yaml_get(y, "value") : y;
	struct pair *p = calloc(1, sizeof(*p));
	const char *text = NULL;
	int r = 0;

	if (!p)
		return -ENOMEM;
	p->next = *list;
	*list = p;
	p->excludes = excludes;
	p->key = strdup(y->key);
	if (yaml_get(y, "slot"))
		r = yaml_bool(yaml_get(y, "slot"), &p->to_slot, d);
	if (!r && v)
		r = yaml_str(v, &text, d);
	if (!r && text)
		p->value = strdup(text);
	return r ? r : p->key && (!text || p->value) ? 0 : -ENOMEM;
}

static int read_pairs(struct pair **list, const struct yaml_node *m, bool excludes,
		      struct diag *d)
{
	const struct yaml_node *c;
	int r = m ? yaml_expect(m, YAML_MAPPING, d) : 0;

	for (c = m ? m->first : NULL; c && !r; c = c->next)
		r = add_pair(list, c, excludes, d);
	return r;
}

static int read_sentences(struct intents *s, const struct block *b, const struct yaml_node *list,
			  struct diag *d)
{
	const struct yaml_node *c;
	struct sentence *e;
	int r = list ? yaml_expect(list, YAML_SEQUENCE, d) : 0;

	for (c = list ? list->first : NULL; c && !r; c = c->next) {
		e = calloc(1, sizeof(*e));
		if (!e)
			return -ENOMEM;
		e->intent = b->intent;
		e->response = b->response;
		e->block = b;
		r = parse_at(c, &e->node, d);
		if (r) {
			free(e);
			break;
		}
		*s->last_sentence = e;
		s->last_sentence = &e->next;
	}
	return r;
}

static int read_block(struct intents *s, const char *intent, const struct yaml_node *m,
		      struct diag *d)
{
	static const char *const keys[] = { "sentences", "slots", "requires_context",
					    "excludes_context", "response", NULL };
	struct block *b = calloc(1, sizeof(*b));
	const char *response = NULL;
	int r;

	if (!b)
		return -ENOMEM;
	b->next = s->blocks;
	s->blocks = b;
	b->intent = strdup(intent);
	if (!b->intent)
		return -ENOMEM;
	r = yaml_check_keys(m, keys, d);
	if (!r && yaml_get(m, "response"))
		r = yaml_str(yaml_get(m, "response"), &response, d);
	if (!r && response) {
		b->response = strdup(response);
		r = b->response ? 0 : -ENOMEM;
	}
	if (!r)
		r = read_pairs(&b->slots, yaml_get(m, "slots"), false, d);
	if (!r)
		r = read_pairs(&b->conditions, yaml_get(m, "requires_context"), false, d);
	if (!r)
		r = read_pairs(&b->conditions, yaml_get(m, "excludes_context"), true, d);
	return r ? r : read_sentences(s, b, yaml_get(m, "sentences"), d);
}

static int add_value(struct named *l, struct node *in, const char *out)
{
	struct value *v = calloc(1, sizeof(*v));

	if (v && out)
		v->out = strdup(out);
	if (!v || (out && !v->out)) {
		free(v);
		node_free(in);
		return -ENOMEM;
	}
	v->in = in;
	v->next = l->values;
	l->values = v;
	return 0;
}

static int read_value(struct named *l, const struct yaml_node *y, struct diag *d)
{
	const struct yaml_node *in = y->kind == YAML_MAPPING ? yaml_get(y, "in") : y;
	const char *out = NULL;
	struct node *n = NULL;
	int r;

	if (!in)
		return yaml_error(y, -EINVAL, DIAG_PAIR, d, "\"in\" is missing");
	r = yaml_get(y, "out") ? yaml_str(yaml_get(y, "out"), &out, d) : 0;
	if (!r)
		r = parse_at(in, &n, d);
	return r ? r : add_value(l, n, out);
}

static int read_list(struct intents *s, const struct yaml_node *m, struct diag *d)
{
	static const char *const keys[] = { "values", "range", "wildcard", NULL };
	const struct yaml_node *range = yaml_get(m, "range"), *c;
	struct named *l;
	uint64_t from = 0, to = 0;
	int r = yaml_check_keys(m, keys, d);

	if (r)
		return r;
	l = find(s, m->key, true);
	if (!l)
		l = add_named(s, m->key, true);
	if (!l)
		return -ENOMEM;
	if (yaml_get(m, "wildcard"))
		r = yaml_bool(yaml_get(m, "wildcard"), &l->wildcard, d);
	if (!r && range) {
		if (!yaml_get(range, "from") || !yaml_get(range, "to"))
			return yaml_error(range, -EINVAL, DIAG_PAIR, d, "from and to are needed");
		r = yaml_u64(yaml_get(range, "from"), 0, 99999999, &from, d);
		if (!r)
			r = yaml_u64(yaml_get(range, "to"), from, 99999999, &to, d);
		l->range = true;
		l->from = (int64_t)from;
		l->to = (int64_t)to;
	}
	c = yaml_get(m, "values");
	if (!r && c)
		r = yaml_expect(c, YAML_SEQUENCE, d);
	for (c = c ? c->first : NULL; c && !r; c = c->next)
		r = read_value(l, c, d);
	return r;
}

static int read_rule(struct intents *s, const struct yaml_node *y, struct diag *d)
{
	struct named *n;

	if (find(s, y->key, false))
		return yaml_error(y, -EINVAL, DIAG_DUP, d, "there is a rule of this name");
	n = add_named(s, y->key, false);
	return n ? parse_at(y, &n->rule, d) : -ENOMEM;
}

static int read_intent(struct intents *s, const struct yaml_node *y, struct diag *d)
{
	const struct yaml_node *data = yaml_get(y, "data"), *b;
	int r;

	if (!data)
		return yaml_error(y, -EINVAL, DIAG_PAIR, d, "\"data\" is missing");
	r = yaml_expect(data, YAML_SEQUENCE, d);
	for (b = data->first; b && !r; b = b->next)
		r = read_block(s, y->key, b, d);
	return r;
}

int intents_load(struct intents *s, const char *text, size_t len, struct diag *d)
{
	static const char *const keys[] = { "language", "intents", "lists", "expansion_rules",
					    NULL };
	static int (*const readers[])(struct intents *, const struct yaml_node *,
				      struct diag *) = { read_intent, read_list, read_rule };
	_cleanup_(yaml_freep) struct yaml *y = NULL;
	const struct yaml_node *part, *c;
	unsigned i;
	int r = yaml_parse(&y, text, len, d);

	if (!r)
		r = yaml_check_keys(yaml_root(y), keys, d);
	for (i = 0; i < 3 && !r; i++) {
		part = yaml_get(yaml_root(y), keys[i + 1]);
		if (part)
			r = yaml_expect(part, YAML_MAPPING, d);
		for (c = part ? part->first : NULL; c && !r; c = c->next)
			r = readers[i](s, c, d);
	}
	return r;
}

int intents_add_value(struct intents *s, const char *list, const char *in, const char *out)
{
	struct named *l = find(s, list, true);
	struct node *n;

	if (!l)
		l = add_named(s, list, true);
	n = calloc(1, sizeof(*n));
	if (n)
		n->text = strdup(in);
	if (!l || !n || !n->text) {
		node_free(n);
		return -ENOMEM;
	}
	n->kind = NODE_TEXT;
	return add_value(l, n, out);
}

static int bind_nodes(struct intents *s, struct node *n, struct diag *d, const char **missing);

static int bind_named(struct intents *s, struct named *t, struct diag *d, const char **missing)
{
	struct value *v;
	int r;

	if (t->colour == 1)
		return diag_set(d, -ELOOP, DIAG_LAYOUT, t->name, "calls itself in a circle");
	if (t->colour == 2)
		return 0;
	t->colour = 1;
	r = bind_nodes(s, t->rule, d, missing);
	for (v = t->values; v && !r; v = v->next)
		r = bind_nodes(s, v->in, d, missing);
	t->colour = 2;
	return r;
}

static int bind_nodes(struct intents *s, struct node *n, struct diag *d, const char **missing)
{
	struct named *t;
	int r = 0;

	for (; n && !r; n = n->next) {
		r = bind_nodes(s, n->first, d, missing);
		if (r || (n->kind != NODE_RULE && n->kind != NODE_LIST))
			continue;
		t = find(s, n->text, n->kind == NODE_LIST);
		n->target = t;
		if (t)
			r = bind_named(s, t, d, missing);
		else if (!*missing)
			*missing = n->text;
	}
	return r;
}

int intents_bind(struct intents *s, struct diag *d)
{
	const char *missing = NULL;
	struct sentence *e;
	struct named *n;
	int r = 0;

	for (n = s->named; n; n = n->next)
		n->colour = 0;
	for (n = s->named; n && !r; n = n->next)
		r = bind_named(s, n, d, &missing);
	for (e = s->sentences; e && !r; e = e->next)
		r = bind_nodes(s, e->node, d, &missing);
	if (!r && missing)
		return diag_set(d, INTENT_E_INCOMPLETE, DIAG_PAIR, missing,
				"no rule or list of this name");
	return r;
}
