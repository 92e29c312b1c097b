/* SPDX-License-Identifier: MIT */
/* A file of tools: what loads can be asked everything, and what does not names its line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools_api/tools_api.h"

static int add_word(void *arg, const char *word, size_t len)
{
	size_t *words = arg;

	if (strlen(word) != len)
		abort();
	++*words;
	return 0;
}

/* Any tool with any arguments: nothing of it may fail otherwise than it says. */
static void use(const struct tool_registry *r, const struct tool *t, const json_t *value)
{
	json_auto_t *inverse = NULL, *kept = tool_loggable(t, value);
	const char *back = NULL;
	size_t words = 0;
	int err = tool_undo(t, value, value, &back, &inverse);
	char *said = tool_say(t, value);

	if (err == 0 && (!inverse || !tool_registry_find(r, back)))
		abort();
	tool_opens(t, "cover", "door", value);
	if (tool_shows_effect(t, value, NULL, NULL))
		abort();
	tool_shows_effect(t, value, value, value);
	if (t->backend == TOOL_EXEC && tool_schema_validate(t->schema, value, NULL) == 0)
		tool_command(t, value, add_word, &words, NULL);
	free(said);
}

static void reach(const struct tool_registry *r, const struct tool *t, const json_t *value)
{
	const struct tool_slot slots[] = { { "state", "on" }, { "brightness", "40" } };

	for (size_t i = 0; i < json_array_size(t->intents); i++) {
		const char *intent = json_string_value(
			json_object_get(json_array_get(t->intents, i), "intent"));

		for (size_t n = 0; n <= 2; n++) {
			struct tool_wish w = { intent, NULL, NULL, value, slots, n };
			struct tool_use found;
			size_t at = 0;

			while (tool_registry_by_intent(r, &w, &at, &found)) {
				json_t *arguments = NULL;
				struct diag d = DIAG_NULL;
				int err = tool_use_arguments(&found, &w, &arguments, &d);

				if ((err == -EINVAL && !d.code) || (err == 0) != !!arguments)
					abort();
				json_decref(arguments);
			}
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char values[] = "{\"entity\": \"a.b\", \"state\": \"on\", \"on\": true,"
		" \"brightness\": 40, \"x\": \"-y\", \"n\": 1.5, \"l\": [1], \"o\": {}}";
	_cleanup_(tool_registry_freep) struct tool_registry *r = NULL;
	json_auto_t *value = json_loads(values, 0, NULL);
	struct diag d = DIAG_NULL;
	int err = tool_registry_new(&r);

	if (err < 0)
		return 0;
	err = tool_registry_load(r, (const char *)data, size, true, &d);
	if (err < 0 && (tool_registry_count(r) || (err == -EINVAL && !d.text[0])))
		abort();
	for (size_t i = 0; i < tool_registry_count(r); i++) {
		use(r, tool_registry_at(r, i), value);
		reach(r, tool_registry_at(r, i), value);
	}
	return 0;
}
