/* SPDX-License-Identifier: MIT */
/* The part of org.assistantd.Grants1 that is about programs: which there are, and shutting out. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/apps.h"
#include "assistantd/daemon/grants.h"
#include "assistantd/daemon/grants1-private.h"
#include "assistantd/daemon/job.h"
#include "assistantd/daemon/offers.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/provider.h"

void grants1_list_apps(struct daemon *d, DBusMessage *m)
{
	static const char *const kinds[POLICY_CALLER_COUNT] = { "hand", "host", "sandboxed",
								"stored" };
	struct out_list_reply out;

	if (!out_begin_list_reply(&out, m))
		return;
	for (const struct app *app = apps_first(d->apps); app; app = app->next) {
		DBusMessageIter *item = out_list_next(&out.list);

		out_dict_str(item, "app", app->identity);
		/* Of one that was not seen since the start this is not known. */
		out_dict_str(item, "kind", app->last_ms ? kinds[app->kind] : "");
		out_dict_i64(item, "first", app->first_ms);
		out_dict_i64(item, "last", app->last_ms);
		out_dict_u64(item, "requests", app->requests);
		out_dict_u64(item, "calls", app->calls);
		out_dict_bool(item, "blocked", app->blocked);
		out_list_end_item(&out.list);
	}
	bus_send(d->bus, out_end_list_reply(&out));
}

/* Nothing of it goes on, and nothing that it was allowed stays. */
static void end_app(struct daemon *d, const char *identity)
{
	struct caller *c = callers_of(d->callers, identity, NULL), *next;

	for (; c; c = next) {
		caller_get(d->callers, c->name);
		jobs_shut_out(d, c);
		providers_remove(d->providers, c->name, NULL);
		offers_drop(d->offers, c->name);
		agents_departed(d->agents, c->name);
		next = callers_of(d->callers, identity, c);
		caller_unref(c);
	}
	grants_drop_app(d->grants, identity);
}

void grants1_block(struct daemon *d, DBusMessage *m)
{
	const char *app = "";
	dbus_bool_t blocked = FALSE;
	int r;

	dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &app, DBUS_TYPE_BOOLEAN, &blocked,
			      DBUS_TYPE_INVALID);
	r = apps_block(d->apps, app, blocked);
	if (r == 0 && blocked)
		end_app(d, app);
	if (r == 0)
		bus_send(d->bus, dbus_message_new_method_return(m));
	else if (r == -EINVAL)
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "no name of a program"));
	else
		bus_send(d->bus, out_error(m, "Internal", "%s", strerror(-r)));
}
