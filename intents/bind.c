/* SPDX-License-Identifier: MIT */
/*
 * References to what they name. A block's own rules count wherever its sentences lead, also
 * inside the rules of all: so each block that has some is followed by itself.
 */
#include <errno.h>
#include <string.h>

#include "intents/intents-private.h"

#define NESTED_MAX 256

struct binding {
	struct intents *set;
	const struct block *block;	/* NULL: the rules of all, called by nobody */
	const struct sentence *sentence;
	unsigned depth;
	struct diag *d;
	struct diag missing;
};

static int bind_nodes(struct binding *b, struct node *n);

static int bind_named(struct binding *b, struct named *t)
{
	int r;

	if (t->colour == 1)
		return diag_set(b->d, -ELOOP, DIAG_LAYOUT, t->name, "calls itself in a circle");
	if (t->colour == 2)
		return 0;
	if (++b->depth > NESTED_MAX)
		return diag_set(b->d, -ELOOP, DIAG_LIMIT, t->name,
				"more than %d rules inside each other", NESTED_MAX);
	t->colour = 1;
	r = bind_nodes(b, t->rule);
	for (struct value *v = t->values; v && r == 0; v = v->next)
		r = bind_nodes(b, v->in);
	t->colour = 2;
	b->depth--;
	return r;
}

static bool in_some_block(const struct intents *s, const char *rule)
{
	for (const struct block *b = s->blocks; b; b = b->next)
		if (b->rules && named_find(b->rules, rule, false))
			return true;
	return false;
}

static void note_missing(struct binding *b, const struct node *n)
{
	if (b->missing.code != DIAG_NONE)
		return;
	if (b->sentence)
		diag_set(&b->missing, 0, DIAG_PAIR, n->text,
			 "no rule or list of this name; a sentence of %s, line %u, needs it",
			 b->block->intent, b->sentence->line);
	else
		diag_set(&b->missing, 0, DIAG_PAIR, n->text, "no rule or list of this name");
}

static int bind_nodes(struct binding *b, struct node *n)
{
	int r = 0;

	for (; n && r == 0; n = n->next) {
		bool is_list = n->kind == NODE_LIST;
		struct named *t = NULL;

		r = bind_nodes(b, n->first);
		if (r < 0 || (n->kind != NODE_RULE && !is_list))
			continue;
		n->target = named_find(b->set->named, n->text, is_list);
		n->scoped = !is_list && in_some_block(b->set, n->text);
		if (n->scoped && b->block)
			t = named_find(b->block->rules, n->text, false);
		t = t ? t : (struct named *)n->target;
		if (t)
			r = bind_named(b, t);
		else if (b->block || !n->scoped)
			note_missing(b, n);
	}
	return r;
}

static void forget(struct named *list)
{
	for (; list; list = list->next)
		list->colour = 0;
}

/* Sentences of blocks without rules of their own share what was followed before them. */
static int bind_sentences(struct binding *b, bool own_rules)
{
	int r = 0;

	for (struct sentence *e = b->set->sentences; e && r == 0; e = e->next) {
		if ((e->block->rules != NULL) != own_rules)
			continue;
		if (own_rules && b->block != e->block) {
			forget(b->set->named);
			forget(e->block->rules);
		}
		b->block = e->block;
		b->sentence = e;
		r = bind_nodes(b, e->node);
	}
	return r;
}

int intents_bind(struct intents *s, struct diag *d)
{
	struct binding b = { .set = s, .d = d, .missing = DIAG_NULL };
	int r = 0;

	forget(s->named);
	for (struct named *n = s->named; n && r == 0; n = n->next)
		r = bind_named(&b, n);
	/* Once more, for a name that a rule left to the blocks and this one does not have. */
	forget(s->named);
	if (r == 0)
		r = bind_sentences(&b, false);
	if (r == 0)
		r = bind_sentences(&b, true);
	if (r < 0 || b.missing.code == DIAG_NONE)
		return r;
	return diag_set(d, INTENT_E_INCOMPLETE, b.missing.code, b.missing.field, "%s",
			b.missing.text);
}
