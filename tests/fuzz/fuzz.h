/* SPDX-License-Identifier: MIT */
/* The entry that libFuzzer calls and main.c replays. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
