/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/service-tools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/timers.h"
#include "util/macro.h"

static json_t *aliases_of(const struct daemon *d, const char *id)
{
	const struct home_names *names = &home_settings(d->home, id)->aliases;
	json_t *list = json_array();

	for (size_t i = 0; i < names->n; i++)
		json_array_append_new(list, json_string(names->names[i]));
	return json_pack("{s:o}", "aliases", list);
}

static void answer(backend_fn done, void *arg, enum tools_outcome outcome, const json_t *before,
		   const json_t *after, const char *text)
{
	const struct backend_result r = { .outcome = outcome, .verified = outcome != OUTCOME_FAILED,
					  .before = before, .after = after, .text = text };

	done(arg, &r);
}

/* A change that is on its way into the file. */
struct aliasing {
	backend_fn done;
	void *arg;
	json_t *before, *after;
};

static void on_saved(void *arg, int result)
{
	struct aliasing *a = arg;

	answer(a->done, a->arg, result < 0 ? OUTCOME_SENT : OUTCOME_DONE, a->before, a->after,
	       result < 0 ? "it could not be written down" : "");
	json_decref(a->before);
	json_decref(a->after);
	free(a);
}

static void save(struct daemon *d, const char *id, json_t *before, backend_fn done, void *arg)
{
	struct aliasing *a = malloc(sizeof(*a));
	int r = -ENOMEM;

	if (a) {
		*a = (struct aliasing){ done, arg, json_incref(before), aliases_of(d, id) };
		r = home_save(d->home, d->worker, on_saved, a);
		if (r < 0)
			on_saved(a, r);
	} else {
		answer(done, arg, OUTCOME_SENT, before, NULL, "it could not be written down");
	}
}

/* What the user calls a thing; "done" when it is in the file. */
static int change_alias(struct daemon *d, const json_t *arguments, bool remove, backend_fn done,
			void *arg)
{
	const char *id = json_string_value(json_object_get(arguments, "entity"));
	const char *alias = json_string_value(json_object_get(arguments, "alias"));
	struct home_settings *s = home_settings_copy(d->home, id);
	json_auto_t *before = aliases_of(d, id);
	size_t had;
	int r;

	if (!s || !before) {
		home_settings_free(s);
		return -ENOMEM;
	}
	had = s->aliases.n;
	r = remove ? (home_names_remove(&s->aliases, alias) ? 0 : -ENOENT)
		   : home_names_add(&s->aliases, alias);
	if (r == -ENOENT || (r == 0 && s->aliases.n == had)) {
		home_settings_free(s);
		answer(done, arg, OUTCOME_ALREADY, before, before, "");
		return 0;
	}
	if (r < 0) {
		home_settings_free(s);
		if (r == -E2BIG)
			answer(done, arg, OUTCOME_FAILED, before, before,
			       "it has as many other names as there can be");
		return r == -E2BIG ? 0 : r;
	}
	home_set(d->home, s);
	d->names_stale = true;
	save(d, id, before, done, arg);
	return 0;
}

static int call(void *data, const struct tool *tool, const json_t *arguments, backend_fn done,
		void *arg)
{
	struct daemon *d = data;
	bool add = strcmp(tool->name, "alias/add") == 0;

	if (add || strcmp(tool->name, "alias/remove") == 0)
		return change_alias(d, arguments, !add, done, arg);
	return timers_call(d->timers, tool, arguments, done, arg);
}

static int read_state(void *data, const struct tool *tool, const json_t *arguments,
		      backend_fn done, void *arg)
{
	const char *id = json_string_value(json_object_get(arguments, "entity"));
	struct daemon *d = data;
	json_auto_t *state = id ? aliases_of(d, id) : NULL;

	if (!id)
		return timers_read(d->timers, tool, arguments, done, arg);
	answer(done, arg, OUTCOME_DONE, NULL, state, "");
	return 0;
}

struct backend service_backend(struct daemon *d)
{
	return (struct backend){ .call = call, .read = read_state, .data = d };
}
