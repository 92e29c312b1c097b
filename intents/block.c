/* SPDX-License-Identifier: MIT */
/* One block of `data`: sentences, and what holds for all of them. */
#include <errno.h>
#include <string.h>

#include "intents/intents-private.h"
#include "util/buf.h"
#include "util/yaml.h"

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

static int add_phrase(struct phrase **list, const char *file, const struct yaml_node *y,
		      struct diag *d)
{
	struct phrase *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->next = *list;
	*list = p;
	p->file = file;
	p->line = y->line;
	return load_template(&p->node, y, d);
}

int load_phrases(struct phrase **list, const char *file, const struct yaml_node *y,
		 struct diag *d)
{
	int r = 0;

	if (y->kind != YAML_SEQUENCE)
		return add_phrase(list, file, y, d);
	for (const struct yaml_node *c = y->first; r == 0 && c; c = c->next)
		r = add_phrase(list, file, c, d);
	return r;
}

static bool says_nothing(const struct yaml_node *y)
{
	return y->kind == YAML_SCALAR && !y->len && !y->quoted;
}

int load_pairs(struct pair **list, const struct yaml_node *m, struct diag *d)
{
	int r = m ? yaml_expect(m, YAML_MAPPING, d) : 0;

	for (const struct yaml_node *c = m ? m->first : NULL; r == 0 && c; c = c->next) {
		struct pair *p;

		if (says_nothing(c))
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

static int load_words(struct word **list, const struct yaml_node *y, struct diag *d)
{
	int r = 0;

	if (y->kind != YAML_SEQUENCE)
		return add_word(list, y, d);
	for (const struct yaml_node *c = y->first; r == 0 && c; c = c->next)
		r = add_word(list, c, d);
	return r;
}

/* A condition that is a mapping has `value` and `slot`; what else stands there is a mistake
 * that does not keep the sentences from being understood. */
static int check_condition(struct intents *s, const struct block *b, const struct yaml_node *m)
{
	int r = 0;

	for (const struct yaml_node *c = m->first; r == 0 && c; c = c->next)
		if (strcmp(c->key, "value") != 0 && strcmp(c->key, "slot") != 0)
			r = note_warning(s, b->file, c->line, "%s: unknown key '%s', expected "
					 "value or slot", m->key, c->key);
	return r;
}

/* Adds one; its values are a word, several, or those under `value`. */
static int add_condition(struct intents *s, struct block *b, const char *key,
			 const struct yaml_node *y, bool excludes, struct diag *d)
{
	bool mapping = y->kind == YAML_MAPPING;
	const struct yaml_node *v = mapping ? yaml_get(y, "value") : y;
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
	if (mapping)
		r = check_condition(s, b, y);
	if (r == 0 && yaml_get(y, "slot"))
		r = yaml_bool(yaml_get(y, "slot"), &c->to_slot, d);
	return r == 0 && v ? load_words(&c->values, v, d) : r;
}

static int load_conditions(struct intents *s, struct block *b, const struct yaml_node *m,
			   bool excludes, struct diag *d)
{
	int r = m ? yaml_expect(m, YAML_MAPPING, d) : 0;

	for (const struct yaml_node *c = m ? m->first : NULL; r == 0 && c; c = c->next)
		r = add_condition(s, b, c->key, c, excludes, d);
	return r;
}

/* What the newer form of the files says by keys of its own. */
static int load_domains(struct intents *s, struct block *b, const struct yaml_node *m,
			struct diag *d)
{
	const struct yaml_node *inferred = yaml_get(m, "inferred_domain");
	const struct yaml_node *domains = yaml_get(m, "name_domains");
	struct pair *p;
	int r = domains ? yaml_expect(domains, YAML_SEQUENCE, d) : 0;

	if (r == 0 && domains)
		r = add_condition(s, b, "domain", domains, false, d);
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

static int load_sentence(struct intents *s, const struct block *b, const struct yaml_node *y,
			 struct diag *d)
{
	struct sentence *e = calloc(1, sizeof(*e));
	const char *text = NULL;
	int r;

	if (!e)
		return -ENOMEM;
	*s->last_sentence = e;
	s->last_sentence = &e->next;
	e->block = b;
	e->line = y->line;
	r = yaml_str(y, &text, d);
	if (r < 0)
		return r;
	e->template = strdup(text);
	return e->template ? load_template(&e->node, y, d) : -ENOMEM;
}

static int load_sentences(struct intents *s, const struct block *b, const struct yaml_node *list,
			  struct diag *d)
{
	int r = list ? yaml_expect(list, YAML_SEQUENCE, d) : 0;

	for (const struct yaml_node *c = list ? list->first : NULL; r == 0 && c; c = c->next)
		r = load_sentence(s, b, c, d);
	return r;
}

static int load_shared(struct intents *s, struct block *b, const struct yaml_node *m,
		       struct diag *d)
{
	const struct yaml_node *n;
	int r = 0;

	if ((n = yaml_get(m, "response")))
		r = load_text(&b->response, n, d);
	if (r == 0)
		r = load_pairs(&b->slots, yaml_get(m, "slots"), d);
	if (r == 0)
		r = load_conditions(s, b, yaml_get(m, "requires_context"), false, d);
	if (r == 0)
		r = load_conditions(s, b, yaml_get(m, "excludes_context"), true, d);
	if (r == 0)
		r = load_domains(s, b, m, d);
	if (r == 0 && (n = yaml_get(m, "required_keywords")))
		r = load_phrases(&b->keywords, b->file, n, d);
	if (r == 0 && (n = yaml_get(m, "expansion_rules")))
		r = load_rules(&b->locals, b->file, n, d);
	if (r == 0 && (n = yaml_get(m, "lists")))
		r = load_lists(&b->locals, b->file, n, d);
	if (r == 0 && (n = yaml_get(m, "metadata")))
		r = yaml_expect(n, YAML_MAPPING, d);
	return r;
}

int load_block(struct intents *s, const char *file, const char *intent,
	       const struct yaml_node *m, struct diag *d)
{
	static const char *const keys[] = { "sentences", "slots", "requires_context",
					    "excludes_context", "required_keywords", "response",
					    "expansion_rules", "lists", "name_domains",
					    "inferred_domain", "metadata", NULL };
	struct block *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	b->next = s->blocks;
	s->blocks = b;
	b->file = file;
	b->keywords_unit = NONE;
	b->intent = strdup(intent);
	if (!b->intent)
		return -ENOMEM;
	r = yaml_check_keys(m, keys, d);
	if (r == 0)
		r = load_shared(s, b, m, d);
	return r < 0 ? r : load_sentences(s, b, yaml_get(m, "sentences"), d);
}
