/* SPDX-License-Identifier: MIT */
/*
 * A new version of an adapter on its way in: made into a package where it is none, copied into
 * the user's folder, looked at, proven beside the model that it was made for, and listed. What
 * is in service is not touched, unless the order is to put it into service at the end.
 */
#pragma once

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/verdicts.h"

struct stage;

/* What a package is, as it is told: what it says of itself and what was found. */
struct stage_facts {
	const struct manifest *manifest;	/* NULL: it says nothing */
	const struct workshop_inspected *inspected;
	const struct verdict *verdict;		/* NULL: not proven */
};

struct stage_order {
	const struct workshop_import *import;	/* what a package is made of, or NULL */
	int package;				/* where it is one already, else -1; not owned */
	bool commit;
	/* What it must be called and be for, with NULL for no style; or NULL. Not owned. */
	const struct manifest *expected;
	/*
	 * The end, once: @error is NULL or a name for out_error(), with @text. Facts are there
	 * as far as they were found.
	 */
	void (*done)(void *arg, const char *error, const char *text,
		     const struct stage_facts *facts);
	void *arg;
};

/* 0, and done() follows later; or -errno. */
int stage_begin(struct daemon *d, const struct stage_order *order);
/* At the end of the service: all that are under way end, unanswered. */
void stages_drop_all(struct daemon *d);

/* The name of the error for a defect of that class in an adapter. */
const char *stage_error_name(enum diag_code code);
/* Keys that the configuration trusts, into @v: 0; -errno, with @diag naming the file. */
int stage_put_keys(const struct daemon *d, struct workshop_inspect *v, struct diag *diag);
