/* SPDX-License-Identifier: MIT */
/* Between things.c, which describes, things-topics.c, which listens, and things-names.c, which
 * numbers. */
#pragma once

#include "assistantd/tools/things.h"
#include "assistantd/tools/warnings.h"

/* Trees of tsearch(3), by the string that each node begins with. */
struct source {
	char *topic;
	struct thing *parts;
};

struct topic {
	char *name;
	struct thing **listeners;
	size_t n;
	bool due, subscribed;	/* to be subscribed, perhaps again */
	struct topic *next_due;
};

struct group {
	char *base;
	struct thing *members;
	bool stale;		/* its numbers are to be given anew */
	struct group *next_stale;
};

struct things {
	const char *prefix;
	bool guarded;
	const struct things_ops *ops;
	void *arg;
	struct warnings warnings;
	void *sources, *topics, *groups, *ids, *uniques;	/* trees */
	size_t n, n_lapsing;
	struct topic *due;
	struct group *stale;
	struct thing *news, *last_news;	/* oldest first */
};

/* For trees of structures that begin with a string. */
int things_compare(const void *a, const void *b);

/* Listens to what its entity names; topics that it did not listen to are due. 0 or -ENOMEM. */
int things_listen(struct things *t, struct thing *thing);
void things_unlisten(struct things *t, struct thing *thing);
void things_hear_state(struct things *t, const char *topic, const char *payload, size_t len);
bool things_flush_topics(struct things *t);
void things_topics_deinit(struct things *t);

/* Joins the group of its entity's base; numbers are given by things_flush_names(). 0 or -ENOMEM. */
int things_join(struct things *t, struct thing *thing);
void things_leave(struct things *t, struct thing *thing);
void things_flush_names(struct things *t);
void things_names_deinit(struct things *t);

void things_add_news(struct things *t, struct thing *thing);
/* The front end forgets the id that it has. */
void things_tell_gone(struct things *t, struct thing *thing);
