/* SPDX-License-Identifier: MIT */
/* A house for tests: a broker, devices, and assistant-tools on a socket as its front end. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "assistantd/ipc/ipc.h"

enum { HOUSE_SEEN_MAX = TOOLS_ENTITIES_MAX + 64 };

/* What the tools process told of an entity last. */
struct seen {
	char *id, *name, *state;
	json_t *attributes, *services;
	bool available;
};

struct house {
	char dir[32], broker_path[48], broker_conf[48];
	pid_t broker, tools;
	int sock;			/* the front end's end; -1 once closed */
	struct tools_hello hello;
	bool greeted, up;
	unsigned ups, downs;		/* how often the link came and went */
	char trouble[128];
	struct seen seen[HOUSE_SEEN_MAX];
	size_t n_seen, most;		/* now, and at most so far */
	uint64_t next_id;
	/* The result that came last, and of how many. */
	uint64_t result_id;
	struct tools_result result;
	json_t *after;			/* its state */
	unsigned n_results;
};

/* The folder and the broker's configuration, no more. MOSQUITTO_BROKER names the program. */
void house_init(struct house *h);
void house_deinit(struct house *h);
/* Returns once it listens. */
void house_start_broker(struct house *h);
void house_stop_broker(struct house *h);
/* A device (tests/home/lamp.c); returns once it has described itself. @kind, @manner or NULL. */
pid_t house_start_lamp(struct house *h, const char *name, const char *kind, const char *manner);
/* The tools process, configured for @host; NULL: the house's broker. */
void house_start_tools(struct house *h, const char *host, uint32_t port);
/* Waits for its end; the status as of waitpid(). */
int house_end_tools(struct house *h);
void house_kill(pid_t pid);
/* A program whose end comes with that of the test at the latest. */
pid_t house_start(const char *const *argv);

/* Publishes, retained, and waits until the broker has it. */
void house_publish(struct house *h, const char *const *topics, const char *const *payloads,
		   const size_t *lens, size_t n);
void house_say(struct house *h, const char *topic, const char *payload);
/* To another broker, not retained. */
void house_say_at(const char *host, uint32_t port, const char *topic, const char *payload);

/* What has not come by then hangs, however busy the machine is; as the deadline of a call: what
 * it asks for comes long before. */
enum { IN_TIME = 60000 };
/* Handles messages until @done says so; false if that does not come. */
bool house_wait(struct house *h, bool (*done)(const struct house *h, const void *arg),
		const void *arg);
bool house_wait_up(struct house *h);
/* Until the entity is known with this state. */
bool house_wait_state(struct house *h, const char *id, const char *state);
const struct seen *house_find(const struct house *h, const char *id);
/* Sends a call and returns its id. */
uint64_t house_send(struct house *h, const char *entity, const char *service, const char *data,
		    uint32_t deadline_ms);
/* Sends one and waits for its result, which stays in @h. */
void house_call(struct house *h, const char *entity, const char *service, const char *data,
		uint32_t deadline_ms);
/* The state and a number of the result; "" and -1 where it has none. */
const char *house_state(const struct house *h);
double house_number(const struct house *h, const char *attribute);
uint64_t house_now(void);
