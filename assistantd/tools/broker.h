/* SPDX-License-Identifier: MIT */
/* The connection to an MQTT broker: kept up, with a growing delay between attempts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "assistantd/ipc/ipc.h"
#include "util/loop.h"

struct broker_ops {
	void (*up)(void *arg);			/* connected: nothing is subscribed yet */
	void (*down)(void *arg, const char *why);
	void (*message)(void *arg, const char *topic, const char *payload, size_t len);
	void (*taken)(void *arg, int number);	/* the broker has that message */
};

struct broker;

/* Connects at once, and again whenever it must. 0, -ENOMEM, -EINVAL for settings that the
 * library refuses. @settings is copied. */
int broker_new(struct broker **ret, struct loop *loop, const struct tools_configure *settings,
	       const struct broker_ops *ops, void *arg);
struct broker *broker_free(struct broker *b);
DEFINE_CLEANUP(struct broker *, broker_free)

bool broker_is_up(const struct broker *b);
/* 0 or -EIO. What is published while the connection breaks is not sent again later: a command is
 * for now. The broker confirms each message; *@number tells which. */
int broker_subscribe(struct broker *b, const char *topic);
int broker_unsubscribe(struct broker *b, const char *topic);
int broker_publish(struct broker *b, const char *topic, const char *payload, bool retain,
		   int *number);
