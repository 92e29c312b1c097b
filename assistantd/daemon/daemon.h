/* SPDX-License-Identifier: MIT */
/* The service's parts, which the interfaces and the requests work with. */
#pragma once

#include "assistantd/daemon/agents.h"
#include "assistantd/daemon/backend.h"
#include "assistantd/daemon/bus.h"
#include "assistantd/daemon/caller.h"
#include "assistantd/daemon/config.h"
#include "assistantd/daemon/engine.h"
#include "assistantd/daemon/home.h"
#include "assistantd/daemon/languages.h"
#include "assistantd/daemon/library.h"
#include "assistantd/daemon/prompts.h"
#include "assistantd/daemon/replies.h"
#include "assistantd/daemon/tools.h"
#include "assistantd/daemon/verdicts.h"
#include "assistantd/daemon/worker.h"
#include "assistantd/daemon/workshop.h"
#include "tools_api/tools_api.h"
#include "util/loop.h"

struct ahead;
struct apps;
struct conversations;
struct grants;
struct job;
struct memory;
struct notify;
struct offers;
struct pins;
struct proofreader;
struct proofs;
struct providers;
struct runners;
struct screen;
struct spoilt_files;
struct stage;
struct terms;
struct timers;
struct tones;
struct training;
struct words;

struct daemon {
	struct loop *loop;
	struct paths paths;
	struct config config;
	struct bus *bus;
	struct bus *system;		/* the system's bus, or NULL */
	struct worker *worker;
	struct engine *engine;
	struct memory *memory;
	struct ahead *ahead;
	struct library *library;
	struct workshop *workshop;
	struct verdicts *verdicts;
	struct proofs *proofs;
	struct spoilt_files *spoilt;
	struct stage *stages;		/* adapters on their way in */
	struct training *training;	/* NULL before and after the buses are there */
	unsigned adapter_calls;		/* that wait for the workshop */
	struct callers *callers;
	struct apps *apps;
	struct prompts *prompts;
	struct proofreader *proofreader;	/* NULL: nothing is there to propose corrections */
	struct replies *replies;
	struct hints *hints;		/* to replies, or NULL */
	struct terms *rarity;		/* how rare words are, or NULL */
	struct terms *notice_kinds;	/* kinds of notifications, or NULL */
	struct tones *tones;		/* NULL where they could not be read */
	struct terms *message_kinds;	/* kinds of messages, or NULL */
	struct languages *languages;	/* what sentences are understood by; NULL without memory */
	struct words *words;
	bool names_stale;		/* the home has changed since `languages` had its names */
	char *names_key;		/* what else these names are made of */
	struct home *home;
	struct tools *tools;		/* NULL without a broker */
	struct tool_registry *tool_registry;
	const struct backend *backends[TOOL_BACKEND_COUNT];	/* NULL: not there */
	struct providers *providers;	/* applications that bring tools */
	struct loop_timer *tools_changed;	/* which is to be signalled */
	struct runners *runners;	/* of tools on this machine */
	struct agents *agents;
	struct screen *screen;
	struct notify *notify;
	struct grants *grants;
	struct pins *pins;
	struct offers *offers;
	struct timers *timers;
	struct conversations *conversations;
	bool recalled;			/* both are as they were stored */
	struct job *jobs;		/* all of them, oldest first */
	bool stopping;			/* nothing new is sent by tools */
	unsigned queued, running;
	uint64_t mean_ms;		/* running mean of how long a request takes */
	uint64_t next_token;
};

/* The interfaces, each in its own file. */
void assistant1_add(struct daemon *d);
void assistant1_changed(struct daemon *d);
void assistant1_tasks_changed(struct daemon *d);
void request1_add(struct daemon *d);
void adapters1_add(struct daemon *d);
void adapters1_changed(struct daemon *d);
void models1_add(struct daemon *d);
void context1_add(struct daemon *d);
void home1_add(struct daemon *d);
void timers1_add(struct daemon *d);
void tools1_add(struct daemon *d);
void grants1_add(struct daemon *d);
void tools1_changed(struct daemon *d);
