/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/ahead.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/follows.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/memory.h"
#include "assistantd/daemon/options.h"
#include "assistantd/daemon/task.h"
#include "util/macro.h"

struct ahead {
	struct daemon *d;
	struct follows follows;
	struct engine_call call;	/* one adapter at a time */
	struct digest digest;		/* of that one */
	bool pinning;
	size_t next_pin;		/* in the library, while @pinning */
	bool ready;			/* the engine was when it was looked at last */
	bool has_bad;
	struct digest bad;		/* the file that could not be read last: not tried again */
};

static void pin_next(struct ahead *a);

static void on_done(void *arg, const struct engine_done *done)
{
	(void)done;
	pin_next(arg);
}

static void on_failed(void *arg, int error, const struct engine_failed *failed)
{
	struct ahead *a = arg;

	if (error == ENGINE_E_ADAPTER || error == ENGINE_E_DIGEST) {
		a->has_bad = true;
		a->bad = a->digest;
	}
	if (a->pinning && error != ENGINE_E_LOST)
		log_warning("pinned adapter: %s", failed->text.len ? failed->text.data
								   : "cannot be loaded");
	if (error != ENGINE_E_LOST)
		pin_next(a);
}

static const struct engine_call_ops ops = { .done = on_done, .failed = on_failed };

/* 0, or -errno; then nothing follows. */
static int send_adapter(struct ahead *a, const struct installed *i, uint32_t type)
{
	struct engine_adapter v = { .fd = library_open(i), .digest = i->entry->digest,
				    .pinned = type == ENGINE_PIN, .ahead = type == ENGINE_LOAD };
	int r = MIN(v.fd, 0);

	a->digest = v.digest;
	if (r == 0)
		r = engine_adapter_call(a->d->engine, &a->call, type, &v);
	engine_adapter_deinit(&v);
	return r;
}

static bool is_to_be_pinned(const struct daemon *d, const struct catalog_entry *e)
{
	return e->pinned && e->enabled && e->state == CATALOG_ACTIVE &&
	       manifest_mismatch(&e->manifest, &engine_model(d->engine)->identity) ==
	       MANIFEST_FITS;
}

/* The next pinned one of the library: the answer to it brings the one behind it. */
static void pin_next(struct ahead *a)
{
	struct installed i;
	int r = 0;

	while (a->pinning) {
		a->pinning = library_at(a->d->library, a->next_pin++, &i);
		if (!a->pinning || !is_to_be_pinned(a->d, i.entry))
			continue;
		r = send_adapter(a, &i, ENGINE_PIN);
		if (r == 0)
			return;
		log_warning("pinned adapter %s: %s", i.entry->manifest.name, strerror(-r));
	}
}

void ahead_engine_changed(struct ahead *a)
{
	bool was = a->ready;

	a->ready = engine_state(a->d->engine) == ENGINE_READY;
	if (!a->ready || was)
		return;
	a->has_bad = false;
	a->pinning = true;
	a->next_pin = 0;
	pin_next(a);
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

	if ((usage && usage->resident) ||
	    (a->has_bad && digest_equal(&a->bad, &i->entry->digest)))
		return;
	/* What cannot be opened is told to whoever asks for it. */
	(void)send_adapter(a, i, ENGINE_LOAD);
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
