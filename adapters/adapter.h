/* SPDX-License-Identifier: MIT */
#pragma once

#include "adapters/adapters.h"

/* 1 when the caller's reference is the only one. */
uint32_t adapter_reference_count(const struct adapter *a);
