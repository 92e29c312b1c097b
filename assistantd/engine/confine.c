/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/confine.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/engine/verbs.h"
#include "assistantd/ipc/ipc.h"
#include "util/digest.h"
#include "util/sandbox.h"

bool confine_has_socket(void)
{
	return fcntl(CONFINE_SOCKET, F_GETFD) >= 0;
}

static int say_hello(const struct sandbox_level *level)
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
		r = ipc_send(CONFINE_SOCKET, &m);
	ipc_message_deinit(&m);
	return r;
}

int confine_enter(struct diag *d)
{
	struct sandbox_level level;
	struct digest ignored;
	int r;

	/* What libraries open files for, while files can be opened. */
	digest_of("", 0, &ignored);
	r = sandbox_enter(SANDBOX_COMPUTE, &level, d);
	return r < 0 ? r : say_hello(&level);
}

void confine_exit(int r, const struct diag *d)
{
	if (r < 0)
		fprintf(stderr, "assistant-engine: %s%s%s\n", d->field, *d->field ? ": " : "",
			d->code ? d->text : strerror(-r));
	/* Nothing here outlives the process, and joining a running pass would only delay the
	 * answer to whoever waits for our end. */
	_exit(r < 0 ? VERB_BAD_INPUT : VERB_OK);
}
