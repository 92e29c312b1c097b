/* SPDX-License-Identifier: MIT */
/* The parts of a file: sentences with what holds for them, rules, words. */
#include <errno.h>
#include <string.h>

#include "intents/intents-private.h"
#include "util/buf.h"
#include "util/yaml.h"

void pairs_free(struct pair *list)
{
	while (list) {
		struct pair *next = list->next;

		free(list->key);
		free(list->value);
		free(list);
		list = next;
	}
}

void words_free(struct word *list)
{
	while (list) {
		struct word *next = list->next;

		free(list->text);
		free(list);
		list = next;
	}
}

static void values_free(struct value *list)
{
	while (list) {
		struct value *next = list->next;

		node_free(list->in);
		free(list->out);
		pairs_free(list->context);
		free(list);
		list = next;
	}
}

void named_free(struct named *list)
{
	while (list) {
		struct named *next = list->next;

		values_free(list->values);
		node_free(list->rule);
		free(list->name);
		free(list);
		list = next;
	}
}

static void conditions_free(struct condition *list)
{
	while (list) {
		struct condition *next = list->next;

		free(list->key);
		words_free(list->values);
		free(list);
		list = next;
	}
}

void blocks_free(struct block *list)
{
	while (list) {
		struct block *next = list->next;

		pairs_free(list->slots);
		conditions_free(list->conditions);
		words_free(list->keywords);
		named_free(list->rules);
		free(list->intent);
		free(list->response);
		free(list);
		list = next;
	}
}

struct named *named_find(struct named *list, const char *name, bool is_list)
{
	while (list && (list->is_list != is_list || strcmp(list->name, name) != 0))
		list = list->next;
	return list;
}

struct named *named_add(struct named **list, const char *name, bool is_list)
{
	struct named *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->name = strdup(name);
	if (!n->name) {
		free(n);
		return NULL;
	}
	n->is_list = is_list;
	n->next = *list;
	return *list = n;
}

int load_template(struct node **ret, const struct yaml_node *y, struct diag *d)
{
	struct diag inner = DIAG_NULL;
	const char *text = NULL;
	int r = yaml_str(y, &text, d);

	if (r == 0)
		r = template_parse(ret, text, &inner);
	return r == -EINVAL && inner.code ? yaml_error(y, r, inner.code, d, "%s", inner.text) : r;
}

int load_text(char **ret, const struct yaml_node *y, struct diag *d)
{
	_cleanup_(buf_deinit) struct buf joined = BUF_NULL;
	const struct yaml_node *first = y->kind == YAML_SEQUENCE ? y->first : y;
	int r = buf_append_str(&joined, "");

	for (const struct yaml_node *c = first; r == 0 && c; c = c->next) {
		const char *text = NULL;

		r = yaml_str(c, &text, d);
		if (r == 0 && c != first)
			r = buf_append_char(&joined, ',');
		if (r == 0)
			r = buf_append_str(&joined, text);
		if (y->kind != YAML_SEQUENCE)
			break;
	}
	if (r == 0)
		*ret = buf_steal(&joined);
	return r;
}

static int add_word(struct word **list, const struct yaml_node *y, struct diag *d)
{
	const char *text = NULL;
	struct word *w;
	int r = yaml_str(y, &text, d);

	if (r < 0 || !*text)
		return r;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->next = *list;
	*list = w;
	w->text = strdup(text);
	return w->text ? 0 : -ENOMEM;
}

int load_words(struct word **list, const struct yaml_node *y, struct diag *d)
{
	int r = 0;

	if (y->kind != YAML_SEQUENCE)
		return add_word(list, y, d);
	for (const struct yaml_node *c = y->first; r == 0 && c; c = c->next)
		r = add_word(list, c, d);
	return r;
}

int load_pairs(struct pair **list, const struct yaml_node *m, struct diag *d)
{
	int r = m ? yaml_expect(m, YAML_MAPPING, d) : 0;

	for (const struct yaml_node *c = m ? m->first : NULL; r == 0 && c; c = c->next) {
		struct pair *p;

		if (c->kind == YAML_SCALAR && !c->len && !c->quoted)
			continue;
		p = calloc(1, sizeof(*p));
		if (!p)
			return -ENOMEM;
		p->next = *list;
		*list = p;
		p->key = strdup(c->key);
		r = p->key ? load_text(&p->value, c, d) : -ENOMEM;
	}
	return r;
}

int load_rules(struct named **list, const struct yaml_node *m, struct diag *d)
{
	int r = yaml_expect(m, YAML_MAPPING, d);

	for (const struct yaml_node *c = m->first; r == 0 && c; c = c->next) {
		struct named *n;

		if (named_find(*list, c->key, false))
			return yaml_error(c, -EINVAL, DIAG_DUP, d,
					  "there is a rule of this name");
		n = named_add(list, c->key, false);
		r = n ? load_template(&n->rule, c, d) : -ENOMEM;
	}
	return r;
}

/* Adds one; its values are a word, several, or those under `value`. */
static int add_condition(struct block *b, const char *key, const struct yaml_node *y,
			 bool excludes, struct diag *d)
{
	const struct yaml_node *v = y->kind == YAML_MAPPING ? yaml_get(y, "value") : y;
	struct condition *c = calloc(1, sizeof(*c));
	int r = 0;

	if (!c)
		return -ENOMEM;
	c->next = b->conditions;
	b->conditions = c;
	c->excludes = excludes;
	c->key = strdup(key);
	if (!c->key)
		return -ENOMEM;
	if (yaml_get(y, "slot"))
		r = yaml_bool(yaml_get(y, "slot"), &c->to_slot, d);
	return r == 0 && v ? load_words(&c->values, v, d) : r;
}

static int load_conditions(struct block *b, const struct yaml_node *m, bool excludes,
			   struct diag *d)
{
	int r = m ? yaml_expect(m, YAML_MAPPING, d) : 0;

	for (const struct yaml_node *c = m ? m->first : NULL; r == 0 && c; c = c->next)
		r = add_condition(b, c->key, c, excludes, d);
	return r;
}

/* What the newer form of the files says by keys of its own. */
static int load_domains(struct block *b, const struct yaml_node *m, struct diag *d)
{
	const struct yaml_node *inferred = yaml_get(m, "inferred_domain");
	struct pair *p;
	int r = 0;

	if (yaml_get(m, "name_domains"))
		r = add_condition(b, "domain", yaml_get(m, "name_domains"), false, d);
	if (r < 0 || !inferred)
		return r;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->next = b->slots;
	b->slots = p;
	p->key = strdup("domain");
	return p->key ? load_text(&p->value, inferred, d) : -ENOMEM;
}

static int load_sentences(struct intents *s, const struct block *b, const struct yaml_node *list,
			  struct diag *d)
{
	int r = list ? yaml_expect(list, YAML_SEQUENCE, d) : 0;

	for (const struct yaml_node *c = list ? list->first : NULL; r == 0 && c; c = c->next) {
		struct sentence *e = calloc(1, sizeof(*e));

		if (!e)
			return -ENOMEM;
		*s->last_sentence = e;
		s->last_sentence = &e->next;
		e->block = b;
		e->line = c->line;
		r = load_template(&e->node, c, d);
	}
	return r;
}

int load_block(struct intents *s, const char *intent, const struct yaml_node *m, struct diag *d)
{
	static const char *const keys[] = { "sentences", "slots", "requires_context",
					    "excludes_context", "required_keywords", "response",
					    "expansion_rules", "name_domains", "inferred_domain",
					    NULL };
	struct block *b = calloc(1, sizeof(*b));
	const struct yaml_node *n;
	int r;

	if (!b)
		return -ENOMEM;
	b->next = s->blocks;
	s->blocks = b;
	b->intent = strdup(intent);
	if (!b->intent)
		return -ENOMEM;
	r = yaml_check_keys(m, keys, d);
	if (r == 0 && (n = yaml_get(m, "response")))
		r = load_text(&b->response, n, d);
	if (r == 0)
		r = load_pairs(&b->slots, yaml_get(m, "slots"), d);
	if (r == 0)
		r = load_conditions(b, yaml_get(m, "requires_context"), false, d);
	if (r == 0)
		r = load_conditions(b, yaml_get(m, "excludes_context"), true, d);
	if (r == 0)
		r = load_domains(b, m, d);
	if (r == 0 && (n = yaml_get(m, "required_keywords")))
		r = load_words(&b->keywords, n, d);
	if (r == 0 && (n = yaml_get(m, "expansion_rules")))
		r = load_rules(&b->rules, n, d);
	return r < 0 ? r : load_sentences(s, b, yaml_get(m, "sentences"), d);
}
