/* SPDX-License-Identifier: MIT */
/* Adapters1: what is changed in the catalogue of the user. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/adapters1-private.h"
#include "assistantd/daemon/library-change.h"
#include "assistantd/daemon/out.h"
#include "util/macro.h"

/* A call that waits for the catalogue to be written, and before that maybe for the engine. */
struct change {
	struct daemon *d;
	DBusMessage *m;
	struct library_change change;
	struct engine_call call;
	struct library_hold hold;
	struct installed installed;	/* of Pin and Enable */
	bool on;			/* of those: what is to be */
	bool has_digest;
	struct digest digest;		/* what was asked for; what serves, in the answer */
	char *copied;
	char file[DIGEST_HEX_LEN + 6];
};

static struct change *change_new(struct daemon *d, DBusMessage *m,
				 int (*edit)(struct library_change *c, struct versions *v),
				 void (*done)(struct library_change *c, int result))
{
	struct change *c = calloc(1, sizeof(*c));

	if (!c) {
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		return NULL;
	}
	*c = (struct change){ .d = d, .m = dbus_message_ref(m),
			      .change = { .edit = edit, .done = done } };
	library_hold(d->library, &c->hold);
	return c;
}

/* Sends the answer. */
static void change_end(struct change *c, DBusMessage *reply)
{
	bus_send(c->d->bus, reply);
	dbus_message_unref(c->m);
	library_release(&c->hold);
	free(c->copied);
	free(c);
}

static bool failed(struct change *c, int result)
{
	const char *name = "Internal";

	if (result == 0)
		return false;
	if (result == -ENOENT)
		name = "AdapterUnknown";
	else if (result == -ENOSPC || result == -EDQUOT)
		name = DBUS_ERROR_LIMITS_EXCEEDED;
	else if (result == -EINVAL || result == -EEXIST)
		name = c->change.diag.code == DIAG_SIG ? "AdapterMismatch"
						       : DBUS_ERROR_INVALID_ARGS;
	change_end(c, out_error(c->m, name, "%s", c->change.diag.text));
	return true;
}

static void answer_nothing(struct library_change *change, int result)
{
	struct change *c = container_of(change, struct change, change);

	if (!failed(c, result))
		change_end(c, dbus_message_new_method_return(c->m));
}

static void answer_digest(struct library_change *change, int result)
{
	struct change *c = container_of(change, struct change, change);

	if (failed(c, result))
		return;
	adapters1_answer_digest(c->d, c->m, &c->digest);
	change_end(c, NULL);
}

/*
 * The user's entry. Of an adapter that came with the program there is none yet: it becomes the
 * user's, with its file, since the program's catalogue is not ours to write.
 */
static int own_entry(struct change *c, struct versions *v, struct catalog_entry **ret)
{
	struct catalog_entry e = *c->installed.entry;

	*ret = versions_find(v, e.manifest.name, NULL);
	if (*ret && digest_equal(&(*ret)->digest, &e.digest))
		return 0;
	if (c->installed.users)
		return diag_set(&c->change.diag, -ENOENT, DIAG_PAIR, "", "'%s' has been replaced "
				"meanwhile", e.manifest.name);
	if (*ret)
		return diag_set(&c->change.diag, -EEXIST, DIAG_DUP, "", "another adapter '%s', for "
				"another model, is in the way", e.manifest.name);
	library_file_name(&e.digest, c->file);
	e.file = c->file;
	c->change.copied = c->copied;
	c->change.digest = e.digest;
	versions_add(v, &e);
	*ret = versions_find(v, e.manifest.name, NULL);
	return 0;
}

static int edit_enabled(struct library_change *change, struct versions *v)
{
	struct change *c = container_of(change, struct change, change);
	struct catalog_entry *e;
	int r = own_entry(c, v, &e);

	if (r == 0)
		e->enabled = c->on;
	return r;
}

static int edit_pinned(struct library_change *change, struct versions *v)
{
	struct change *c = container_of(change, struct change, change);
	struct catalog_entry *e;
	int r = own_entry(c, v, &e);

	if (r == 0)
		e->pinned = c->on;
	return r;
}

/* Name and flag; NULL after an error to the caller. */
static struct change *switch_new(struct daemon *d, DBusMessage *m,
				 int (*edit)(struct library_change *c, struct versions *v))
{
	struct installed i;
	struct change *c;
	dbus_bool_t on;
	DBusMessageIter at;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &on);
	if (!adapters1_find(d, m, &i))
		return NULL;
	c = change_new(d, m, edit, answer_nothing);
	if (!c)
		return NULL;
	c->installed = i;
	c->on = on;
	if (asprintf(&c->copied, "%s/%s", i.folder, i.entry->file) < 0) {
		c->copied = NULL;
		change_end(c, out_error(m, "Internal", "out of memory"));
		return NULL;
	}
	return c;
}

void adapters1_enable(struct daemon *d, DBusMessage *m)
{
	struct change *c = switch_new(d, m, edit_enabled);

	if (c)
		library_change(d->library, &c->change);
}

/* It is held in memory; from now on at each start, too. */
static void on_pinned(void *arg, const struct engine_done *done)
{
	struct change *c = arg;

	(void)done;
	library_change(c->d->library, &c->change);
}

static void on_pin_failed(void *arg, int error, const struct engine_failed *failed)
{
	struct change *c = arg;

	change_end(c, out_error(c->m, adapters1_engine_error(error), "%s", failed->text.len ?
				failed->text.data : "the engine ended"));
}

void adapters1_pin(struct daemon *d, DBusMessage *m)
{
	static const struct engine_call_ops ops = { .done = on_pinned, .failed = on_pin_failed };
	struct engine_adapter adapter = ENGINE_ADAPTER_NULL;
	const struct engine_usage *usage;
	struct change *c;
	int r = 0;

	if (engine_state(d->engine) != ENGINE_READY) {
		bus_send(d->bus, out_error(m, "NotReady", "no model is loaded"));
		return;
	}
	c = switch_new(d, m, edit_pinned);
	if (!c)
		return;
	usage = engine_adapter_usage(d->engine, &c->installed.entry->digest);
	/* What is for another model, say, is in the catalogue alone. */
	if (!c->on && !(usage && usage->resident)) {
		library_change(d->library, &c->change);
		return;
	}
	adapter.digest = c->installed.entry->digest;
	adapter.pinned = c->on;
	if (c->on) {
		adapter.fd = library_open(&c->installed);
		r = adapter.fd < 0 ? adapter.fd : 0;
	}
	c->call = (struct engine_call){ .ops = &ops, .arg = c };
	if (r == 0)
		r = engine_adapter_call(d->engine, &c->call, ENGINE_PIN, &adapter);
	engine_adapter_deinit(&adapter);
	if (r < 0)
		change_end(c, out_error(m, "Internal", "%s", strerror(-r)));
}

static int edit_commit(struct library_change *change, struct versions *v)
{
	struct change *c = container_of(change, struct change, change);
	const char *name = adapters1_text(c->m, 0);
	const struct digest *wanted = c->has_digest ? &c->digest : NULL;
	struct catalog_entry *served = versions_find(v, name, NULL);
	struct catalog_entry *e = versions_staged(v, name, wanted);
	int r = 0;

	/* Once more is harmless. */
	if (!e && wanted && served && digest_equal(&served->digest, wanted))
		return 0;
	if (!e)
		return diag_set(&c->change.diag, -ENOENT, DIAG_PAIR, "", "no version of '%s' waits "
				"to be put into service", name);
	if (served)
		r = manifest_check_update(&served->manifest, &e->manifest, &c->change.diag);
	if (r < 0)
		return r;
	c->digest = e->digest;
	versions_activate(v, e, "updated");
	return 0;
}

static int edit_rollback(struct library_change *change, struct versions *v)
{
	struct change *c = container_of(change, struct change, change);
	const char *name = adapters1_text(c->m, 0);
	struct catalog_entry *e = versions_before(v, name);

	if (e) {
		c->digest = e->digest;
		versions_activate(v, e, "rolled back");
		return 0;
	}
	/* The program's own shows again. */
	if (c->installed.entry && versions_find(v, name, NULL)) {
		c->digest = c->installed.entry->digest;
		versions_retire(v, name, "rolled back");
		return 0;
	}
	return diag_set(&c->change.diag, -ENOENT, DIAG_PAIR, "", "no version of '%s' served before",
			name);
}

static int edit_remove(struct library_change *change, struct versions *v)
{
	struct change *c = container_of(change, struct change, change);
	const char *name = adapters1_text(c->m, 0);

	if (versions_remove(v, name, c->has_digest ? &c->digest : NULL))
		return 0;
	if (c->installed.entry)
		return diag_set(&c->change.diag, -EINVAL, DIAG_UNSUP, "", "'%s' came with the "
				"program: it can be disabled, not removed", name);
	return diag_set(&c->change.diag, -ENOENT, DIAG_PAIR, "", "no such version of '%s' is "
			"installed", name);
}

/* What the program brings under that name. */
static void find_programs(struct change *c)
{
	const char *name = adapters1_text(c->m, 0);
	struct installed i;

	for (size_t k = 0; library_at(c->d->library, k, &i); k++)
		if (!i.users && strcmp(i.entry->manifest.name, name) == 0)
			c->installed = i;
}

static void begin(struct daemon *d, DBusMessage *m,
		  int (*edit)(struct library_change *c, struct versions *v),
		  void (*done)(struct library_change *c, int result))
{
	struct change *c;
	struct digest digest;
	int r = adapters1_digest(d, m, &digest);

	if (r == -EINVAL || !(c = change_new(d, m, edit, done)))
		return;
	c->has_digest = r == 0;
	if (r == 0)
		c->digest = digest;
	find_programs(c);
	library_change(d->library, &c->change);
}

void adapters1_commit(struct daemon *d, DBusMessage *m)
{
	begin(d, m, edit_commit, answer_digest);
}

void adapters1_rollback(struct daemon *d, DBusMessage *m)
{
	begin(d, m, edit_rollback, answer_digest);
}

void adapters1_remove(struct daemon *d, DBusMessage *m)
{
	begin(d, m, edit_remove, answer_nothing);
}
