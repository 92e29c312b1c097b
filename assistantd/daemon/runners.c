/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/runners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "assistantd/daemon/exec.h"
#include "assistantd/daemon/desktop.h"
#include "assistantd/daemon/readback.h"
#include "assistantd/daemon/presences.h"

struct runners {
	struct daemon *d;
	const struct runner *by_backend[TOOL_BACKEND_COUNT];
	struct readback *readback;
	struct desktop *desktop;
	struct exec *exec;
	char *commands_path;
	struct presences *presences;
};

static const char *thing_name(void *arg, const char *entity)
{
	const struct runners *r = arg;

	return presences_name(r->presences, entity);
}

static int start(struct runners *r, loop_fn names_changed, void *arg)
{
	struct daemon *d = r->d;
	int err = readback_new(&r->readback, d->loop, d->tool_registry, r->by_backend);

	if (err == 0)
		err = presences_new(&r->presences, d->loop, d->bus, d->system, d->home, r->readback,
				 names_changed, arg);
	if (err == 0)
		err = desktop_new(&r->desktop, d->bus, d->system, thing_name, r);
	if (err == 0 && asprintf(&r->commands_path, "%s/assistant-commands",
				 d->paths.libexec) < 0) {
		r->commands_path = NULL;
		err = -ENOMEM;
	}
	if (err == 0)
		err = exec_new(&r->exec, d->loop, r->commands_path);
	if (err < 0)
		return err;
	r->by_backend[TOOL_DBUS] = desktop_runner(r->desktop);
	r->by_backend[TOOL_EXEC] = exec_runner(r->exec);
	d->backends[TOOL_DBUS] = d->backends[TOOL_EXEC] = readback_backend(r->readback);
	runners_reload(r);
	return 0;
}

int runners_new(struct runners **ret, struct daemon *d, loop_fn names_changed, void *arg)
{
	struct runners *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->d = d;
	err = start(r, names_changed, arg);
	if (err < 0)
		runners_free(r);
	else
		*ret = r;
	return err;
}

struct runners *runners_free(struct runners *r)
{
	if (!r)
		return NULL;
	desktop_free(r->desktop);
	exec_free(r->exec);
	presences_free(r->presences);
	readback_free(r->readback);
	free(r->commands_path);
	free(r);
	return NULL;
}

void runners_reload(struct runners *r)
{
	presences_follow(r->presences, r->d->tool_registry);
}
