/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/action-say.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "util/macro.h"

/* Of things of which the same is said, so many are named. */
enum { NAMED_MAX = 5 };

const char *action_state_text(const struct planned_call *c)
{
	const char *state = json_string_value(json_object_get(c->after, "state"));
	const json_t *on = json_object_get(c->after, "on");

	if (!state && json_is_boolean(on))
		state = json_is_true(on) ? "on" : "off";
	return state ? state : "";
}

/* States as they are said behind "is"; others are said as they are. */
static const struct {
	const char *state, *said;
} states[] = {
	{ "auto", "set to automatic" },
	{ "heat", "set to heat" },
	{ "cool", "set to cool" },
	{ "heat_cool", "set to heat and cool" },
	{ "dry", "set to dry" },
	{ "fan_only", "set to fan only" },
	{ "eco", "set to eco" },
	{ "performance", "set to performance" },
	{ "power-saver", "set to power saver" },
	{ "balanced", "set to balanced" },
	{ "returning", "on its way to its base" },
	{ "armed_home", "armed for somebody at home" },
	{ "armed_away", "armed for nobody at home" },
	{ "armed_night", "armed for the night" },
};

static const char *say_state(const char *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (strcmp(states[i].state, state) == 0)
			return states[i].said;
	return state;
}

/* Values that are told of when they were asked for: what comes before, and behind. */
static const struct {
	const char *key, *before, *behind;
} details[] = {
	{ "brightness", "at ", " %" },
	{ "position", "at ", " %" },
	{ "percentage", "at ", " %" },
	{ "volume", "at volume ", " %" },
	{ "tilt", "with its slats at ", " %" },
	{ "color_temp_kelvin", "at ", " K" },
	{ "temperature", "at ", "" },
	{ "target_low", "from ", "" },
	{ "target_high", "to ", "" },
	{ "humidity", "at a humidity of ", " %" },
	{ "fan_mode", "with its fan at ", "" },
	{ "preset_mode", "with the preset ", "" },
	{ "effect", "with the effect ", "" },
	{ "mode", "in the mode ", "" },
	{ "operation_mode", "in the mode ", "" },
	{ "direction", "turning ", "" },
	{ "value", "set to ", "" },
	{ "option", "set to ", "" },
};

/* A number without a tail of zeros, or a text; false for what is neither. */
static bool format_value(const json_t *v, char *out, size_t size)
{
	if (json_is_integer(v))
		snprintf(out, size, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(out, size, "%g", round(json_real_value(v) * 100) / 100);
	else if (json_is_string(v))
		snprintf(out, size, "%s", json_string_value(v));
	else
		return false;
	return true;
}

static int say_details(const struct planned_call *c, struct buf *out)
{
	const char *unit = json_string_value(json_object_get(c->after, "unit"));
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(details); i++) {
		const json_t *v = json_object_get(c->after, details[i].key);
		char text[64];

		if (!json_object_get(c->parsed, details[i].key) ||
		    !format_value(v, text, sizeof(text)))
			continue;
		r = buf_printf(out, " %s%s%s", details[i].before, text, details[i].behind);
		if (r == 0 && unit && !*details[i].behind && json_is_number(v))
			r = buf_printf(out, " %s", unit);
	}
	return r;
}

/* What was done where no state tells it, by the last part of the tool's name. */
static const char *deed(const struct planned_call *c)
{
	static const struct {
		const char *name, *said;
	} deeds[] = {
		{ "activate", "activated" }, { "press", "pressed" }, { "start", "started" },
		{ "stop", "stopped" }, { "locate", "told to make itself heard" },
	};
	const char *name = strrchr(c->tool_name, '/');

	for (size_t i = 0; name && i < ARRAY_SIZE(deeds); i++)
		if (strcmp(name + 1, deeds[i].name) == 0)
			return deeds[i].said;
	return "done";
}

/* "on at 40 %"; a state that is the value that was set is said once. */
static int say_what(const struct planned_call *c, struct buf *out)
{
	const char *state = action_state_text(c);
	bool set = json_object_get(c->parsed, "value") || json_object_get(c->parsed, "option");

	if (*state && !set && buf_printf(out, " %s", say_state(state)) < 0)
		return -ENOMEM;
	return say_details(c, out);
}

static const char *verb(bool several, const char *one, const char *many)
{
	return several ? many : one;
}

static int say_done(const struct planned_call *c, bool several, struct buf *out)
{
	bool already = c->outcome == OUTCOME_ALREADY;

	if (c->result && !*action_state_text(c))
		return buf_printf(out, ": %.500s", c->result);
	/* Then its name is what it does. */
	if (!*action_state_text(c) && !*c->target)
		return buf_append_str(out, already ? ": it was so already" : ": done");
	if (!*action_state_text(c))
		return buf_printf(out, " %s %s%s", verb(several, "was", "were"), deed(c),
				  already ? " already" : "");
	if (buf_printf(out, " %s", already ? verb(several, "was", "were")
					   : verb(several, "is", "are")) < 0 ||
	    say_what(c, out) < 0)
		return -ENOMEM;
	return already ? buf_append_str(out, " already") : 0;
}

/* The gate's reasons, behind "may not be done". */
static const char *say_reason(const struct planned_call *c)
{
	switch (c->verdict.reason) {
	case POLICY_REASON_UNREGISTERED:
		return c->tool ? "it is hidden, or no longer there" : "there is no such tool";
	case POLICY_REASON_INVALID:
		return "its arguments are wrong";
	case POLICY_REASON_REPEATED:
		return "it was done in this request already";
	case POLICY_REASON_LEAK:
		return "private data would leave this machine";
	case POLICY_REASON_TABLE:
	case POLICY_REASON_GRANT:
	case POLICY_REASON_FREE_TEXT:
	case POLICY_REASON_CHANGED:
	case POLICY_REASON_PIN:
	case POLICY_REASON_NO_AGENT:
	case POLICY_REASON_LOCKED:
	case POLICY_REASON_CROWDED:
	case POLICY_REASON_COUNT:
		break;
	}
	return "it is not allowed";
}

/* What is said behind the names. */
static int say_predicate(const struct planned_call *c, bool several, bool planned, struct buf *out)
{
	switch (c->outcome) {
	case OUTCOME_DONE:
	case OUTCOME_ALREADY:
		return say_done(c, several, out);
	case OUTCOME_SENT:
		return buf_append_str(out, ", but could not confirm it");
	case OUTCOME_FAILED:
		return buf_printf(out, " could not be %s: %s",
				  c->tool && c->tool->risk == POLICY_RISK_READ ? "read" : "changed",
				  *c->text ? c->text : "no answer came");
	case OUTCOME_DENIED:
		return buf_printf(out, " %s left alone: %s", verb(several, "was", "were"),
				  c->verdict.action == POLICY_DENY
				  ? say_reason(c) : c->text);
	case OUTCOME_CANCELLED:
		return buf_printf(out, " %s left as %s", verb(several, "was", "were"),
				  verb(several, "it is", "they are"));
	case OUTCOME_NOT_RUN:
	case OUTCOME_COUNT:
		break;
	}
	if (planned)
		return buf_append_str(out, " would be changed");
	return buf_printf(out, " %s not tried", verb(several, "was", "were"));
}

/* The calls of which the same is said, in their order. */
struct group {
	struct planned_call *calls[2 * EXECUTOR_CALLS_MAX];
	size_t n;
};

static int say_names(const struct group *g, struct buf *out)
{
	size_t named = g->n > NAMED_MAX + 1 ? NAMED_MAX : g->n;
	int r = 0;

	for (size_t i = 0; r == 0 && i < named; i++)
		r = buf_printf(out, "%s%s", i == 0 ? "" : i + 1 < g->n ? ", " : " and ",
			       g->calls[i]->title);
	if (r == 0 && named < g->n)
		r = buf_printf(out, " and %zu more", g->n - named);
	return r;
}

/* It has words of its own for what became of it. */
static bool has_words(const struct planned_call *c)
{
	return c->done && (c->outcome == OUTCOME_DONE || c->outcome == OUTCOME_ALREADY);
}

static int say_group(const struct group *g, bool planned, struct buf *out)
{
	const struct planned_call *first = g->calls[0];

	if (has_words(first))
		return buf_append_str(out, first->done);

	if (first->outcome == OUTCOME_SENT && buf_append_str(out, "I sent the command to ") < 0)
		return -ENOMEM;
	return say_names(g, out) < 0 ? -ENOMEM : say_predicate(first, g->n > 1, planned, out);
}

static int same(const struct planned_call *a, const struct planned_call *b, bool planned)
{
	_cleanup_(buf_deinit) struct buf said = BUF_NULL, other = BUF_NULL;

	if (a->outcome != b->outcome || has_words(a) || has_words(b))
		return 0;
	if (say_predicate(a, false, planned, &said) < 0 ||
	    say_predicate(b, false, planned, &other) < 0)
		return -ENOMEM;
	return strcmp(said.data, other.data) == 0;
}

int action_say_calls(struct planned_call *const *calls, size_t n, bool planned, struct buf *out)
{
	bool told[2 * EXECUTOR_CALLS_MAX] = { false }, first = true;
	size_t start = out->len;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		struct group g = { .calls = { calls[i] }, .n = 1 };

		if (told[i] || (has_words(calls[i]) && !*calls[i]->done))
			continue;
		for (size_t k = i + 1; r >= 0 && k < n; k++) {
			r = same(calls[i], calls[k], planned);
			if (r > 0) {
				g.calls[g.n++] = calls[k];
				told[k] = true;
			}
		}
		if (r >= 0 && !first)
			r = buf_append_str(out, "; ");
		first = false;
		if (r >= 0)
			r = say_group(&g, planned, out);
	}
	/* "The timer of 5 minutes is running": a name of no device. */
	if (r >= 0 && out->len > start && strncmp(out->data + start, "the ", 4) == 0)
		out->data[start] = 'T';
	return r < 0 ? r : buf_append_char(out, '.');
}
