/* SPDX-License-Identifier: MIT */
/* Whether an adapter may serve beside the model that runs, and why not: the first reason. */
#pragma once

#include "assistantd/daemon/daemon.h"

enum fit_state {
	FIT_GOOD,
	FIT_UNPROVEN,		/* it would, if its proof says so, which is asked for */
	FIT_ABSENT,		/* the file is not there */
	FIT_FILE,		/* the file is not the one that was installed */
	FIT_DISABLED,
	FIT_WEIGHTS,
	FIT_TOKENIZER,
	FIT_TEMPLATE,
	FIT_SIGNATURE,
	FIT_PROOF,
	FIT_COUNT,
};

struct fit {
	enum fit_state state;
	char expected[DIGEST_HEX_LEN + 1], found[DIGEST_HEX_LEN + 1];	/* or "" */
	char text[400];		/* a sentence; "" when there is nothing to say */
};

/* The model is the one of the engine, which is READY. */
void fit_find(const struct daemon *d, const struct installed *i, struct fit *ret);
/* What Explain calls the state: "" for one that fits. */
const char *fit_name(enum fit_state state);

/* Files that turned out not to be what was installed: not tried again until they change. */
struct spoilt_files;
int spoilt_files_new(struct spoilt_files **ret);
struct spoilt_files *spoilt_files_free(struct spoilt_files *s);
DEFINE_CLEANUP(struct spoilt_files *, spoilt_files_free)
/* @text says what is wrong with the file that stands at the place of @i now. */
void spoilt_files_note(struct spoilt_files *s, const struct installed *i, const char *text);
