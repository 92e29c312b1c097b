/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/permit.h"

#include <stdlib.h>

#include "assistantd/daemon/out.h"

/* A call whose caller is not known yet. */
struct asking {
	struct daemon *d;
	DBusMessage *m;
	struct caller *caller;
	void (*call)(struct daemon *d, DBusMessage *m);
	const char *denied;
	bool hand;
};

static void decide(void *arg)
{
	struct asking *a = arg;

	if (a->hand ? a->caller->kind != POLICY_CALLER_HAND
		    : a->caller->kind == POLICY_CALLER_SANDBOXED)
		bus_send(a->d->bus, out_error(a->m, DBUS_ERROR_ACCESS_DENIED, "%s", a->denied));
	else
		a->call(a->d, a->m);
	caller_unref(a->caller);
	dbus_message_unref(a->m);
	free(a);
}

static void permit(struct daemon *d, DBusMessage *m, bool hand,
		   void (*call)(struct daemon *d, DBusMessage *m), const char *denied)
{
	struct asking *a = calloc(1, sizeof(*a));

	if (!a || !(a->caller = caller_get(d->callers, dbus_message_get_sender(m)))) {
		free(a);
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		return;
	}
	a->d = d;
	a->m = dbus_message_ref(m);
	a->call = call;
	a->denied = denied;
	a->hand = hand;
	if (caller_when_known(a->caller, decide, a) < 0) {
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		caller_unref(a->caller);
		dbus_message_unref(m);
		free(a);
	}
}

void permit_outside(struct daemon *d, DBusMessage *m,
		    void (*call)(struct daemon *d, DBusMessage *m), const char *denied)
{
	permit(d, m, false, call, denied);
}

void permit_hand(struct daemon *d, DBusMessage *m,
		 void (*call)(struct daemon *d, DBusMessage *m), const char *denied)
{
	permit(d, m, true, call, denied);
}
