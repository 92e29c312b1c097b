/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/entity.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/macro.h"
#include "util/utf8.h"

struct entity *entity_free(struct entity *e)
{
	if (!e)
		return NULL;
	for (size_t i = 0; i < e->n_availability; i++) {
		free(e->availability[i].topic);
		free(e->availability[i].yes);
		free(e->availability[i].no);
		jinja_free(e->availability[i].template);
	}
	free(e->config_topic);
	free(e->id);
	free(e->name);
	free(e->device_class);
	free(e->state_topic);
	free(e->command_topic);
	free(e->level_state_topic);
	free(e->level_command_topic);
	jinja_free(e->state_template);
	jinja_free(e->level_template);
	jinja_free(e->level_command_template);
	free(e->payload_on);
	free(e->payload_off);
	free(e->state_on);
	free(e->state_off);
	free(e->state_opening);
	free(e->state_closing);
	free(e);
	return NULL;
}

static int render(const struct jinja *template, const struct jinja_variable *variables, size_t n,
		  struct buf *ret)
{
	_cleanup_(jinja_output_freep) struct jinja_output *out = NULL;
	int r = jinja_render(&out, template, variables, n, NULL, NULL);

	for (size_t i = 0; r == 0 && i < jinja_output_count(out); i++)
		r = buf_append(ret, jinja_output_at(out, i).text, jinja_output_at(out, i).len);
	return r;
}

/* The payload through the device's own template, which sees it as text and as JSON. */
static int value_of(const struct jinja *template, const char *payload, size_t len, struct buf *ret)
{
	json_auto_t *text = NULL, *json = NULL;

	if (!template)
		return buf_append(ret, payload, len);
	text = json_stringn(payload, len);
	json = json_loadb(payload, len, JSON_DECODE_ANY, NULL);
	if (!text)
		return -EINVAL;
	if (!json)
		json = json_null();
	return render(template, (struct jinja_variable[]){ { "value", text, 1, NULL },
							   { "value_json", json, 1, NULL } },
		      2, ret);
}

/* Without the blanks that templates leave around it. */
static const char *trimmed(struct buf *b)
{
	char *s = b->len ? b->data : (char *)"";

	while (b->len && isspace((unsigned char)s[b->len - 1]))
		s[--b->len] = '\0';
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

static bool set_state(struct entity *e, const char *state)
{
	if (strcmp(e->state, state) == 0)
		return false;
	snprintf(e->state, sizeof(e->state), "%s", state);
	return true;
}

static bool set_level(struct entity *e, double raw)
{
	double percent = (raw - e->level_low) / (e->level_high - e->level_low) * 100;
	uint32_t level;

	if (!isfinite(percent))
		return false;
	level = (uint32_t)lround(CLAMP(percent, 0.0, 100.0));
	if (level == e->level)
		return false;
	e->level = level;
	return true;
}

/* The device's word for a state in ours; what is no such word changes nothing. */
static bool hear_state(struct entity *e, const char *word)
{
	bool cover = e->domain == DOMAIN_COVER;

	/* It says itself that it does not know; a cover's position may tell. */
	if (strcmp(word, "None") == 0) {
		e->by_position = cover && e->level_state_topic;
		return !e->by_position && set_state(e, "");
	}
	e->by_position = false;
	if (strcmp(word, e->state_on) == 0)
		return set_state(e, cover ? "open" : "on");
	if (strcmp(word, e->state_off) == 0)
		return set_state(e, cover ? "closed" : "off");
	if (cover && strcmp(word, e->state_opening) == 0)
		return set_state(e, "opening");
	if (cover && strcmp(word, e->state_closing) == 0)
		return set_state(e, "closing");
	return false;
}

static bool hear_level(struct entity *e, const char *text)
{
	char *end;
	double raw = strtod(text, &end);
	bool changed;

	if (end == text || *end)
		return false;
	changed = set_level(e, raw);
	/* A cover that tells its position only. */
	if (e->domain == DOMAIN_COVER && (!e->state_topic || e->by_position))
		changed |= set_state(e, e->level == 0 ? "closed" : "open");
	return changed;
}

/* {"state": "ON", "brightness": 128} */
static bool hear_json(struct entity *e, const char *payload, size_t len)
{
	json_auto_t *root = json_loadb(payload, len, 0, NULL);
	const char *word = json_string_value(json_object_get(root, "state"));
	const json_t *brightness = json_object_get(root, "brightness");
	bool changed = word && hear_state(e, word);

	if (json_is_number(brightness))
		changed |= set_level(e, json_number_value(brightness));
	return changed;
}

static bool hear_availability(struct entity *e, size_t i, const char *payload, size_t len)
{
	_cleanup_(buf_deinit) struct buf value = BUF_NULL;
	bool was = entity_available(e);
	const char *word;

	if (value_of(e->availability[i].template, payload, len, &value) < 0)
		return false;
	word = trimmed(&value);
	if (strcmp(word, e->availability[i].yes) == 0)
		e->latest = e->availability[i].available = true;
	else if (strcmp(word, e->availability[i].no) == 0)
		e->latest = e->availability[i].available = false;
	return was != entity_available(e);
}

bool entity_hear(struct entity *e, const char *topic, const char *payload, size_t len)
{
	bool changed = false;

	if (len > ENTITY_PAYLOAD_MAX || !utf8_valid(payload, len))
		return false;
	if (e->state_topic && strcmp(topic, e->state_topic) == 0) {
		_cleanup_(buf_deinit) struct buf value = BUF_NULL;

		if (e->json_schema)
			changed |= hear_json(e, payload, len);
		else if (value_of(e->state_template, payload, len, &value) == 0)
			changed |= hear_state(e, trimmed(&value));
	}
	if (e->level_state_topic && strcmp(topic, e->level_state_topic) == 0) {
		_cleanup_(buf_deinit) struct buf value = BUF_NULL;

		if (value_of(e->level_template, payload, len, &value) == 0)
			changed |= hear_level(e, trimmed(&value));
	}
	for (size_t i = 0; i < e->n_availability; i++)
		if (strcmp(topic, e->availability[i].topic) == 0)
			changed |= hear_availability(e, i, payload, len);
	return changed;
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

/* A light that is dimmed to nothing is off. */
static bool means_off(const struct entity *e, enum entity_service service, uint32_t level)
{
	return service == SERVICE_TURN_OFF ||
	       (service == SERVICE_SET_LEVEL && level == 0 && e->domain == DOMAIN_LIGHT);
}

bool entity_matches(const struct entity *e, enum entity_service service, uint32_t level)
{
	if (means_off(e, service, level))
		return strcmp(e->state, "off") == 0;
	switch (service) {
	case SERVICE_TURN_ON:
		return strcmp(e->state, "on") == 0;
	case SERVICE_OPEN:
		/* Ajar is told as open, too; the end of travel is rarely exact. No level is
		 * above all of them. */
		return strcmp(e->state, "open") == 0 && e->level >= 95;
	case SERVICE_CLOSE:
		return strcmp(e->state, "closed") == 0;
	case SERVICE_SET_LEVEL:
		/* Devices round: a scale of 254 cannot hold every per cent. */
		return e->level != ENTITY_NO_LEVEL && level + 1 >= e->level &&
		       level <= e->level + 1 &&
		       (e->domain == DOMAIN_COVER || strcmp(e->state, "on") == 0);
	case SERVICE_TURN_OFF:
	case SERVICE_COUNT:
		break;
	}
	return false;
}

bool entity_heading(const struct entity *e, enum entity_service service)
{
	return (service == SERVICE_OPEN && strcmp(e->state, "opening") == 0) ||
	       (service == SERVICE_CLOSE && strcmp(e->state, "closing") == 0);
}

const char *entity_refusal(const struct entity *e, enum entity_service service)
{
	bool cover = e->domain == DOMAIN_COVER;
	bool level = e->level_command_topic || (e->json_schema && e->has_brightness);

	if (service == SERVICE_SET_LEVEL)
		return level ? NULL : cover ? "it has no positions" : "it cannot be dimmed";
	if (cover != (service == SERVICE_OPEN || service == SERVICE_CLOSE))
		return cover ? "it can be opened and closed only" : "it can be switched only";
	return NULL;
}

static double raw_level(const struct entity *e, uint32_t level)
{
	return round(e->level_low + (e->level_high - e->level_low) * level / 100);
}

static int add_text(struct entity_command *commands, size_t *n, const char *topic,
		    const char *payload)
{
	commands[*n] = (struct entity_command){ topic, strdup(payload) };
	if (!commands[*n].payload)
		return -ENOMEM;
	++*n;
	return 0;
}

/* {"state": "ON", "brightness": 128} */
static int add_json(const struct entity *e, uint32_t level, bool on,
		    struct entity_command *commands, size_t *n)
{
	char text[64];

	if (level == ENTITY_NO_LEVEL || !on)
		snprintf(text, sizeof(text), "{\"state\": \"%s\"}", on ? "ON" : "OFF");
	else
		snprintf(text, sizeof(text), "{\"state\": \"ON\", \"brightness\": %.0f}",
			 raw_level(e, level));
	return add_text(commands, n, e->command_topic, text);
}

/* Brightness or position, which a cover may want in a form of its own. */
static int add_level(const struct entity *e, uint32_t level, struct entity_command *commands,
		     size_t *n)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	double raw = raw_level(e, level);
	json_auto_t *position = json_integer((json_int_t)raw);
	struct jinja_variable variables[] = { { "position", position, 0, NULL },
					      { "value", position, 0, NULL } };
	int r;

	if (!position)
		return -ENOMEM;
	if (e->level_command_template)
		r = render(e->level_command_template, variables, ARRAY_SIZE(variables), &text);
	else
		r = buf_printf(&text, "%.0f", raw);
	return r < 0 ? r : add_text(commands, n, e->level_command_topic,
				    text.len ? text.data : "");
}

int entity_commands(const struct entity *e, enum entity_service service, uint32_t level,
		    struct entity_command commands[ENTITY_COMMANDS_MAX], size_t *n)
{
	bool on = !means_off(e, service, level) && service != SERVICE_CLOSE;
	bool set = service == SERVICE_SET_LEVEL && on;
	int r = 0;

	*n = 0;
	if (e->json_schema)
		return add_json(e, set ? level : ENTITY_NO_LEVEL, on, commands, n);
	if (set)
		r = add_level(e, level, commands, n);
	/* A light that is off does not go on by its brightness. */
	if (r == 0 && (!set || e->domain == DOMAIN_LIGHT))
		r = add_text(commands, n, e->command_topic, on ? e->payload_on : e->payload_off);
	while (r < 0 && *n)
		free(commands[--*n].payload);
	return r;
}

size_t entity_topics(const struct entity *e, const char **topics, size_t max)
{
	const char *all[2 + ENTITY_TOPICS_MAX] = { e->state_topic, e->level_state_topic };
	size_t n = 0;

	for (size_t i = 0; i < e->n_availability; i++)
		all[2 + i] = e->availability[i].topic;
	for (size_t i = 0; i < 2 + e->n_availability && n < max; i++) {
		size_t k = 0;

		while (all[i] && k < n && strcmp(topics[k], all[i]) != 0)
			k++;
		if (all[i] && k == n)
			topics[n++] = all[i];
	}
	return n;
}

static const char *level_name(const struct entity *e)
{
	return e->domain == DOMAIN_COVER ? "position" : "brightness";
}

const char *entity_understand(const struct entity *e, const char *name, const char *data,
			      size_t len, enum entity_service *service, uint32_t *level)
{
	static const char *const names[SERVICE_COUNT] = { "turn_on", "turn_off", "set_position",
							  "open", "close" };
	json_auto_t *root = len ? json_loadb(data, len, 0, NULL) : NULL;
	const json_t *wanted = json_object_get(root, level_name(e));
	double number = json_number_value(wanted);
	int i = 0;

	while (i < SERVICE_COUNT && strcmp(names[i], name) != 0)
		i++;
	if (i == SERVICE_COUNT)
		return "it does not know that service";
	*service = (enum entity_service)i;
	if (wanted) {
		if (!json_is_number(wanted) || !(number >= 0 && number <= 100))
			return "expected 0 to 100";
		*level = (uint32_t)lround(number);
		*service = SERVICE_SET_LEVEL;
	}
	return entity_refusal(e, *service);
}

json_t *entity_attributes(const struct entity *e)
{
	json_t *ret = json_object();

	if (e->level != ENTITY_NO_LEVEL &&
	    json_object_set_new(ret, level_name(e), json_integer(e->level)) < 0) {
		json_decref(ret);
		return NULL;
	}
	return ret;
}

json_t *entity_services(const struct entity *e)
{
	bool level = !entity_refusal(e, SERVICE_SET_LEVEL);

	if (e->domain != DOMAIN_COVER)
		return level ? json_pack("{s:{s:{s:i, s:i}}, s:{}}", "turn_on", "brightness",
					 "min", 0, "max", 100, "turn_off")
			     : json_pack("{s:{}, s:{}}", "turn_on", "turn_off");
	return level ? json_pack("{s:{}, s:{}, s:{s:{s:i, s:i}}}", "open", "close", "set_position",
				 "position", "min", 0, "max", 100)
		     : json_pack("{s:{}, s:{}}", "open", "close");
}

json_t *entity_snapshot(const struct entity *e)
{
	json_t *ret = entity_attributes(e);

	if (ret && json_object_set_new(ret, "state", json_string(e->state)) < 0) {
		json_decref(ret);
		return NULL;
	}
	return ret;
}
