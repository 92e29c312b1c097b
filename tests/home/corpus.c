/* SPDX-License-Identifier: MIT */
/*
 * corpus < MESSAGES.json: an array of {"topic", "payload"} of real discovery messages. All of
 * lights, switches and covers must be understood, every state template must render, and each
 * service must give a command.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/tools/entity.h"

struct counts {
	unsigned things[DOMAIN_COUNT], others, bad, commands;
};

/* Every service that it has, and one state. */
static bool use(struct entity *e, struct counts *c)
{
	const char *state = "{\"state\": \"ON\", \"brightness\": 100, \"position\": 40}";
	bool good = true;

	for (int service = 0; service < SERVICE_COUNT; service++) {
		struct entity_command commands[ENTITY_COMMANDS_MAX];
		size_t n;

		if (entity_refusal(e, service))
			continue;
		if (entity_commands(e, service, service == SERVICE_SET_LEVEL ? 40 : ENTITY_NO_LEVEL,
				    commands, &n) < 0)
			good = false;
		c->commands += (unsigned)n;
		while (n)
			free(commands[--n].payload);
	}
	if (e->state_topic)
		entity_hear(e, e->state_topic, state, strlen(state));
	return good && *e->id && *e->name;
}

static void try(const char *topic, const char *payload, struct counts *c)
{
	struct diag d = DIAG_NULL;
	struct entity *e = NULL;
	int r = entity_parse(&e, "homeassistant", topic, payload, strlen(payload), &d);

	if (r == -ENOENT) {
		c->others++;
	} else if (r < 0 || !use(e, c)) {
		c->bad++;
		printf("%s: %s: %s\n", topic, d.field, d.text);
	} else {
		c->things[e->domain]++;
	}
	entity_free(e);
}

int main(void)
{
	json_auto_t *all = json_loadf(stdin, 0, NULL);
	struct counts c = { 0 };
	json_t *item;
	size_t i;

	json_array_foreach(all, i, item)
		try(json_string_value(json_object_get(item, "topic")),
		    json_string_value(json_object_get(item, "payload")), &c);
	printf("%zu messages: %u lights, %u switches, %u covers, %u others, %u not understood; "
	       "%u commands\n", json_array_size(all), c.things[DOMAIN_LIGHT],
	       c.things[DOMAIN_SWITCH], c.things[DOMAIN_COVER], c.others, c.bad, c.commands);
	return c.bad || c.commands == 0;
}
