/* SPDX-License-Identifier: MIT */
/*
 * A thing of the home, as MQTT discovery describes it and as it was heard last. Everything
 * here is outside text: bounded, checked, and never more than data.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assistantd/tools/component.h"
#include "util/cleanup.h"
#include "util/diag.h"
#include "util/jinja.h"

enum { ENTITY_PAYLOAD_MAX = 64 * 1024, ENTITY_TOPICS_MAX = 8, ENTITY_STATE_MAX = 255 };

/* How several topics of availability count. */
enum entity_mode { AVAILABLE_ALL, AVAILABLE_ANY, AVAILABLE_LATEST };

struct entity_feature {
	const struct feature *f;
	char *told, *set;		/* topics, or NULL */
	struct jinja *read, *write;
	double low, high, step;
	bool kelvin;			/* the device counts in kelvin, not mireds */
	json_t *options;		/* texts, or NULL */
};

struct entity_service {
	const struct service *s;
	char *topic, *payload;		/* NULL: it sends nothing itself */
	struct jinja *template;
	json_t *implied;		/* value of the implied feature, or NULL */
};

struct entity_availability {
	char *topic, *yes, *no;
	struct jinja *template;
	bool available;
};

struct entity {
	const struct component *component;
	char *unique;			/* what its maker tells it apart by, or "" */
	char *base;			/* the id that it would have alone: light.desk_lamp */
	char *name, *device_class, *unit;
	struct entity_feature features[FEATURES_MAX];
	size_t n_features;
	struct entity_service services[SERVICES_MAX];
	size_t n_services;
	char *words[WORDS_MAX];		/* the device's, in the order of the component's */
	char *state_topic;
	struct jinja *state_template;
	struct entity_availability availability[ENTITY_TOPICS_MAX];
	size_t n_availability;
	enum entity_mode mode;
	bool retain;			/* of what is sent to it */
	bool own_first;			/* a light's "on" goes before its brightness */
	bool by_brightness;		/* a light's brightness is its "on" */
	double expires_s, off_delay_s;	/* 0: never */
	/* What was heard last. */
	char state[ENTITY_STATE_MAX + 1];	/* ours: "on", "open", "21.5", or "" */
	json_t *attributes;
	bool latest;			/* what the last topic of availability said */
	bool by_position;		/* its position tells its state */
	uint64_t lapses;		/* when the state does, by loop_now(); 0: not */
};

/*
 * Makes a thing of a description with full keys (abbreviations.h); @object is the last part of its
 * topic. 0; -ENOENT for what is no thing of the home: a component that is not known, a device's
 * settings, what is not enabled; -EINVAL with what is wrong in @d; -ENOMEM. Without @guarded, what
 * the user has to allow is seen and not commanded.
 */
int entity_new(struct entity **ret, const char *component, const char *object,
	       const json_t *description, bool guarded, struct diag *d);
struct entity *entity_free(struct entity *e);
DEFINE_CLEANUP(struct entity *, entity_free)
/* Takes over what was heard of the same thing under its old description, as far as that is told in
 * the same place. */
void entity_inherit(struct entity *e, const struct entity *old);

/* A message: its text and, where it is JSON, its value. */
struct entity_message {
	const char *topic, *payload;
	size_t len;
	json_t *json;			/* or NULL */
};

/* Takes in a message on one of its topics: true when state, attributes or availability changed.
 * What was not understood is told in @d, and leaves what was known. */
bool entity_hear(struct entity *e, const struct entity_message *m, uint64_t now, struct diag *d);
/* Its state is too old: true when that changed anything. */
bool entity_lapse(struct entity *e, uint64_t now);
bool entity_available(const struct entity *e);
/* Its state can be known at all. */
bool entity_tells_state(const struct entity *e);
/* The feature of a name that can be set, or else be read; NULL. */
const struct entity_feature *entity_feature(const struct entity *e, const char *name);
const struct entity_service *entity_service(const struct entity *e, const char *name);
/* Calls @fn for each topic to listen to, the same one perhaps more than once, until it fails. */
int entity_topics(const struct entity *e, int (*fn)(void *arg, const char *topic), void *arg);

/* New objects, the caller's; NULL without memory. The services as tools-protocol.h tells them; the
 * attributes with "state". */
json_t *entity_services(const struct entity *e);
json_t *entity_snapshot(const struct entity *e);
