/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/states.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "assistantd/daemon/timers.h"
#include "assistantd/daemon/when.h"
#include "util/macro.h"

enum { ASKED_MAX = 128, NAMED_MAX = 6 };

/* What a question is about. */
struct asked {
	struct thing things[ASKED_MAX];
	size_t n;
};

static const struct {
	const char *class, *on, *off;
} sensors[] = {
	{ "door", "open", "closed" }, { "window", "open", "closed" },
	{ "opening", "open", "closed" }, { "garage_door", "open", "closed" },
	{ "lock", "unlocked", "locked" }, { "battery", "low", "full enough" },
	{ "moisture", "wet", "dry" }, { "motion", "seeing motion", "seeing no motion" },
	{ "occupancy", "occupied", "empty" }, { "presence", "occupied", "empty" },
	{ "smoke", "seeing smoke", "seeing no smoke" }, { "gas", "seeing gas", "seeing no gas" },
	{ "connectivity", "connected", "disconnected" }, { "plug", "plugged in", "unplugged" },
	{ "problem", "having a problem", "all right" }, { "running", "running", "not running" },
	{ "safety", "unsafe", "safe" }, { "cold", "cold", "not cold" },
	{ "heat", "hot", "not hot" },
};

static const json_t *attribute(const struct thing *t, const char *name)
{
	return json_object_get(t->attributes, name);
}

static bool known(const struct thing *t)
{
	return t->available && *t->state;
}

/* A state as people say it. */
static const char *state_word(const struct thing *t)
{
	bool on = strcmp(t->state, "on") == 0;

	if (strcmp(t->domain, "binary_sensor") != 0 || (!on && strcmp(t->state, "off") != 0))
		return t->state;
	for (size_t i = 0; i < ARRAY_SIZE(sensors); i++)
		if (strcmp(t->device_class, sensors[i].class) == 0)
			return on ? sensors[i].on : sensors[i].off;
	return t->state;
}

static int say_number(const struct thing *t, const char *name, const char *before,
		      const char *after, struct buf *ret)
{
	const json_t *v = attribute(t, name);

	return json_is_number(v) ? buf_printf(ret, "%s%g%s", before, json_number_value(v), after)
				 : 0;
}

/* What more there is to say than the state. */
static int say_more(const struct thing *t, struct buf *ret)
{
	const char *unit = json_string_value(attribute(t, "unit"));
	const char *title = json_string_value(attribute(t, "media_title"));
	int r;

	if (strcmp(t->state, "off") == 0 || strcmp(t->state, "closed") == 0)
		return 0;
	if (unit && *unit && (strcmp(t->domain, "sensor") == 0 || strcmp(t->domain, "number") == 0))
		return buf_printf(ret, " %s", unit);
	if (strcmp(t->domain, "light") == 0)
		return say_number(t, "brightness", " at ", " %", ret);
	if (strcmp(t->domain, "cover") == 0 || strcmp(t->domain, "valve") == 0)
		return say_number(t, "position", " at ", " %", ret);
	if (strcmp(t->domain, "fan") == 0)
		return say_number(t, "percentage", " at ", " %", ret);
	if (strcmp(t->domain, "climate") == 0 || strcmp(t->domain, "water_heater") == 0) {
		r = say_number(t, "current_temperature", ", it is ", "°", ret);
		return r < 0 ? r : say_number(t, "temperature", ", set to ", "°", ret);
	}
	return title && *title ? buf_printf(ret, " %s", title) : 0;
}

static int say_thing(const struct job *job, const struct thing *t, struct buf *ret)
{
	int r = 0;

	if (!known(t))
		r = buf_append_str(ret, "I do not know: ");
	if (r == 0)
		r = thing_title(job, t, ret);
	if (r == 0 && !known(t))
		return buf_append_str(ret, " does not answer.");
	if (r == 0)
		r = buf_printf(ret, " is %s", state_word(t));
	if (r == 0)
		r = say_more(t, ret);
	return r < 0 ? r : buf_append_char(ret, '.');
}

static bool is_so(const struct thing *t, const char *state)
{
	/* A player that plays is on, and whatever is not off. */
	if (strcmp(state, "on") == 0 && strcmp(t->domain, "binary_sensor") != 0)
		return strcmp(t->state, "off") != 0;
	return strcasecmp(t->state, state) == 0;
}

/* "A, B and C", or so many of them and how many more there are. */
static int say_names(const struct job *job, const struct asked *a, bool (*pick)(
		     const struct thing *t, const char *state), const char *state, bool so,
		     struct buf *ret)
{
	size_t total = 0, said = 0;
	int r = 0;

	for (size_t i = 0; i < a->n; i++)
		total += known(&a->things[i]) && pick(&a->things[i], state) == so;
	for (size_t i = 0; r == 0 && i < a->n; i++) {
		if (!known(&a->things[i]) || pick(&a->things[i], state) != so)
			continue;
		if (said == NAMED_MAX && total > NAMED_MAX + 1)
			return buf_printf(ret, " and %zu more", total - said);
		if (said)
			r = buf_append_str(ret, said + 1 == total ? " and " : ", ");
		if (r == 0)
			r = thing_title(job, &a->things[i], ret);
		said++;
	}
	return r;
}

/* Those that nobody can tell of. */
static int say_silent(const struct job *job, const struct asked *a, struct buf *ret)
{
	size_t silent = 0;
	int r = 0;

	for (size_t i = 0; i < a->n; i++)
		silent += !known(&a->things[i]);
	if (silent == 0)
		return 0;
	if (silent > NAMED_MAX)
		return buf_printf(ret, " %zu of them do not answer.", silent);
	for (size_t i = 0; r == 0 && i < a->n; i++) {
		if (known(&a->things[i]))
			continue;
		r = buf_append_str(ret, " I do not know about ");
		if (r == 0)
			r = thing_title(job, &a->things[i], ret);
		if (r == 0)
			r = buf_append_char(ret, '.');
	}
	return r;
}

struct counts {
	size_t so, not_so;
};

static struct counts count(const struct asked *a, const char *state)
{
	struct counts c = { 0, 0 };

	for (size_t i = 0; i < a->n; i++) {
		if (!known(&a->things[i]))
			continue;
		if (is_so(&a->things[i], state))
			c.so++;
		else
			c.not_so++;
	}
	return c;
}

static int say_one_yesno(const struct job *job, const struct asked *a, const char *state,
			 struct buf *ret)
{
	int r = 0;

	if (known(&a->things[0]))
		r = buf_append_str(ret, is_so(&a->things[0], state) ? "Yes, " : "No, ");
	return r < 0 ? r : say_thing(job, &a->things[0], ret);
}

static int say_any(const struct job *job, const struct asked *a, const char *state,
		   struct buf *ret)
{
	int r;

	if (count(a, state).so == 0)
		return buf_append_str(ret, count(a, state).not_so ? "No." : "I do not know.");
	r = buf_append_str(ret, "Yes: ");
	if (r == 0)
		r = say_names(job, a, is_so, state, true, ret);
	return r < 0 ? r : buf_append_char(ret, '.');
}

static int say_all(const struct job *job, const struct asked *a, const char *state,
		   struct buf *ret)
{
	struct counts c = count(a, state);
	int r;

	if (c.not_so == 0)
		return buf_append_str(ret, c.so ? "Yes." : "I do not know.");
	r = buf_append_str(ret, "No: ");
	if (r == 0)
		r = say_names(job, a, is_so, state, false, ret);
	return r < 0 ? r : buf_append_str(ret, c.not_so == 1 ? " is not." : " are not.");
}

static int say_which(const struct job *job, const struct asked *a, const char *state,
		     struct buf *ret)
{
	int r;

	if (count(a, state).so == 0)
		return buf_append_str(ret, count(a, state).not_so ? "None." : "I do not know.");
	r = say_names(job, a, is_so, state, true, ret);
	return r < 0 ? r : buf_append_char(ret, '.');
}

static int say_how_many(const struct job *job, const struct asked *a, const char *state,
			struct buf *ret)
{
	size_t n = count(a, state).so;
	int r = n ? buf_printf(ret, "%zu: ", n) : buf_append_str(ret, "None.");

	if (r == 0 && n)
		r = say_names(job, a, is_so, state, true, ret);
	return r < 0 || !n ? r : buf_append_char(ret, '.');
}

/* Things without a question about their state: what they show. */
static int say_each(const struct job *job, const struct asked *a, struct buf *ret)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < MIN(a->n, (size_t)NAMED_MAX); i++) {
		if (i)
			r = buf_append_char(ret, ' ');
		if (r == 0)
			r = say_thing(job, &a->things[i], ret);
	}
	return r;
}

static const struct {
	const char *response;
	int (*say)(const struct job *job, const struct asked *a, const char *state,
		   struct buf *ret);
} responses[] = {
	{ "one_yesno", say_one_yesno }, { "any", say_any }, { "all", say_all },
	{ "which", say_which }, { "how_many", say_how_many },
};

static bool wanted(const struct thing *t, const struct order *o)
{
	const char *name = order_slot(o, "name"), *area = order_slot(o, "area");
	const char *floor = order_slot(o, "floor"), *domain = order_slot(o, "domain");
	const char *class = order_slot(o, "device_class");

	if (name && strcmp(name, "all") != 0) {
		const char *at = strstr(name, t->id);
		size_t len = strlen(t->id);

		/* One id a line. */
		return at && (at == name || at[-1] == '\n') && (!at[len] || at[len] == '\n');
	}
	return (!area || strcasecmp(t->area, area) == 0) &&
	       (!floor || strcasecmp(t->floor, floor) == 0) &&
	       (!domain || strcmp(t->domain, domain) == 0) &&
	       (!class || strcmp(t->device_class, class) == 0);
}

static int say_no_thing(const struct order *o, struct buf *ret)
{
	const char *area = order_slot(o, "area"), *floor = order_slot(o, "floor");

	if (area || floor)
		return buf_printf(ret, "I know nothing of that kind %s %s.", area ? "in" : "on",
				  area ? area : floor);
	return buf_append_str(ret, "I know nothing of that kind.");
}

static void find_wanted(const struct job *job, const struct order *o, struct asked *a)
{
	struct things at = { 0 };
	struct thing t;

	a->n = 0;
	while (a->n < ASKED_MAX && things_next(job, &at, &t))
		if (wanted(&t, o))
			a->things[a->n++] = t;
}

static int answer_state(const struct job *job, const struct order *o, struct asked *a,
			struct buf *ret)
{
	const char *state = order_slot(o, "state"), *response = o->response ? o->response : "";
	int r = -ENOENT;

	find_wanted(job, o, a);
	if (a->n == 0)
		return say_no_thing(o, ret);
	for (size_t i = 0; state && i < ARRAY_SIZE(responses); i++)
		if (strcmp(response, responses[i].response) == 0)
			r = responses[i].say(job, a, state, ret);
	if (r == -ENOENT)
		return say_each(job, a, ret);
	return r < 0 || a->n == 1 ? r : say_silent(job, a, ret);
}

/* Of a thermostat, or of a thermometer where there is none. */
static int answer_temperature(const struct job *job, const struct order *o, struct asked *a,
			      struct buf *ret)
{
	size_t said = 0;
	int r = 0;

	find_wanted(job, o, a);
	for (int pass = 0; said == 0 && pass < 2; pass++)
		for (size_t i = 0; r == 0 && i < a->n && said < NAMED_MAX; i++) {
			const struct thing *t = &a->things[i];
			const json_t *v = attribute(t, "current_temperature");
			const char *unit = json_string_value(attribute(t, "unit"));

			if (!known(t) || (pass == 0 ? !json_is_number(v) :
			    strcmp(t->device_class, "temperature") != 0))
				continue;
			r = buf_append_str(ret, said++ ? " " : "");
			if (r == 0)
				r = thing_title(job, t, ret);
			if (r == 0)
				r = pass == 0 ? buf_printf(ret, ": %g°.", json_number_value(v))
					      : buf_printf(ret, ": %s %s.", t->state,
							   unit ? unit : "°");
		}
	return r < 0 || said ? r : buf_append_str(ret, "I do not know the temperature there.");
}

static int answer_clock(bool date, struct buf *ret)
{
	time_t now = time(NULL);
	char text[96] = "I cannot read the clock.";
	struct tm tm;

	tzset();
	if (localtime_r(&now, &tm) && date)
		strftime(text, sizeof(text), "It is %A, %-d %B %Y.", &tm);
	else if (localtime_r(&now, &tm))
		strftime(text, sizeof(text), "It is %H:%M.", &tm);
	return buf_append_str(ret, text);
}

static int say_timer(const struct timer *t, const struct timer_clock *now, struct buf *ret)
{
	char text[WHEN_TEXT_MAX];
	int r;

	if (t->kind == STORE_REMINDER) {
		when_say_time(t->due_ms / 1000, now->wall / 1000, text);
		return buf_printf(ret, "%s, %s.", *t->name ? t->name : "A reminder", text);
	}
	r = *t->name ? buf_printf(ret, "The %s timer", t->name) : buf_append_str(ret, "The timer");
	if (r == 0 && t->rang_ms) {
		when_say_time(t->due_ms / 1000, now->wall / 1000, text);
		return buf_printf(ret, " ended %s.", text);
	}
	when_say_length((timer_left(t, now) + 999) / 1000, text);
	if (r == 0)
		r = buf_printf(ret, "%s has %s left.", timer_runs(t) ? "" : " is paused and", text);
	return r;
}

static int answer_timers(const struct job *job, const struct order *o, bool reminders,
			 struct buf *ret)
{
	const char *name = reminders ? NULL : order_slot(o, "name");
	int64_t length = when_length(o, "start_");
	struct timer_clock now;
	size_t said = 0;
	int r = 0;

	timer_clock_now(&now);
	for (const struct timer *t = timers_list(job->d->timers)->first; r == 0 && t; t = t->next) {
		if ((t->kind == STORE_REMINDER) != reminders || (reminders && t->rang_ms) ||
		    (name && strcasecmp(t->name, name) != 0) ||
		    (length && t->length_ms != length * 1000))
			continue;
		r = buf_append_str(ret, said++ ? " " : "");
		if (r == 0)
			r = say_timer(t, &now, ret);
	}
	if (r < 0 || said)
		return r;
	return buf_append_str(ret, reminders ? "There are no reminders."
					     : "There is no such timer.");
}

bool state_is_private(const struct order *o)
{
	static const char *const intents[] = { "HassGetState", "HassClimateGetTemperature",
					       "HassTimerStatus", "ReminderList" };

	for (size_t i = 0; i < ARRAY_SIZE(intents); i++)
		if (strcmp(o->intent, intents[i]) == 0)
			return true;
	return false;
}

int state_answer(const struct job *job, const struct order *o, struct buf *ret,
		 const char **ids, size_t max, size_t *n)
{
	struct asked *a = calloc(1, sizeof(*a));
	int r = a ? -ENOENT : -ENOMEM;

	*n = 0;
	if (!a)
		return r;
	if (strcmp(o->intent, "HassGetState") == 0)
		r = answer_state(job, o, a, ret);
	else if (strcmp(o->intent, "HassClimateGetTemperature") == 0)
		r = answer_temperature(job, o, a, ret);
	else if (strcmp(o->intent, "HassGetCurrentTime") == 0)
		r = answer_clock(false, ret);
	else if (strcmp(o->intent, "HassGetCurrentDate") == 0)
		r = answer_clock(true, ret);
	else if (strcmp(o->intent, "HassTimerStatus") == 0)
		r = answer_timers(job, o, false, ret);
	else if (strcmp(o->intent, "ReminderList") == 0)
		r = answer_timers(job, o, true, ret);
	for (; r == 0 && *n < MIN(a->n, max); (*n)++)
		ids[*n] = a->things[*n].id;
	free(a);
	return r;
}
