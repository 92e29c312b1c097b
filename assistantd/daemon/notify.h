/* SPDX-License-Identifier: MIT */
/*
 * Notifications on the desktop (org.freedesktop.Notifications, Desktop Notifications
 * Specification 1.2). What is shown is our own words and the exact bytes of others: it is
 * escaped where the server reads markup.
 */
#pragma once

#include "assistantd/daemon/bus.h"

struct notify;
struct notify_wait;

enum notify_urgency { NOTIFY_LOW, NOTIFY_NORMAL, NOTIFY_CRITICAL };

struct notify_note {
	const char *summary, *body;
	const char *const *actions;	/* key, label, …, NULL; NULL for none */
	enum notify_urgency urgency;
	uint32_t expires_ms;		/* 0: the server's default */
};

/* @action is the key of what was pressed; NULL: closed, expired, or there is no server. */
typedef void (*notify_fn)(void *arg, const char *action);

int notify_new(struct notify **ret, struct bus *bus);
/* Waits that are left are dropped. */
struct notify *notify_free(struct notify *n);
DEFINE_CLEANUP(struct notify *, notify_free)
/*
 * Shows @note; @done (may be NULL) is called once, later, unless the wait is dropped. 0 or
 * -ENOMEM. @ret may be NULL.
 */
int notify_show(struct notify *n, const struct notify_note *note, notify_fn done, void *arg,
		struct notify_wait **ret);
/* Closes it; nothing is called. NULL is ignored. */
void notify_drop(struct notify_wait *w);
/* A server is there and can ask: it shows actions. */
bool notify_has_actions(const struct notify *n);
