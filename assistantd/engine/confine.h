/* SPDX-License-Identifier: MIT */
/*
 * What the engine's programs do first as the front end's children: give up what they do not
 * need, and say so. Files come over the socket, and no path is ever opened.
 */
#pragma once

#include <stdbool.h>

#include "util/diag.h"

enum { CONFINE_SOCKET = 3 };

/* The socket is there. */
bool confine_has_socket(void);
/* Enters the sandbox and sends HELLO: 0; -errno, of the sandbox with @d. */
int confine_enter(struct diag *d);
/* Ends the process: @r is 0 or an error, which is said on stderr. */
void confine_exit(int r, const struct diag *d) __attribute__((noreturn));
