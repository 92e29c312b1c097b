/* SPDX-License-Identifier: MIT */
/*
 * What MQTT discovery knows of each kind of thing (home-assistant.io/integrations/mqtt), as
 * tables: which keys of a description say where a value is told and set, which words stand for
 * which state, what each service sends and what shows that it was obeyed. Reading, hearing and
 * commanding go by these tables alone.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum feature_kind {
	FEATURE_PERCENT,	/* between two numbers of the device, here 0 to 100 */
	FEATURE_SPEED,		/* steps from low to high, here per cent; 0 is off */
	FEATURE_NUMBER,
	FEATURE_KELVIN,		/* in mireds where the device does not say kelvin */
	FEATURE_RGB,		/* the device has red, green and blue */
	FEATURE_HS,		/* hue and saturation */
	FEATURE_XY,		/* CIE 1931 */
	FEATURE_CHOICE,		/* one of the device's words */
	FEATURE_TEXT,
	FEATURE_FLAG,		/* one of two words */
};

enum {
	FEATURE_READ = 1 << 0,	/* nothing sets it */
	FEATURE_STATE = 1 << 1,	/* it is the thing's state, too */
	FEATURE_ONCE = 1 << 2,	/* of the command alone: nothing tells it afterwards */
	FEATURE_OFF = 1 << 3,	/* none of it is off */
	FEATURE_RIDES = 1 << 4,	/* part of the state's message and of the service's command */
};

enum { FEATURES_MAX = 16, SERVICES_MAX = 12, WORDS_MAX = 11 };

/* One value. Keys that are NULL do not exist; key lists are separated by blanks. */
struct feature {
	const char *name;		/* attribute, and argument of services */
	enum feature_kind kind;
	unsigned flags;
	const char *told, *read;	/* keys: topic of states, template */
	const char *set, *write;	/* keys: topic of commands, template */
	/* Of what rides: its name in the state's object and in commands, and the key without which
	 * it does not exist (of supported_color_modes, the modes). */
	const char *member, *when;
	const char *variable;		/* what command templates call it beside "value" */
	const char *low, *high, *step;	/* keys of the bounds */
	double low_at, high_at, step_at;	/* where those are absent; equal: no bounds */
	const char *options;		/* key of the words, or of on and off */
	const char *words;		/* where that is absent */
	unsigned whites;		/* FEATURE_RGB: further numbers behind the three */
};

/* The device's word for a state. */
struct word {
	const char *state;		/* ours */
	const char *keys;		/* where a description says it, the first counts; or NULL */
	const char *text;		/* where it does not */
};

enum {
	SERVICE_ALWAYS = 1 << 0,	/* sent whatever the state is */
	SERVICE_LAST = 1 << 1,		/* what it sends itself goes after its arguments' */
	SERVICE_OBJECT = 1 << 2,	/* it sends a JSON object where there is no template */
	SERVICE_STILL = 1 << 3,		/* obeyed when what moved moves no more */
};

struct service {
	const char *name;
	unsigned flags;
	/* What it sends itself, if anything: topic's key, template's, payload's, and the payload
	 * where that is absent (NULL: then it has no such service). */
	const char *topic, *template, *key, *payload;
	const char *arguments;		/* names of features */
	const char *implied;		/* a feature that it sets where it sends nothing itself … */
	const char *value;		/* … to the first of these that the device has */
	/* States that show that it was obeyed; one with ! before it: any other. NULL: its
	 * arguments alone show it. */
	const char *expect;
	const char *heading;		/* states on the way there */
	const char *measured;		/* with this feature at least … */
	double least;			/* … this, where it is known */
	const char *listed;		/* name in supported_features */
};

enum {
	COMPONENT_OBJECT = 1 << 0,	/* states are JSON objects; "state" is the word */
	COMPONENT_EITHER = 1 << 1,	/* objects, or words alone */
	COMPONENT_NAMED = 1 << 2,	/* its class is its name where it has none */
	COMPONENT_FREE = 1 << 3,	/* states are any text */
	COMPONENT_POSITION = 1 << 4,	/* its position tells its state where nothing else does */
	COMPONENT_GUARDED = 1 << 5,	/* commanded only where the user said so */
};

struct component {
	const char *name;		/* in topics, and as domain */
	bool (*is)(const json_t *description);	/* which of several forms, or NULL */
	unsigned flags;
	const char *state, *template;	/* keys of the state's topic and template */
	const char *needs;		/* keys of topics of which one must be there */
	const char *listed;		/* key of the list of services, … */
	const char *listed_at;		/* … and which there are where that is absent */
	const struct word *words;
	size_t n_words;
	const struct feature *features;
	size_t n_features;
	const struct service *services;
	size_t n_services;
};

#define COMPONENT_WORDS(table) .words = (table), .n_words = ARRAY_SIZE(table)
#define COMPONENT_FEATURES(table) .features = (table), .n_features = ARRAY_SIZE(table)
#define COMPONENT_SERVICES(table) .services = (table), .n_services = ARRAY_SIZE(table)

extern const struct component components_air[], components_light[], components_opening[],
	components_plain[], components_robot[];
extern const size_t n_components_air, n_components_light, n_components_opening,
	n_components_plain, n_components_robot;

/* The form of a thing that its description has; NULL for a component that is not known. */
const struct component *component_find(const char *name, const json_t *description);
bool component_known(const char *name);
/* The i-th name that topics may have; NULL past the last. */
const char *component_name(size_t i);
/* Whether the list, words separated by blanks, has this word. */
bool component_listed(const char *list, const char *word);
