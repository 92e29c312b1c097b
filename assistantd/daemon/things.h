/* SPDX-License-Identifier: MIT */
/*
 * What a sentence can mean: the devices of the home, and what the caller says that it shows
 * (Context1.Offer, and the option `entities` of the request).
 */
#pragma once

#include <jansson.h>

#include "assistantd/daemon/job.h"

struct thing {
	const char *id, *domain, *name, *device_class;
	const char *area, *floor;		/* "" where none is known */
	const char *state;			/* "" where it is not known */
	const json_t *attributes;		/* an object, or NULL */
	const struct home_entity *entity;	/* NULL for what is offered */
	const struct offer_entity *offer;
	bool available;
};

enum things_stage { THINGS_HOME, THINGS_OFFERED, THINGS_SHOWN, THINGS_END };

/* Walks over all that may be meant in @job, begun with { 0 }. Hidden devices may not, and what is
 * offered under the id of a device is not that device. */
struct things {
	enum things_stage stage;
	const struct home_entity *entity;
	size_t i;
};
bool things_next(const struct job *job, struct things *at, struct thing *ret);
/* False where there is none of that id, or it is hidden. */
bool thing_find(const struct job *job, const char *id, struct thing *ret);
/* What it is called in an answer: with its area where another has the same name. */
int thing_title(const struct job *job, const struct thing *t, struct buf *ret);
/* Its attributes with "state"; the caller's, NULL without memory. */
json_t *thing_state(const struct thing *t);

/* Where "it" may stand in a sentence. */
enum things_it {
	THINGS_NO_IT,		/* nowhere: words that mean it mean other things, too */
	THINGS_FOCUS,		/* where a thing may that was meant last in the conversation */
	THINGS_ANY,		/* where any thing may: it may have been named in the same text */
};

/* Gives the sentences the names of all things that @job may mean, and of what the conversation
 * @c (may be NULL) knows, if they do not have them yet. 0 or -ENOMEM. */
struct conversation;
int things_bind(const struct job *job, const struct conversation *c, enum things_it it);
