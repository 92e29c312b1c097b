/* SPDX-License-Identifier: MIT */
/* A folder for the test that runs: empty at first, and gone after it with all that is in it. */
#pragma once

extern char scratch[32];

void scratch_make(void);
void scratch_remove(void);
