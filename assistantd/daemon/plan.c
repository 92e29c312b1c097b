/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/plan.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "util/macro.h"

/* Things of which one at a time is meant where no place or name is said. */
static const char *const single_kinds[] = {
	"media_player", "climate", "vacuum", "lawn_mower", "water_heater", "humidifier", "number",
	"select", "scene", "script", "button",
};

/* What "everything", or a place alone, means: nothing that locks, opens or heats. */
static const char *const plain_kinds[] = { "light", "switch", "fan", "media_player" };

static bool one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], s) == 0)
			return true;
	return false;
}

int plan_call(struct plan *p, const char *tool, const char *title, json_t *arguments,
	      const struct order *o)
{
	struct plan_call *c = &p->calls[p->n];

	if (!arguments || p->n == EXECUTOR_CALLS_MAX) {
		json_decref(arguments);
		return arguments ? PLAN_E_MANY : -ENOMEM;
	}
	*c = (struct plan_call){ .tool = strdup(tool), .arguments = arguments,
				 .target = strdup(""), .title = strdup(title),
				 .why = strdup(o->why), .label = order_label(o) };
	p->n++;
	return c->tool && c->target && c->title && c->why ? 0 : -ENOMEM;
}

void plan_deinit(struct plan *p)
{
	while (p->n) {
		struct plan_call *c = &p->calls[--p->n];

		free(c->tool);
		free(c->target);
		free(c->title);
		free(c->done);
		free(c->why);
		json_decref(c->arguments);
	}
	while (p->n_choices)
		free(p->choices[--p->n_choices]);
	buf_deinit(&p->text);
}

/* What a thing can be asked for: the tool and its arguments. */
struct use {
	const struct tool *tool;
	json_t *arguments;
};

/* The slots of the sentence that are for tools. */
static size_t wish_slots(const struct order *o, struct tool_slot *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_slots; i++)
		if (strcmp(o->slots[i].name, "quantity") != 0)
			ret[n++] = (struct tool_slot){ o->slots[i].name, o->slots[i].value };
	return n;
}

static bool can(const struct job *job, const struct tool *tool, const struct thing *t)
{
	const char *service = json_string_value(json_object_get(tool->spec, "service"));

	if (!job->d->backends[tool->backend])
		return false;
	return tool->backend != TOOL_MQTT ||
	       (t && t->entity && service && home_entity_supports(t->entity, service));
}

/* What is there has no tool that toggles by itself: the state tells which way. */
static const char *intent_for(const struct order *o, const struct thing *t)
{
	static const char *const off[] = { "off", "closed", "unlocked", "idle", "paused" };

	if (strcmp(o->intent, "HassToggle") != 0 || !t || !t->available || !*t->state)
		return o->intent;
	return one_of(t->state, off, ARRAY_SIZE(off)) ? "HassTurnOn" : "HassTurnOff";
}

/*
 * The first tool that serves the order with this thing, or, with @t NULL, with none. 0;
 * -ENOENT where none can; -EINVAL where one could with other values, and @diag says why;
 * -ENOMEM.
 */
static int find_use(const struct job *job, const struct order *o, const struct thing *t,
		    struct use *ret, struct diag *diag)
{
	struct tool_slot slots[INTENT_SLOTS_MAX];
	json_auto_t *state = t ? thing_state(t) : NULL;
	struct tool_wish wish = { .intent = intent_for(o, t), .entity = t ? t->id : NULL,
				  .domain = t ? t->domain : NULL, .state = state,
				  .slots = slots, .n_slots = wish_slots(o, slots) };
	struct tool_use use;
	size_t at = 0;
	int result = -ENOENT;

	if (t && !state)
		return -ENOMEM;
	while (tool_registry_by_intent(job->d->tool_registry, &wish, &at, &use)) {
		struct diag d = DIAG_NULL;
		int r;

		if ((!t && (use.domains || use.entities)) || !can(job, use.tool, t))
			continue;
		r = tool_use_arguments(&use, &wish, &ret->arguments, &d);
		if (r == 0 || r == -ENOMEM) {
			ret->tool = use.tool;
			return r;
		}
		if (r == -EINVAL && result == -ENOENT)
			*diag = d;
		result = r == -EINVAL ? r : result;
	}
	return result;
}

static bool same_place(const char *asked, const char *place)
{
	return !asked || strcasecmp(asked, place) == 0;
}

/* Whether its kind and place are those that were said. */
static bool meant(const struct order *o, const struct thing *t)
{
	const char *domain = order_slot(o, "domain"), *class = order_slot(o, "device_class");
	const char *not_area = order_slot(o, "except_area");
	const char *not_name = order_slot(o, "except_name");

	if ((domain && strcmp(t->domain, domain) != 0) ||
	    (class && strcmp(t->device_class, class) != 0) ||
	    (not_area && strcasecmp(t->area, not_area) == 0) ||
	    (not_name && strcmp(t->id, not_name) == 0))
		return false;
	return same_place(order_slot(o, "area"), t->area) &&
	       same_place(order_slot(o, "floor"), t->floor);
}

static bool by_name(const struct order *o)
{
	const char *name = order_slot(o, "name");

	return name && strcmp(name, "all") != 0;
}

static bool by_place(const struct order *o)
{
	return order_slot(o, "area") || order_slot(o, "floor");
}

/* A floor, or everything, that the user says is what the user means. */
static enum action_scope scope_of(const struct order *o)
{
	if (by_name(o))
		return ACTION_NAMED;
	return order_slot(o, "area") || order_label(o) == POLICY_LABEL_USER ? ACTION_PLACE
									    : ACTION_BROAD;
}

static int add_use(struct plan *p, const struct job *job, const struct order *o,
		   const struct thing *t, struct use *use, enum action_scope scope)
{
	struct buf title = BUF_NULL;
	struct plan_call *c = &p->calls[p->n];
	int r = plan_call(p, use->tool->name, "", use->arguments, o);

	if (r)
		return r;
	c->scope = scope;
	free(c->title);
	free(c->target);
	r = thing_title(job, t, &title);
	c->title = buf_steal(&title);
	c->target = strdup(t->id);
	return r == 0 && c->title && c->target ? 0 : -ENOMEM;
}

static int say_cannot(struct plan *p, const struct job *job, const struct thing *t, int r,
		      const struct diag *d)
{
	struct buf title = BUF_NULL;
	int err = thing_title(job, t, &title);

	if (err == 0 && r == -EINVAL)
		err = buf_printf(&p->text, "%s cannot do that: %s.", title.data, d->text);
	else if (err == 0)
		err = buf_printf(&p->text, "%s cannot do that.", title.data);
	buf_deinit(&title);
	return err < 0 ? err : PLAN_E_NONE;
}

/* The things of the slot "name", one id a line. */
static int add_named(struct plan *p, const struct job *job, const struct order *o)
{
	const char *name = order_slot(o, "name");
	int r = 0;

	while (r == 0 && *name) {
		size_t len = strcspn(name, "\n");
		_cleanup_free_ char *id = strndup(name, len);
		struct use use = { NULL, NULL };
		struct diag d = DIAG_NULL;
		struct thing t;

		if (!id)
			return -ENOMEM;
		name += len + (name[len] == '\n');
		if (!thing_find(job, id, &t)) {
			r = buf_append_str(&p->text, "That is not there any more.");
			return r < 0 ? r : PLAN_E_NONE;
		}
		r = find_use(job, o, &t, &use, &d);
		if (r == 0)
			r = add_use(p, job, o, &t, &use, ACTION_NAMED);
		else if (r != -ENOMEM)
			r = say_cannot(p, job, &t, r, &d);
	}
	return r;
}

/* Candidates, of which one may be taken. */
struct found {
	struct thing things[EXECUTOR_CALLS_MAX];
	struct use uses[EXECUTOR_CALLS_MAX];
	size_t n;
	bool too_many;
};

static void found_deinit(struct found *f)
{
	while (f->n)
		json_decref(f->uses[--f->n].arguments);
}

/* Without a kind, a name or a place a sentence would mean whatever can do it: where it can be
 * everything that switches, only plain kinds are meant. */
static bool kind_allowed(const struct order *o, const struct thing *t)
{
	bool switches = strcmp(o->intent, "HassTurnOn") == 0 ||
			strcmp(o->intent, "HassTurnOff") == 0 ||
			strcmp(o->intent, "HassToggle") == 0;

	return !switches || order_slot(o, "domain") ||
	       one_of(t->domain, plain_kinds, ARRAY_SIZE(plain_kinds));
}

static int find_all(const struct job *job, const struct order *o, struct found *f, struct diag *d)
{
	struct things at = { 0 };
	struct thing t;
	int result = -ENOENT;

	while (things_next(job, &at, &t)) {
		struct use use = { NULL, NULL };
		int r;

		if (!meant(o, &t) || !kind_allowed(o, &t))
			continue;
		r = find_use(job, o, &t, &use, d);
		if (r == -ENOMEM)
			return r;
		if (r == -EINVAL)
			result = r;
		if (r != 0)
			continue;
		if (f->n == EXECUTOR_CALLS_MAX) {
			json_decref(use.arguments);
			f->too_many = true;
			return 0;
		}
		f->things[f->n] = t;
		f->uses[f->n++] = use;
	}
	return f->n ? 0 : result;
}

/* Keeps those for which @keep says so, if there are any. */
static void narrow(struct found *f, bool (*keep)(const struct thing *t, const char *arg),
		   const char *arg)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += keep(&f->things[i], arg);
	if (n == 0 || n == f->n)
		return;
	n = 0;
	for (size_t i = 0; i < f->n; i++) {
		if (!keep(&f->things[i], arg)) {
			json_decref(f->uses[i].arguments);
			continue;
		}
		f->things[n] = f->things[i];
		f->uses[n++] = f->uses[i];
	}
	f->n = n;
}

static bool is_in(const struct thing *t, const char *area)
{
	return strcasecmp(t->area, area) == 0;
}

static bool is_in_state(const struct thing *t, const char *state)
{
	return strcmp(t->state, state) == 0;
}

static bool is_there(const struct thing *t, const char *unused)
{
	(void)unused;
	return t->available;
}

/* One is meant: what is here, what plays, what answers; the rest is a question. */
static void narrow_to_one(const struct job *job, struct found *f)
{
	if (job->options.area)
		narrow(f, is_in, job->options.area);
	narrow(f, is_there, NULL);
	if (f->n > 1 && strcmp(f->things[0].domain, "media_player") == 0)
		narrow(f, is_in_state, "playing");
}

static bool means_one(const struct order *o, const struct found *f)
{
	const char *quantity = order_slot(o, "quantity");

	if (quantity)
		return strcmp(quantity, "one") == 0;
	return !by_place(o) && !order_slot(o, "name") && f->n &&
	       one_of(f->things[0].domain, single_kinds, ARRAY_SIZE(single_kinds));
}

static int choose_among(struct plan *p, const struct found *f)
{
	for (size_t i = 0; i < f->n; i++) {
		p->choices[p->n_choices] = strdup(f->things[i].id);
		if (!p->choices[p->n_choices])
			return -ENOMEM;
		p->n_choices++;
	}
	return PLAN_E_WHICH;
}

static int add_found(struct plan *p, const struct job *job, const struct order *o,
		     struct found *f)
{
	enum action_scope scope = f->n == 1 ? ACTION_PLACE : scope_of(o);
	int r = f->too_many ? PLAN_E_MANY : 0;

	if (r == 0 && means_one(o, f))
		narrow_to_one(job, f);
	if (r == 0 && means_one(o, f) && f->n > 1)
		return choose_among(p, f);
	if (f->n == 1)
		scope = ACTION_PLACE;
	for (size_t i = 0; r == 0 && i < f->n; i++) {
		r = add_use(p, job, o, &f->things[i], &f->uses[i], scope);
		f->uses[i].arguments = NULL;
	}
	return r;
}

static int say_nothing(struct plan *p, const struct job *job, const struct order *o, int r,
		       const struct diag *d)
{
	const char *area = order_slot(o, "area"), *floor = order_slot(o, "floor");
	const char *domain = order_slot(o, "domain");
	/* A player needs no home; without a kind it is not known what was meant. */
	bool of_home = job->d->tools || (domain && strcmp(domain, "media_player") != 0);

	if (r == -EINVAL)
		r = buf_printf(&p->text, "That cannot be done: %s.", d->text);
	else if (of_home && !home_first(job->d->home) && !tools_up(job->d->tools))
		r = buf_printf(&p->text, "The home is not reached: %s.",
			       tools_trouble(job->d->tools));
	else if (area || floor)
		r = buf_printf(&p->text, "I know nothing %s %s that can do that.",
			       area ? "in" : "on", area ? area : floor);
	else
		r = buf_append_str(&p->text, "I know nothing that can do that.");
	return r < 0 ? r : PLAN_E_NONE;
}

static int add_by_kind(struct plan *p, const struct job *job, const struct order *o)
{
	struct found *f = calloc(1, sizeof(*f));
	struct use use = { NULL, NULL };
	struct diag d = DIAG_NULL;
	int r;

	if (!f)
		return -ENOMEM;
	/* What needs no thing: the screen is locked, whatever is in the house. */
	r = order_slot(o, "name") || by_place(o) ? -ENOENT : find_use(job, o, NULL, &use, &d);
	if (r == 0)
		r = plan_call(p, use.tool->name, use.tool->title, use.arguments, o);
	else if (r != -ENOMEM) {
		r = find_all(job, o, f, &d);
		r = r == 0 ? add_found(p, job, o, f) :
		    r == -ENOMEM ? r : say_nothing(p, job, o, r, &d);
	}
	found_deinit(f);
	free(f);
	return r;
}

int plan_add(struct plan *p, const struct job *job, const struct order *o)
{
	int r = plan_timers(p, job, o);

	if (r != -ENOENT)
		return r;
	return by_name(o) ? add_named(p, job, o) : add_by_kind(p, job, o);
}

void plan_run(const struct plan *p, struct job *job)
{
	struct action *a = action_new(job);
	int r = a ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < p->n; i++) {
		const struct plan_call *c = &p->calls[i];
		const struct action_spec spec = {
			.tool = c->tool, .arguments = c->arguments, .target = c->target,
			.title = c->title, .decided_by = c->label, .scope = c->scope,
			.done = c->done, .why = c->why,
		};

		r = action_add(a, &spec);
	}
	if (r < 0)
		job_finish(job, "Internal", "%s", strerror(-r));
	else
		action_run(a);
}
