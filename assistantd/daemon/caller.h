/* SPDX-License-Identifier: MIT */
/*
 * Who calls: one entry per connection to the bus that has requests here. What kind of caller
 * it is follows from its process, never from what it says.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "assistantd/daemon/bus.h"
#include "tools_api/tools_api.h"

struct callers;

struct caller {
	char *name;			/* unique name on the bus */
	enum policy_caller kind;
	char identity[160];		/* app id, or the program's name */
	uint32_t pid;			/* 0 while it is not known */
	bool known;			/* kind and identity have been found out */
	unsigned queued, running;	/* its requests */
	size_t unread;			/* bytes sent since it was last seen to read */
	size_t pinged;			/* of them, those before the question */
	bool pinging;
	unsigned refs;
	struct callers *owner;
	struct caller_wait *waits;	/* for it to be known */
	struct caller *next;
};

/* @known is called once for each caller, when its kind has been found out. */
int callers_new(struct callers **ret, struct bus *bus, void (*known)(void *arg, struct caller *c),
		void *arg);
struct callers *callers_free(struct callers *s);
DEFINE_CLEANUP(struct callers *, callers_free)

/* A reference to the caller with that name: NULL without memory. While it has references,
 * its leaving the bus is watched. */
struct caller *caller_get(struct callers *s, const char *name);
struct caller *caller_unref(struct caller *c);
/* The connections of a program that is no hand, one after the other: the first with @after NULL;
 * NULL behind the last. */
struct caller *callers_of(struct callers *s, const char *identity, const struct caller *after);
/*
 * The bus takes what a caller that has stopped reading does not: so what may be left out is
 * sent only while little of it is unread, and a ping now and then tells how much that is.
 */
bool caller_reads(const struct caller *c);
void caller_sent(struct caller *c, size_t bytes);
/* @reads is called when one that did not read does so again. */
void callers_set_reads(struct callers *s, void (*reads)(void *arg, struct caller *c));
/* Calls @fn as soon as @c is known, which may be at once; @arg holds a reference to it.
 * 0 or -ENOMEM. */
int caller_when_known(struct caller *c, loop_fn fn, void *arg);
