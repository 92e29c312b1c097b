/* SPDX-License-Identifier: MIT */
#pragma once

#include "adapters/adapters.h"
#include "assistantd/engine/identify.h"
#include "assistantd/engine/workshop.h"
#include "assistantd/ipc/ipc.h"
#include "base_model/base_model.h"

struct workshop {
	int sock;
	unsigned threads;
	struct bm_model *model;		/* NULL: none is open */
	struct model_digests digests;
};

/*
 * One question each, answered in @v, which holds nothing before: 0 or an error that @d or the
 * number describes.
 */
int workshop_look(const struct workshop_inspect *question, struct workshop_inspected *v,
		  struct diag *d);
int workshop_make(struct workshop *w, const struct workshop_import *question,
		  struct workshop_imported *v, struct diag *d);
int workshop_try(struct workshop *w, const struct workshop_prove *question,
		 struct workshop_proved *v, struct diag *d);
