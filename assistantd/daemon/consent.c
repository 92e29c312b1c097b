/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/consent.h"

#include <errno.h>
#include <stdio.h>

#include "assistantd/daemon/apps.h"
#include "assistantd/daemon/grants.h"
#include "assistantd/daemon/notify.h"
#include "assistantd/daemon/offers.h"
#include "assistantd/daemon/pins.h"
#include "assistantd/daemon/provider.h"
#include "assistantd/daemon/screen.h"

enum { TOOLS_CHANGED_MS = 100 };

static void screen_changed(void *arg)
{
	struct daemon *d = arg;

	if (d->agents)
		agents_screen_changed(d->agents);
}

int consent_start(struct daemon *d)
{
	_cleanup_free_ char *pins = NULL, *blocked = NULL;
	int r;

	if (asprintf(&pins, "%s/pins.json", d->paths.data) < 0)
		return -ENOMEM;
	if (asprintf(&blocked, "%s/blocked.json", d->paths.data) < 0)
		return -ENOMEM;
	r = pins_new(&d->pins, pins, d->worker);
	if (r == 0)
		r = apps_new(&d->apps, blocked, &d->config);
	if (r == 0)
		r = grants_new(&d->grants, d->worker);
	if (r == 0)
		r = offers_new(&d->offers);
	if (r == 0)
		r = screen_new(&d->screen, d->bus, d->system, screen_changed, d);
	return r < 0 ? r : notify_new(&d->notify, d->bus);
}

/* Told together, however many come and go at once. */
static void tools_changed_now(void *arg)
{
	struct daemon *d = arg;

	d->tools_changed = NULL;
	tools1_changed(d);
}

static void tools_changed(void *arg)
{
	struct daemon *d = arg;

	if (!d->tools_changed)
		loop_after(d->loop, &d->tools_changed, TOOLS_CHANGED_MS, tools_changed_now, d);
}

int consent_start_agents(struct daemon *d)
{
	const struct agents_setup agents = { d->loop, d->bus, d->callers, d->notify, d->screen,
					     d->pins, d->grants, d->apps, &d->config };
	const struct providers_setup providers = { d->loop, d->bus, d->tool_registry, d->grants,
						   tools_changed, d };
	int r = agents_new(&d->agents, &agents);

	if (r == 0)
		r = providers_new(&d->providers, &providers);
	if (r == 0)
		d->backends[TOOL_PROVIDER] = providers_backend(d->providers);
	return r;
}

void consent_stop(struct daemon *d)
{
	agents_free(d->agents);
	providers_free(d->providers);
	loop_cancel(d->tools_changed);
	notify_free(d->notify);
	screen_free(d->screen);
	offers_free(d->offers);
	grants_free(d->grants);
	pins_free(d->pins);
	apps_free(d->apps);
}

void consent_caller_known(struct daemon *d, const struct caller *c)
{
	apps_seen(d->apps, c);
	/* It left before its leaving was watched. */
	if (!c->pid)
		offers_drop(d->offers, c->name);
}

void consent_caller_gone(struct daemon *d, const char *name)
{
	agents_departed(d->agents, name);
	offers_drop(d->offers, name);
	providers_remove(d->providers, name, NULL);
}
