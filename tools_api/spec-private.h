/* SPDX-License-Identifier: MIT */
#pragma once

#include "tools_api/spec.h"

#define SPEC_STRING "{\"type\": \"string\", \"minLength\": 1, \"maxLength\": 255}"

extern const char spec_dbus_schema[], spec_exec_schema[];
/* What the schema cannot say. @n is the node of the spec. */
int spec_check_dbus(const struct tool *t, const struct yaml_node *n, struct diag *d);
int spec_check_exec(const struct tool *t, const struct yaml_node *n, struct diag *d);
