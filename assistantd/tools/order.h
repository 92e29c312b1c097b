/* SPDX-License-Identifier: MIT */
/*
 * What is asked of a thing: a service with its arguments, checked; the messages that say so to the
 * device; and what its state must be for it to have obeyed. An order names things by their names,
 * so that it outlives a new description of the same thing.
 */
#pragma once

#include "assistantd/tools/entity.h"

enum { ORDER_COMMANDS_MAX = FEATURES_MAX + 1 };

enum order_progress {
	ORDER_WAITING,
	ORDER_HEADING,		/* on its way there: a cover that opens has obeyed */
	ORDER_OBEYED,
};

struct order {
	const struct service *service;
	json_t *data;			/* checked arguments */
	json_t *before;			/* the state when it was given */
};

struct order_command {
	char *topic, *payload;
};

/* @data is a JSON object, or nothing. 0; -EINVAL with what is wrong in @d, in words for people;
 * -ENOMEM. */
int order_new(struct order **ret, const struct entity *e, const char *service, const char *data,
	      size_t len, struct diag *d);
struct order *order_free(struct order *o);
DEFINE_CLEANUP(struct order *, order_free)

/* The messages in their order; *@n of them, none on failure, each the caller's to release. 0,
 * -ENOMEM, or -EINVAL with @d for a template that does not render. */
int order_commands(const struct order *o, const struct entity *e,
		   struct order_command commands[ORDER_COMMANDS_MAX], size_t *n, struct diag *d);
void order_commands_deinit(struct order_command *commands, size_t n);
/* All that was asked for can be read back. */
bool order_is_seen(const struct order *o, const struct entity *e);
/* How far what can be read back has come. */
enum order_progress order_progress(const struct order *o, const struct entity *e);
/* It is there before anything was sent, and sending it would change nothing. */
bool order_is_done(const struct order *o, const struct entity *e);
