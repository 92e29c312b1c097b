/* SPDX-License-Identifier: MIT */
/*
 * What the front end and assistant-tools say to each other. The tools process holds the
 * connection to the broker; it gets only calls that have passed the gate. What it tells of
 * devices, their names and states, is outside text.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "assistantd/ipc/message.h"

enum tools_message {
	/* to the tools process */
	TOOLS_CONFIGURE = 1,	/* struct tools_configure */
	TOOLS_CALL,		/* struct tools_call; answered by RESULT with the same id */
	/* from it */
	TOOLS_HELLO = 64,	/* struct tools_hello */
	TOOLS_LINK,		/* struct tools_link: the broker is reached, or not */
	TOOLS_ENTITY,		/* struct tools_entity: new, or its state has changed */
	TOOLS_REMOVED,		/* struct tools_entity with its id alone */
	TOOLS_RESULT,		/* struct tools_result */
};

/* What became of a call; the order is from good to bad. */
enum tools_outcome { OUTCOME_DONE, OUTCOME_ALREADY, OUTCOME_SENT, OUTCOME_FAILED,
		     OUTCOME_DENIED, OUTCOME_CANCELLED, OUTCOME_NOT_RUN, OUTCOME_COUNT };

enum { TOOLS_ENTITIES_MAX = 4096 };

struct tools_configure {
	struct buf host;	/* or the path of a socket, with port 0 */
	uint32_t port;
	struct buf user, password;	/* empty: none */
	struct buf prefix;	/* of discovery topics */
	bool alarms;		/* the user allows that alarms are armed and disarmed */
};

/*
 * Services have Home Assistant's names without the domain: turn_on, turn_off, open, close, stop,
 * set_position, set_tilt, lock, unlock, set_temperature, select_option, press … Arguments are
 * named as the attributes that they set, which have Home Assistant's names but where several of
 * its ways to say one thing are one here: brightness, position, tilt and percentage in per cent,
 * color_temp_kelvin, rgb as a list of three numbers to 255.
 */
struct tools_call {
	struct buf entity, service;
	struct buf data;	/* the arguments: a JSON object, or "" for none */
	uint32_t deadline_ms;	/* for the state to be read back */
};

struct tools_hello {
	bool no_new_privs, not_dumpable, seccomp;
	uint32_t landlock_abi;
};

struct tools_link {
	bool up;
	struct buf text;
};

struct tools_entity {
	struct buf id, domain, name, device_class;
	struct buf state;	/* "on", "off", "open", "closed", … or "" while unknown */
	struct buf attributes;	/* what is known beside the state: a JSON object, or "" for none */
	/* What it can be asked for: a JSON object of services, each an object of its arguments,
	 * each with min, max and step, or with options, or {}. "": as told before. */
	struct buf services;
	bool available;
};

struct tools_result {
	uint32_t outcome;	/* enum tools_outcome */
	bool verified;		/* the state was read back and is what was asked for */
	/* The state and the attributes before the call and now, {"state": "on", "brightness": 40};
	 * "" where there is no such device. */
	struct buf before, after;
	struct buf text;	/* why it failed */
};

/* As in engine-protocol.h: 0 and the errors of ipc_put_…() and ipc_get_…(). */
int tools_put_configure(struct ipc_message *m, const struct tools_configure *v);
int tools_put_call(struct ipc_message *m, const struct tools_call *v);
int tools_put_hello(struct ipc_message *m, const struct tools_hello *v);
int tools_put_link(struct ipc_message *m, const struct tools_link *v);
int tools_put_entity(struct ipc_message *m, const struct tools_entity *v);
int tools_put_result(struct ipc_message *m, const struct tools_result *v);
int tools_get_configure(struct ipc_message *m, struct tools_configure *v);
int tools_get_call(struct ipc_message *m, struct tools_call *v);
int tools_get_hello(struct ipc_message *m, struct tools_hello *v);
int tools_get_link(struct ipc_message *m, struct tools_link *v);
int tools_get_entity(struct ipc_message *m, struct tools_entity *v);
int tools_get_result(struct ipc_message *m, struct tools_result *v);

void tools_configure_deinit(struct tools_configure *v);
void tools_call_deinit(struct tools_call *v);
void tools_link_deinit(struct tools_link *v);
void tools_entity_deinit(struct tools_entity *v);
void tools_result_deinit(struct tools_result *v);

/* "done", "already" … as the bus tells it. */
const char *tools_outcome_name(enum tools_outcome outcome);
