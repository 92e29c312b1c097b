/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/batch.h"

#include "util/macro.h"

struct plan {
	struct batch_entry *e;
	size_t n;
	bool lead;		/* the leading lane is the interactive one */
	size_t room;		/* left for the leading lane */
	size_t taken;
};

static bool leads(const struct plan *p, const struct batch_entry *e)
{
	return e->interactive == p->lead;
}

static void give(struct plan *p, struct batch_entry *e, size_t tokens)
{
	e->tokens += tokens;
	p->room -= tokens;
	p->taken += tokens;
}

/* Of one lane, who waited longest and has nothing yet; among equals the first to arrive. */
static struct batch_entry *longest_waiting(const struct plan *p, bool interactive, bool writing)
{
	struct batch_entry *found = NULL;

	for (struct batch_entry *e = p->e; e < p->e + p->n; e++)
		if (e->interactive == interactive && e->tokens == 0 &&
		    (e->pending == 1 || !writing) && (!found || e->served < found->served))
			found = e;
	return found;
}

/* Returns how many write. */
static size_t give_writers(struct plan *p)
{
	struct batch_entry *e;
	size_t writers = 0;

	for (; p->room && (e = longest_waiting(p, p->lead, true)); writers++)
		give(p, e, 1);
	return writers;
}

/* Equal parts, of no more than half the room, so that prompts are read, too. */
static void give_guesses(struct plan *p, size_t writers)
{
	size_t part = writers ? MIN((size_t)BATCH_GUESSES, p->room / 2) / writers : 0;

	for (struct batch_entry *e = p->e; e < p->e + p->n; e++) {
		if (!leads(p, e) || e->pending != 1 || e->tokens == 0)
			continue;
		e->guesses = MIN(part, e->wishes);
		p->room -= e->guesses;
		p->taken += e->guesses;
	}
}

static void read_some(struct plan *p, struct batch_entry *e, size_t most)
{
	most = MIN(most, p->room);
	give(p, e, MIN(most, e->pending - e->tokens));
}

static struct batch_entry *shortest_prompt(const struct plan *p)
{
	struct batch_entry *found = NULL;

	for (struct batch_entry *e = p->e; e < p->e + p->n; e++)
		if (leads(p, e) && e->tokens < e->pending &&
		    (!found || e->pending - e->tokens < found->pending - found->tokens))
			found = e;
	return found;
}

static void give_readers(struct plan *p)
{
	struct batch_entry *e = p->e;

	while (e < p->e + p->n && !(leads(p, e) && e->tokens < e->pending))
		e++;
	if (e < p->e + p->n)
		read_some(p, e, (p->room + 1) / 2);
	while (p->room && (e = shortest_prompt(p)))
		read_some(p, e, p->room);
}

/* Beside the interactive lane. */
static void give_background(struct plan *p)
{
	struct batch_entry *e;

	while (p->room && (e = longest_waiting(p, false, false)))
		read_some(p, e, p->room);
}

void batch_plan(struct batch_entry *e, size_t n, size_t max_tokens)
{
	struct plan p = { .e = e, .n = n };
	bool streaming = false, behind = false;
	size_t writers, budget, share;

	for (size_t i = 0; i < n; i++)
		p.lead |= e[i].interactive;
	for (size_t i = 0; i < n; i++) {
		streaming |= leads(&p, &e[i]) && e[i].pending == 1;
		behind |= !leads(&p, &e[i]);
		e[i].tokens = e[i].guesses = 0;
	}

	budget = streaming ? MIN((size_t)BATCH_CHUNK, max_tokens) : max_tokens;
	share = (budget + BATCH_SHARE) / (BATCH_SHARE + 1);
	p.room = behind ? budget - MAX((size_t)BATCH_LEAST, share) : budget;
	writers = give_writers(&p);
	give_guesses(&p, writers);
	give_readers(&p);
	if (!behind)
		return;
	p.room = MAX((size_t)BATCH_LEAST, p.taken / BATCH_SHARE);
	give_background(&p);
}
