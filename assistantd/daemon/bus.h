/* SPDX-License-Identifier: MIT */
/*
 * A connection to a bus: on the session's our name and the tree of objects, on both calls to
 * others and their signals. Every interface stands at one object; requests are objects of their
 * own below it.
 */
#pragma once

#include <dbus/dbus.h>
#include <stdbool.h>

#include "util/loop.h"

#define BUS_NAME "org.assistantd.Assistant1"
#define BUS_PATH "/org/assistantd/Assistant1"

struct bus;

struct bus_method {
	const char *member;
	const char *signature;		/* of the arguments; checked before the call */
	/* Replies by bus_send(); @arg is the interface's. */
	void (*call)(void *arg, DBusMessage *m);
	/* Where options are the last argument: the only one taken, a text; "" for none. Checked
	 * before the call. NULL: the method reads them itself. */
	const char *option;
};

struct bus_property {
	const char *name, *signature;
	void (*append)(void *arg, DBusMessageIter *value);
};

struct bus_interface {
	const char *name;
	const char *xml;		/* the file's text */
	const struct bus_method *methods;
	size_t n_methods;
	const struct bus_property *properties;
	size_t n_properties;
};

/* Connects: 0; -ECONNREFUSED without a bus; -ENOMEM. @lost is called when the bus goes. */
int bus_new(struct bus **ret, struct loop *loop, DBusBusType which, loop_fn lost, void *arg);
struct bus *bus_free(struct bus *b);
DEFINE_CLEANUP(struct bus *, bus_free)

/* Takes the name, after every interface is there: 0 or -EEXIST. */
int bus_own_name(struct bus *b);

/* Adds an interface to the main object, or, with @requests, to all request objects. At most
 * 16. @i and @arg live as long as the bus. */
void bus_add(struct bus *b, const struct bus_interface *i, void *arg, bool requests);
/* Tells whether a request object exists, for introspection and unknown paths. */
void bus_set_exists(struct bus *b, bool (*exists)(void *arg, const char *path), void *arg);

/* The options of a call, a{sv}, are its last argument; its signature was checked. */
void bus_open_options(DBusMessage *m, DBusMessageIter *dict);
/* Takes the next entry of an a{sv}; false behind the last. */
bool bus_next_option(DBusMessageIter *dict, const char **key, DBusMessageIter *value);

/* Sends and releases @m; NULL is ignored. */
void bus_send(struct bus *b, DBusMessage *m);
/* The property Version of an interface that is at its first. */
void bus_version(void *arg, DBusMessageIter *value);

/* Sends PropertiesChanged with the values of all properties of the interface. */
void bus_changed(struct bus *b, const struct bus_interface *i);

/* Sends the call @m (released); @done gets the reply, an error after @timeout_ms, or NULL
 * without memory. 0 or -ENOMEM. */
typedef void (*bus_reply_fn)(void *arg, DBusMessage *reply);
int bus_call(struct bus *b, DBusMessage *m, int timeout_ms, bus_reply_fn done, void *arg);

/* Tells when @sender leaves the bus; one watcher for all names. */
void bus_set_departed(struct bus *b, void (*departed)(void *arg, const char *sender), void *arg);
void bus_watch_name(struct bus *b, const char *sender, bool watch);

/*
 * A service of others, by its well-known name: @there tells that it has come or gone (once at
 * first, when the bus has said), @signal each signal of @interface. Anybody can send us any
 * signal; only those of the name's owner are told. @there may be NULL.
 */
struct bus_listener;
struct bus_listener_events {
	void (*there)(void *arg, bool there);
	void (*signal)(void *arg, DBusMessage *m);
};
/* 0 or -ENOMEM. @name, @interface and @events live as long. */
int bus_listen(struct bus *b, struct bus_listener **ret, const char *name, const char *interface,
	       const struct bus_listener_events *events, void *arg);
struct bus_listener *bus_unlisten(struct bus_listener *l);
bool bus_listener_there(const struct bus_listener *l);

/*
 * All services whose well-known names begin with @prefix and a dot: @changed tells each name
 * that is there at first, and that comes or goes. 0 or -ENOMEM; @prefix lives as long.
 */
struct bus_follower;
int bus_follow(struct bus *b, struct bus_follower **ret, const char *prefix,
	       void (*changed)(void *arg, const char *name, bool there), void *arg);
struct bus_follower *bus_unfollow(struct bus_follower *f);
