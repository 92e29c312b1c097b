/* SPDX-License-Identifier: MIT */
#pragma once

#include "assistantd/daemon/bus.h"

enum { BUS_INTERFACES_MAX = 16 };

struct bus {
	struct loop *loop;
	DBusConnection *connection;
	struct loop_hook *hook;
	struct bus_listener *listeners;
	unsigned hearing;		/* listeners are being told: none goes meanwhile */
	loop_fn lost;
	void *lost_arg;
	struct {
		const struct bus_interface *interface;
		void *arg;
		bool requests;
	} entries[BUS_INTERFACES_MAX];
	size_t n_entries;
	bool (*exists)(void *arg, const char *path);
	void *exists_arg;
	void (*departed)(void *arg, const char *sender);
	void *departed_arg;
};

/* The handler of all calls to our objects. */
DBusHandlerResult bus_dispatch(DBusConnection *c, DBusMessage *m, void *arg);
/* Tells those who listen to the sender of this signal, or for its name. */
void bus_listeners_hear(struct bus *b, DBusMessage *m);
