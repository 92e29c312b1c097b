/* SPDX-License-Identifier: MIT */
/* What the back ends need to know of a tool, under `backend` in its file. */
#pragma once

#include "tools_api/tool.h"

/* Name of the back end in files; NULL where files cannot have it. */
const char *tool_backend_name(enum tool_backend b);
/* The schema of its spec, of which `type` is a part. */
const char *tool_spec_schema(enum tool_backend b);
