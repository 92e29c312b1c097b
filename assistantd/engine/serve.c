/* SPDX-License-Identifier: MIT */
/* serve: the engine as the front end's child. */
#include <stdio.h>
#include <unistd.h>

#include "assistantd/engine/confine.h"
#include "assistantd/engine/scheduler.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

int verb_serve(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct scheduler *s = NULL;
	struct diag d = DIAG_NULL;
	int r;

	(void)argv;
	if (argc != 1 || !confine_has_socket()) {
		fputs("error: serve: is started by assistantd, with a socket as descriptor 3\n",
		      stderr);
		return VERB_USAGE;
	}
	r = confine_enter(&d);
	if (r == 0)
		r = scheduler_new(&s, CONFINE_SOCKET, (unsigned)CLAMP(cpus, 1L, 64L));
	/* The socket's end is the end of this process. */
	if (r == 0)
		r = scheduler_read(s);
	confine_exit(r, &d);
}
