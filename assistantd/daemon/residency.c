/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/residency.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/fit.h"
#include "assistantd/daemon/log.h"

static void on_done(void *arg, const struct engine_done *done)
{
	(void)done;
	free(arg);
}

static void on_failed(void *arg, int error, const struct engine_failed *failed)
{
	/* One that is in use goes later. */
	if (error != ENGINE_E_BUSY && error != ENGINE_E_LOST)
		log_warning("adapters in memory: %s", failed->text.len ? failed->text.data : "");
	free(arg);
}

static void tell(struct daemon *d, uint32_t type, const struct engine_adapter *adapter)
{
	static const struct engine_call_ops ops = { .done = on_done, .failed = on_failed };
	struct engine_call *call = calloc(1, sizeof(*call));

	if (!call)
		return;
	call->ops = &ops;
	call->arg = call;
	if (engine_adapter_call(d->engine, call, type, adapter) < 0)
		free(call);
}

static const struct catalog_entry *active(const struct daemon *d, const struct digest *digest)
{
	struct installed i;

	for (size_t k = 0; library_at(d->library, k, &i); k++)
		if (i.entry->state == CATALOG_ACTIVE && digest_equal(&i.entry->digest, digest))
			return i.entry;
	return NULL;
}

static void let_go(struct daemon *d)
{
	const struct engine_usage *usage;

	for (size_t k = 0; (usage = engine_usage_at(d->engine, k)); k++) {
		struct engine_adapter adapter = ENGINE_ADAPTER_NULL;

		if (!usage->resident || active(d, &usage->digest))
			continue;
		adapter.digest = usage->digest;
		if (usage->pinned)
			tell(d, ENGINE_PIN, &adapter);
		tell(d, ENGINE_UNLOAD, &adapter);
	}
}

static void pin(struct daemon *d, const struct installed *i)
{
	const struct engine_usage *usage = engine_adapter_usage(d->engine, &i->entry->digest);
	struct engine_adapter adapter = { .fd = -1, .pinned = true };
	struct fit fit;

	if (usage && usage->pinned)
		return;
	fit_find(d, i, &fit);
	if (fit.state != FIT_GOOD && fit.state != FIT_UNPROVEN)
		return;
	adapter.digest = i->entry->digest;
	adapter.fd = library_open(i);
	if (adapter.fd >= 0)
		tell(d, ENGINE_PIN, &adapter);
	engine_adapter_deinit(&adapter);
}

void residency_follow(struct daemon *d)
{
	struct installed i;

	if (engine_state(d->engine) != ENGINE_READY)
		return;
	let_go(d);
	for (size_t k = 0; library_at(d->library, k, &i); k++)
		if (i.entry->state == CATALOG_ACTIVE && i.entry->pinned)
			pin(d, &i);
}
