/* SPDX-License-Identifier: MIT */
/* Timers and reminders: which of them is meant, and when. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "assistantd/daemon/plan.h"
#include "assistantd/daemon/timers.h"
#include "assistantd/daemon/when.h"
#include "util/macro.h"

enum { ONE_TIMER, ALL_TIMERS, ONE_REMINDER, ALL_REMINDERS };

static int say(struct plan *p, const char *text)
{
	int r = buf_append_str(&p->text, text);

	return r < 0 ? r : PLAN_E_NONE;
}

/* The last call's words for when it is done: the texts up to NULL. */
static int say_done(struct plan *p, ...)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	const char *part;
	va_list parts;
	int r = 0;

	va_start(parts, p);
	while (r == 0 && (part = va_arg(parts, const char *)))
		r = buf_append_str(&text, part);
	va_end(parts);
	if (r == 0 && !(p->calls[p->n - 1].done = buf_steal(&text)))
		r = -ENOMEM;
	return r;
}

static int start(struct plan *p, const struct job *job, const struct order *o)
{
	const char *name = order_slot(o, "name");
	char length[WHEN_TEXT_MAX];
	struct when when;
	int r = when_read(o, time(NULL), &when);

	(void)job;
	if (name && strlen(name) > TIMER_NAME_MAX)
		return say(p, "That name is too long for a timer.");
	if (r == -ERANGE || r == -EINVAL)
		return say(p, "A timer can be of one second to a year.");
	if (when.kind != WHEN_LENGTH)
		return say(p, "For how long?");
	r = plan_call(p, "timer/start", "The timer",
		      json_pack("{s:I, s:s}", "seconds", (json_int_t)when.length_s, "name",
				name ? name : ""), o);
	when_say_length(when.length_s, length);
	if (r == 0)
		r = say_done(p, "I set a timer for ", length, name ? " for " : "",
			     name ? name : "", NULL);
	return r;
}

static int remind(struct plan *p, const struct job *job, const struct order *o)
{
	const char *text = order_slot(o, "text");
	char words[WHEN_TEXT_MAX];
	time_t now = time(NULL);
	struct when when;
	int r = when_read(o, now, &when);

	(void)job;
	if (text && strlen(text) > TIMER_NAME_MAX)
		return say(p, "That is too long for a reminder.");
	if (r == -ERANGE)
		return say(p, "That time is past, or more than a year away.");
	if (r == -EINVAL)
		return say(p, "I did not understand the time.");
	if (when.kind == WHEN_NONE)
		return say(p, "When?");
	if (when.kind == WHEN_LENGTH)
		when.at = now + when.length_s;
	when_say_time(when.at, now, words);
	r = plan_call(p, "reminder/set", "The reminder",
		      json_pack("{s:I, s:s}", "at", (json_int_t)when.at, "text",
				text ? text : ""), o);
	if (r == 0)
		r = say_done(p, "I will remind you ", words, text ? ": " : "",
			     text ? text : "", NULL);
	return r;
}

/* Whether it is one of those that the sentence tells apart by length or name. */
static bool meant(const struct timer *t, const struct order *o, bool reminders)
{
	const char *name = order_slot(o, reminders ? "text" : "name");
	int64_t length = when_length(o, "start_");

	if (t->rang_ms || (t->kind == STORE_REMINDER) != reminders)
		return false;
	if (length && t->length_ms != length * 1000)
		return false;
	return !name || strcasecmp(t->name, name) == 0;
}

static size_t count(struct timer_list *l, const struct order *o, bool reminders)
{
	size_t n = 0;

	for (const struct timer *t = l->first; t; t = t->next)
		n += meant(t, o, reminders);
	return n;
}

static void name_of(const struct timer *t, char *ret, size_t size)
{
	char length[WHEN_TEXT_MAX];

	when_say_length(t->length_ms / 1000, length);
	if (t->kind == STORE_REMINDER)
		snprintf(ret, size, "the reminder%s%s", *t->name ? ": " : "", t->name);
	else if (*t->name)
		snprintf(ret, size, "the %s timer", t->name);
	else
		snprintf(ret, size, "the timer of %s", length);
}

/* Calls @tool for one that is there, or for all; what is said of it has its name in the middle. */
static int each(struct plan *p, const struct job *job, const struct order *o, const char *tool,
		int which, int64_t seconds, const char *before, const char *after)
{
	struct timer_list *l = timers_list(job->d->timers);
	bool reminders = which == ONE_REMINDER || which == ALL_REMINDERS;
	bool all = which == ALL_TIMERS || which == ALL_REMINDERS;
	size_t n = count(l, o, reminders);
	int r = 0;

	if (n == 0)
		return say(p, reminders ? "There is no such reminder." : "There is no such timer.");
	if (n > 1 && !all)
		return say(p, reminders ? "There are several reminders. Which one?" :
			   "There are several timers. Say the name of one, or how long it is.");
	for (const struct timer *t = l->first; r == 0 && t; t = t->next) {
		char name[TIMER_NAME_MAX + 32];
		json_t *arguments;

		if (!meant(t, o, reminders))
			continue;
		arguments = json_pack("{s:I}", "id", (json_int_t)t->id);
		if (seconds)
			json_object_set_new(arguments, "seconds", json_integer(seconds));
		name_of(t, name, sizeof(name));
		r = plan_call(p, tool, name, arguments, o);
		if (r == 0)
			r = say_done(p, before, name, after, NULL);
	}
	return r;
}

static int cancel(struct plan *p, const struct job *job, const struct order *o)
{
	return each(p, job, o, "timer/cancel", ONE_TIMER, 0, "I cancelled ", "");
}

static int cancel_all(struct plan *p, const struct job *job, const struct order *o)
{
	return each(p, job, o, "timer/cancel", ALL_TIMERS, 0, "I cancelled ", "");
}

static int forget(struct plan *p, const struct job *job, const struct order *o)
{
	return each(p, job, o, "timer/cancel", ONE_REMINDER, 0, "I cancelled ", "");
}

static int forget_all(struct plan *p, const struct job *job, const struct order *o)
{
	return each(p, job, o, "timer/cancel", ALL_REMINDERS, 0, "I cancelled ", "");
}

static int pause_one(struct plan *p, const struct job *job, const struct order *o)
{
	return each(p, job, o, "timer/pause", ONE_TIMER, 0, "I paused ", "");
}

static int resume(struct plan *p, const struct job *job, const struct order *o)
{
	return each(p, job, o, "timer/resume", ONE_TIMER, 0, "I let ", " go on");
}

static int change(struct plan *p, const struct job *job, const struct order *o, int sign)
{
	int64_t seconds = when_length(o, "");
	char length[WHEN_TEXT_MAX], before[WHEN_TEXT_MAX + 16];

	if (seconds < 1 || seconds > WHEN_MAX_S)
		return say(p, "By how much?");
	when_say_length(seconds, length);
	snprintf(before, sizeof(before), "I %s %s %s ", sign > 0 ? "added" : "took", length,
		 sign > 0 ? "to" : "off");
	return each(p, job, o, "timer/add", ONE_TIMER, sign * seconds, before, "");
}

static int increase(struct plan *p, const struct job *job, const struct order *o)
{
	return change(p, job, o, 1);
}

static int decrease(struct plan *p, const struct job *job, const struct order *o)
{
	return change(p, job, o, -1);
}

static const struct {
	const char *intent;
	int (*plan)(struct plan *p, const struct job *job, const struct order *o);
} intents[] = {
	{ "HassStartTimer", start }, { "HassCancelTimer", cancel },
	{ "HassCancelAllTimers", cancel_all }, { "HassIncreaseTimer", increase },
	{ "HassDecreaseTimer", decrease }, { "HassPauseTimer", pause_one },
	{ "HassUnpauseTimer", resume }, { "ReminderSet", remind }, { "ReminderCancel", forget },
	{ "ReminderCancelAll", forget_all },
};

int plan_timers(struct plan *p, const struct job *job, const struct order *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(intents); i++)
		if (strcmp(intents[i].intent, o->intent) == 0)
			return intents[i].plan(p, job, o);
	return -ENOENT;
}
