/* SPDX-License-Identifier: MIT */
/* Templates of devices: lines, not programs. */
#pragma once

#include "util/jinja.h"

/* Renders within small bounds, without the blanks that templates leave at both ends. 0; -EINVAL
 * with @d; -ENOMEM. *@ret is the caller's. */
int render(const struct jinja *template, const struct jinja_variable *variables, size_t n,
	   char **ret, struct diag *d);
