/* SPDX-License-Identifier: MIT */
/*
 * All things that were discovered: where each was described, which topics it listens to, and the
 * id that it has. Things of one name are numbered in the order of what their makers tell them
 * apart by, so that each keeps its number whatever order the broker sends them in.
 */
#pragma once

#include "assistantd/tools/entity.h"
#include "util/digest.h"

struct thing {
	struct entity *entity;
	char *id, *told_id;	/* NULL until it was numbered; as the front end has it */
	/* The rest is of things*.c. */
	char *topic, *part;	/* where it was described, and its key there or "" */
	struct digest digest;	/* of its description */
	bool news, new_services, present;
	struct group *group;
	struct thing *next_part, *next_member, *next_news, *previous_news;
};

struct things_ops {
	/* The front end: a thing as it is now, with its services where @services says so; and one
	 * that is gone. */
	void (*tell)(void *arg, const struct thing *t, bool services);
	void (*tell_gone)(void *arg, const char *id);
	/* The calls that wait for it: it has changed; it is gone, after this. */
	void (*changed)(void *arg, struct thing *t);
	void (*gone)(void *arg, struct thing *t);
	void (*subscribe)(void *arg, const char *topic, bool listen);
};

struct things;

/* @ops and @prefix live as long. 0 or -ENOMEM. */
int things_new(struct things **ret, const char *prefix, bool guarded,
	       const struct things_ops *ops, void *arg);
/* Tells nobody. */
struct things *things_free(struct things *t);
DEFINE_CLEANUP(struct things *, things_free)

/* A message, of discovery or with states. */
void things_hear(struct things *t, const char *topic, const char *payload, size_t len);
/* Subscribes and tells what is due, at most so much at once that others get their turn. true: there
 * is more. */
bool things_flush(struct things *t);
/* The broker knows of no subscriptions: all are due. */
void things_subscribe_all(struct things *t);
/* What is due of one thing, now: before a result that speaks of it. */
void things_tell(struct things *t, struct thing *thing);
/* States that are too old are forgotten. true: some wait for that. */
bool things_lapse(struct things *t);
/* By the id that was told; NULL. */
struct thing *things_find(struct things *t, const char *id);
