/* SPDX-License-Identifier: MIT */
/* Ids: what calls are sent to, and what the user's settings are kept for. */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/tools/things-private.h"
#include "util/macro.h"

static struct group *find(struct things *t, const char *base)
{
	struct group **at = tfind(&base, &t->groups, things_compare);

	return at ? *at : NULL;
}

static void free_group(void *node)
{
	struct group *g = node;

	free(g->base);
	free(g);
}

static void leave_it(void *node)
{
	(void)node;
}

void things_names_deinit(struct things *t)
{
	tdestroy(t->ids, leave_it);
	tdestroy(t->uniques, leave_it);
	tdestroy(t->groups, free_group);
}

static void make_stale(struct things *t, struct group *g)
{
	if (!g || g->stale)
		return;
	g->stale = true;
	g->next_stale = t->stale;
	t->stale = g;
}

/* A thing that is called "lamp 2" itself takes that id from the second "lamp". */
static void make_neighbour_stale(struct things *t, const char *base)
{
	size_t n = strlen(base);
	_cleanup_free_ char *shorter = NULL;

	while (n > 0 && base[n - 1] >= '0' && base[n - 1] <= '9')
		n--;
	if (n < 2 || base[n - 1] != '_' || !base[n])
		return;
	shorter = strndup(base, n - 1);
	if (shorter)
		make_stale(t, find(t, shorter));
}

static struct group *add_group(struct things *t, const char *base)
{
	struct group *g = calloc(1, sizeof(*g));

	if (g && (g->base = strdup(base)) && tsearch(g, &t->groups, things_compare)) {
		make_neighbour_stale(t, base);
		return g;
	}
	if (g)
		free_group(g);
	return NULL;
}

/* By what tells them apart: the maker's own word, where there is one, before the place. */
static int compare_members(const struct thing *a, const struct thing *b)
{
	int r = !*a->entity->unique - !*b->entity->unique;

	if (r == 0)
		r = strcmp(a->entity->unique, b->entity->unique);
	if (r == 0)
		r = strcmp(a->topic, b->topic);
	return r ? r : strcmp(a->part, b->part);
}

int things_join(struct things *t, struct thing *thing)
{
	struct group *g = find(t, thing->entity->base);
	struct thing **at;

	if (!g)
		g = add_group(t, thing->entity->base);
	if (!g)
		return -ENOMEM;
	at = &g->members;
	while (*at && compare_members(*at, thing) < 0)
		at = &(*at)->next_member;
	thing->next_member = *at;
	*at = thing;
	thing->group = g;
	make_stale(t, g);
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(((const struct thing *)a)->id, ((const struct thing *)b)->id);
}

static void drop_id(struct things *t, struct thing *thing)
{
	if (!thing->id)
		return;
	tdelete(thing, &t->ids, compare_ids);
	free(TAKE(thing->id));
}

void things_leave(struct things *t, struct thing *thing)
{
	struct group *g = thing->group;
	struct thing **at;

	drop_id(t, thing);
	if (!g)
		return;
	at = &g->members;
	while (*at != thing)
		at = &(*at)->next_member;
	*at = thing->next_member;
	thing->group = NULL;
	make_stale(t, g);
}

static void remove_group(struct things *t, struct group *g)
{
	tdelete(g, &t->groups, things_compare);
	make_neighbour_stale(t, g->base);
	free_group(g);
}

/* The first has the plain id; the others what is free of _2, _3 … */
static char *next_id(struct things *t, const struct group *g, unsigned *number)
{
	char *id = NULL;

	if (*number == 1)
		id = strdup(g->base);
	for (; *number > 1 && !id; ++*number) {
		if (asprintf(&id, "%s_%u", g->base, *number) < 0)
			return NULL;
		if (!find(t, id))
			break;
		free(TAKE(id));
	}
	++*number;
	return id;
}

static void number(struct things *t, struct group *g)
{
	unsigned n = 1;

	for (struct thing *m = g->members; m; m = m->next_member) {
		char *id = next_id(t, g, &n);

		drop_id(t, m);
		m->id = id;
		if (m->told_id && (!id || strcmp(m->told_id, id) != 0))
			things_tell_gone(t, m);
	}
}

static void list_ids(struct things *t, struct group *g)
{
	for (struct thing *m = g->members; m; m = m->next_member) {
		if (m->id && !tsearch(m, &t->ids, compare_ids))
			free(TAKE(m->id));
		if (!m->told_id)
			things_add_news(t, m);
	}
}

/* An id may pass from one to another: first all are given, then all are listed. */
void things_flush_names(struct things *t)
{
	for (struct group **at = &t->stale, *g; (g = *at);) {
		if (g->members) {
			at = &g->next_stale;
			continue;
		}
		*at = g->next_stale;
		g->stale = false;
		remove_group(t, g);
		at = &t->stale;
	}
	for (struct group *g = t->stale; g; g = g->next_stale)
		number(t, g);
	for (struct group *g = t->stale; g; g = g->next_stale) {
		g->stale = false;
		list_ids(t, g);
	}
	t->stale = NULL;
}

struct thing *things_find(struct things *t, const char *id)
{
	const struct thing wanted = { .id = (char *)id };
	struct thing **at = tfind(&wanted, &t->ids, compare_ids);

	return at ? *at : NULL;
}
