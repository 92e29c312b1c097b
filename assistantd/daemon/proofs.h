/* SPDX-License-Identifier: MIT */
/*
 * Proofs in the background: each adapter that would fit the model is proven once, before it
 * serves. Requests wait for that; what was found stays in the verdicts.
 */
#pragma once

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/verdicts.h"

struct proofs;

int proofs_new(struct proofs **ret, struct daemon *d);
struct proofs *proofs_free(struct proofs *p);
DEFINE_CLEANUP(struct proofs *, proofs_free)

/* Asks for a proof beside the model that runs; once, however often it is called. When there is
 * one, requests that wait go on. 0 or -errno: nothing will come of it. */
int proofs_want(struct proofs *p, const struct installed *i);
/* All that serve if their proof says so. */
void proofs_want_all(struct proofs *p);

/* What the workshop's answer to PROVE means. */
void proofs_judge(const struct workshop_result *result, const struct digest *adapter,
		  struct verdict *ret);
