/* SPDX-License-Identifier: MIT */
/* From a discovery message to an entity. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/tools/entity.h"
#include "assistantd/tools/names.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { TEXT_MAX = 256, TOPIC_MAX = 1024, TEMPLATE_MAX = 16384 };

/* A key and how it is abbreviated. */
struct key {
	const char *full, *brief;
};

static const struct key k_name = { "name", "name" }, k_device = { "device", "dev" },
	k_unique_id = { "unique_id", "uniq_id" }, k_object_id = { "object_id", "obj_id" },
	k_default_id = { "default_entity_id", "def_ent_id" },
	k_category = { "entity_category", "ent_cat" }, k_enabled = { "enabled_by_default", "en" },
	k_device_class = { "device_class", "dev_cla" }, k_schema = { "schema", "schema" },
	k_state_topic = { "state_topic", "stat_t" }, k_command_topic = { "command_topic", "cmd_t" },
	k_value_template = { "value_template", "val_tpl" },
	k_state_value_template = { "state_value_template", "stat_val_tpl" },
	k_payload_on = { "payload_on", "pl_on" }, k_payload_off = { "payload_off", "pl_off" },
	k_payload_open = { "payload_open", "pl_open" },
	k_payload_close = { "payload_close", "pl_cls" },
	k_state_on = { "state_on", "stat_on" }, k_state_off = { "state_off", "stat_off" },
	k_state_open = { "state_open", "stat_open" },
	k_state_closed = { "state_closed", "stat_clsd" },
	k_state_opening = { "state_opening", "stat_opening" },
	k_state_closing = { "state_closing", "stat_closing" },
	k_brightness = { "brightness", "brightness" },
	k_brightness_scale = { "brightness_scale", "bri_scl" },
	k_brightness_state = { "brightness_state_topic", "bri_stat_t" },
	k_brightness_command = { "brightness_command_topic", "bri_cmd_t" },
	k_brightness_template = { "brightness_value_template", "bri_val_tpl" },
	k_position_topic = { "position_topic", "pos_t" },
	k_set_position_topic = { "set_position_topic", "set_pos_t" },
	k_position_template = { "position_template", "pos_tpl" },
	k_set_position_template = { "set_position_template", "set_pos_tpl" },
	k_position_open = { "position_open", "pos_open" },
	k_position_closed = { "position_closed", "pos_clsd" },
	k_availability = { "availability", "avty" },
	k_availability_mode = { "availability_mode", "avty_mode" },
	k_availability_topic = { "availability_topic", "avty_t" },
	k_availability_template = { "availability_template", "avty_tpl" },
	k_payload_available = { "payload_available", "pl_avail" },
	k_payload_not_available = { "payload_not_available", "pl_not_avail" },
	k_topic = { "topic", "t" };

struct reader {
	const json_t *root;
	const char *base;	/* what ~ stands for in topics */
	struct diag *d;
};

static const json_t *get(const json_t *object, const struct key *key)
{
	const json_t *value = json_object_get(object, key->full);

	return value ? value : json_object_get(object, key->brief);
}

static int bad(const struct reader *r, const struct key *key, const char *what)
{
	return diag_set(r->d, -EINVAL, DIAG_TYPE, key->full, "%s", what);
}

/* A text of at most @max bytes, or @fallback when absent (NULL: stays NULL). */
static int take_text(const struct reader *r, const json_t *object, const struct key *key,
		     size_t max, const char *fallback, char **ret)
{
	const json_t *value = get(object, key);
	const char *text = json_string_value(value);

	if (!value || json_is_null(value))
		text = fallback;
	else if (!text || strlen(text) != json_string_length(value) || strlen(text) > max)
		return bad(r, key, "expected a text without NUL, of bounded length");
	if (!text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

/* A topic, with ~ at one end replaced; no wildcard, for it names one place. */
static int take_topic(const struct reader *r, const json_t *object, const struct key *key,
		      char **ret)
{
	_cleanup_free_ char *raw = NULL;
	int e = take_text(r, object, key, TOPIC_MAX, NULL, &raw);
	size_t n = raw ? strlen(raw) : 0;
	char *topic = NULL;

	if (e < 0 || !raw)
		return e;
	if (raw[0] == '~')
		e = asprintf(&topic, "%s%s", r->base, raw + 1);
	else if (n > 0 && raw[n - 1] == '~')
		e = asprintf(&topic, "%.*s%s", (int)n - 1, raw, r->base);
	else
		topic = TAKE(raw);
	if (e < 0)
		return -ENOMEM;
	*ret = topic;
	if (!*topic || strpbrk(topic, "+#"))
		return bad(r, key, "expected a topic without wildcards");
	return 0;
}

static int take_template(const struct reader *r, const json_t *object, const struct key *key,
			 struct jinja **ret)
{
	_cleanup_free_ char *source = NULL;
	struct diag d = DIAG_NULL;
	int e = take_text(r, object, key, TEMPLATE_MAX, NULL, &source);

	if (e < 0 || !source)
		return e;
	e = jinja_parse(ret, source, strlen(source), &d);
	return e == -EINVAL ? bad(r, key, d.text) : e;
}

static double number(const json_t *object, const struct key *key, double fallback)
{
	const json_t *value = get(object, key);

	return json_is_number(value) ? json_number_value(value) : fallback;
}

static int add_availability(const struct reader *r, const json_t *object, struct entity *e,
			    const struct key *topic)
{
	size_t i = e->n_availability;
	int x;

	if (i == ENTITY_TOPICS_MAX)
		return bad(r, &k_availability, "too many topics");
	e->n_availability++;
	if ((x = take_topic(r, object, topic, &e->availability[i].topic)) < 0 ||
	    (x = take_text(r, object, &k_payload_available, TEXT_MAX, "online",
			   &e->availability[i].yes)) < 0 ||
	    (x = take_text(r, object, &k_payload_not_available, TEXT_MAX, "offline",
			   &e->availability[i].no)) < 0)
		return x;
	if (!e->availability[i].topic)
		return bad(r, topic, "missing");
	return take_template(r, object, topic == &k_topic ? &k_value_template
							  : &k_availability_template,
			     &e->availability[i].template);
}

/* How several topics count; the last word of any of them where nothing is said. */
static int take_mode(const struct reader *r, struct entity *e)
{
	const json_t *value = get(r->root, &k_availability_mode);
	const char *mode = json_string_value(value);

	if (!value || (mode && strcmp(mode, "latest") == 0))
		e->mode = AVAILABLE_LATEST;
	else if (mode && strcmp(mode, "all") == 0)
		e->mode = AVAILABLE_ALL;
	else if (mode && strcmp(mode, "any") == 0)
		e->mode = AVAILABLE_ANY;
	else
		return bad(r, &k_availability_mode, "expected all, any or latest");
	return 0;
}

static int take_availability(const struct reader *r, struct entity *e)
{
	const json_t *list = get(r->root, &k_availability), *item;
	size_t i;
	int x = take_mode(r, e);

	if (x == 0 && get(r->root, &k_availability_topic))
		x = add_availability(r, r->root, e, &k_availability_topic);
	if (json_is_object(list))
		return x < 0 ? x : add_availability(r, list, e, &k_topic);
	json_array_foreach((json_t *)list, i, item) {
		if (x == 0)
			x = add_availability(r, item, e, &k_topic);
	}
	return x;
}

static int take_light(const struct reader *r, struct entity *e)
{
	const char *schema = json_string_value(get(r->root, &k_schema));
	int x;

	e->json_schema = schema && strcmp(schema, "json") == 0;
	if (schema && !e->json_schema && strcmp(schema, "basic") != 0)
		return bad(r, &k_schema, "only basic and json are known");
	e->brightness_scale = number(r->root, &k_brightness_scale, 255);
	if (!(e->brightness_scale >= 1 && e->brightness_scale <= 65535))
		return bad(r, &k_brightness_scale, "expected 1 to 65535");
	e->level_high = e->brightness_scale;
	e->has_brightness = json_is_true(get(r->root, &k_brightness));
	if (e->json_schema)
		return 0;
	x = take_topic(r, r->root, &k_brightness_state, &e->level_state_topic);
	if (x == 0)
		x = take_topic(r, r->root, &k_brightness_command, &e->level_command_topic);
	if (x == 0)
		x = take_template(r, r->root, &k_brightness_template, &e->level_template);
	e->has_brightness = e->level_command_topic;
	return x;
}

static int take_cover(const struct reader *r, struct entity *e)
{
	int x = take_topic(r, r->root, &k_position_topic, &e->level_state_topic);

	if (x == 0)
		x = take_topic(r, r->root, &k_set_position_topic, &e->level_command_topic);
	if (x == 0)
		x = take_template(r, r->root, &k_position_template, &e->level_template);
	if (x == 0)
		x = take_template(r, r->root, &k_set_position_template,
				  &e->level_command_template);
	if (x == 0)
		x = take_text(r, r->root, &k_state_opening, TEXT_MAX, "opening",
			      &e->state_opening);
	if (x == 0)
		x = take_text(r, r->root, &k_state_closing, TEXT_MAX, "closing",
			      &e->state_closing);
	e->level_high = number(r->root, &k_position_open, 100);
	e->level_low = number(r->root, &k_position_closed, 0);
	if (e->level_high == e->level_low)
		return bad(r, &k_position_open, "it is the position of closed, too");
	return x;
}

static int take_payloads(const struct reader *r, struct entity *e)
{
	bool cover = e->domain == DOMAIN_COVER;
	int x;

	if ((x = take_text(r, r->root, cover ? &k_payload_open : &k_payload_on, TEXT_MAX,
			   cover ? "OPEN" : "ON", &e->payload_on)) < 0 ||
	    (x = take_text(r, r->root, cover ? &k_payload_close : &k_payload_off, TEXT_MAX,
			   cover ? "CLOSE" : "OFF", &e->payload_off)) < 0 ||
	    (x = take_text(r, r->root, cover ? &k_state_open : &k_state_on, TEXT_MAX,
			   cover ? "open" : e->payload_on, &e->state_on)) < 0)
		return x;
	return take_text(r, r->root, cover ? &k_state_closed : &k_state_off, TEXT_MAX,
			 cover ? "closed" : e->payload_off, &e->state_off);
}

static const char *const domain_names[DOMAIN_COUNT] = { "light", "switch", "cover" };

/* The name of the device with that of its part, or what there is of them. */
static int take_name(const struct reader *r, struct entity *e, const char *object)
{
	_cleanup_free_ char *own = NULL, *device = NULL, *o = NULL, *d = NULL;
	int x = take_text(r, r->root, &k_name, TEXT_MAX, "", &own);

	if (x == 0)
		x = take_text(r, get(r->root, &k_device), &k_name, TEXT_MAX, "", &device);
	if (x < 0)
		return x;
	o = name_shown(own);
	d = name_shown(device);
	if (!o || !d)
		return -ENOMEM;
	e->name = *d ? name_of_part(d, o) : name_shown(*o ? o : object);
	return e->name ? 0 : -ENOMEM;
}

/* What the device asks to be called, else its name, else what it must be unique by. */
static int take_id(const struct reader *r, struct entity *e, const char *object)
{
	_cleanup_free_ char *asked = NULL, *unique = NULL, *made = NULL;
	const char *dot;
	int x = take_text(r, r->root, &k_default_id, TEXT_MAX, NULL, &asked);

	if (x == 0 && !asked)
		x = take_text(r, r->root, &k_object_id, TEXT_MAX, "", &asked);
	if (x == 0)
		x = take_text(r, r->root, &k_unique_id, TEXT_MAX, object, &unique);
	if (x < 0)
		return x;
	dot = strchr(asked, '.');
	made = name_slug(dot ? dot + 1 : *asked ? asked : e->name);
	if (made && !*made) {
		free(made);
		made = name_slug(unique);
	}
	if (!made)
		return -ENOMEM;
	if (!*e->name || !*made)
		return bad(r, &k_name, "it has no name");
	if (asprintf(&e->id, "%s.%s", domain_names[e->domain], made) < 0) {
		e->id = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int take_all(const struct reader *r, struct entity *e, const char *object)
{
	int x = take_name(r, e, object);

	if (x < 0 || (x = take_id(r, e, object)) < 0 ||
	    (x = take_text(r, r->root, &k_device_class, TEXT_MAX, "", &e->device_class)) < 0 ||
	    (x = take_topic(r, r->root, &k_state_topic, &e->state_topic)) < 0 ||
	    (x = take_topic(r, r->root, &k_command_topic, &e->command_topic)) < 0 ||
	    (x = take_template(r, r->root, e->domain == DOMAIN_LIGHT ? &k_state_value_template
								     : &k_value_template,
			       &e->state_template)) < 0 ||
	    (x = take_payloads(r, e)) < 0 || (x = take_availability(r, e)) < 0)
		return x;
	if (e->domain == DOMAIN_LIGHT)
		x = take_light(r, e);
	else if (e->domain == DOMAIN_COVER)
		x = take_cover(r, e);
	if (x == 0 && !e->command_topic)
		return bad(r, &k_command_topic, "missing: it cannot be switched");
	return x;
}

/* The parts of <prefix>/<component>/[<node>/]<object>/config. */
static int split_topic(const char *prefix, const char *topic, enum entity_domain *domain,
		       char *object, size_t size)
{
	size_t n = strlen(prefix);
	const char *at = topic + n + 1, *slash, *last;

	if (strncmp(topic, prefix, n) != 0 || topic[n] != '/' || !(slash = strchr(at, '/')))
		return -ENOENT;
	for (int i = 0; i < DOMAIN_COUNT; i++) {
		if (strlen(domain_names[i]) != (size_t)(slash - at) ||
		    strncmp(at, domain_names[i], (size_t)(slash - at)) != 0)
			continue;
		*domain = (enum entity_domain)i;
		last = strrchr(slash, '/');
		if (strcmp(last, "/config") != 0 || last == slash)
			return -ENOENT;
		for (at = last - 1; *at != '/'; at--)
			;
		snprintf(object, size, "%.*s", (int)(last - at - 1), at + 1);
		return 0;
	}
	return -ENOENT;
}

int entity_parse(struct entity **ret, const char *prefix, const char *topic, const char *payload,
		 size_t len, struct diag *d)
{
	_cleanup_(entity_freep) struct entity *e = calloc(1, sizeof(*e));
	struct reader r = { .base = "", .d = d };
	enum entity_domain domain;
	char object[TEXT_MAX];
	json_auto_t *root = NULL;
	int x = e ? split_topic(prefix, topic, &domain, object, sizeof(object)) : -ENOMEM;

	if (x < 0)
		return x;
	if (len > ENTITY_PAYLOAD_MAX)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "it is longer than 64 KiB");
	root = json_loadb(payload, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root))
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "", "it is no JSON object");
	r.root = root;
	/* A device's settings are no things in a home, nor is what it hides at first. */
	if (json_is_string(get(root, &k_category)) || json_is_false(get(root, &k_enabled)))
		return -ENOENT;
	if (json_is_string(json_object_get(root, "~")) &&
	    json_string_length(json_object_get(root, "~")) <= TOPIC_MAX)
		r.base = json_string_value(json_object_get(root, "~"));
	e->domain = domain;
	e->level = ENTITY_NO_LEVEL;
	e->config_topic = strdup(topic);
	x = e->config_topic ? take_all(&r, e, object) : -ENOMEM;
	if (x == 0)
		*ret = TAKE(e);
	return x;
}
