/* SPDX-License-Identifier: MIT */
/*
 * Matching: a walk of the graph with what follows kept in a chain of continuations on the
 * stack, so that a rule is entered from anywhere without a copy. Steps and depth are
 * bounded; the best complete walk is kept.
 */
#include "intents/match.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/utf8.h"

#define STEPS_MAX 2000000
#define DEPTH_MAX 4000

/* What remains: a list of siblings, members of a permutation, or the end of a slot. */
struct cont {
	const struct node *siblings;
	const struct node *perm;
	unsigned used;
	const struct node *list;
	const char *out;
	const struct value *value;
	size_t start;
	const struct cont *next;
};

static void walk(struct matcher *m, const struct node *n, size_t pos, const struct cont *next);

/* False, and the error is set, where a text would take too much time or stack. */
static bool step(struct matcher *m)
{
	if (++m->steps > STEPS_MAX || m->depth >= DEPTH_MAX)
		m->error = -E2BIG;
	return !m->error;
}

/* Where the text goes on behind the skip word at @pos, or 0 when it does not stand there. */
static size_t behind_skip_word(const struct matcher *m, const struct word *w, size_t pos)
{
	if (pos >= m->len || pos + 1 == m->slot_at ||
	    (pos > 0 && !intents_blank(m->text[pos - 1])))
		return 0;
	for (const char *s = w->text; *s; s++, pos++)
		if (pos >= m->len || intents_fold(m->text[pos]) != intents_fold(*s))
			return 0;
	if (pos < m->end && !intents_blank(m->text[pos]))
		return 0;
	while (pos < m->len && intents_blank(m->text[pos]))
		pos++;
	return pos;
}

/* Marks the words from which on there are only skip words. */
static void find_tail(struct matcher *m)
{
	for (size_t pos = m->end; m->set->skip_words && pos-- > 0;)
		for (const struct word *w = m->set->skip_words; w && !m->tail[pos]; w = w->next) {
			size_t behind = behind_skip_word(m, w, pos);

			m->tail[pos] = behind && (behind >= m->end || m->tail[behind]);
		}
}

static bool ends_at(const struct matcher *m, size_t pos)
{
	while (pos < m->end && intents_blank(m->text[pos]))
		pos++;
	return pos >= m->end || m->tail[pos];
}

static void walk_perm(struct matcher *m, const struct node *perm, unsigned used, size_t pos,
		      const struct cont *next)
{
	const struct node *c;
	unsigned i = 0;

	/* Members are words of their own: a blank stands between them. */
	if (used && pos > 0 && pos < m->len && !intents_blank(m->text[pos]) &&
	    !intents_blank(m->text[pos - 1]))
		return;
	while (used && pos < m->len && intents_blank(m->text[pos]))
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
		if (ends_at(m, pos))
			match_complete(m);
	} else if (next->siblings) {
		walk_siblings(m, next->siblings, pos, next->next);
	} else if (next->perm) {
		walk_perm(m, next->perm, next->used, pos, next->next);
	} else {
		if (m->n == INTENT_SLOTS_MAX)
			return;
		m->captures[m->n++] = (struct capture){
			.name = next->list->slot, .out = next->out, .value = next->value,
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

/* Politeness may stand before any word of a template, but not inside what a wildcard takes. */
static void walk_text(struct matcher *m, const char *s, size_t pos, const struct cont *next)
{
	size_t literal = 0;

	for (; *s; s++) {
		if (intents_blank(*s)) {
			if (pos > 0 && pos < m->len && !intents_blank(m->text[pos]) &&
			    !intents_blank(m->text[pos - 1]))
				return;
			while (pos < m->len && intents_blank(m->text[pos]))
				pos++;
			continue;
		}
		for (const struct word *w = m->set->skip_words; w; w = w->next) {
			size_t behind = behind_skip_word(m, w, pos);

			m->literal += behind ? literal : 0;
			if (behind && step(m))
				walk_text(m, s, behind, next);
			m->literal -= behind ? literal : 0;
		}
		if (m->error || pos == m->len || intents_fold(m->text[pos]) != intents_fold(*s))
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

	while (pos < m->len && intents_blank(m->text[pos]))
		pos++;
	/* With nothing behind it, it takes the whole rest, closing marks included. */
	if (next && !next->siblings && !next->perm && !next->next)
		end = m->len > 0 ? m->len - 1 : 0;
	for (end = end > pos ? end : pos; end < m->len && !m->error; end++) {
		struct cont slot = *next;

		/* Never inside a character. */
		if (end + 1 < m->len && ((unsigned char)m->text[end + 1] & 0xc0) == 0x80)
			continue;
		if (intents_blank(m->text[end]))
			continue;
		slot.start = pos;
		m->wildcard += end + 1 - pos;
		proceed(m, end + 1, &slot);
		m->wildcard -= end + 1 - pos;
	}
}

static bool in_range(const struct named *list, int64_t v)
{
	return v >= list->from && v <= list->to;
}

static bool digit_at(const struct matcher *m, size_t pos)
{
	return pos < m->len && m->text[pos] >= '0' && m->text[pos] <= '9';
}

/* The slot is given the digits as they stand, or with a point where they have a comma. */
static void walk_digits(struct matcher *m, const struct named *list, size_t pos,
			const struct cont *slot)
{
	bool minus = list->from < 0 && pos < m->len && m->text[pos] == '-';
	struct cont half = *slot;
	char with_point[24];
	int64_t v = 0;
	size_t n = 0;

	for (pos += minus; n < 9 && digit_at(m, pos); pos++, n++)
		v = v * 10 + (m->text[pos] - '0');
	v = minus ? -v : v;
	if (n == 0 || digit_at(m, pos) || !in_range(list, v))
		return;
	proceed(m, pos, slot);
	if (list->halves && v < list->to && pos < m->len && strchr(".,", m->text[pos]) &&
	    digit_at(m, pos + 1) && m->text[pos + 1] == '5' && !digit_at(m, pos + 2)) {
		snprintf(with_point, sizeof(with_point), "%lld.5", (long long)v);
		half.out = with_point;
		proceed(m, pos + 2, &half);
	}
}

static void walk_range(struct matcher *m, const struct named *list, size_t pos,
		       const struct cont *slot)
{
	struct cont whole = *slot, half = *slot;
	struct cont then_half = { .siblings = m->set->half, .next = &half };

	walk_digits(m, list, pos, slot);
	for (const struct number *n = m->set->numbers; n && !m->error; n = n->next) {
		if (!in_range(list, n->n))
			continue;
		whole.out = n->whole;
		walk(m, n->in, pos, &whole);
		half.out = n->half;
		if (list->halves && m->set->half && n->n < list->to)
			walk(m, n->in, pos, &then_half);
	}
}

static void walk_values(struct matcher *m, const struct named *list, size_t pos,
			struct cont *slot)
{
	for (const struct value *v = list->values; v && !m->error; v = v->next) {
		slot->value = v;
		slot->out = v->out;
		walk(m, v->in, pos, slot);
	}
}

/* Words to skip stand before the slot, not in it. */
static void walk_list(struct matcher *m, const struct node *n, size_t pos,
		      const struct cont *next)
{
	struct cont slot = { .list = n, .start = pos, .next = next };
	size_t slot_at = m->slot_at;

	if (n->target->wildcard) {
		walk_wildcard(m, pos, &slot);
		return;
	}
	for (const struct word *w = m->set->skip_words; w; w = w->next) {
		size_t behind = behind_skip_word(m, w, pos);

		if (behind && step(m))
			walk_list(m, n, behind, next);
	}
	m->slot_at = pos + 1;
	if (n->target->range)
		walk_range(m, n->target, pos, &slot);
	else
		walk_values(m, n->target, pos, &slot);
	m->slot_at = slot_at;
}

/* A block's own rule comes before that of all. */
static const struct named *rule_of(const struct matcher *m, const struct node *n)
{
	const struct named *own = NULL;

	if (n->scoped)
		own = named_find(m->sentence->block->rules, n->text, false);
	return own ? own : n->target;
}

static void walk(struct matcher *m, const struct node *n, size_t pos, const struct cont *next)
{
	const struct named *rule;
	const struct node *c;

	if (m->error || !step(m))
		return;
	m->depth++;
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
		rule = rule_of(m, n);
		if (rule)
			walk(m, rule->rule, pos, next);
		break;
	case NODE_LIST:
		if (n->target)
			walk_list(m, n, pos, next);
		break;
	}
	m->depth--;
}

/* Sets the part of the text that is looked at: without blanks around it. */
static void trim(struct matcher *m, const char *text, size_t len)
{
	while (len > 0 && intents_blank(text[len - 1]))
		len--;
	while (len > 0 && intents_blank(*text)) {
		text++;
		len--;
	}
	m->text = text;
	for (m->end = m->len = len; m->end > 0 && memchr(".!? ", text[m->end - 1], 4); m->end--)
		;
}

int intents_match(const struct intents *s, const char *text, size_t len,
		  const struct intent_context *context, size_t n_context,
		  struct intent_match *ret)
{
	struct matcher m = { .set = s, .context = context, .n_context = n_context };

	*ret = (struct intent_match){ 0 };
	if (len > INTENT_TEXT_MAX)
		return -E2BIG;
	if (!utf8_valid(text, len))
		return -EINVAL;
	trim(&m, text, len);
	find_tail(&m);
	for (const struct sentence *e = s->sentences; e && !m.error && m.len; e = e->next) {
		m.sentence = e;
		m.n = m.wildcard = m.literal = m.depth = m.slot_at = 0;
		if (block_has_keyword(&m, e->block))
			walk(&m, e->node, 0, NULL);
	}
	if (m.error || !m.have) {
		intent_match_deinit(&m.best);
		return m.error ? m.error : INTENT_E_NONE;
	}
	*ret = m.best;
	return m.tie ? INTENT_E_AMBIGUOUS : 0;
}
