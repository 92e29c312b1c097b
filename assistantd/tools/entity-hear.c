/* SPDX-License-Identifier: MIT */
/* What a thing tells of itself. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/tools/feature.h"
#include "assistantd/tools/render.h"
#include "util/macro.h"

static char *trimmed(const char *text, size_t len)
{
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	for (; len && isspace((unsigned char)*text); text++)
		len--;
	return strndup(text, len);
}

/* The payload through the device's own template, which sees it as text and as JSON. */
static int value_of(const struct jinja *template, const struct entity_message *m, char **ret,
		    struct diag *d)
{
	json_auto_t *value = json_stringn(m->payload, m->len);
	json_auto_t *json = m->json ? json_incref(m->json) : json_null();
	const struct jinja_variable variables[] = {
		{ "value", value, 1, NULL },
		{ "value_json", json, 1, NULL },
	};

	if (template && value) {
		struct diag why = DIAG_NULL;
		int r = render(template, variables, ARRAY_SIZE(variables), ret, &why);

		/* A template that says that this is not for it is no fault. */
		return r < 0 && why.code != DIAG_PAIR
			? diag_set(d, r, why.code, why.field, "%s", why.text) : r;
	}
	*ret = template ? NULL : trimmed(m->payload, m->len);
	return *ret ? 0 : -ENOMEM;
}

static bool set_state(struct entity *e, const char *state)
{
	if (strcmp(e->state, state) == 0)
		return false;
	snprintf(e->state, sizeof(e->state), "%s", state);
	return true;
}

/* Takes @value; NULL: it is not known any more. */
static bool set_attribute(struct entity *e, const char *name, json_t *value)
{
	json_t *old = json_object_get(e->attributes, name);

	if (!value) {
		json_object_del(e->attributes, name);
		return old;
	}
	if (old && json_equal(old, value)) {
		json_decref(value);
		return false;
	}
	return json_object_set_new(e->attributes, name, value) == 0;
}

static bool state_from_position(struct entity *e)
{
	const json_t *position = json_object_get(e->attributes, "position");

	if (!e->by_position || !position)
		return false;
	return set_state(e, json_number_value(position) > 0 ? "open" : "closed");
}

static bool take_feature(struct entity *e, const struct entity_feature *ef, json_t *value)
{
	const char *text = json_string_value(value);
	char number[32];
	bool changed = false;

	if (ef->f->flags & FEATURE_STATE) {
		snprintf(number, sizeof(number), "%.10g", json_number_value(value));
		changed = set_state(e, !value ? "" : text ? text : number);
	}
	changed |= set_attribute(e, ef->f->name, value);
	return state_from_position(e) || changed;
}

/* A sensor's text; its number, too, where it is one. */
static bool hear_free(struct entity *e, const char *text, struct diag *d)
{
	static const struct feature plain = { .name = "value", .kind = FEATURE_NUMBER };
	const struct entity_feature ef = { .f = &plain };
	json_t *number = NULL;
	bool changed;

	if (strcmp(text, "None") == 0)
		text = "";
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f || c - text == ENTITY_STATE_MAX) {
			diag_set(d, -EINVAL, DIAG_LIMIT, "", "expected a line of 255 bytes");
			return false;
		}
	changed = set_state(e, text);
	feature_hear_text(&ef, text, &number);
	return set_attribute(e, "value", number) || changed;
}

/* The device's word for a state in ours. false: it is no such word. */
static bool hear_word(struct entity *e, const char *text, bool *changed)
{
	const char *state = NULL;

	for (size_t i = 0; !state && i < e->component->n_words; i++)
		if (strcmp(e->words[i], text) == 0)
			state = e->component->words[i].state;
	if (strcmp(text, "None") == 0) {
		/* It says itself that it does not know; its position may tell. */
		e->by_position = e->component->flags & COMPONENT_POSITION;
		*changed |= e->by_position && json_object_get(e->attributes, "position")
			? state_from_position(e) : set_state(e, "");
		return true;
	}
	if (!state)
		return false;
	e->by_position = strcmp(state, "stopped") == 0;
	if (!e->by_position)
		*changed |= set_state(e, state);
	else if (json_object_get(e->attributes, "position"))
		*changed |= state_from_position(e);
	else
		*changed |= set_state(e, strcmp(e->state, "closing") == 0 ||
					 strcmp(e->state, "closed") == 0 ? "closed" : "open");
	return true;
}

/* {"state": "ON", "brightness": 128} */
static bool hear_object(struct entity *e, const json_t *root, struct diag *d)
{
	const json_t *state = json_object_get(root, "state");
	const char *word = json_string_value(state);
	bool changed = false;

	if (json_is_null(state))
		word = "None";
	if (word && !hear_word(e, word, &changed))
		diag_set(d, -EINVAL, DIAG_RANGE, "state", "'%.40s' is no state of it", word);
	for (size_t i = 0; i < e->n_features; i++) {
		const struct entity_feature *ef = &e->features[i];
		const json_t *value = ef->f->member ? json_object_get(root, ef->f->member) : NULL;
		json_t *ours = NULL;

		if (!value)
			continue;
		/* One that moves tells where it is, one that has arrived not that it has. */
		if (!state && strcmp(ef->f->name, "position") == 0)
			e->by_position = true;
		if (feature_hear_json(ef, value, &ours) == 0)
			changed |= take_feature(e, ef, ours);
		else
			diag_set(d, -EINVAL, DIAG_TYPE, ef->f->member, "no such value");
	}
	return changed;
}

static bool hear_state(struct entity *e, const struct entity_message *m, struct diag *d)
{
	unsigned flags = e->component->flags;
	_cleanup_free_ char *text = NULL;
	json_auto_t *object = NULL;
	bool changed = false;

	if (value_of(e->state_template, m, &text, d) < 0 || !*text)
		return false;
	if (flags & COMPONENT_FREE)
		return hear_free(e, text, d);
	if (flags & (COMPONENT_OBJECT | COMPONENT_EITHER))
		object = e->state_template || !m->json ? json_loads(text, 0, NULL)
						       : json_incref(m->json);
	if (json_is_object(object))
		return hear_object(e, object, d);
	/* A valve's number is heard as its position. */
	if (!hear_word(e, text, &changed) &&
	    !((flags & COMPONENT_EITHER) && (flags & COMPONENT_POSITION)))
		diag_set(d, -EINVAL, DIAG_RANGE, "", "'%.40s' is no state of it", text);
	return changed;
}

static bool hear_feature(struct entity *e, const struct entity_feature *ef,
			 const struct entity_message *m, struct diag *d)
{
	_cleanup_free_ char *text = NULL;
	json_t *value = NULL;

	/* An object was heard with the state. */
	if (ef->f->member && json_is_object(m->json) && !ef->read)
		return false;
	if (value_of(ef->read, m, &text, d) < 0)
		return false;
	/* Nothing at all is no word about it: a message that is about something else. */
	if (!*text)
		return false;
	if (feature_hear_text(ef, text, &value) < 0) {
		if (!ef->f->member)
			diag_set(d, -EINVAL, DIAG_TYPE, ef->f->name, "'%.40s' is no such value",
				 text);
		return false;
	}
	if (e->component->flags & COMPONENT_EITHER)
		e->by_position = true;
	return take_feature(e, ef, value);
}

static bool hear_availability(struct entity *e, struct entity_availability *a,
			      const struct entity_message *m, struct diag *d)
{
	_cleanup_free_ char *text = NULL;
	bool was = entity_available(e);

	if (value_of(a->template, m, &text, d) < 0)
		return false;
	if (strcmp(text, a->yes) == 0)
		e->latest = a->available = true;
	else if (strcmp(text, a->no) == 0)
		e->latest = a->available = false;
	else
		diag_set(d, -EINVAL, DIAG_RANGE, "availability", "'%.40s' is neither of its words",
			 text);
	return was != entity_available(e);
}

static void set_lapse(struct entity *e, uint64_t now)
{
	double s = e->expires_s;

	if (e->off_delay_s > 0 && strcmp(e->state, "on") == 0)
		s = s > 0 ? MIN(s, e->off_delay_s) : e->off_delay_s;
	e->lapses = s > 0 ? now + (uint64_t)(s * 1000) : 0;
}

bool entity_hear(struct entity *e, const struct entity_message *m, uint64_t now, struct diag *d)
{
	bool changed = false;

	if (e->state_topic && strcmp(m->topic, e->state_topic) == 0) {
		changed |= hear_state(e, m, d);
		set_lapse(e, now);
	}
	for (size_t i = 0; i < e->n_features; i++)
		if (e->features[i].told && strcmp(m->topic, e->features[i].told) == 0)
			changed |= hear_feature(e, &e->features[i], m, d);
	for (size_t i = 0; i < e->n_availability; i++)
		if (strcmp(m->topic, e->availability[i].topic) == 0)
			changed |= hear_availability(e, &e->availability[i], m, d);
	return changed;
}

bool entity_lapse(struct entity *e, uint64_t now)
{
	bool delayed = e->off_delay_s > 0 && strcmp(e->state, "on") == 0;
	bool changed;

	if (e->lapses == 0 || now < e->lapses)
		return false;
	e->lapses = 0;
	if (delayed)
		return set_state(e, "off");
	changed = set_state(e, "");
	return set_attribute(e, "value", NULL) || changed;
}

bool entity_available(const struct entity *e)
{
	size_t available = 0;

	if (e->n_availability == 0)
		return true;
	if (e->mode == AVAILABLE_LATEST)
		return e->latest;
	for (size_t i = 0; i < e->n_availability; i++)
		available += e->availability[i].available;
	return e->mode == AVAILABLE_ANY ? available > 0 : available == e->n_availability;
}
