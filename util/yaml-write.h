/* SPDX-License-Identifier: MIT */
/* Text for YAML files of our own making, such that yaml_parse() reads it back. */
#pragma once

#include "util/buf.h"

/* One value on one line, always quoted, so that it is a string whatever it looks like. @s is
 * well-formed UTF-8. 0 or -ENOMEM. */
int yaml_write_string(struct buf *out, const char *s);
