/* SPDX-License-Identifier: MIT */
#pragma once

#include "tools_api/tool.h"
#include "util/yaml.h"

/* One with nothing in it and one reference; NULL without memory. */
struct tool *tool_new(void);
/* Reads one tool of a file. 0, -EINVAL with the line in @d, -ENOMEM. */
int tool_read(struct tool *t, const struct yaml_node *m, struct diag *d);
/* Checks what people get to read: characters and length in bytes. -EINVAL with @d. */
int tool_check_text(const char *field, const char *text, size_t max, struct diag *d);
int tool_check_name(const char *name, size_t max, struct diag *d);
/* Sets free_text by the schema. */
void tool_find_free_text(struct tool *t);
