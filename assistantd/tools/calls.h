/* SPDX-License-Identifier: MIT */
/*
 * Calls whose effect is awaited. Each ends with one result: what was seen, or what could not be
 * seen by its deadline. What was sent is never taken back.
 */
#pragma once

#include "assistantd/tools/broker.h"
#include "assistantd/tools/front.h"

enum { CALLS_MAX = 128 };

struct calls;

/* The others live as long. 0 or -ENOMEM. */
int calls_new(struct calls **ret, struct loop *loop, struct front *front);
/* Answers those that wait, whose effect nobody will see. */
struct calls *calls_free(struct calls *c);
/* Takes up a call; it is answered now or later. NULLs: not there. */
void calls_begin(struct calls *c, uint64_t id, const struct tools_call *v, struct things *things,
		 struct broker *broker);
/* A thing has changed, or is gone after this. */
void calls_changed(struct calls *c, struct thing *t);
void calls_gone(struct calls *c, struct thing *t);
/* The broker has taken the message with that number. */
void calls_taken(struct calls *c, int number);
/* The connection is lost: what it has not taken, it may never. */
void calls_lost(struct calls *c);
