/* SPDX-License-Identifier: MIT */
/*
 * A device's part that can be switched, as MQTT discovery describes it
 * (home-assistant.io/integrations/mqtt: light, switch, cover). Everything here is outside
 * text: bounded, checked, and never more than data.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assistantd/ipc/ipc.h"
#include "util/cleanup.h"
#include "util/diag.h"
#include "util/jinja.h"

enum { ENTITY_PAYLOAD_MAX = 64 * 1024, ENTITY_TOPICS_MAX = 8, ENTITY_COMMANDS_MAX = 2 };

enum entity_service { SERVICE_TURN_ON, SERVICE_TURN_OFF, SERVICE_SET_LEVEL, SERVICE_OPEN,
		      SERVICE_CLOSE, SERVICE_COUNT };

enum { ENTITY_NO_LEVEL = 255 };

enum entity_domain { DOMAIN_LIGHT, DOMAIN_SWITCH, DOMAIN_COVER, DOMAIN_COUNT };

/* How several topics of availability count. */
enum entity_mode { AVAILABLE_ALL, AVAILABLE_ANY, AVAILABLE_LATEST };

struct entity {
	char *config_topic;		/* where it was described: its identity here */
	char *id;			/* light.living_room_lamp */
	char *name, *device_class;
	enum entity_domain domain;
	bool json_schema;		/* states and commands are JSON objects */
	bool has_brightness;
	double brightness_scale;
	char *state_topic, *command_topic, *level_state_topic, *level_command_topic;
	struct jinja *state_template, *level_template, *level_command_template;
	char *payload_on, *payload_off, *state_on, *state_off;	/* covers: open and closed */
	char *state_opening, *state_closing;	/* covers */
	double level_low, level_high;	/* positions of closed and open, or 0 and the scale */
	struct {
		char *topic, *yes, *no;
		struct jinja *template;
		bool available;
	} availability[ENTITY_TOPICS_MAX];
	size_t n_availability;
	enum entity_mode mode;
	bool latest;			/* what the last of them said */
	bool by_position;		/* a cover whose state is to be told from its position */
	/* What was heard last. */
	char state[32];			/* "on", "off", "open", "closed", "opening", … or "" */
	uint32_t level;			/* per cent, or ENTITY_NO_LEVEL */
	struct entity *next;
};

/*
 * Reads a discovery message, <prefix>/<component>/[<node>/]<object>/config. 0; -ENOENT for a
 * component that we do not switch, or for what is no thing of the home (a device's settings);
 * -EINVAL with what is wrong in @d; -ENOMEM.
 */
int entity_parse(struct entity **ret, const char *prefix, const char *topic, const char *payload,
		 size_t len, struct diag *d);
struct entity *entity_free(struct entity *e);
DEFINE_CLEANUP(struct entity *, entity_free)

/* Takes in a message on one of its topics: true when state, level or availability changed. */
bool entity_hear(struct entity *e, const char *topic, const char *payload, size_t len);
bool entity_available(const struct entity *e);
/* Whether the state is known to be what the service would make of it. */
bool entity_matches(const struct entity *e, enum entity_service service, uint32_t level);
/* On its way there: a cover that opens has obeyed. */
bool entity_heading(const struct entity *e, enum entity_service service);
/* Whether the service exists for it; an explanation otherwise. */
const char *entity_refusal(const struct entity *e, enum entity_service service);
/* The service by its name, with its arguments, a JSON object or nothing; an explanation where that
 * is nothing that it has. */
const char *entity_understand(const struct entity *e, const char *name, const char *data,
			      size_t len, enum entity_service *service, uint32_t *level);
/* What is known beside the state, what can be asked for, and the state with the attributes; the
 * caller's, NULL without memory. */
json_t *entity_attributes(const struct entity *e);
json_t *entity_services(const struct entity *e);
json_t *entity_snapshot(const struct entity *e);
/* One message that a service consists of. */
struct entity_command {
	const char *topic;	/* the entity's */
	char *payload;		/* the caller's */
};

/* The messages in their order; *@n of them, none on failure. 0, -ENOMEM, or -EINVAL for a
 * template that does not render. The service must not be refused. */
int entity_commands(const struct entity *e, enum entity_service service, uint32_t level,
		    struct entity_command commands[ENTITY_COMMANDS_MAX], size_t *n);
/* Topics to listen to, without repetition; returns how many. */
size_t entity_topics(const struct entity *e, const char **topics, size_t max);
