/* SPDX-License-Identifier: MIT */
#include "intents/run.h"

#include <errno.h>
#include <string.h>

#include "util/macro.h"

#define STEPS_MAX 1000000
/* Meanings that are kept for one state at one place; who writes more of them into a language
 * gets the first. */
#define MEANINGS_MAX 32

/* One more step; false, and the error set, when they were too many. */
static bool step(struct run *r)
{
	if (++r->steps > STEPS_MAX && !r->error)
		r->error = -E2BIG;
	return !r->error;
}

/* Room for one more; false with the error set. */
static bool room(struct run *r, void **items, size_t *cap, size_t n, size_t size)
{
	void *grown;

	if (n < *cap)
		return true;
	grown = reallocarray(*items, 2 * *cap, size);
	if (!grown) {
		r->error = -ENOMEM;
		return false;
	}
	*items = grown;
	*cap *= 2;
	return true;
}

void run_result(struct run *r, struct results *to, const struct result *one)
{
	uint32_t at = (uint32_t)r->n_results;

	if (!step(r) ||
	    !room(r, (void **)&r->results, &r->cap_results, at, sizeof(*r->results)))
		return;
	r->results[at] = *one;
	r->results[at].next = 0;
	r->n_results++;
	if (to->last)
		r->results[to->last].next = at;
	else
		to->first = at;
	to->last = at;
}

/* Most ways end here: at a character that the state cannot begin with. */
static bool leads_nowhere(const struct run *r, const struct state *s, uint32_t pos)
{
	return !s->nullable && !(s->first & first_bit(heard_at(&r->heard, pos))) && !r->held[pos];
}

static void push(struct run *r, struct frame *f, uint32_t pos, uint32_t state,
		 const struct derivation *d)
{
	uint32_t at = (uint32_t)r->n_threads;

	if (leads_nowhere(r, &r->p->code[state], pos) || !step(r) ||
	    !room(r, (void **)&r->threads, &r->cap_threads, at, sizeof(*r->threads)))
		return;
	r->threads[at] = (struct thread){ .d = *d, .state = state };
	r->n_threads++;
	if (f->last[pos])
		r->threads[f->last[pos]].next = at;
	else
		f->first[pos] = at;
	f->last[pos] = at;
	f->furthest = MAX(f->furthest, pos);
}

/* Takes thread @t as one of those at its state; false if it adds nothing to them. */
static bool claim(struct run *r, uint32_t t, uint32_t stamp)
{
	struct thread *new = &r->threads[t];
	uint32_t latest = r->latest[new->state], n = 0;

	if (latest >= r->n_threads || r->threads[latest].stamp != stamp ||
	    r->threads[latest].state != new->state)
		latest = 0;
	for (uint32_t i = latest; i; i = r->threads[i].same, n++) {
		struct thread *old = &r->threads[i];

		if (old->d.meaning != new->d.meaning)
			continue;
		if (!derivation_better(&new->d, &old->d))
			return false;
		/* What came of the old one will find the new one better. */
		old->d = new->d;
		new->stamp = 0;
		return true;
	}
	if (n >= MEANINGS_MAX)
		return false;
	new->same = latest;
	new->stamp = stamp;
	r->latest[new->state] = t;
	return true;
}

static void call(struct run *r, struct frame *f, uint32_t pos, const struct state *s,
		 const struct derivation *before)
{
	uint32_t i = run_unit(r, s->arg, pos);

	for (; i && !r->error; i = r->results[i].next) {
		const struct result found = r->results[i];
		struct capture c = { .slot = s->slot, .unit = s->arg, .value = found.value,
				     .start = (uint16_t)pos, .end = found.end };
		struct derivation d = *before;
		int err = derivation_append(&r->derivations, &d, &found.d);

		/* A slot that has no words is none. */
		if (err == 0 && s->slot != NO_SLOT)
			err = found.end > pos ? derivation_capture(&r->derivations, &d, &c) :
						-E2BIG;
		if (err == -ENOMEM)
			r->error = err;
		if (err == 0)
			push(r, f, found.end, s->next, &d);
	}
}

static void follow(struct run *r, struct frame *f, uint32_t pos, uint32_t t)
{
	struct derivation d = r->threads[t].d;
	const struct state *s = &r->p->code[r->threads[t].state];
	uint32_t c = heard_at(&r->heard, pos);

	switch ((enum op)s->op) {
	case OP_CHAR:
		d.literal++;
		if (c == s->arg)
			push(r, f, pos + 1, s->next, &d);
		break;
	case OP_BLANK:
		if (c == ' ')
			push(r, f, pos + 1, s->next, &d);
		else if (heard_boundary(&r->heard, pos))
			push(r, f, pos, s->next, &d);
		break;
	case OP_ALT:
		for (uint32_t i = 0; i < s->next; i++)
			push(r, f, pos, r->p->targets[s->arg + i], &d);
		break;
	case OP_CALL:
		call(r, f, pos, s, &d);
		break;
	case OP_RET:
		break;
	}
}

/* A way goes on behind a mark or behind words to skip that stand at @pos. Before a wildcard
 * those are part of what it takes. */
static void pass_over(struct run *r, struct frame *f, const struct unit *u, uint32_t pos,
		      uint32_t t)
{
	const struct derivation d = r->threads[t].d;
	uint32_t state = r->threads[t].state;
	bool words = u->kind == UNIT_RULE && !r->p->code[state].wild;

	if (r->heard.mark[pos])
		push(r, f, pos + 1, state, &d);
	for (uint32_t i = words ? r->skips[pos] : 0; i; i = r->results[i].next)
		push(r, f, heard_next_word(&r->heard, r->results[i].end), state, &d);
}

/* All ways at @pos are followed: some are at the end of the unit, others may pass over what
 * stands here. At the beginning of a unit, that is left to who calls it. */
static void leave(struct run *r, struct frame *f, const struct unit *u, uint32_t pos,
		  uint32_t stamp, bool passing, struct results *to)
{
	for (uint32_t t = f->first[pos]; t && !r->error; t = r->threads[t].next) {
		const struct state *s = &r->p->code[r->threads[t].state];
		struct result end = { .d = r->threads[t].d, .value = s->arg,
				      .end = (uint16_t)pos };

		if (r->threads[t].stamp != stamp)
			continue;
		if (s->op == OP_RET)
			run_result(r, to, &end);
		else if (passing && s->op != OP_ALT)
			pass_over(r, f, u, pos, t);
	}
}

static struct frame *enter(struct run *r)
{
	struct frame *f = r->frames[r->depth];

	if (!f)
		f = r->frames[r->depth] = calloc(1, sizeof(*f));
	if (!f) {
		r->error = -ENOMEM;
		return NULL;
	}
	r->depth++;
	f->base = (uint32_t)r->n_threads;
	return f;
}

static void run_code(struct run *r, const struct unit *u, uint32_t start, struct results *to)
{
	const struct derivation none = { 0 };
	bool whole = u == &r->p->units[r->p->root];
	struct frame *f = enter(r);

	if (!f)
		return;
	f->furthest = start;
	push(r, f, start, u->entry, &none);
	for (uint32_t pos = start; pos <= f->furthest && !r->error; pos++) {
		uint32_t stamp = ++r->stamp;

		for (uint32_t t = f->first[pos]; t && !r->error; t = r->threads[t].next)
			if (claim(r, t, stamp))
				follow(r, f, pos, t);
		leave(r, f, u, pos, stamp, r->held[pos] && (whole || pos != start), to);
		f->first[pos] = f->last[pos] = 0;
	}
	r->n_threads = f->base;
	r->depth--;
}

static size_t slot_of(const struct run *r, uint32_t unit, uint32_t pos)
{
	uint64_t key = ((uint64_t)unit << 9 | pos) * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(key >> 32) & (r->cap_memos - 1);

	while (r->memos[i].unit && (r->memos[i].unit != unit + 1 || r->memos[i].pos != pos))
		i = (i + 1) & (r->cap_memos - 1);
	return i;
}

static void remember(struct run *r, uint32_t unit, uint32_t pos, uint32_t first)
{
	struct memo *old = r->memos;
	size_t n = r->cap_memos;

	if (2 * r->n_memos >= n) {
		r->memos = calloc(2 * n, sizeof(*r->memos));
		if (!r->memos) {
			r->memos = old;
			r->error = -ENOMEM;
			return;
		}
		r->cap_memos = 2 * n;
		for (size_t i = 0; i < n; i++)
			if (old[i].unit)
				r->memos[slot_of(r, old[i].unit - 1, old[i].pos)] = old[i];
		free(old);
	}
	r->memos[slot_of(r, unit, pos)] = (struct memo){ unit + 1, pos, first };
	r->n_memos++;
}

uint32_t run_unit(struct run *r, uint32_t unit, uint32_t pos)
{
	const struct unit *u = &r->p->units[unit];
	const struct memo *known;
	struct results found = { 0 };

	/* The root may begin with words to skip; in other units, who calls them skips those. */
	if (r->error || (!u->nullable && unit != r->p->root &&
			 !(u->first & first_bit(heard_at(&r->heard, pos)))))
		return 0;
	known = &r->memos[slot_of(r, unit, pos)];
	if (known->unit)
		return known->first;
	switch (u->kind) {
	case UNIT_RULE:
	case UNIT_PHRASE:
		run_code(r, u, pos, &found);
		break;
	case UNIT_LIST:
		run_code(r, u, pos, &found);
		run_names(r, u, pos, &found);
		break;
	case UNIT_RANGE:
		run_range(r, u, pos, &found);
		break;
	case UNIT_WILDCARD:
		run_wildcard(r, pos, &found);
		break;
	}
	if (!r->error)
		remember(r, unit, pos, found.first);
	return r->error ? 0 : found.first;
}

/* Words to skip are words: they begin and end as such. */
static void find_skips(struct run *r)
{
	const struct heard *h = &r->heard;

	for (uint32_t pos = 0; pos < h->len && !r->error; pos++) {
		struct results words = { 0 };

		if (!heard_begins_word(h, pos) || heard_at(h, pos) == ' ')
			continue;
		for (uint32_t i = run_unit(r, r->p->skip_words, pos); i; i = r->results[i].next) {
			const struct result one = r->results[i];

			if (one.end > pos && heard_ends_word(h, one.end))
				run_result(r, &words, &one);
		}
		r->skips[pos] = words.first;
	}
	for (uint32_t pos = 0; pos < h->len; pos++)
		r->held[pos] = h->mark[pos] || r->skips[pos];
}

bool run_at_end(const struct run *r, uint32_t pos)
{
	bool ended[HEARD_POSITIONS] = { false };

	ended[r->heard.end] = true;
	/* Behind the end of what is looked at, nothing is known. */
	for (uint32_t at = r->heard.end == r->heard.len ? r->heard.len : 0; at-- > pos;) {
		if (r->heard.mark[at] || heard_at(&r->heard, at) == ' ')
			ended[at] = ended[at + 1];
		for (uint32_t i = r->skips[at]; i && !ended[at]; i = r->results[i].next)
			ended[at] = ended[heard_next_word(&r->heard, r->results[i].end)];
	}
	return ended[pos];
}

int run_init(struct run *r, const struct intents *set, const char *text, size_t len)
{
	int err;

	*r = (struct run){ .set = set, .p = &set->program, .cap_results = 256,
			   .cap_threads = 1024, .cap_memos = 256, .n_results = 1,
			   .n_threads = 1, .n_frames = set->program.depth + 1 };
	err = heard_init(&r->heard, text, len, set->script);
	if (err == 0)
		err = derivations_init(&r->derivations);
	if (err < 0)
		return err;
	r->results = calloc(r->cap_results, sizeof(*r->results));
	r->threads = calloc(r->cap_threads, sizeof(*r->threads));
	r->memos = calloc(r->cap_memos, sizeof(*r->memos));
	r->latest = calloc(r->p->n_code + 1, sizeof(*r->latest));
	r->frames = calloc(r->n_frames, sizeof(struct frame *));
	if (!r->results || !r->threads || !r->memos || !r->latest || !r->frames)
		return -ENOMEM;
	find_skips(r);
	return r->error;
}

void run_deinit(struct run *r)
{
	for (unsigned i = 0; r->frames && i < r->n_frames; i++)
		free(r->frames[i]);
	free(r->frames);
	free(r->latest);
	free(r->memos);
	free(r->threads);
	free(r->results);
	derivations_deinit(&r->derivations);
	heard_deinit(&r->heard);
}
