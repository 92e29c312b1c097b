/* SPDX-License-Identifier: MIT */
/* A tool from its file. Shapes are checked by schemas, and what schemas cannot say here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools_api/schema.h"
#include "tools_api/spec.h"
#include "tools_api/template.h"
#include "tools_api/tool-private.h"
#include "tools_api/yaml-json.h"
#include "util/macro.h"
#include "util/utf8.h"

#define NAMES "{\"type\": \"array\", \"minItems\": 1, \"maxItems\": 64, \"items\":" \
	" {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 300}}"
#define OBJECT "{\"type\": \"object\"}"

static const char opening_form[] =
	"{\"type\": [\"boolean\", \"object\"], \"additionalProperties\": false,"
	" \"minProperties\": 1, \"properties\": {"
	"  \"domain\": " NAMES ", \"device_class\": " NAMES ", \"arguments\": " OBJECT "}}";

static const char intents_form[] =
	"{\"type\": \"array\", \"maxItems\": 32, \"items\": {\"type\": \"object\","
	" \"additionalProperties\": false, \"required\": [\"intent\"], \"properties\": {"
	"  \"intent\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 64},"
	"  \"domain\": " NAMES ", \"entity\": " NAMES ", \"when\": " OBJECT ","
	"  \"arguments\": " OBJECT ","
	"  \"slots\": {\"type\": \"object\", \"additionalProperties\": {"
	"   \"type\": [\"string\", \"object\"], \"additionalProperties\": false,"
	"   \"required\": [\"argument\"], \"properties\": {"
	"    \"argument\": {\"type\": \"string\"}, \"relative\": {\"type\": \"boolean\"},"
	"    \"values\": " OBJECT "}}}}}}";

static const char undo_form[] =
	"{\"type\": \"array\", \"minItems\": 1, \"maxItems\": 16, \"items\": {"
	" \"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
	"  \"when\": " OBJECT ", \"tool\": {\"type\": \"string\"}, \"arguments\": " OBJECT "}}}";

static const char say_form[] =
	"{\"type\": \"array\", \"minItems\": 1, \"maxItems\": 16, \"items\": {"
	" \"type\": \"object\", \"additionalProperties\": false, \"required\": [\"text\"],"
	" \"properties\": {\"when\": " OBJECT ", \"text\": {\"type\": \"string\","
	"  \"minLength\": 1, \"maxLength\": 500}}}}";

struct tool *tool_new(void)
{
	struct tool *t = calloc(1, sizeof(*t));

	if (t)
		t->refs = 1;
	return t;
}

static int read_string(const struct yaml_node *m, const char *key, bool required, char **ret,
		       struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, key);
	const char *s;
	int r;

	if (!n && !required)
		return 0;
	if (!n)
		return yaml_error(m, -EINVAL, DIAG_PAIR, d, "\"%s\" is missing", key);
	r = yaml_str(n, &s, d);
	if (r)
		return r;
	*ret = strdup(s);
	return *ret ? 0 : -ENOMEM;
}

static int read_flag(const struct yaml_node *m, const char *key, bool *ret, struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, key);

	return n ? yaml_bool(n, ret, d) : 0;
}

static int read_choice(const struct yaml_node *n, const char *const *names, size_t n_names,
		       unsigned *ret, struct diag *d)
{
	const char *s = NULL;
	size_t i;
	int r = yaml_str(n, &s, d);

	if (r)
		return r;
	for (i = 0; i < n_names; i++)
		if (names[i] && !strcmp(s, names[i])) {
			*ret = (unsigned)i;
			return 0;
		}
	return yaml_error(n, -EINVAL, DIAG_RANGE, d, "%s: is none of the values allowed",
			  n->key ? n->key : "value");
}

static int read_backend(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	const char *names[TOOL_BACKEND_COUNT];
	const struct yaml_node *type = yaml_get(yaml_get(m, "backend"), "type");
	unsigned choice = 0;
	int r;

	if (!type)
		return yaml_error(m, -EINVAL, DIAG_PAIR, d, "\"backend\" with a type is missing");
	for (unsigned i = 0; i < TOOL_BACKEND_COUNT; i++)
		names[i] = tool_backend_name((enum tool_backend)i);
	r = read_choice(type, names, TOOL_BACKEND_COUNT, &choice, d);
	if (r)
		return r;
	t->backend = (enum tool_backend)choice;
	return tool_read_spec(t, m, d);
}

static int read_schema(const struct yaml_node *m, const char *key, json_t **ret, struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, key);
	struct diag inner = DIAG_NULL;

	if (!n)
		return 0;
	*ret = yaml_json(n);
	if (!*ret)
		return -ENOMEM;
	return tool_schema_check(*ret, &inner) < 0 ? yaml_defect(n, &inner, d) : 0;
}

static int read_arguments_schema(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	const char *type;
	int r = read_schema(m, "schema", &t->schema, d);

	if (r)
		return r;
	if (!t->schema)
		return yaml_error(m, -EINVAL, DIAG_PAIR, d, "\"schema\" is missing");
	type = json_string_value(json_object_get(t->schema, "type"));
	if (!type || strcmp(type, "object") != 0)
		return yaml_error(yaml_get(m, "schema"), -EINVAL, DIAG_TYPE, d,
				  "schema: must have type object");
	return 0;
}

/* Some string of no fixed choice: it may carry text from anywhere. */
static bool is_free_text(const json_t *schema)
{
	const json_t *type = json_object_get(schema, "type");
	bool text = !type;

	if (json_object_get(schema, "enum") || json_object_get(schema, "const"))
		return false;
	if (json_is_string(type))
		text = strcmp(json_string_value(type), "string") == 0 ||
		       strcmp(json_string_value(type), "object") == 0 ||
		       strcmp(json_string_value(type), "array") == 0;
	for (size_t i = 0; i < json_array_size(type); i++)
		text |= strcmp(json_string_value(json_array_get(type, i)), "string") == 0;
	return text;
}

void tool_find_free_text(struct tool *t)
{
	const json_t *others = json_object_get(t->schema, "additionalProperties");
	const char *key;
	json_t *v;

	t->free_text = !json_is_false(others);
	json_object_foreach(json_object_get(t->schema, "properties"), key, v)
		t->free_text |= strcmp(key, "entity") != 0 && is_free_text(v);
}

static int unknown_argument(const struct yaml_node *n, const char *name, struct diag *d)
{
	return yaml_error(n, -EINVAL, DIAG_PAIR, d, "'%s' is no argument of the schema", name);
}

/* What intents say of arguments is of the schema. */
static int check_binding(const struct yaml_node *n, const struct tool *t, struct diag *d)
{
	const struct yaml_node *c, *slots = yaml_get(n, "slots");
	const struct yaml_node *fixed = yaml_get(n, "arguments");

	for (c = slots ? slots->first : NULL; c; c = c->next) {
		const struct yaml_node *to = c->kind == YAML_SCALAR ? c : yaml_get(c, "argument");

		if (!tool_has_argument(t, to->text))
			return unknown_argument(to, to->text, d);
	}
	for (c = fixed ? fixed->first : NULL; c; c = c->next)
		if (!tool_has_argument(t, c->key))
			return unknown_argument(c, c->key, d);
	return 0;
}

static int read_intents(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, "intents");
	int r = yaml_part(m, "intents", intents_form, &t->intents, d);

	for (n = n ? n->first : NULL; r == 0 && n; n = n->next)
		r = check_binding(n, t, d);
	return r;
}

static int check_template(const struct yaml_node *n, const json_t *v, const char *const *roots,
			  struct diag *d)
{
	struct diag inner = DIAG_NULL;

	return tool_template_check(v, roots, &inner) < 0 ? yaml_defect(n, &inner, d) : 0;
}

static int read_undo(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	static const char *const roots[] = { "arguments", "before", NULL };
	const struct yaml_node *n = yaml_get(m, "undo");
	int r = yaml_part(m, "undo", undo_form, &t->undo, d);

	if (r || !n)
		return r;
	for (const struct yaml_node *rule = n->first; rule; rule = rule->next)
		if (!yaml_get(rule, "tool") != !yaml_get(rule, "arguments"))
			return yaml_error(rule, -EINVAL, DIAG_PAIR, d,
					  "\"tool\" and \"arguments\" belong together");
	return check_template(n, t->undo, roots, d);
}

static int read_effect(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	static const char *const roots[] = { "arguments", NULL };
	const struct yaml_node *n = yaml_get(m, "expect");
	int r = read_string(m, "read_back", false, &t->read_back, d);

	if (r == 0)
		r = yaml_part(m, "expect", OBJECT, &t->expect, d);
	if (r == 0)
		r = yaml_part(m, "expect_change", NAMES, &t->expect_change, d);
	if (r == 0 && yaml_get(m, "tolerance"))
		r = yaml_f64(yaml_get(m, "tolerance"), 0, 1e6, &t->tolerance, d);
	if (r == 0 && (t->expect || t->expect_change) && !t->read_back)
		r = yaml_error(m, -EINVAL, DIAG_PAIR, d,
			       "what is expected cannot be seen without \"read_back\"");
	return r || !n ? r : check_template(n, t->expect, roots, d);
}

static int read_opening(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, "opening");
	struct diag inner = DIAG_NULL;
	int r = yaml_part(m, "opening", opening_form, &t->opening, d);
	json_t *schema = json_object_get(t->opening, "arguments");

	if (r == 0 && schema && tool_schema_check(schema, &inner) < 0)
		r = yaml_defect(yaml_get(n, "arguments"), &inner, d);
	return r;
}

static int read_say(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, "say");
	int r = yaml_part(m, "say", say_form, &t->say, d);

	for (n = n ? n->first : NULL; r == 0 && n; n = n->next)
		if (!tool_text_check(yaml_get(n, "text")->text))
			r = yaml_error(yaml_get(n, "text"), -EINVAL, DIAG_SYNTAX, d,
				       "text: expected names in braces");
	return r;
}

static int read_log(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, "log");
	int r = yaml_part(m, "log", "{\"type\": \"array\", \"maxItems\": 64, \"items\":"
			  " {\"type\": \"string\"}}", &t->log, d);

	for (n = n ? n->first : NULL; r == 0 && n; n = n->next)
		if (!tool_has_argument(t, n->text))
			r = unknown_argument(n, n->text, d);
	return r;
}

int tool_check_name(const char *name, size_t max, struct diag *d)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-/";
	size_t n = strlen(name);

	return n && n <= max && strspn(name, allowed) == n ? 0 :
	       diag_set(d, -EINVAL, DIAG_RANGE, "name", "expected 1 to %zu of a-z, A-Z, 0-9, "
			"'.', '_', '-' and '/'", max);
}

/* Those that change the direction of text can make a question read as another one. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == UTF8_INVALID;
}

int tool_check_text(const char *field, const char *text, size_t max, struct diag *d)
{
	size_t n = strlen(text), size;

	if (n == 0 || n > max)
		return diag_set(d, -EINVAL, DIAG_RANGE, field, "expected 1 to %zu bytes", max);
	for (size_t i = 0; i < n; i += size)
		if (is_control(utf8_decode(text + i, n - i, &size)))
			return diag_set(d, -EINVAL, DIAG_RANGE, field,
					"control characters are not allowed");
	return 0;
}

/* The texts of a tool, which also applications bring: a defect is told at its line. */
static int check_texts(const struct yaml_node *m, const struct tool *t, struct diag *d)
{
	struct diag inner = DIAG_NULL;

	if (tool_check_name(t->name, TOOL_NAME_MAX, &inner) == 0 &&
	    tool_check_text("title", t->title, TOOL_TITLE_MAX, &inner) == 0 &&
	    tool_check_text("description", t->description, TOOL_DESCRIPTION_MAX, &inner) == 0)
		return 0;
	return yaml_error(yaml_get(m, inner.field), -EINVAL, inner.code, d, "%s: %s", inner.field,
			  inner.text);
}

int tool_read(struct tool *t, const struct yaml_node *m, struct diag *d)
{
	static const char *const keys[] = { "name", "title", "description", "schema",
		"result_schema", "risk", "egress", "reads_private", "free_text", "opening",
		"timeout_ms", "backend", "read_back", "expect", "expect_change", "tolerance", "say",
		"intents", "undo", "log", NULL };
	static const char *const risks[] = { "read", "reversible", "consequential", "forbidden" };
	unsigned risk = POLICY_RISK_CONSEQUENTIAL;
	uint64_t timeout = TOOL_TIMEOUT_MS;
	int r = yaml_check_keys(m, keys, d);

	if (r || (r = read_string(m, "name", true, &t->name, d)) ||
	    (r = read_string(m, "title", true, &t->title, d)) ||
	    (r = read_string(m, "description", true, &t->description, d)) ||
	    (r = check_texts(m, t, d)) || (r = read_flag(m, "egress", &t->egress, d)) ||
	    (r = read_flag(m, "reads_private", &t->reads_private, d)) ||
	    (r = read_arguments_schema(m, t, d)) || (r = read_backend(m, t, d)) ||
	    (r = read_schema(m, "result_schema", &t->result_schema, d)) ||
	    (r = read_opening(m, t, d)) || (r = read_effect(m, t, d)) ||
	    (r = read_intents(m, t, d)) || (r = read_undo(m, t, d)) || (r = read_say(m, t, d)) ||
	    (r = read_log(m, t, d)))
		return r;
	tool_find_free_text(t);
	r = read_flag(m, "free_text", &t->free_text, d);
	if (!r && yaml_get(m, "risk"))
		r = read_choice(yaml_get(m, "risk"), risks, ARRAY_SIZE(risks), &risk, d);
	if (!r && yaml_get(m, "timeout_ms"))
		r = yaml_u64(yaml_get(m, "timeout_ms"), 1, TOOL_TIMEOUT_MAX_MS, &timeout, d);
	t->risk = (enum policy_risk)risk;
	t->timeout_ms = (uint32_t)timeout;
	return r;
}
