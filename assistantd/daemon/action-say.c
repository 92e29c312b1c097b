/* SPDX-License-Identifier: MIT */
/* The answer: what became of the calls, from outcome and state alone. */
#include <string.h>

#include "assistantd/daemon/action-private.h"

const char *action_state_text(const struct action_call *c)
{
	const char *state = json_string_value(json_object_get(c->after, "state"));

	return state ? state : "";
}

/* A level that was asked for; others are not told of. */
static int say_level(const struct action_call *c, struct buf *out)
{
	const char *name = json_object_get(c->parsed, "position") ? "position" : "brightness";
	const json_t *level = json_object_get(c->after, name);

	if (!json_is_integer(level) || !json_object_get(c->parsed, name))
		return buf_append_char(out, '.');
	return buf_printf(out, " at %d %%.", (int)json_integer_value(level));
}

static int say_call(const struct action_call *c, struct buf *out)
{
	int r;

	switch (c->outcome) {
	case OUTCOME_DONE:
		r = buf_printf(out, "%s is %s", c->title, action_state_text(c));
		return r < 0 ? r : say_level(c, out);
	case OUTCOME_ALREADY:
		r = buf_printf(out, "%s was %s already", c->title, action_state_text(c));
		return r < 0 ? r : say_level(c, out);
	case OUTCOME_SENT:
		return buf_printf(out, "I sent the command to %s, but could not confirm it.",
				  c->title);
	case OUTCOME_FAILED:
		return buf_printf(out, "%s could not be reached: %s.", c->title, c->text);
	case OUTCOME_DENIED:
		return buf_printf(out, "%s is not allowed (%s).", c->title, c->text);
	case OUTCOME_CANCELLED:
		return buf_printf(out, "%s was left as it is.", c->title);
	case OUTCOME_NOT_RUN:
	case OUTCOME_COUNT:
		break;
	}
	return buf_printf(out, "%s would be changed.", c->title);
}

int action_say(const struct action *a, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i++) {
		if (i > 0)
			r = buf_append_char(out, ' ');
		if (r == 0)
			r = say_call(&a->calls[i], out);
	}
	return r;
}
