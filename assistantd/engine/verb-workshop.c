/* SPDX-License-Identifier: MIT */
/*
 * workshop: adapters are looked at beside the engine that serves. It gives way to everything
 * else: the lowest priority, and half of the processors, two at most.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "assistantd/engine/confine.h"
#include "assistantd/engine/verbs.h"
#include "assistantd/engine/workshop.h"
#include "util/macro.h"

enum { LOWEST_PRIORITY = 19 };

int verb_workshop(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct diag d = DIAG_NULL;
	int r;

	(void)argv;
	if (argc != 1 || !confine_has_socket()) {
		fputs("error: workshop: is started by assistantd, with a socket as descriptor 3\n",
		      stderr);
		return VERB_USAGE;
	}
	/* A wish; the sandbox takes the call away. */
	(void)setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
	r = confine_enter(&d);
	if (r == 0)
		r = workshop_serve(CONFINE_SOCKET, (unsigned)CLAMP(cpus / 2, 1L, 2L));
	confine_exit(r, &d);
}
