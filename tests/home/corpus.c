/* SPDX-License-Identifier: MIT */
/*
 * corpus < MESSAGES.json: an array of {"topic", "payload"} of real discovery messages. Each is
 * read; every template is evaluated with payloads that are made of the description's own words;
 * every service of every thing gives its commands. What is refused is told by name.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/tools/component.h"
#include "assistantd/tools/discovery.h"
#include "assistantd/tools/order.h"
#include "util/macro.h"

enum { KINDS_MAX = 32, NAMES_MAX = 64, WORDS_TRIED = 40 };

struct kind {
	const char *name;
	unsigned things, settings, wrong, told, services, commands;
};

static struct kind kinds[KINDS_MAX];
static unsigned unknown, failed, templates;
static const char *topic_now;

static struct kind *kind_of(const char *name)
{
	size_t i = 0;

	while (kinds[i].name && strcmp(kinds[i].name, name) != 0)
		i++;
	if (!kinds[i].name)
		kinds[i].name = strdup(name);
	return &kinds[i];
}

static void complain(const char *what, const struct diag *d)
{
	failed++;
	printf("%s: %s: %s: %s\n", topic_now, what, d->field, d->text);
}

/* The names behind value_json in all templates of a description. */
static size_t names_in(const json_t *description, char names[NAMES_MAX][64])
{
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)description, key, value) {
		const char *at = strstr(key, "template") ? json_string_value(value) : NULL;

		templates += at != NULL;
		while (at && (at = strstr(at, "value_json")) && n < NAMES_MAX) {
			size_t len;

			at += strlen("value_json");
			at += strspn(at, "[.\"'(get");
			len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789_");
			if (len > 0 && len < 64)
				snprintf(names[n++], 64, "%.*s", (int)len, at);
		}
	}
	return n;
}

/* The description's words, and some that devices say. */
static size_t words_of(const json_t *description, json_t *words[WORDS_TRIED])
{
	static const char *const keys[] = { "payload_on", "payload_off", "state_on", "state_off",
		"state_open", "state_closed", "state_opening", "state_closing", "state_stopped",
		"state_locked", "state_unlocked" };
	static const char *const lists[] = { "options", "modes", "preset_modes", "fan_modes" };
	size_t n = 0, k;
	json_t *item;

	words[n++] = json_real(21.5);
	words[n++] = json_integer(0);
	words[n++] = json_integer(50);
	words[n++] = json_string("ON");
	words[n++] = json_true();
	words[n++] = json_null();
	words[n++] = json_object();
	words[n++] = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if ((item = json_object_get(description, keys[i])))
			words[n++] = json_incref(item);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_array_foreach(json_object_get(description, lists[i]), k, item) {
			if (n < WORDS_TRIED)
				words[n++] = json_incref(item);
		}
	return n;
}

static int hear_at(void *arg, const char *topic)
{
	void **args = arg;
	struct entity *e = args[0];
	const struct entity_message *m = args[1];
	struct entity_message here = *m;
	struct diag d = DIAG_NULL;

	here.topic = topic;
	entity_hear(e, &here, 1, &d);
	/* A payload that the device would not send may be no value; its template must not fail. */
	if (d.code == DIAG_SYNTAX && (!json_is_object(m->json) ||
	    json_object_size(m->json) == 0 ||
	    !(json_is_object(json_object_iter_value(json_object_iter(m->json))) ||
	      json_is_array(json_object_iter_value(json_object_iter(m->json))))))
		complain("state", &d);
	return 0;
}

static void hear_json(struct entity *e, json_t *root)
{
	char *text = json_dumps(root, JSON_ENCODE_ANY);
	struct entity_message m = { "", text, strlen(text), root };
	void *args[] = { e, &m };

	entity_topics(e, hear_at, args);
	free(text);
}

/* Each word under all names, then none of them. */
static bool hear_all(struct entity *e, const json_t *description)
{
	char names[NAMES_MAX][64];
	json_t *words[WORDS_TRIED];
	size_t n = names_in(description, names), n_words = words_of(description, words);
	bool told = !entity_tells_state(e);

	for (size_t w = 0; w < n_words; w++) {
		json_t *root = json_object();

		for (size_t i = 0; i < n; i++)
			json_object_set(root, names[i], words[w]);
		json_object_set(root, "state", words[w]);
		hear_json(e, root);
		told |= *e->state != '\0';
		json_decref(root);
		json_decref(words[w]);
	}
	return told;
}

/* Something within the bounds of an argument. */
static json_t *some_value(const char *name, const json_t *bounds)
{
	const json_t *least = json_object_get(bounds, "min");
	const json_t *most = json_object_get(bounds, "max");
	json_t *options = json_object_get(bounds, "options");

	if (options)
		return json_incref(json_array_get(options, 0));
	if (least)
		return json_real((json_number_value(least) + json_number_value(most)) / 2);
	if (strcmp(name, "rgb") == 0)
		return json_pack("[i, i, i]", 255, 120, 20);
	return strcmp(name, "oscillating") == 0 ? json_true() : json_string("1234");
}

static void call_one(struct entity *e, const char *service, const json_t *arguments,
		     struct kind *k)
{
	struct order_command commands[ORDER_COMMANDS_MAX];
	struct order *o = NULL;
	struct diag d = DIAG_NULL;
	char *data = json_dumps(arguments, 0);
	size_t n = 0;

	if (order_new(&o, e, service, data, strlen(data), &d) < 0 ||
	    order_commands(o, e, commands, &n, &d) < 0)
		complain(service, &d);
	else if (n == 0)
		complain("no command", &d);
	k->services++;
	k->commands += (unsigned)n;
	order_commands_deinit(commands, n);
	order_free(o);
	free(data);
}

/* With all arguments, and without those that it can do without. */
static void call_all(struct entity *e, struct kind *k)
{
	json_auto_t *services = entity_services(e);
	const char *service, *name;
	json_t *arguments, *bounds;

	json_object_foreach(services, service, arguments) {
		json_auto_t *all = json_object(), *none = json_object();

		json_object_foreach(arguments, name, bounds)
			json_object_set_new(all, name, some_value(name, bounds));
		call_one(e, service, all, k);
		if (json_object_size(all) > 0 && entity_service(e, service)->payload)
			call_one(e, service, none, k);
	}
}

static int take(void *arg, const char *component, const char *object, const char *part,
		const json_t *description, struct diag *d)
{
	struct kind *k = kind_of(component);
	struct entity *e = NULL;
	int r = description ? entity_new(&e, component, object, description, true, d) : -EINVAL;

	(void)arg;
	(void)part;
	if (r == -ENOENT) {
		k->settings++;
	} else if (r < 0) {
		k->wrong++;
		complain("refused", d);
	} else {
		k->things++;
		k->told += hear_all(e, description);
		call_all(e, k);
	}
	entity_free(e);
	return 0;
}

int main(void)
{
	json_auto_t *all = json_loadf(stdin, 0, NULL);
	json_t *item;
	size_t i;

	json_array_foreach(all, i, item) {
		const char *payload = json_string_value(json_object_get(item, "payload"));
		struct diag d = DIAG_NULL;

		topic_now = json_string_value(json_object_get(item, "topic"));
		if (!discovery_is_topic("homeassistant", topic_now))
			unknown++;
		else if (discovery_parse("homeassistant", topic_now, payload, strlen(payload), take,
					 NULL, &d) < 0)
			complain("message", &d);
	}
	puts("component              things  state told  services  commands  settings  refused");
	for (const struct kind *k = kinds; k->name; k++)
		printf("%-22s %6u %11u %9u %9u %9u %8u\n", k->name, k->things, k->told,
		       k->services, k->commands, k->settings, k->wrong);
	printf("%zu messages, %u of other components, %u templates, %u faults\n",
	       json_array_size(all), unknown, templates, failed);
	return failed > 0 || json_array_size(all) == 0;
}
