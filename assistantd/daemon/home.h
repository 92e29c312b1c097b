/* SPDX-License-Identifier: MIT */
/*
 * The user's home as the front end knows it: what the tools process discovered, and where the
 * user says that each thing is. Names of devices are outside text; areas and aliases are the
 * user's.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "assistantd/daemon/saving.h"
#include "assistantd/ipc/ipc.h"
#include "util/cleanup.h"

enum { HOME_ALIASES_MAX = 8 };

/* Other names, each once. */
struct home_names {
	char *names[HOME_ALIASES_MAX];
	size_t n;
};

/* What the user set; kept for things that are not there at the moment, too. */
struct home_settings {
	char *entity;
	char *area, *floor;		/* "" when not set */
	struct home_names aliases;
	bool hidden;
	struct home_settings *next;
};

/* A place that the user says more of; its name counts in either case. */
struct home_area {
	char *name, *floor;		/* floor "" when not set */
	struct home_names aliases;
	struct home_area *next;
};

struct home_entity {
	char *id, *domain, *name, *device_class, *state;
	json_t *attributes;		/* object: brightness, position, temperature, unit, … */
	json_t *services;		/* object: service → its arguments (tools-protocol.h) */
	bool available;
	bool kept;			/* see home_keep() */
	struct home_entity *next;
};

struct home;

/* Reads the settings from @path; a broken file is logged, and kept beside as
 * @path.broken-TIME. 0, -ENOMEM, the system's errors. */
int home_new(struct home **ret, const char *path);
struct home *home_free(struct home *h);
DEFINE_CLEANUP(struct home *, home_free)

/* Takes in what the tools process tells: true when names changed, so that sentences must be
 * bound anew. */
bool home_update(struct home *h, const struct tools_entity *v);
bool home_remove(struct home *h, const char *id);
/* Forgets what the tools process told. */
void home_clear(struct home *h);
/* Nothing is heard of what the tools process told: its states may be old. */
void home_set_lost(struct home *h, bool lost);
/* Whether its state can be relied on, and it can be commanded. */
bool home_available(const struct home *h, const struct home_entity *e);
/* This one is of the desktop and stays then. */
void home_keep(struct home *h, const char *id);

const struct home_entity *home_first(const struct home *h);
const struct home_entity *home_find(const struct home *h, const char *id);
/* Never NULL: empty settings where the user set nothing. */
const struct home_settings *home_settings(const struct home *h, const char *id);
/* Whether it has that service at all. */
bool home_entity_supports(const struct home_entity *e, const char *service);
bool home_visible(const struct home *h, const struct home_entity *e);
/* A copy of the settings of @id, to be changed and given to home_set(); NULL without memory. */
struct home_settings *home_settings_copy(const struct home *h, const char *id);
struct home_settings *home_settings_free(struct home_settings *s);
DEFINE_CLEANUP(struct home_settings *, home_settings_free)
/* Takes @s in the place of what was set for the same entity. */
void home_set(struct home *h, struct home_settings *s);
/* The same for an area; NULL where nothing is said of it. */
const struct home_area *home_area(const struct home *h, const char *name);
const struct home_area *home_areas(const struct home *h);	/* the first, or NULL */
struct home_area *home_area_copy(const struct home *h, const char *name);
struct home_area *home_area_free(struct home_area *a);
DEFINE_CLEANUP(struct home_area *, home_area_free)
void home_set_area(struct home *h, struct home_area *a);
/* The floor of an entity: its own, or that of its area; "" for none. */
const char *home_floor(const struct home *h, const char *id);
/* Writes the settings, as they are now, in the place of the old file: as saving_post(). */
int home_save(const struct home *h, struct worker *w, saved_fn saved, void *arg);

/* Adds @name: 0, -ENOMEM, -E2BIG beyond HOME_ALIASES_MAX; one that is there is there. */
int home_names_add(struct home_names *n, const char *name);
bool home_names_remove(struct home_names *n, const char *name);
void home_names_deinit(struct home_names *n);
