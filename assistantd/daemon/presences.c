/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/presences.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/log.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { KINDS_MAX = 8, THINGS_MAX = 32, SETTLE_MS = 40, READ_MS = 3000, RETRY_MS = 100,
       TRIES_MAX = 6, NAME_BYTES = 100 };

struct kind {
	struct presences *t;
	struct bus *bus;
	char *domain, *prefix;
	const struct tool *read;
	struct bus_follower *follower;
};

struct thing {
	const struct kind *kind;
	struct presences *t;
	char *name, *id;		/* on the bus, of the entity */
	struct bus_listener *listener;
	struct loop_timer *timer;	/* it has changed and is read soon */
	bool gone;			/* stays in the list until it is not read any more */
	bool reading, again;
	unsigned tries;			/* to read one that has just come */
	struct thing *next;
};

struct presences {
	struct loop *loop;
	struct bus *session, *system;
	struct home *home;
	struct readback *readback;
	loop_fn changed;
	void *arg;
	struct kind kinds[KINDS_MAX];
	size_t n_kinds, n_things;
	bool said_full;
	struct thing *things;
};

static void thing_free(struct thing *g)
{
	free(g->name);
	free(g->id);
	free(g);
}

static void take_out(struct thing *g)
{
	struct thing **at = &g->t->things;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	g->t->n_things--;
	thing_free(g);
}

/* What a service calls itself is outside text; without a usable one, the end of its name. */
static const char *spoken_name(const struct thing *g, const json_t *state, char *out)
{
	const char *name = json_string_value(json_object_get(state, "name"));
	size_t n = name ? MIN(strlen(name), (size_t)NAME_BYTES) : 0;

	n -= name ? utf8_incomplete_tail(name, n) : 0;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] < 0x20)
			n = 0;
	if (n == 0) {
		name = g->name + strlen(g->kind->prefix) + 1;
		n = strcspn(name, ".");
	}
	snprintf(out, NAME_BYTES + 1, "%.*s", (int)MIN(n, (size_t)NAME_BYTES), name);
	return out;
}

static int tell_home(struct thing *g, const json_t *state)
{
	json_auto_t *attributes = json_copy((json_t *)state);
	const char *said = json_string_value(json_object_get(state, "state"));
	struct tools_entity v = { .available = true };
	char name[NAME_BYTES + 1], *text;
	int r;

	json_object_del(attributes, "state");
	json_object_del(attributes, "name");
	text = json_dumps(attributes, JSON_COMPACT);
	if (!text)
		return -ENOMEM;
	if ((r = buf_append_str(&v.id, g->id)) == 0 &&
	    (r = buf_append_str(&v.domain, g->kind->domain)) == 0 &&
	    (r = buf_append_str(&v.name, spoken_name(g, state, name))) == 0 &&
	    (r = buf_append_str(&v.state, said ? said : "")) == 0)
		r = buf_append_str(&v.attributes, text);
	if (r == 0 && home_update(g->t->home, &v)) {
		home_keep(g->t->home, g->id);
		g->t->changed(g->t->arg);
	}
	tools_entity_deinit(&v);
	free(text);
	return r;
}

static void read_in(struct thing *g, uint64_t ms);

static void on_state(void *arg, const struct backend_result *result)
{
	struct thing *g = arg;

	g->reading = false;
	if (g->gone) {
		take_out(g);
		return;
	}
	if (result->outcome == OUTCOME_DONE) {
		tell_home(g, result->after);
		g->tries = TRIES_MAX;
	}
	/* Many have their name before they can be asked. */
	if (g->again)
		read_in(g, SETTLE_MS);
	else if (g->tries < TRIES_MAX)
		read_in(g, (uint64_t)RETRY_MS << g->tries++);
}

static void read_now(void *arg)
{
	struct thing *g = arg;
	json_auto_t *arguments = json_pack("{s:s}", "entity", g->id);

	g->timer = NULL;
	g->again = false;
	g->reading = true;
	if (!arguments || readback_look(g->t->readback, g->kind->read, arguments, READ_MS,
					on_state, g) < 0)
		g->reading = false;
}

/* Once for many signals: a player tells of each moment of its time. */
static void read_in(struct thing *g, uint64_t ms)
{
	g->again = g->reading;
	if (!g->reading && !g->timer)
		loop_after(g->t->loop, &g->timer, ms, read_now, g);
}

static void on_signal(void *arg, DBusMessage *m)
{
	(void)m;
	read_in(arg, SETTLE_MS);
}

static void on_there(void *arg, bool there)
{
	if (there)
		read_in(arg, SETTLE_MS);
}

/* media_player.NAME of org.mpris.MediaPlayer2.NAME, in the letters of ids. */
static char *id_of(const struct kind *k, const char *name)
{
	char *id;

	if (asprintf(&id, "%s.%s", k->domain, name + strlen(k->prefix) + 1) < 0)
		return NULL;
	for (char *c = id + strlen(k->domain) + 1; *c; c++)
		*c = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '_';
	return id;
}

static void drop(struct thing *g)
{
	g->gone = true;
	bus_unlisten(g->listener);
	g->timer = loop_cancel(g->timer);
	if (home_remove(g->t->home, g->id))
		g->t->changed(g->t->arg);
	if (!g->reading)
		take_out(g);
}

static void add(const struct kind *k, const char *name)
{
	static const struct bus_listener_events events = { on_there, on_signal };
	struct presences *t = k->t;
	struct thing *g;

	if (t->n_things == THINGS_MAX) {
		if (!t->said_full)
			log_warning("%s: more than %d things on the bus", name, THINGS_MAX);
		t->said_full = true;
		return;
	}
	g = calloc(1, sizeof(*g));
	if (!g)
		return;
	*g = (struct thing){ .kind = k, .t = t, .name = strdup(name), .id = id_of(k, name) };
	if (!g->name || !g->id || presences_name(t, g->id) ||
	    bus_listen(k->bus, &g->listener, g->name, DBUS_INTERFACE_PROPERTIES, &events, g) < 0) {
		thing_free(g);
		return;
	}
	g->next = t->things;
	t->things = g;
	t->n_things++;
}

static void on_name(void *arg, const char *name, bool there)
{
	struct kind *k = arg;
	struct thing *g = k->t->things;

	while (g && (g->gone || g->kind != k || strcmp(g->name, name) != 0))
		g = g->next;
	if (g && !there)
		drop(g);
	else if (!g && there)
		add(k, name);
}

const char *presences_name(const struct presences *t, const char *entity)
{
	const struct thing *g = t->things;

	while (g && (g->gone || strcmp(g->id, entity) != 0))
		g = g->next;
	return g ? g->name : NULL;
}

/* What a call has just seen of one is known at once, before the service's signal comes. */
static void on_seen(void *arg, const char *reader, const json_t *arguments, const json_t *state)
{
	struct presences *t = arg;
	const char *entity = json_string_value(json_object_get(arguments, "entity"));

	for (struct thing *g = t->things; entity && g; g = g->next)
		if (!g->gone && strcmp(g->id, entity) == 0 &&
		    strcmp(g->kind->read->name, reader) == 0)
			tell_home(g, state);
}

static void leave_all(struct presences *t)
{
	for (struct thing *g = t->things, *next; g; g = next) {
		next = g->next;
		if (!g->gone)
			drop(g);
	}
	while (t->n_kinds) {
		struct kind *k = &t->kinds[--t->n_kinds];

		bus_unfollow(k->follower);
		tool_unref(k->read);
		free(k->domain);
		free(k->prefix);
	}
}

static void follow(struct presences *t, const struct tool_registry *registry, const json_t *v)
{
	struct kind *k = &t->kinds[t->n_kinds];
	const char *bus = json_string_value(json_object_get(v, "bus"));

	*k = (struct kind){ .t = t };
	k->bus = strcmp(bus, "system") == 0 ? t->system : t->session;
	if (!k->bus)
		return;
	k->domain = strdup(json_string_value(json_object_get(v, "domain")));
	k->prefix = strdup(json_string_value(json_object_get(v, "names")));
	k->read = tool_registry_find(registry, json_string_value(json_object_get(v, "read")));
	k->read = k->read ? tool_ref(k->read) : NULL;
	if (k->domain && k->prefix && k->read &&
	    bus_follow(k->bus, &k->follower, k->prefix, on_name, k) == 0) {
		t->n_kinds++;
		return;
	}
	tool_unref(k->read);
	free(k->domain);
	free(k->prefix);
}

void presences_follow(struct presences *t, const struct tool_registry *registry)
{
	const json_t *list = tool_registry_things(registry);

	leave_all(t);
	for (size_t i = 0; i < json_array_size(list) && t->n_kinds < KINDS_MAX; i++)
		follow(t, registry, json_array_get(list, i));
}

int presences_new(struct presences **ret, struct loop *loop, struct bus *session,
		  struct bus *system, struct home *home, struct readback *readback,
		  loop_fn changed, void *arg)
{
	struct presences *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	*t = (struct presences){ .loop = loop, .session = session, .system = system, .home = home,
			      .readback = readback, .changed = changed, .arg = arg };
	readback_set_seen(readback, on_seen, t);
	*ret = t;
	return 0;
}

struct presences *presences_free(struct presences *t)
{
	if (!t)
		return NULL;
	readback_set_seen(t->readback, NULL, NULL);
	leave_all(t);
	while (t->things)
		take_out(t->things);
	free(t);
	return NULL;
}
