/* SPDX-License-Identifier: MIT */
/*
 * What proofs found, remembered by content: an adapter is proven once for a base model. Kept as
 * text, a line each, newest first; what is not of that form is left out, and a file that cannot
 * be read or written only costs proving again.
 */
#pragma once

#include "assistantd/daemon/worker.h"
#include "util/cleanup.h"
#include "util/digest.h"

enum verdict_kind {
	VERDICT_GOOD,
	VERDICT_NO_EFFECT,
	VERDICT_HARMFUL,
	VERDICT_CANARY,		/* not what its maker saw */
	VERDICT_UNUSABLE,	/* it cannot be used with the model at all */
	VERDICT_UNKNOWN,	/* it could not be proven; not remembered beyond this run */
	VERDICT_COUNT,
};

struct verdict {
	struct digest adapter, base;	/* of the files */
	enum verdict_kind kind;
	float effect, loss_base, loss_adapted;
	char text[256];			/* a sentence */
};

struct verdicts;

/* Reads what was kept at @path, which @worker writes: 0 or -ENOMEM. */
int verdicts_new(struct verdicts **ret, const char *path, struct worker *worker);
struct verdicts *verdicts_free(struct verdicts *v);
DEFINE_CLEANUP(struct verdicts *, verdicts_free)

/* NULL when it was not proven; valid until the next is kept. */
const struct verdict *verdicts_find(const struct verdicts *v, const struct digest *adapter,
				    const struct digest *base);
/* In place of what was found before. Without memory for a list it is not remembered. */
void verdicts_keep(struct verdicts *v, const struct verdict *fresh);

/* What could not be proven is tried again. */
void verdicts_forget_unknown(struct verdicts *v);

/* "good", "no-effect", "harmful", "canary", "unusable", "unknown". */
const char *verdict_name(enum verdict_kind kind);
