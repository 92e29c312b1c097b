/* SPDX-License-Identifier: MIT */
/*
 * Matching: a walk of the graph with what follows kept in a chain of continuations on the
 * stack, so that a rule is entered from anywhere without a copy. Steps and depth are
 * bounded; the best complete walk is kept.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "intents/intents-private.h"
#include "util/utf8.h"

#define STEPS_MAX 2000000
#define DEPTH_MAX 4000

struct capture {
	const char *name, *out;	/* out NULL: the words themselves */
	size_t start, end;
};

/* What remains: a list of siblings, members of a permutation, or the end of a slot. */
struct cont {
	const struct node *siblings;
	const struct node *perm;
	unsigned used;
	const struct node *list;
	const struct value *value;
	size_t start;
	const struct cont *next;
};

struct matcher {
	const char *text;
	size_t len, end;	/* end: without closing marks */
	struct capture captures[INTENT_SLOTS_MAX];
	size_t n, wildcard, literal, steps, depth;
	const struct intent_context *context;
	size_t n_context;
	const struct sentence *sentence;
	struct intent_match best;
	bool have, tie;
	int error;
};

static void walk(struct matcher *m, const struct node *n, size_t pos, const struct cont *next);

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static const char *context_value(const struct matcher *m, const char *key)
{
	size_t i;

	for (i = 0; i < m->n_context; i++)
		if (!strcmp(m->context[i].key, key))
			return m->context[i].value;
	return NULL;
}

static int add_slot(struct intent_match *r, const char *name, const char *value, size_t len)
{
	if (r->n_slots == INTENT_SLOTS_MAX)
		return -E2BIG;
	r->slots[r->n_slots].name = name;
	r->slots[r->n_slots].value = strndup(value, len);
	if (!r->slots[r->n_slots].value)
		return -ENOMEM;
	r->n_slots++;
	return 0;
}

static int build(const struct matcher *m, struct intent_match *r)
{
	const struct pair *p;
	size_t i;
	int err = 0;

	*r = (struct intent_match){ .intent = m->sentence->intent,
				    .response = m->sentence->response,
				    .wildcard = m->wildcard, .literal = m->literal };
	for (i = 0; i < m->n && !err; i++) {
		const struct capture *c = &m->captures[i];

		err = c->out ? add_slot(r, c->name, c->out, strlen(c->out)) :
			       add_slot(r, c->name, m->text + c->start, c->end - c->start);
	}
	r->rank = intent_slot(r, "name") ? 2 : intent_slot(r, "area") ? 1 : 0;
	for (p = m->sentence->block->slots; p && !err; p = p->next)
		if (!intent_slot(r, p->key))
			err = add_slot(r, p->key, p->value, strlen(p->value));
	for (p = m->sentence->block->conditions; p && !err; p = p->next)
		if (p->to_slot && !intent_slot(r, p->key))
			err = add_slot(r, p->key, context_value(m, p->key),
				       strlen(context_value(m, p->key)));
	return err;
}

static int compare(const struct intent_match *a, const struct intent_match *b)
{
	if (a->wildcard != b->wildcard)
		return a->wildcard < b->wildcard ? 1 : -1;
	if (a->literal != b->literal)
		return a->literal > b->literal ? 1 : -1;
	return (a->rank > b->rank) - (a->rank < b->rank);
}

static bool same(const struct intent_match *a, const struct intent_match *b)
{
	const char *v;
	size_t i;

	if (strcmp(a->intent, b->intent) != 0 || a->n_slots != b->n_slots)
		return false;
	for (i = 0; i < a->n_slots; i++) {
		v = intent_slot(b, a->slots[i].name);
		if (!v || strcmp(v, a->slots[i].value) != 0)
			return false;
	}
	return true;
}

static void complete(struct matcher *m)
{
	struct intent_match r;
	int order;

	m->error = build(m, &r);
	order = m->error ? -1 : !m->have ? 1 : compare(&r, &m->best);
	if (order > 0) {
		intent_match_deinit(&m->best);
		m->best = r;
		m->have = true;
		m->tie = false;
		return;
	}
	if (order == 0 && !same(&r, &m->best)) {
		m->tie = true;
		m->best.other = r.intent;
	}
	intent_match_deinit(&r);
}

static void walk_perm(struct matcher *m, const struct node *perm, unsigned used, size_t pos,
		      const struct cont *next)
{
	const struct node *c;
	unsigned i = 0;

	/* Members are words of their own: a blank stands between them. */
	if (used && pos > 0 && pos < m->len && !blank(m->text[pos]) &&
	    !blank(m->text[pos - 1]))
		return;
	while (used && pos < m->len && blank(m->text[pos]))
		pos++;
	for (c = perm->first; c; c = c->next, i++) {
		struct cont after = { .perm = perm, .used = used | 1u << i, .next = next };

		if (!(used & 1u << i))
			walk(m, c, pos, after.used + 1 == 1u << perm->n_children ? next : &after);
	}
}

static void walk_siblings(struct matcher *m, const struct node *n, size_t pos,
			  const struct cont *next);

static void proceed(struct matcher *m, size_t pos, const struct cont *next)
{
	if (m->error)
		return;
	if (!next) {
		if (pos >= m->end)
			complete(m);
	} else if (next->siblings) {
		walk_siblings(m, next->siblings, pos, next->next);
	} else if (next->perm) {
		walk_perm(m, next->perm, next->used, pos, next->next);
	} else {
		if (m->n == INTENT_SLOTS_MAX)
			return;
		m->captures[m->n++] = (struct capture){
			.name = next->list->slot, .out = next->value ? next->value->out : NULL,
			.start = next->start, .end = pos,
		};
		proceed(m, pos, next->next);
		m->n--;
	}
}

static void walk_siblings(struct matcher *m, const struct node *n, size_t pos,
			  const struct cont *next)
{
	struct cont rest = { .siblings = n ? n->next : NULL, .next = next };

	if (n)
		walk(m, n, pos, rest.siblings ? &rest : next);
	else
		proceed(m, pos, next);
}

static void walk_text(struct matcher *m, const char *s, size_t pos, const struct cont *next)
{
	size_t literal = 0;

	for (; *s; s++) {
		if (blank(*s)) {
			if (pos > 0 && pos < m->len && !blank(m->text[pos]) &&
			    !blank(m->text[pos - 1]))
				return;
			while (pos < m->len && blank(m->text[pos]))
				pos++;
			continue;
		}
		if (pos == m->len || fold(m->text[pos]) != fold(*s))
			return;
		pos++;
		literal++;
	}
	m->literal += literal;
	proceed(m, pos, next);
	m->literal -= literal;
}

static void walk_wildcard(struct matcher *m, size_t pos, const struct cont *next)
{
	size_t end = pos;

	while (pos < m->len && blank(m->text[pos]))
		pos++;
	/* With nothing behind it, it takes the whole rest, closing marks included. */
	if (next && !next->siblings && !next->perm && !next->next)
		end = m->len > 0 ? m->len - 1 : 0;
	for (end = end > pos ? end : pos; end < m->len && !m->error; end++) {
		struct cont slot = *next;

		/* Never inside a character. */
		if (end + 1 < m->len && ((unsigned char)m->text[end + 1] & 0xc0) == 0x80)
			continue;
		if (blank(m->text[end]))
			continue;
		slot.start = pos;
		m->wildcard += end + 1 - pos;
		proceed(m, end + 1, &slot);
		m->wildcard -= end + 1 - pos;
	}
}

static void walk_range(struct matcher *m, const struct named *list, size_t pos,
		       const struct cont *next)
{
	int64_t v = 0;
	size_t n = 0;

	while (pos < m->len && n < 9 && m->text[pos] >= '0' && m->text[pos] <= '9') {
		v = v * 10 + (m->text[pos++] - '0');
		n++;
	}
	if (n > 0 && v >= list->from && v <= list->to &&
	    (pos == m->len || m->text[pos] < '0' || m->text[pos] > '9'))
		proceed(m, pos, next);
}

static void walk_list(struct matcher *m, const struct node *n, size_t pos,
		      const struct cont *next)
{
	struct cont slot = { .list = n, .start = pos, .next = next };
	const struct value *v;

	if (n->target->wildcard) {
		walk_wildcard(m, pos, &slot);
	} else if (n->target->range) {
		walk_range(m, n->target, pos, &slot);
	} else {
		for (v = n->target->values; v; v = v->next) {
			slot.value = v;
			walk(m, v->in, pos, &slot);
		}
	}
}

static void walk(struct matcher *m, const struct node *n, size_t pos, const struct cont *next)
{
	const struct node *c;

	if (m->error)
		return;
	if (++m->steps > STEPS_MAX || ++m->depth > DEPTH_MAX) {
		m->error = -E2BIG;
		return;
	}
	switch (n->kind) {
	case NODE_TEXT:
		walk_text(m, n->text, pos, next);
		break;
	case NODE_SEQ:
		walk_siblings(m, n->first, pos, next);
		break;
	case NODE_ALT:
		for (c = n->first; c; c = c->next)
			walk(m, c, pos, next);
		break;
	case NODE_OPT:
		walk(m, n->first, pos, next);
		proceed(m, pos, next);
		break;
	case NODE_PERM:
		walk_perm(m, n, 0, pos, next);
		break;
	case NODE_RULE:
		if (n->target)
			walk(m, n->target->rule, pos, next);
		break;
	case NODE_LIST:
		if (n->target)
			walk_list(m, n, pos, next);
		break;
	}
	m->depth--;
}

static bool context_allows(const struct matcher *m, const struct block *b)
{
	const struct pair *p;
	const char *v;

	for (p = b->conditions; p; p = p->next) {
		v = context_value(m, p->key);
		if (p->excludes ? v && p->value && !strcmp(v, p->value) :
		    !v || (p->value && strcmp(v, p->value) != 0))
			return false;
	}
	return true;
}

int intents_match(const struct intents *s, const char *text, size_t len,
		  const struct intent_context *context, size_t n_context,
		  struct intent_match *ret)
{
	struct matcher m = { .text = text, .context = context, .n_context = n_context };
	const struct sentence *e;

	*ret = (struct intent_match){ 0 };
	if (len > INTENT_TEXT_MAX)
		return -E2BIG;
	if (!utf8_valid(text, len))
		return -EINVAL;
	while (len > 0 && blank(text[len - 1]))
		len--;
	for (m.end = m.len = len; m.end > 0 && strchr(".!? ", text[m.end - 1]); m.end--)
		;
	while (m.len > 0 && blank(*m.text)) {
		m.text++;
		m.len--;
		m.end = m.end > 0 ? m.end - 1 : 0;
	}
	for (e = s->sentences; e && !m.error && m.len; e = e->next) {
		m.sentence = e;
		m.n = m.wildcard = m.literal = m.depth = 0;
		if (context_allows(&m, e->block))
			walk(&m, e->node, 0, NULL);
	}
	if (m.error || !m.have) {
		intent_match_deinit(&m.best);
		return m.error ? m.error : INTENT_E_NONE;
	}
	*ret = m.best;
	return m.tie ? INTENT_E_AMBIGUOUS : 0;
}

void intent_match_deinit(struct intent_match *m)
{
	while (m->n_slots > 0)
		free(m->slots[--m->n_slots].value);
	*m = (struct intent_match){ 0 };
}

const char *intent_slot(const struct intent_match *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->n_slots; i++)
		if (!strcmp(m->slots[i].name, name))
			return m->slots[i].value;
	return NULL;
}
