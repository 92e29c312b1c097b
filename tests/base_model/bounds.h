/* SPDX-License-Identifier: MIT */
/* What a verdict on any file may take. */
#pragma once

#include <stddef.h>

enum { VERDICT_MEMORY = 64 << 20 };

/* Lets this process have @more bytes of address space beyond what it has: what asks for more
 * fails. Sanitizers need their own; under them nothing is bounded. */
void bound_memory(size_t more);
/* For a checked fixture: VERDICT_MEMORY. */
void bound_verdicts(void);
/* An unlinked file on a disk that holds the bytes of the file @fd. */
int copy_to_disk(int fd);
