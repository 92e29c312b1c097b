/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/notify.h"

#include <errno.h>
#include <string.h>

#include "assistantd/daemon/out.h"
#include "util/buf.h"

#define NOTIFICATIONS "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"

enum { ANSWER_MS = 10000 };

struct notify_wait {
	struct notify *notify;
	notify_fn done;			/* NULL where nobody wants to know, or knows */
	void *arg;
	bool followed;			/* somebody may drop it or is to be told its end */
	bool dropped;
	uint32_t id;			/* the server's; 0 before it has said it */
	bool answering;			/* the server's reply is awaited, which holds it */
	struct notify_wait *next;
};

struct notify {
	struct bus *bus;
	struct bus_listener *listener;
	struct notify_wait *waits;
	bool actions, markup;
	unsigned refs;			/* its holder, and questions to the server */
	bool gone;
};

static void unref(struct notify *n)
{
	if (--n->refs == 0)
		free(n);
}

static void wait_free(struct notify_wait *w)
{
	struct notify_wait **at = &w->notify->waits;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	free(w);
}

/* Tells its end; what the server's reply does not hold any more goes. */
static void end(struct notify_wait *w, const char *action)
{
	notify_fn done = w->done;
	void *arg = w->arg;

	w->done = NULL;
	if (!w->answering)
		wait_free(w);
	if (done)
		done(arg, action);
}

static void on_capabilities(void *arg, DBusMessage *reply)
{
	struct notify *n = arg;
	char **names = NULL;
	int count = 0;

	if (!n->gone && reply &&
	    dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &names, &count,
				  DBUS_TYPE_INVALID)) {
		n->actions = n->markup = false;
		for (int i = 0; i < count; i++) {
			n->actions |= strcmp(names[i], "actions") == 0;
			n->markup |= strcmp(names[i], "body-markup") == 0;
		}
	}
	dbus_free_string_array(names);
	unref(n);
}

static DBusMessage *message(const char *member)
{
	return dbus_message_new_method_call(NOTIFICATIONS, NOTIFICATIONS_PATH, NOTIFICATIONS,
					    member);
}

/* Starts the server, where the bus knows how to: who asks must know whether it can. */
static int ask_capabilities(struct notify *n)
{
	int r;

	n->refs++;
	r = bus_call(n->bus, message("GetCapabilities"), ANSWER_MS, on_capabilities, n);
	if (r < 0)
		n->refs--;
	return r;
}

static void on_there(void *arg, bool there)
{
	struct notify *n = arg;

	n->actions = n->markup = false;
	if (there)
		ask_capabilities(n);
	/* What it showed went with it. */
	for (struct notify_wait *w = n->waits, *next; !there && w; w = next) {
		next = w->next;
		if (w->id) {
			end(w, NULL);
			next = n->waits;
		}
	}
}

static struct notify_wait *find(struct notify *n, uint32_t id)
{
	struct notify_wait *w = id ? n->waits : NULL;

	while (w && w->id != id)
		w = w->next;
	return w;
}

static void on_signal(void *arg, DBusMessage *m)
{
	struct notify_wait *w;
	const char *action = NULL;
	dbus_uint32_t id, reason;

	if (dbus_message_has_member(m, "ActionInvoked")) {
		if (!dbus_message_get_args(m, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_STRING,
					   &action, DBUS_TYPE_INVALID))
			return;
	} else if (!dbus_message_has_member(m, "NotificationClosed") ||
		   !dbus_message_get_args(m, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_UINT32,
					  &reason, DBUS_TYPE_INVALID)) {
		return;
	}
	w = find(arg, id);
	if (w)
		end(w, action);
}

static void close_note(struct notify *n, uint32_t id)
{
	DBusMessage *m = message("CloseNotification");

	if (m) {
		dbus_message_append_args(m, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID);
		dbus_message_set_no_reply(m, TRUE);
	}
	bus_send(n->bus, m);
}

static void on_shown(void *arg, DBusMessage *reply)
{
	struct notify_wait *w = arg;
	struct notify *n = w->notify;
	dbus_uint32_t id = 0;

	w->answering = false;
	if (!reply ||
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &id, DBUS_TYPE_INVALID))
		id = 0;
	if (id && w->dropped && !n->gone)
		close_note(n, id);
	w->id = id;
	if (!id || w->dropped || !w->followed)
		end(w, NULL);
	unref(n);
}

/* @text with what markup would read as such made harmless. */
static int append_text(DBusMessageIter *at, const char *text, bool markup)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	int r = 0;

	for (const char *c = text; r == 0 && *c; c++) {
		const char *as = *c == '&' ? "&amp;" : *c == '<' ? "&lt;" : *c == '>' ? "&gt;"
							 : NULL;

		r = markup && as ? buf_append_str(&out, as) : buf_append_char(&out, *c);
	}
	out_string(at, out.data, out.len);
	return r;
}

static void append_hints(DBusMessageIter *at, enum notify_urgency urgency)
{
	DBusMessageIter dict, entry, value;
	unsigned char level = (unsigned char)urgency;

	out_open_dict(at, &dict);
	dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	out_str(&entry, "urgency");
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "y", &value);
	dbus_message_iter_append_basic(&value, DBUS_TYPE_BYTE, &level);
	dbus_message_iter_close_container(&entry, &value);
	dbus_message_iter_close_container(&dict, &entry);
	out_close_dict(at, &dict);
}

static DBusMessage *note_message(const struct notify *n, const struct notify_note *note)
{
	DBusMessage *m = message("Notify");
	dbus_int32_t expires = note->expires_ms ? (dbus_int32_t)note->expires_ms : -1;
	DBusMessageIter at, list;
	int r;

	if (!m)
		return NULL;
	dbus_message_iter_init_append(m, &at);
	out_str(&at, "Assistant");
	out_u32(&at, 0);
	out_str(&at, "dialog-question");
	r = append_text(&at, note->summary, false);
	if (r == 0)
		r = append_text(&at, note->body, n->markup);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "s", &list);
	for (const char *const *a = note->actions; a && *a; a++)
		out_str(&list, *a);
	dbus_message_iter_close_container(&at, &list);
	append_hints(&at, note->urgency);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_INT32, &expires);
	if (r == 0)
		return m;
	dbus_message_unref(m);
	return NULL;
}

int notify_show(struct notify *n, const struct notify_note *note, notify_fn done, void *arg,
		struct notify_wait **ret)
{
	struct notify_wait *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct notify_wait){ .notify = n, .done = done, .arg = arg,
				   .followed = done || ret, .answering = true,
				   .next = n->waits };
	n->waits = w;
	n->refs++;
	if (bus_call(n->bus, note_message(n, note), ANSWER_MS, on_shown, w) < 0) {
		n->refs--;
		wait_free(w);
		return -ENOMEM;
	}
	if (ret)
		*ret = w;
	return 0;
}

void notify_drop(struct notify_wait *w)
{
	if (!w)
		return;
	if (w->id)
		close_note(w->notify, w->id);
	w->done = NULL;
	w->dropped = true;
	end(w, NULL);
}

bool notify_has_actions(const struct notify *n)
{
	return n->actions;
}

int notify_new(struct notify **ret, struct bus *bus)
{
	static const struct bus_listener_events events = { on_there, on_signal };
	_cleanup_(notify_freep) struct notify *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	n->bus = bus;
	n->refs = 1;
	r = bus_listen(bus, &n->listener, NOTIFICATIONS, NOTIFICATIONS, &events, n);
	if (r == 0)
		r = ask_capabilities(n);
	if (r == 0)
		*ret = TAKE(n);
	return r;
}

struct notify *notify_free(struct notify *n)
{
	if (!n)
		return NULL;
	n->gone = true;
	bus_unlisten(n->listener);
	for (struct notify_wait *w = n->waits, *next; w; w = next) {
		next = w->next;
		w->done = NULL;
		w->dropped = true;
		if (!w->answering)
			wait_free(w);
	}
	unref(n);
	return NULL;
}
