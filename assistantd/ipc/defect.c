/* SPDX-License-Identifier: MIT */
#include "assistantd/ipc/defect.h"

#include <string.h>

int ipc_defect_set(struct ipc_defect *v, int r, struct diag *d)
{
	diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
	v->code = d->code;
	r = buf_append_str(&v->field, d->field);
	return r < 0 ? r : buf_append_str(&v->text, d->text);
}

void ipc_defect_deinit(struct ipc_defect *v)
{
	buf_deinit(&v->field);
	buf_deinit(&v->text);
}
