/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/out.h"
#include "util/cleanup.h"

enum { QUESTION_MS = 5000, UNREAD_MAX = 128 * 1024 };

struct caller_wait {
	loop_fn fn;
	void *arg;
	struct caller_wait *next;
};

struct callers {
	struct bus *bus;
	struct caller *first;
	void (*known)(void *arg, struct caller *c);
	void (*reads)(void *arg, struct caller *c);
	void *arg;
};

/* Waits for the bus's answer; the caller may be gone by then. */
struct question {
	struct callers *callers;
	char *name;
};

static struct caller *find(const struct callers *s, const char *name)
{
	struct caller *c = s->first;

	while (c && strcmp(c->name, name) != 0)
		c = c->next;
	return c;
}

/* Up to @size - 1 bytes of /proc/PID/NAME; false when it cannot be read. */
static bool read_proc(uint32_t pid, const char *name, char *ret, size_t size)
{
	_cleanup_close_ int fd = -1;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	n = fd < 0 ? -1 : read(fd, ret, size - 1);
	ret[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* The application id of a Flatpak, by the file that its runtime puts there. */
static bool sandboxed(uint32_t pid, char *id, size_t size)
{
	char text[4096], *line;

	if (!read_proc(pid, "root/.flatpak-info", text, sizeof(text)))
		return false;
	snprintf(id, size, "unknown");
	line = strstr(text, "\nname=");
	if (line)
		snprintf(id, size, "%.*s", (int)strcspn(line + 6, "\n"), line + 6);
	return true;
}

/* assistantctl with a terminal is the user's own hand. */
static bool by_hand(uint32_t pid, const char *program)
{
	char text[1024], *after;
	int tty = 0;

	if (strcmp(program, "assistantctl") != 0 || !read_proc(pid, "stat", text, sizeof(text)))
		return false;
	after = strrchr(text, ')');
	return after && sscanf(after + 1, " %*c %*d %*d %*d %d", &tty) == 1 && tty != 0;
}

static void identify(struct caller *c, uint32_t pid)
{
	char program[64] = "";

	c->pid = pid;
	if (sandboxed(pid, c->identity, sizeof(c->identity))) {
		c->kind = POLICY_CALLER_SANDBOXED;
		return;
	}
	c->kind = POLICY_CALLER_HOST;
	if (!read_proc(pid, "comm", program, sizeof(program)))
		return;
	program[strcspn(program, "\n")] = '\0';
	snprintf(c->identity, sizeof(c->identity), "%s", program);
	if (by_hand(pid, program))
		c->kind = POLICY_CALLER_HAND;
}

/* Each of them may let go of the caller, to which there is a reference. */
static void tell_known(struct caller *c)
{
	struct caller_wait *next, *w = c->waits;

	c->waits = NULL;
	for (; w; w = next) {
		next = w->next;
		w->fn(w->arg);
		free(w);
	}
}

int caller_when_known(struct caller *c, loop_fn fn, void *arg)
{
	struct caller_wait *w, **at = &c->waits;

	if (c->known) {
		fn(arg);
		return 0;
	}
	w = malloc(sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct caller_wait){ fn, arg, NULL };
	/* In the order of the calls: the last one counts. */
	while (*at)
		at = &(*at)->next;
	*at = w;
	return 0;
}

static void on_pid(void *arg, DBusMessage *reply)
{
	struct question *q = arg;
	struct caller *c = find(q->callers, q->name);
	uint32_t pid = 0;

	if (c) {
		/* What is told of it may let go of it. */
		c->refs++;
		c->known = true;
		if (reply && dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &pid,
						   DBUS_TYPE_INVALID))
			identify(c, pid);
		q->callers->known(q->callers->arg, c);
		tell_known(c);
		caller_unref(c);
	}
	free(q->name);
	free(q);
}

/* Sends @m (released), a call about the caller @name or to it. */
static int send_question(struct callers *s, const char *name, DBusMessage *m, int timeout_ms,
			 bus_reply_fn done)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!m || !q || !(q->name = strdup(name))) {
		if (m)
			dbus_message_unref(m);
		free(q);
		return -ENOMEM;
	}
	q->callers = s;
	if (bus_call(s->bus, m, timeout_ms, done, q) < 0) {
		free(q->name);
		free(q);
		return -ENOMEM;
	}
	return 0;
}

static int ask(struct callers *s, const char *name)
{
	DBusMessage *m = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
						      DBUS_INTERFACE_DBUS,
						      "GetConnectionUnixProcessID");
	DBusMessageIter at;

	if (!m)
		return -ENOMEM;
	dbus_message_iter_init_append(m, &at);
	out_str(&at, name);
	return send_question(s, name, m, QUESTION_MS, on_pid);
}

/* Any answer will do: it was read. */
static void on_pong(void *arg, DBusMessage *reply)
{
	struct question *q = arg;
	struct caller *c = find(q->callers, q->name);

	(void)reply;
	if (c && c->pinging) {
		c->pinging = false;
		c->unread -= c->pinged;
		if (q->callers->reads)
			q->callers->reads(q->callers->arg, c);
	}
	free(q->name);
	free(q);
}

bool caller_reads(const struct caller *c)
{
	return c->unread < UNREAD_MAX;
}

void caller_sent(struct caller *c, size_t bytes)
{
	DBusMessage *m;

	c->unread += bytes;
	if (c->pinging || c->unread < UNREAD_MAX / 4)
		return;
	m = dbus_message_new_method_call(c->name, BUS_PATH, DBUS_INTERFACE_PEER, "Ping");
	if (send_question(c->owner, c->name, m, DBUS_TIMEOUT_INFINITE, on_pong) < 0)
		return;
	c->pinging = true;
	c->pinged = c->unread;
}

void callers_set_reads(struct callers *s, void (*reads)(void *arg, struct caller *c))
{
	s->reads = reads;
}

int callers_new(struct callers **ret, struct bus *bus, void (*known)(void *arg, struct caller *c),
		void *arg)
{
	struct callers *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	*s = (struct callers){ .bus = bus, .known = known, .arg = arg };
	*ret = s;
	return 0;
}

struct callers *callers_free(struct callers *s)
{
	free(s);
	return NULL;
}

struct caller *caller_get(struct callers *s, const char *name)
{
	struct caller *c = find(s, name);

	if (c) {
		c->refs++;
		return c;
	}
	c = calloc(1, sizeof(*c));
	if (!c || !(c->name = strdup(name))) {
		free(c);
		return NULL;
	}
	/* Until it is known, as little as can be is believed of it. */
	c->kind = POLICY_CALLER_SANDBOXED;
	snprintf(c->identity, sizeof(c->identity), "unknown");
	c->refs = 1;
	c->owner = s;
	c->next = s->first;
	s->first = c;
	bus_watch_name(s->bus, name, true);
	if (ask(s, name) < 0)
		return caller_unref(c);
	return c;
}

struct caller *caller_unref(struct caller *c)
{
	struct caller **at;

	if (!c || --c->refs > 0)
		return NULL;
	while (c->waits) {
		struct caller_wait *next = c->waits->next;

		free(c->waits);
		c->waits = next;
	}
	for (at = &c->owner->first; *at != c; at = &(*at)->next)
		;
	*at = c->next;
	bus_watch_name(c->owner->bus, c->name, false);
	free(c->name);
	free(c);
	return NULL;
}

struct caller *callers_of(struct callers *s, const char *identity, const struct caller *after)
{
	struct caller *c = after ? after->next : s->first;

	while (c && (!c->known || c->kind == POLICY_CALLER_HAND ||
		     strcmp(c->identity, identity) != 0))
		c = c->next;
	return c;
}
