/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/ahead.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/follows.h"
#include "assistantd/daemon/memory.h"
#include "assistantd/daemon/options.h"
#include "assistantd/daemon/task.h"

struct ahead {
	struct daemon *d;
	struct follows follows;
	struct engine_call call;	/* one adapter at a time */
	struct digest digest;		/* of that one */
	bool ready;			/* the engine was when it was looked at last */
	bool has_bad;
	struct digest bad;		/* the file that could not be read last: not tried again */
};

static void on_failed(void *arg, int error, const struct engine_failed *failed)
{
	struct ahead *a = arg;

	(void)failed;
	if (error == ENGINE_E_ADAPTER || error == ENGINE_E_DIGEST) {
		a->has_bad = true;
		a->bad = a->digest;
	}
}

void ahead_engine_changed(struct ahead *a)
{
	bool was = a->ready;

	a->ready = engine_state(a->d->engine) == ENGINE_READY;
	if (a->ready && !was)
		a->has_bad = false;
}

/* Whether reading an adapter would be in anybody's way. */
static bool may_load(const struct ahead *a)
{
	const struct daemon *d = a->d;

	return a->ready && engine_calls(d->engine) == 0 && d->queued == 0 &&
	       memory_pressure(d->memory) == PRESSURE_NONE;
}

static void load_one(struct ahead *a, const struct installed *i)
{
	const struct engine_usage *usage = engine_adapter_usage(a->d->engine, &i->entry->digest);
	struct engine_adapter v = { .fd = -1, .digest = i->entry->digest, .ahead = true };

	if ((usage && usage->resident) || a->call.id ||
	    (a->has_bad && digest_equal(&a->bad, &i->entry->digest)))
		return;
	v.fd = library_open(i);
	a->digest = v.digest;
	/* What cannot be opened or sent is told to whoever asks for it. */
	if (v.fd >= 0)
		(void)engine_adapter_call(a->d->engine, &a->call, ENGINE_LOAD, &v);
	engine_adapter_deinit(&v);
}

/* What serves "task/style" at this moment. */
static void load_for(struct ahead *a, const char *name)
{
	struct options options = { .scale = 1.0 };
	struct serving serving;
	const struct task *task;
	char task_name[FOLLOWS_NAME_MAX], *style;

	snprintf(task_name, sizeof(task_name), "%s", name);
	style = strchr(task_name, '/');
	*style++ = '\0';
	options.style = *style ? style : NULL;
	task = task_find(task_name);
	if (task && task_serving(a->d, task, &options, &serving) == 0 && serving.n_uses > 0)
		load_one(a, &serving.uses[0].adapter);
}

void ahead_learn(struct ahead *a, const char *task, const char *style)
{
	char name[2 * FOLLOWS_NAME_MAX];
	const char *likely;

	snprintf(name, sizeof(name), "%s/%s", task, style ? style : "");
	follows_note(&a->follows, name, loop_now());
	likely = follows_likely(&a->follows);
	if (likely && may_load(a))
		load_for(a, likely);
}

void ahead_forget(struct ahead *a)
{
	a->follows = (struct follows)FOLLOWS_NULL;
}

int ahead_new(struct ahead **ret, struct daemon *d)
{
	static const struct engine_call_ops ops = { .failed = on_failed };
	struct ahead *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->d = d;
	a->call = (struct engine_call){ .ops = &ops, .arg = a };
	*ret = a;
	return 0;
}

struct ahead *ahead_free(struct ahead *a)
{
	if (a)
		engine_cancel(a->d->engine, &a->call);
	free(a);
	return NULL;
}
