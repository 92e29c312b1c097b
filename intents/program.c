/* SPDX-License-Identifier: MIT */
#include "intents/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/macro.h"

/* Room for @more items behind @n; false when there is no memory or they are too many. */
static bool grow(void **items, size_t *cap, size_t n, size_t more, size_t size)
{
	size_t want = *cap ? *cap : 64;
	void *grown;

	if (n + more <= *cap)
		return true;
	if (n + more > 4 * (size_t)STATES_MAX)
		return false;
	while (want < n + more)
		want *= 2;
	grown = reallocarray(*items, want, size);
	if (!grown)
		return false;
	*items = grown;
	*cap = want;
	return true;
}

static void begin_with(struct state *s, const struct state *other)
{
	s->first |= other->first;
	s->nullable |= other->nullable;
	s->wild |= other->wild;
}

static void find_first(const struct program *p, struct state *s)
{
	const struct unit *u;

	switch ((enum op)s->op) {
	case OP_CHAR:
		s->first = first_bit(s->arg);
		break;
	case OP_BLANK:
		begin_with(s, &p->code[s->next]);
		s->first |= first_bit(' ');
		break;
	case OP_ALT:
		for (uint32_t i = 0; i < s->next; i++)
			begin_with(s, &p->code[p->targets[s->arg + i]]);
		break;
	case OP_CALL:
		u = &p->units[s->arg];
		if (u->nullable)
			begin_with(s, &p->code[s->next]);
		s->first |= u->first;
		s->wild |= u->wild;
		break;
	case OP_RET:
		s->nullable = true;
		break;
	}
}

uint32_t program_state(struct program *p, enum op op, uint32_t arg, uint32_t next)
{
	struct state s = { .arg = arg, .next = next, .slot = NO_SLOT, .op = (uint8_t)op };

	if (!grow((void **)&p->code, &p->cap_code, p->n_code, 1, sizeof(*p->code)))
		return NONE;
	find_first(p, &s);
	p->code[p->n_code] = s;
	return (uint32_t)p->n_code++;
}

uint32_t program_targets(struct program *p, const uint32_t *targets, size_t n)
{
	uint32_t at = (uint32_t)p->n_targets;

	if (!grow((void **)&p->targets, &p->cap_targets, p->n_targets, n, sizeof(*p->targets)))
		return NONE;
	if (n > 0)
		memcpy(p->targets + at, targets, n * sizeof(*targets));
	p->n_targets += n;
	return at;
}

uint32_t program_unit(struct program *p, struct unit u)
{
	if (!grow((void **)&p->units, &p->cap_units, p->n_units, 1, sizeof(*p->units)))
		return NONE;
	p->units[p->n_units] = u;
	p->depth = MAX(p->depth, u.depth);
	return (uint32_t)p->n_units++;
}

void program_deinit(struct program *p)
{
	free(p->code);
	free(p->targets);
	free(p->units);
	*p = (struct program){ 0 };
}
