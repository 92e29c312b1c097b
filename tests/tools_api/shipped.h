/* SPDX-License-Identifier: MIT */
/* The tools of the files that are shipped, for tests. */
#pragma once

#include "tools_api/tools_api.h"

/* The caller's; a file that does not load fails the test. */
struct tool_registry *shipped_tools(void);
