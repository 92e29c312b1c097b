/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/screen.h"

#include <errno.h>

#include "assistantd/daemon/truth.h"
#include "util/macro.h"

#define SAVER(which) { \
	.name = "org." which ".ScreenSaver", .path = "/org/" which "/ScreenSaver", \
	.interface = "org." which ".ScreenSaver", .method = "GetActive", \
	.signal = "ActiveChanged" }

static const struct source {
	bool system;			/* on that bus */
	struct truth_source told;
} sources[] = {
	{ false, SAVER("freedesktop") },
	{ false, SAVER("gnome") },
	/* A service of the user has no session of its own: "auto" is the one on the display. Of
	 * which of them a property has changed only logind knows. */
	{ true, { .name = "org.freedesktop.login1",
		  .path = "/org/freedesktop/login1/session/auto",
		  .interface = "org.freedesktop.login1.Session", .property = "LockedHint" } },
};

struct screen {
	struct truth *told[ARRAY_SIZE(sources)];	/* NULL: there is no such bus */
	bool locked;
	loop_fn changed;
	void *arg;
};

bool screen_locked(const struct screen *s)
{
	return s->locked;
}

static void on_told(void *arg)
{
	struct screen *s = arg;
	bool was = s->locked;

	s->locked = false;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		s->locked |= truth_told(s->told[i]);
	if (s->changed && was != s->locked)
		s->changed(s->arg);
}

int screen_new(struct screen **ret, struct bus *session, struct bus *system, loop_fn changed,
	       void *arg)
{
	struct screen *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return -ENOMEM;
	*s = (struct screen){ .changed = changed, .arg = arg };
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sources); i++) {
		struct bus *bus = sources[i].system ? system : session;

		if (bus)
			r = truth_new(&s->told[i], bus, &sources[i].told, on_told, s);
	}
	if (r < 0)
		screen_free(s);
	else
		*ret = s;
	return r;
}

struct screen *screen_free(struct screen *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		truth_free(s->told[i]);
	free(s);
	return NULL;
}
