/* SPDX-License-Identifier: MIT */
/* The declaration of a D-Bus call, by the D-Bus Specification 0.43. */
#include <errno.h>
#include <string.h>

#include "tools_api/spec-private.h"
#include "tools_api/template.h"
#include "tools_api/yaml-json.h"

#define STEPS "{\"type\": \"array\", \"maxItems\": 8," \
	" \"items\": {\"type\": [\"string\", \"integer\"]}}"
#define CALL \
	" \"path\": " SPEC_STRING ", \"interface\": " SPEC_STRING "," \
	" \"method\": " SPEC_STRING ", \"property\": " SPEC_STRING "," \
	" \"signature\": {\"type\": \"string\", \"maxLength\": 64}," \
	" \"arguments\": {\"type\": \"array\", \"maxItems\": 16}"

const char spec_dbus_schema[] =
	"{\"type\": \"object\", \"additionalProperties\": false,"
	" \"required\": [\"type\", \"services\"], \"properties\": {\"type\": {},"
	"  \"services\": {\"type\": \"array\", \"minItems\": 1, \"maxItems\": 8, \"items\": {"
	"   \"type\": \"object\", \"additionalProperties\": false,"
	"   \"required\": [\"bus\", \"destination\", \"path\", \"interface\"],"
	"   \"properties\": {\"bus\": {\"enum\": [\"session\", \"system\"]},"
	"    \"destination\": " SPEC_STRING ", \"proof\": {\"const\": \"reply\"},"
	"    \"value\": {}, " CALL ","
	"    \"read\": {\"type\": \"array\", \"minItems\": 1, \"maxItems\": 16, \"items\": {"
	"     \"type\": \"object\", \"additionalProperties\": false, \"required\": [\"as\"],"
	"     \"properties\": {\"as\": " SPEC_STRING ", \"get\": " STEPS ","
	"      \"scale\": {\"type\": \"number\"}, \"values\": {\"type\": \"object\"}, " CALL "}}}"
	"   }}}}}";

/* One complete type at @s: the rest behind it, or NULL. */
static const char *skip_type(const char *s, unsigned depth)
{
	if (depth > 8 || !*s)
		return NULL;
	if (*s == 'a' && s[1] == '{') {
		s += 2;
		if (!*s || !strchr("ybnqiuxtdsog", *s))
			return NULL;
		s = skip_type(s + 1, depth + 1);
		return s && *s == '}' ? s + 1 : NULL;
	}
	if (*s == 'a')
		return skip_type(s + 1, depth + 1);
	if (*s == '(') {
		s++;
		do {
			s = skip_type(s, depth + 1);
		} while (s && *s != ')');
		return s ? s + 1 : NULL;
	}
	return strchr("ybnqiuxtdsogv", *s) ? s + 1 : NULL;
}

/* How many complete types there are; -1 where it is none of D-Bus. */
static int count_types(const char *s)
{
	int n = 0;

	for (; s && *s; n++)
		s = skip_type(s, 0);
	return s ? n : -1;
}

static const char *text_of(const struct yaml_node *n, const char *key)
{
	const struct yaml_node *c = yaml_get(n, key);

	return c ? c->text : NULL;
}

static int defect(const struct yaml_node *n, const char *key, struct diag *d, const char *what)
{
	const struct yaml_node *at = yaml_get(n, key);

	return yaml_error(at ? at : n, -EINVAL, DIAG_PAIR, d, "%s: %s", key, what);
}

/* Names of interfaces, members and the bus; a path: what libdbus would end the program for. */
static bool is_name(const char *s, bool dots)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				     "0123456789";
	bool dotted = false;

	for (;; s++, dotted = true) {
		size_t n = strspn(s, others);

		if (n == 0 || !strchr(first, *s))
			return false;
		s += n;
		if (*s != '.')
			return !*s && dotted == dots;
	}
}

static bool is_path(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_/";
	size_t n = strlen(s);

	return s[0] == '/' && strspn(s, allowed) == n && !strstr(s, "//") &&
	       (n == 1 || s[n - 1] != '/');
}

static bool is_destination(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";

	return strcmp(s, "=thing") == 0 ||
	       (strspn(s, allowed) == strlen(s) && strchr(s, '.') && s[0] != '.' &&
		!strstr(s, "..") && s[strlen(s) - 1] != '.' && !strchr("0123456789", *s));
}

/* What a call and an item of a state have in common. */
static int check_call(const struct yaml_node *n, struct diag *d)
{
	const char *path = text_of(n, "path"), *interface = text_of(n, "interface");
	const char *method = text_of(n, "method"), *property = text_of(n, "property");
	const char *signature = text_of(n, "signature");
	const struct yaml_node *c = yaml_get(n, "arguments");
	int given = 0, types = count_types(signature ? signature : "");

	if (path && !is_path(path))
		return defect(n, "path", d, "is no object path");
	if (interface && !is_name(interface, true))
		return defect(n, "interface", d, "is no name of an interface");
	if (method && !is_name(method, false))
		return defect(n, "method", d, "is no name of a method");
	if (property && !is_name(property, false))
		return defect(n, "property", d, "is no name of a property");
	if (types < 0)
		return defect(n, "signature", d, "is no signature");
	for (c = c ? c->first : NULL; c; c = c->next)
		given++;
	if (method && types != given)
		return defect(n, "arguments", d, "are not as many as the signature has");
	if (!method && given)
		return defect(n, "arguments", d, "belong to a method");
	return 0;
}

static int check_templates(const struct yaml_node *n, const char *key, struct diag *d)
{
	static const char *const roots[] = { "arguments", NULL };
	const struct yaml_node *c = yaml_get(n, key);
	json_auto_t *v = c ? yaml_json(c) : NULL;
	struct diag inner = DIAG_NULL;

	if (c && !v)
		return -ENOMEM;
	return v && tool_template_check(v, roots, &inner) < 0 ? yaml_defect(c, &inner, d) : 0;
}

static int check_items(const struct yaml_node *list, struct diag *d)
{
	int r = 0;

	for (const struct yaml_node *n = list->first; r == 0 && n; n = n->next) {
		if (!yaml_get(n, "method") == !yaml_get(n, "property"))
			return defect(n, "read", d, "expected a property or a method");
		r = check_call(n, d);
		if (r == 0)
			r = check_templates(n, "arguments", d);
	}
	return r;
}

static int check_service(const struct tool *t, const struct yaml_node *n, struct diag *d)
{
	bool method = yaml_get(n, "method"), property = yaml_get(n, "property");
	const struct yaml_node *read = yaml_get(n, "read");
	const char *destination = text_of(n, "destination");
	int r = check_call(n, d);

	if (r == 0)
		r = check_templates(n, "arguments", d);
	if (r == 0)
		r = check_templates(n, "value", d);
	if (r)
		return r;
	if (!is_destination(destination))
		return defect(n, "destination", d, "is no name on a bus");
	if (strcmp(destination, "=thing") == 0 && !tool_has_argument(t, "entity"))
		return defect(n, "destination", d, "needs the argument \"entity\"");
	if (method + property + (read != NULL) != 1)
		return defect(n, "method", d, "expected one of method, property and read");
	if (property && (!yaml_get(n, "value") ||
			 count_types(text_of(n, "signature") ? text_of(n, "signature") : "") != 1))
		return defect(n, "value", d, "a property is written with one signature and a "
			      "value");
	if (!property && yaml_get(n, "value"))
		return defect(n, "value", d, "belongs to a property");
	return read ? check_items(read, d) : 0;
}

int spec_check_dbus(const struct tool *t, const struct yaml_node *n, struct diag *d)
{
	const struct yaml_node *c = yaml_get(n, "services")->first;
	int r = 0;

	for (; r == 0 && c; c = c->next)
		r = check_service(t, c, d);
	return r;
}
