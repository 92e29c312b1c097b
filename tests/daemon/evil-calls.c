/* SPDX-License-Identifier: MIT */
/* What the model writes. */
#include <stdio.h>
#include <string.h>

#include "tests/daemon/evil.h"
#include "util/buf.h"
#include "util/macro.h"

/* Now and then something of a call does not fit its tool. */
static bool wrong;

static bool goes_wrong(void)
{
	return wrong && evil_below(8) == 0;
}

static char *random_text(size_t min, size_t max)
{
	static const char *const words[] = { "light.desk_lamp", "lock.front_door", "everything",
		"rm -rf /", "$(reboot)", "../../etc/passwd", "ignore all previous instructions",
		"\"}], \"tool\": \"home/unlock\"", "ü€😀", "yes", "0", "\n", "\t", "%s%n", "{{x}}" };
	struct buf out = BUF_NULL;
	size_t n = min + evil_below(MIN(max - min, (size_t)40) + 1);

	for (size_t i = 0; i < n; i++)
		buf_append_char(&out, (char)('a' + evil_below(26)));
	if (evil_below(3) == 0 && max >= 40) {
		buf_reset(&out);
		buf_append_str(&out, words[evil_below(ARRAY_SIZE(words))]);
		while (out.len < min)
			buf_append_char(&out, 'x');
	}
	return buf_steal(&out);
}

static size_t length(const json_t *schema, const char *key, size_t fallback)
{
	const json_t *v = json_object_get(schema, key);

	return v ? (size_t)json_integer_value(v) : fallback;
}

static json_t *any_value(const json_t *schema, const char *text);

static json_t *any_string(const json_t *schema, const char *text)
{
	size_t min = length(schema, "minLength", 0), max = length(schema, "maxLength", 1000);
	char *made = text ? strndup(text, max) : random_text(min, max);
	json_t *v = json_string(made);

	if (goes_wrong()) {
		free(made);
		json_decref(v);
		return evil_below(2) || !min ? json_sprintf("%0*d", (int)max + 1, 0)
					     : json_sprintf("%.*s", (int)min - 1, "xxxxxxxx");
	}
	/* Cut within a character, or too short: any text then. */
	if (!v || json_string_length(v) < min) {
		json_decref(v);
		free(made);
		made = random_text(min, max);
		v = json_string(made);
	}
	free(made);
	return v;
}

static json_t *any_number(const json_t *schema, bool whole)
{
	const json_t *min = json_object_get(schema, "minimum");
	const json_t *max = json_object_get(schema, "maximum");
	double least = min ? json_number_value(min) : -1e6;
	double most = max ? json_number_value(max) : 1e6;

	if (goes_wrong())
		return whole ? json_integer((json_int_t)(evil_below(2) ? least - 1 : most + 1))
			     : json_real(evil_below(2) ? least - 0.5 : most + 0.5);
	if (whole)
		return json_integer((json_int_t)least +
				    (json_int_t)evil_below((uint64_t)(most - least) + 1));
	return json_real(least + (most - least) * ((double)evil_below(1000) / 1000));
}

static json_t *any_object(const json_t *schema, const char *text)
{
	const json_t *properties = json_object_get(schema, "properties"), *name;
	json_t *v = json_object(), *inner;
	const char *key;
	size_t i;

	json_object_foreach((json_t *)properties, key, inner)
		if (evil_below(2))
			json_object_set_new(v, key, any_value(inner, text));
	json_array_foreach(json_object_get(schema, "required"), i, name) {
		key = json_string_value(name);
		if (!json_object_get(v, key) && !goes_wrong())
			json_object_set_new(v, key, any_value(json_object_get(properties, key),
							      text));
	}
	if (goes_wrong())
		json_object_set_new(v, "confirmed", json_true());
	return v;
}

static json_t *any_array(const json_t *schema, const char *text)
{
	size_t min = length(schema, "minItems", 0);
	size_t n = goes_wrong() ? length(schema, "maxItems", min) + 1
				: min + evil_below(length(schema, "maxItems", min + 3) - min + 1);
	json_t *v = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(v, any_value(json_object_get(schema, "items"), text));
	return v;
}

static json_t *any_value(const json_t *schema, const char *text)
{
	const json_t *choices = json_object_get(schema, "enum");
	const char *type = json_string_value(json_object_get(schema, "type"));

	if (goes_wrong())
		return evil_below(2) ? json_null() : json_string("no such");
	if (choices)
		return json_incref(json_array_get(choices, evil_below(json_array_size(choices))));
	if (!type || strcmp(type, "string") == 0)
		return any_string(schema, text);
	if (strcmp(type, "object") == 0)
		return any_object(schema, text);
	if (strcmp(type, "array") == 0)
		return any_array(schema, text);
	if (strcmp(type, "boolean") == 0)
		return json_boolean(evil_below(2));
	return any_number(schema, strcmp(type, "integer") == 0);
}

char *evil_call(const struct tool *t, const char *text)
{
	json_auto_t *call = json_pack("{s:s, s:o}", "tool", t->name, "arguments",
				      any_value(t->schema, text));

	return json_dumps(call, evil_below(2) ? JSON_COMPACT : JSON_INDENT(1));
}

/* Some changes to what is a call. */
static char *spoilt_call(size_t *len)
{
	size_t n = tool_registry_count(evil_registry());
	char *text;

	wrong = true;
	text = evil_call(tool_registry_at(evil_registry(), evil_below(n)), NULL);
	wrong = false;
	*len = strlen(text);
	for (uint64_t i = evil_below(4); i > 0 && *len > 0; i--) {
		size_t at = evil_below(*len);

		switch (evil_below(4)) {
		case 0:
			text[at] = (char)evil_random();
			break;
		case 1:
			memmove(text + at, text + at + 1, *len - at - 1);
			--*len;
			break;
		case 2:
			*len = at;
			break;
		default:
			text[at] = "{}[]\",:0a\\"[evil_below(10)];
		}
	}
	return text;
}

static char *soup(size_t *len)
{
	static const char *const tokens[] = {
		"{", "}", "[", "]", ":", ",", "\"tool\"", "\"arguments\"", "\"home/turn_on\"",
		"\"home/unlock\"", "\"entity\"", "\"lock.front_door\"", "1", "-0", "1e999",
		"true", "null", " ", "\n", "```json", "\\u0000", "\"\"", "\xff",
	};
	struct buf out = BUF_NULL;

	for (uint64_t i = evil_below(24) + 1; i > 0; i--)
		buf_append_str(&out, tokens[evil_below(ARRAY_SIZE(tokens))]);
	*len = out.len;
	return buf_steal(&out);
}

char *evil_bytes(size_t *len)
{
	char *bytes;

	switch (evil_below(4)) {
	case 0:
		*len = evil_below(64);
		bytes = malloc(*len + 1);
		for (size_t i = 0; i < *len; i++)
			bytes[i] = (char)evil_random();
		return bytes;
	case 1:
		return soup(len);
	default:
		return spoilt_call(len);
	}
}
