/* SPDX-License-Identifier: MIT */
/*
 * serve: the engine as the front end's child. Descriptor 3 is the socket; files come over it
 * and no path is ever opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "assistantd/engine/scheduler.h"
#include "assistantd/engine/verbs.h"
#include "util/digest.h"
#include "util/macro.h"
#include "util/sandbox.h"

enum { SERVE_SOCKET = 3 };

static int say_hello(int sock, const struct sandbox_level *level)
{
	struct engine_hello hello = {
		.pid = (uint32_t)getpid(),
		.no_new_privs = level->no_new_privs,
		.not_dumpable = level->not_dumpable,
		.seccomp = level->seccomp,
		.landlock_abi = (uint32_t)level->landlock_abi,
	};
	struct ipc_message m;
	int r;

	ipc_message_init(&m, ENGINE_HELLO, 0);
	r = engine_put_hello(&m, &hello);
	if (r == 0)
		r = ipc_send(sock, &m);
	ipc_message_deinit(&m);
	return r;
}

/* What libraries open files for, while files can be opened. */
static unsigned prepare(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct digest ignored;

	digest_of("", 0, &ignored);
	return (unsigned)CLAMP(cpus, 1L, 64L);
}

int verb_serve(int argc, char **argv)
{
	struct sandbox_level level;
	struct scheduler *s = NULL;
	struct diag d = DIAG_NULL;
	unsigned cpus;
	int r;

	if (argc != 1 || fcntl(SERVE_SOCKET, F_GETFD) < 0) {
		fputs("error: serve: is started by assistantd, with a socket as descriptor 3\n",
		      stderr);
		return VERB_USAGE;
	}
	cpus = prepare();
	r = sandbox_enter(SANDBOX_COMPUTE, &level, &d);
	if (r == 0)
		r = say_hello(SERVE_SOCKET, &level);
	if (r == 0)
		r = scheduler_new(&s, SERVE_SOCKET, cpus);
	/* The socket's end is the end of this process. */
	if (r == 0)
		r = scheduler_read(s);
	if (r < 0)
		fprintf(stderr, "assistant-engine: %s%s%s\n", d.field, *d.field ? ": " : "",
			d.code ? d.text : strerror(-r));
	/* Nothing here outlives the process, and joining a running pass would only delay the
	 * answer to whoever waits for our end. */
	_exit(r < 0 ? VERB_BAD_INPUT : VERB_OK);
}
