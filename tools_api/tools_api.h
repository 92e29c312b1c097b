/* SPDX-License-Identifier: MIT */
/* Tools: who may call them, what they are, what their arguments must look like. */
#pragma once

#include "tools_api/binding.h"
#include "tools_api/policy.h"
#include "tools_api/proposal.h"
#include "tools_api/registry.h"
#include "tools_api/schema.h"
#include "tools_api/template.h"
#include "tools_api/tool.h"
