/* SPDX-License-Identifier: MIT */
/* Commands: what may stand in their words. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools_api/spec-private.h"
#include "util/macro.h"

#define LIMIT(min, max) "{\"type\": \"integer\", \"minimum\": " #min ", \"maximum\": " #max "}"

const char spec_exec_schema[] =
	"{\"type\": \"object\", \"additionalProperties\": false,"
	" \"required\": [\"type\", \"argv\"], \"properties\": {\"type\": {},"
	"  \"argv\": {\"type\": \"array\", \"minItems\": 1, \"maxItems\": 64, \"items\":"
	"   {\"type\": \"string\", \"maxLength\": 4096}},"
	"  \"folder\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 4096},"
	"  \"environment\": {\"type\": \"object\", \"maxProperties\": 64,"
	"   \"additionalProperties\": {\"type\": \"string\", \"maxLength\": 4096}},"
	"  \"network\": {\"type\": \"boolean\"},"
	"  \"writes\": {\"type\": \"array\", \"maxItems\": 32, \"items\":"
	"   {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 4096}},"
	"  \"limits\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
	"   \"cpu_s\": " LIMIT(1, 86400) ", \"memory_mib\": " LIMIT(16, 1048576) ","
	"   \"files\": " LIMIT(16, 65536) ", \"file_mib\": " LIMIT(0, 1048576) "}},"
	"  \"output\": {\"enum\": [\"none\", \"text\", \"json\"]},"
	"  \"proof\": {\"const\": \"exit\"}}}";

/*
 * The name in braces at the end of @word with its length; NULL for a fixed word. What stands
 * before it is one of the plain beginnings of options: never a script that a value would end.
 */
static const char *placeholder(const char *word, size_t *len)
{
	static const char names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_";
	static const char before[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_-+.,:=@%/";
	const char *name = word + strspn(word, before);

	if (*name++ != '{')
		return NULL;
	*len = strspn(name, names);
	return *len && strcmp(name + *len, "}") == 0 ? name : NULL;
}

static json_t *property(const struct tool *t, const char *name, size_t len)
{
	return json_object_getn(json_object_get(t->schema, "properties"), name, len);
}

/* What has more than one word cannot stand for one. */
static bool is_one_word(const json_t *schema)
{
	const char *type = json_string_value(json_object_get(schema, "type"));

	return json_object_get(schema, "enum") || json_object_get(schema, "const") ||
	       (type && strcmp(type, "object") != 0 && strcmp(type, "array") != 0 &&
		strcmp(type, "null") != 0);
}

/* "sh -c {text}" would be a shell's line after all. */
static bool is_script(const struct yaml_node *program, const char *before)
{
	static const char *const shells[] = { "sh", "ash", "bash", "dash", "fish", "ksh", "mksh",
					      "rbash", "zsh" };
	const char *name = strrchr(program->text, '/') + 1;

	for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
		if (strcmp(name, shells[i]) == 0)
			return before[0] == '-' && before[1] != '-' && strchr(before, 'c');
	return false;
}

static int check_words(const struct tool *t, const struct yaml_node *program, struct diag *d)
{
	const struct yaml_node *n, *before = program;
	const char *name;
	size_t len;

	for (n = program->next; n; before = n, n = n->next) {
		name = placeholder(n->text, &len);
		if (name && !is_one_word(property(t, name, len)))
			return yaml_error(n, -EINVAL, DIAG_PAIR, d, "argv: '%.*s' is no argument "
					  "that is one word", (int)len, name);
		if (name && is_script(program, before->text))
			return yaml_error(n, -EINVAL, DIAG_UNSUP, d, "argv: an argument cannot be "
					  "a shell's script");
	}
	return 0;
}

static int check_absolute(const struct yaml_node *n, const char *what, struct diag *d)
{
	return !n || n->text[0] == '/' ? 0 :
	       yaml_error(n, -EINVAL, DIAG_RANGE, d, "%s: expected an absolute path", what);
}

int spec_check_exec(const struct tool *t, const struct yaml_node *n, struct diag *d)
{
	const struct yaml_node *c = yaml_get(n, "argv")->first;
	int r = check_absolute(c, "argv", d);

	if (r == 0)
		r = check_words(t, c, d);
	if (r == 0)
		r = check_absolute(yaml_get(n, "folder"), "folder", d);
	c = yaml_get(n, "writes");
	for (c = c ? c->first : NULL; r == 0 && c; c = c->next)
		r = check_absolute(c, "writes", d);
	c = yaml_get(n, "environment");
	for (c = c ? c->first : NULL; r == 0 && c; c = c->next)
		if (!*c->key || strchr(c->key, '='))
			r = yaml_error(c, -EINVAL, DIAG_RANGE, d,
				       "environment: '%s' is no name of a variable", c->key);
	return r;
}

static const char *value_text(const json_t *v, char number[64])
{
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_boolean(v))
		return json_is_true(v) ? "true" : "false";
	if (json_is_integer(v))
		snprintf(number, 64, "%lld", (long long)json_integer_value(v));
	else
		snprintf(number, 64, "%.15g", json_number_value(v));
	return json_is_number(v) ? number : NULL;
}

/* One word with the value of its argument, if it has one. */
static int add_word(const char *word, const json_t *arguments, bool after_dashes,
		    int (*add)(void *arg, const char *word, size_t len), void *arg,
		    struct diag *d)
{
	char number[64], joined[TOOL_ARGUMENTS_MAX + 4096];
	const char *name, *value;
	size_t len = 0;
	json_t *v;
	int n;

	name = placeholder(word, &len);
	if (!name)
		return add(arg, word, strlen(word));
	v = json_object_getn(arguments, name, len);
	if (!v || json_is_null(v))
		return 0;
	value = value_text(v, number);
	/* A value that reads as an option of the program would be one. */
	if (!value || (json_is_string(v) && name == word + 1 && *value == '-' && !after_dashes))
		return diag_set(d, -EINVAL, DIAG_RANGE, "arguments",
				"'%.*s' may not begin with '-'", (int)len, name);
	n = snprintf(joined, sizeof(joined), "%.*s%s", (int)(name - 1 - word), word, value);
	if (n < 0 || (size_t)n >= sizeof(joined))
		return diag_set(d, -EINVAL, DIAG_LIMIT, "arguments", "a word is too long");
	return add(arg, joined, (size_t)n);
}

int tool_command(const struct tool *t, const json_t *arguments,
		 int (*add)(void *arg, const char *word, size_t len), void *arg, struct diag *d)
{
	const json_t *argv = json_object_get(t->spec, "argv");
	bool after_dashes = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(argv); i++) {
		const char *word = json_string_value(json_array_get(argv, i));

		r = i ? add_word(word, arguments, after_dashes, add, arg, d)
		      : add(arg, word, strlen(word));
		after_dashes |= strcmp(word, "--") == 0;
	}
	return r;
}
