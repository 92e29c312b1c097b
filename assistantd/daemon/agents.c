/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/agents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/agents-private.h"
#include "assistantd/daemon/config.h"
#include "assistantd/daemon/notify.h"
#include "assistantd/daemon/screen.h"
#include "util/macro.h"

static bool by_hand(const struct caller *c)
{
	return c->known && c->kind == POLICY_CALLER_HAND;
}

/*
 * Never a sandboxed one; never the requester's own, by connection or process, unless both are
 * the user's hand. What a terminal shows of its own requests only, it is asked for them alone.
 */
static bool may_answer(const struct agent *agent, const struct caller *caller)
{
	const struct caller *c = agent->caller;

	if (!c->known || c->kind == POLICY_CALLER_SANDBOXED)
		return false;
	if (c == caller)
		return by_hand(c);
	if (agent->own)
		return false;
	return c->pid != caller->pid || !c->pid;
}

struct agent *agents_choose(const struct agents *a, const struct caller *caller)
{
	struct agent *best = NULL;

	for (struct agent *agent = a->first; agent; agent = agent->next) {
		if (!may_answer(agent, caller))
			continue;
		/* Who asks from a terminal answers there: it may be far from the screen. */
		if (agent->caller == caller)
			return agent;
		if (!best || agent->priority > best->priority)
			best = agent;
	}
	return best;
}

bool agents_available(const struct agents *a, const struct caller *caller, bool full)
{
	if (screen_locked(a->s.screen))
		return false;
	return agents_choose(a, caller) || (!full && notify_has_actions(a->s.notify));
}

/* Each terminal is a hand of its own; a program is one, however often it connects. */
static const char *asker(const struct caller *caller)
{
	return by_hand(caller) ? caller->name : caller->identity;
}

bool agents_crowded(const struct agents *a, const struct caller *caller)
{
	const struct config *c = a->s.config;
	uint64_t now = loop_now();
	size_t recent = 0;

	for (size_t i = 0; i < ARRAY_SIZE(a->asked); i++)
		recent += a->asked[i].at && now - a->asked[i].at < 60000 &&
			  strcmp(a->asked[i].caller, asker(caller)) == 0;
	return questions_open(a) >= c->questions_open || recent >= c->questions_per_minute;
}

void agents_note_asked(struct agents *a, const struct caller *caller)
{
	size_t i = a->next_asked++ % ARRAY_SIZE(a->asked);

	snprintf(a->asked[i].caller, sizeof(a->asked[i].caller), "%s", asker(caller));
	a->asked[i].at = loop_now();
}

struct agent *agents_find(const struct agents *a, const char *sender, const char *path)
{
	struct agent *agent = a->first;

	while (agent && (strcmp(agent->caller->name, sender) != 0 ||
			 (path && strcmp(agent->path, path) != 0)))
		agent = agent->next;
	return agent;
}

void agents_remove(struct agents *a, struct agent *agent)
{
	struct agent **at = &a->first;

	while (*at != agent)
		at = &(*at)->next;
	*at = agent->next;
	questions_forsake(a, agent);
	caller_unref(agent->caller);
	free(agent->path);
	free(agent);
}

void agents_departed(struct agents *a, const char *sender)
{
	struct agent *agent;

	while ((agent = agents_find(a, sender, NULL)))
		agents_remove(a, agent);
	questions_pump(a);
}

void agents_screen_changed(struct agents *a)
{
	if (screen_locked(a->s.screen))
		questions_end_all(a, "the screen has been locked");
}

int agents_new(struct agents **ret, const struct agents_setup *setup)
{
	struct agents *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->s = *setup;
	agents1_add(a);
	*ret = a;
	return 0;
}

struct agents *agents_free(struct agents *a)
{
	if (!a)
		return NULL;
	questions_drop_all(a);
	while (a->first)
		agents_remove(a, a->first);
	free(a);
	return NULL;
}
