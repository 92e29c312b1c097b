/* SPDX-License-Identifier: MIT */
/* From a sentence to the calls that it means. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "assistantd/daemon/action.h"
#include "util/macro.h"

static const struct {
	const char *intent, *tool;
	const char *level;		/* what is set in per cent, if anything */
} services[] = {
	{ "HassTurnOn", "home/turn_on", NULL },
	{ "HassTurnOff", "home/turn_off", NULL },
	{ "HassLightSet", "home/turn_on", "brightness" },
	{ "HassSetPosition", "home/set_position", "position" },
	{ "HassOpenCover", "home/open", NULL },
	{ "HassCloseCover", "home/close", NULL },
};

enum { NO_LEVEL = -1 };

/* What opens a house to others: asked about whatever the caller is (the gate, rule 5). */
static bool opens_house(const struct home_entity *e, const char *tool, int level)
{
	static const char *const classes[] = { "door", "garage", "gate", "window" };

	if (strcmp(tool, "home/open") != 0 && level <= 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (strcmp(e->domain, "cover") == 0 && strcmp(e->device_class, classes[i]) == 0)
			return true;
	return false;
}

static int add_call(struct action *a, const struct home_entity *e, size_t service, int level,
		    enum action_scope scope)
{
	const char *set = services[service].level;
	json_auto_t *arguments = set ? json_pack("{s:s, s:i}", "entity", e->id, set, level)
				     : json_pack("{s:s}", "entity", e->id);
	struct action_spec spec = {
		.tool = services[service].tool,
		.arguments = arguments,
		.target = e->id,
		.title = e->name,
		.decided_by = POLICY_LABEL_USER,	/* the templates saw nothing else */
		.scope = scope,
		.opening = opens_house(e, services[service].tool, level),
	};

	return arguments ? action_add(a, &spec) : -ENOMEM;
}

/* Whether a thing is meant by the places and the domain that the sentence names. */
static bool meant(const struct home *h, const struct home_entity *e, const struct intent_match *m)
{
	const struct home_settings *s = home_settings(h, e->id);
	const char *area = intent_slot(m, "area"), *floor = intent_slot(m, "floor");
	const char *domain = intent_slot(m, "domain");

	if (!home_visible(h, e) || (domain && strcmp(e->domain, domain) != 0))
		return false;
	if (area && strcasecmp(s->area, area) != 0)
		return false;
	return !floor || strcasecmp(home_floor(h, e->id), floor) == 0;
}

static int add_all(struct job *job, const struct intent_match *m, size_t service, int level)
{
	const struct home *h = job->d->home;
	struct action *a = job->action;
	const char *name = intent_slot(m, "name");
	int r = 0;

	if (name) {
		const struct home_entity *e = home_find(h, name);

		return e && home_visible(h, e)
			? add_call(a, e, service, level, ACTION_NAMED) : 0;
	}
	/* Without a name, a place or at least a kind must bound what is meant. */
	if (!intent_slot(m, "area") && !intent_slot(m, "floor") && !intent_slot(m, "domain"))
		return 0;
	for (const struct home_entity *e = home_first(h); r == 0 && e; e = e->next)
		if (meant(h, e, m))
			r = add_call(a, e, service, level, ACTION_PLACE);
	return r;
}

static int level_of(const struct intent_match *m)
{
	const char *text = intent_slot(m, "brightness");
	int level;

	if (!text)
		text = intent_slot(m, "position");
	if (!text || sscanf(text, "%d", &level) != 1 || level < 0 || level > 100)
		return NO_LEVEL;
	return level;
}

void action_begin(struct job *job, const struct intent_match *m)
{
	size_t service = 0;
	int level = level_of(m);
	int r;

	while (service < ARRAY_SIZE(services) && strcmp(services[service].intent, m->intent) != 0)
		service++;
	if (service == ARRAY_SIZE(services) ||
	    (services[service].level && level == NO_LEVEL)) {
		ask_back(job, "I understood the words, but cannot do that yet.");
		return;
	}
	if (!job->d->tools || !home_first(job->d->home)) {
		ask_back(job, job->d->tools && tools_up(job->d->tools)
			 ? "No devices are known yet." : "The home is not reached.");
		return;
	}
	if (!action_new(job)) {
		job_finish(job, "Internal", "out of memory");
		return;
	}
	r = add_all(job, m, service, level);
	if (r < 0)
		job_finish(job, r == -E2BIG ? "LimitsExceeded" : "Internal", "%s",
			   r == -E2BIG ? "more than 64 devices are meant" : strerror(-r));
	else if (action_count(job->action) == 0)
		ask_back(job, "Which device? I know none there.");
	else
		action_run(job->action);
}

void action_state(struct job *job, const struct intent_match *m)
{
	const char *name = intent_slot(m, "name");
	const struct home_entity *e = name ? home_find(job->d->home, name) : NULL;
	const json_t *level = NULL;
	char text[512];

	if (!e || !home_visible(job->d->home, e)) {
		ask_back(job, "Which device?");
		return;
	}
	level = json_object_get(e->attributes, "brightness");
	if (!level)
		level = json_object_get(e->attributes, "position");
	if (!e->available || !*e->state)
		snprintf(text, sizeof(text), "I do not know: %s does not answer.", e->name);
	else if (level && strcmp(e->state, "off") != 0 &&
		 strcmp(e->state, "closed") != 0)
		snprintf(text, sizeof(text), "%s is %s at %.0f %%.", e->name, e->state,
			 json_number_value(level));
	else
		snprintf(text, sizeof(text), "%s is %s.", e->name, e->state);
	ask_answer(job, "text", text);
}
