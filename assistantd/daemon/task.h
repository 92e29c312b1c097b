/* SPDX-License-Identifier: MIT */
/* What the service can be asked for, and what serves it at this moment. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assistantd/daemon/daemon.h"

enum task_kind { TASK_PROOFREAD, TASK_TONE, TASK_SUMMARIZE, TASK_REPLY, TASK_NOTIFICATIONS,
		 TASK_ASK,
		 TASK_TOOL /* not one to be listed: see tools1-call.c */ };

/* As CheckTask and ListTasks tell it. */
enum task_status { TASK_STATUS_UNKNOWN, TASK_STATUS_UNAVAILABLE, TASK_STATUS_DOWNLOADABLE,
		   TASK_STATUS_DOWNLOADING, TASK_STATUS_LOADING, TASK_STATUS_AVAILABLE,
		   TASK_STATUS_DEGRADED };

struct task {
	enum task_kind kind;
	const char *name, *title;
	unsigned options;		/* OPTION_… that it takes */
	bool streams;
	bool has_baseline;		/* works without any model */
	bool piecewise;			/* a long text is worked on piece by piece */
	float answer_share;		/* tokens of an answer, as a share of the prompt's */
	const char *results;		/* keys of its own, separated by blanks */
};

/* NULL for a name that is none. */
const struct task *task_find(const char *name);
/* NULL past the last. */
const struct task *task_at(size_t index);

/* Names of all adapters of a request, with commas and scales between them. */
enum { SERVING_TEXT_MAX = ENGINE_USES_MAX * 80 };

struct serving_use {
	struct installed adapter;
	float scale;
	bool unproven;	/* waits for its proof */
};

/* How a request is served: by adapters, by a prompt alone, or without the model. */
struct serving {
	enum task_status status;
	const char *reason;		/* why not, or not fully; "" */
	struct serving_use uses[ENGINE_USES_MAX];
	size_t n_uses;			/* those of the scale 0 are not among them */
	char trouble[512];		/* why an adapter does not serve, in words */
	const char *prompt;		/* template, or NULL: the baseline */
	bool chooses;			/* plain code proposes, and the model, if any, chooses */
};

struct options;

/* Whether the model that runs can follow a prompt and write by itself; a small one is better at
 * choosing among what plain code proposes. */
bool task_model_writes(const struct daemon *d);
/* Fills @ret from the state of the engine, what is installed, and @o (NULL: no options): 0,
 * -ENOENT for an adapter that is not installed, -EXDEV for one that cannot serve, and @trouble
 * says why. Of several adapters, the one that counts most brings the prompt. */
int task_serving(const struct daemon *d, const struct task *task, const struct options *o,
		 struct serving *ret);
/* What serves, by name: "a,b", or with @scales "a=0.5,b=1". */
void serving_names(const struct serving *s, bool scales, char ret[SERVING_TEXT_MAX]);
/* The styles that there are rules for, or adapters that fit the model; returns how many. */
size_t task_styles(const struct daemon *d, const struct task *task, const char **styles,
		   size_t max);
