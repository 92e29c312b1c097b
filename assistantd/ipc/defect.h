/* SPDX-License-Identifier: MIT */
/* What is wrong with an input, as struct diag has it, on its way to who gave it. */
#pragma once

#include <stdint.h>

#include "util/buf.h"
#include "util/diag.h"

struct ipc_defect {
	uint32_t code;		/* enum diag_code; 0: nothing */
	struct buf field, text;
};

/* Fills @v, which holds nothing, from @d: 0 or -ENOMEM. Where @d says nothing, @r, an error, is
 * said as the system does. */
int ipc_defect_set(struct ipc_defect *v, int r, struct diag *d);
void ipc_defect_deinit(struct ipc_defect *v);
