/* SPDX-License-Identifier: MIT */
/*
 * Nodes to states, from the end to the beginning: what a state leads to is always there. An
 * order of members is kept as the set of those that are done, so k of them make 2^k sets and
 * not k! sequences, and each member is a unit that all sets call.
 */
#include "intents/compile.h"

#include <errno.h>
#include <string.h>

#include "util/macro.h"

#define SLOTS_MAX 1024

/* Whether a sentence may have more, where @n are there. */
static bool has_room(struct compiler *c, size_t n)
{
	if (!c->error && c->sentence && n >= STATES_MAX)
		c->error = -E2BIG;
	return !c->error;
}

static uint32_t added(struct compiler *c, uint32_t at)
{
	if (at == NONE && !c->error)
		c->error = -ENOMEM;
	return at;
}

uint32_t compile_state(struct compiler *c, enum op op, uint32_t arg, uint32_t next)
{
	if (!has_room(c, c->s->program.n_code))
		return NONE;
	return added(c, program_state(&c->s->program, op, arg, next));
}

uint32_t compile_choice(struct compiler *c, const uint32_t *targets, size_t n)
{
	uint32_t at;

	if (!has_room(c, c->s->program.n_targets))
		return NONE;
	if (n == 1)
		return targets[0];
	at = added(c, program_targets(&c->s->program, targets, n));
	return at == NONE ? NONE : compile_state(c, OP_ALT, at, (uint32_t)n);
}

/* What never matches. */
static uint32_t nothing(struct compiler *c)
{
	return compile_choice(c, NULL, 0);
}

/* Marks of a sentence may be missing where the template has them. */
static uint32_t compile_char(struct compiler *c, uint32_t ch, uint32_t next)
{
	uint32_t with;

	if (ch == ' ')
		return c->s->script.blankless ? next : compile_state(c, OP_BLANK, 0, next);
	with = compile_state(c, OP_CHAR, ch, next);
	if (!fold_is_mark(ch) || ch == ':')
		return with;
	return compile_choice(c, (uint32_t[]){ with, next }, 2);
}

static uint32_t compile_text(struct compiler *c, const char *text, uint32_t next)
{
	_cleanup_(fold_deinit) struct folded f = { 0 };
	struct script script = c->s->script;

	script.part = true;
	if (fold_text(&f, text, strlen(text), script, SIZE_MAX) < 0)
		c->error = -ENOMEM;
	for (size_t i = f.n; i > 0 && !c->error; i--)
		next = compile_char(c, f.chars[i - 1].c, next);
	return c->error ? NONE : next;
}

/* The children of a node in an array; NULL with the error set. */
static const struct node **children_of(struct compiler *c, const struct node *n, size_t *count)
{
	const struct node **list;

	*count = 0;
	for (const struct node *i = n->first; i; i = i->next)
		++*count;
	list = calloc(*count + 1, sizeof(*list));
	if (!list) {
		c->error = -ENOMEM;
		return NULL;
	}
	*count = 0;
	for (const struct node *i = n->first; i; i = i->next)
		list[(*count)++] = i;
	return list;
}

static uint32_t compile_sequence(struct compiler *c, const struct node *n, uint32_t next)
{
	size_t count;
	_cleanup_free_ const struct node **list = children_of(c, n, &count);

	while (count > 0 && !c->error)
		next = compile_node(c, list[--count], next);
	return c->error ? NONE : next;
}

static uint32_t compile_alternatives(struct compiler *c, const struct node *n, uint32_t next)
{
	_cleanup_free_ uint32_t *targets = calloc((size_t)n->n_children + 1, sizeof(*targets));
	size_t count = 0;

	if (!targets)
		c->error = -ENOMEM;
	for (const struct node *i = n->first; i && !c->error; i = i->next)
		targets[count++] = compile_node(c, i, next);
	return compile_choice(c, targets, count);
}

/* What follows when the members of @done are said: a blank and one of the others. */
static uint32_t compile_others(struct compiler *c, const uint32_t *members, unsigned k,
			       const uint32_t *after, unsigned done)
{
	uint32_t targets[TEMPLATE_ORDER_MAX], at;
	size_t n = 0;

	for (unsigned i = 0; i < k && !c->error; i++)
		if (!(done & 1u << i))
			targets[n++] = members[i] == NONE ? nothing(c) :
				       compile_state(c, OP_CALL, members[i], after[done | 1u << i]);
	at = compile_choice(c, targets, n);
	if (c->error || done == 0 || c->s->script.blankless)
		return at;
	return compile_state(c, OP_BLANK, 0, at);
}

static uint32_t compile_order(struct compiler *c, const struct node *n, uint32_t next)
{
	uint32_t members[TEMPLATE_ORDER_MAX], after[1u << TEMPLATE_ORDER_MAX];
	unsigned k = 0, all;

	for (const struct node *i = n->first; i && !c->error; i = i->next)
		members[k++] = unit_of_node(c, i);
	all = (1u << k) - 1;
	after[all] = next;
	for (unsigned done = all; done-- > 0 && !c->error;)
		after[done] = compile_others(c, members, k, after, done);
	return c->error ? NONE : after[0];
}

/* NO_SLOT with the error set. */
static uint16_t slot_of(struct compiler *c, const char *name)
{
	struct intents *s = c->s;
	char **grown;
	size_t i = 0;

	while (i < s->n_slots && strcmp(s->slots[i], name) != 0)
		i++;
	if (i < s->n_slots)
		return (uint16_t)i;
	if (i == SLOTS_MAX) {
		c->error = -E2BIG;
		return NO_SLOT;
	}
	grown = reallocarray(s->slots, i + 1, sizeof(*grown));
	s->slots = grown ? grown : s->slots;
	if (grown)
		s->slots[i] = strdup(name);
	if (!grown || !s->slots[i]) {
		c->error = -ENOMEM;
		return NO_SLOT;
	}
	s->n_slots++;
	return (uint16_t)i;
}

static uint32_t compile_call(struct compiler *c, const struct node *n, uint32_t next)
{
	uint32_t unit = unit_named(c, n->text, n->kind == NODE_LIST), at;
	uint16_t slot = NO_SLOT;

	if (c->error)
		return NONE;
	if (unit == NONE)
		return nothing(c);
	if (n->kind == NODE_LIST)
		slot = slot_of(c, n->slot);
	at = compile_state(c, OP_CALL, unit, next);
	if (at != NONE)
		c->s->program.code[at].slot = slot;
	return c->error ? NONE : at;
}

uint32_t compile_node(struct compiler *c, const struct node *n, uint32_t next)
{
	if (c->error)
		return NONE;
	switch (n->kind) {
	case NODE_TEXT:
		return compile_text(c, n->text, next);
	case NODE_SEQ:
		return compile_sequence(c, n, next);
	case NODE_ALT:
		return compile_alternatives(c, n, next);
	case NODE_OPT:
		return compile_choice(c, (uint32_t[]){ compile_node(c, n->first, next), next }, 2);
	case NODE_PERM:
		return compile_order(c, n, next);
	case NODE_RULE:
	case NODE_LIST:
		return compile_call(c, n, next);
	}
	return NONE;
}
