/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tools_api/tools_api.h"
#include "util/macro.h"

#define HEAD "title: t, description: d, backend: {type: mqtt, service: x}"

static const char document[] =
	"tools:\n"
	"  - name: light.set\n"
	"    title: Set a light\n"
	"    description: Brightness of one light\n"
	"    risk: reversible\n"
	"    egress: true\n"
	"    backend: {type: mqtt, service: light_set}\n"
	"    read_back: light.get\n"
	"    undo: [{tool: light.set, arguments: {id: =arguments.id, level: =before.level}}]\n"
	"    schema:\n"
	"      type: object\n"
	"      additionalProperties: false\n"
	"      required: [id]\n"
	"      properties:\n"
	"        id: {type: string, minLength: 2, maxLength: 4}\n"
	"        level: {type: integer, minimum: 0, maximum: 100}\n"
	"        warm: {type: number, minimum: 0.5}\n"
	"        mode: {type: string, enum: [day, night]}\n"
	"        zones: {type: array, items: {type: integer}, minItems: 1, maxItems: 2}\n"
	"  - {name: light.get, " HEAD ", risk: read, schema: {type: object}}\n"
	"  - {name: door.open, " HEAD ", opening: true, schema: {type: object}}\n";

static const struct {
	const char *arguments, *path;	/* path NULL: accepted */
	enum diag_code code;
} arguments[] = {
	{ "{\"id\":\"ab\"}", NULL },
	{ "{\"id\":\"äöüß\",\"level\":100,\"warm\":1,\"mode\":\"night\",\"zones\":[1,2]}", NULL },
	{ "{}", "/", DIAG_PAIR },
	{ "[]", "/", DIAG_TYPE },
	{ "{\"id\":1}", "/id", DIAG_TYPE },
	{ "{\"id\":\"a\"}", "/id", DIAG_RANGE },
	{ "{\"id\":\"abcde\"}", "/id", DIAG_RANGE },
	{ "{\"id\":\"ab\",\"level\":101}", "/level", DIAG_RANGE },
	{ "{\"id\":\"ab\",\"level\":-1}", "/level", DIAG_RANGE },
	{ "{\"id\":\"ab\",\"level\":1.5}", "/level", DIAG_TYPE },
	{ "{\"id\":\"ab\",\"warm\":0.4}", "/warm", DIAG_RANGE },
	{ "{\"id\":\"ab\",\"mode\":\"dusk\"}", "/mode", DIAG_RANGE },
	{ "{\"id\":\"ab\",\"zones\":[]}", "/zones", DIAG_RANGE },
	{ "{\"id\":\"ab\",\"zones\":[1,2,3]}", "/zones", DIAG_RANGE },
	{ "{\"id\":\"ab\",\"zones\":[1,\"x\"]}", "/zones/1", DIAG_TYPE },
	{ "{\"id\":\"ab\",\"extra\":1}", "/extra", DIAG_UNSUP },
	{ "{\"id\":\"ab\",\"id\":\"cd\"}", "/", DIAG_SYNTAX },
	{ "{\"id\":\"ab\"} x", "/", DIAG_SYNTAX },
};

START_TEST(arguments_are_validated)
{
	_cleanup_(tool_registry_freep) struct tool_registry *r = NULL;
	struct diag d = DIAG_NULL;
	const struct tool *t;
	json_t *v = NULL;
	size_t i;
	int err;

	ck_assert_int_eq(tool_registry_new(&r), 0);
	ck_assert_msg(!tool_registry_load(r, document, strlen(document), true, &d), "%s %s",
		      d.field, d.text);
	ck_assert_uint_eq(tool_registry_count(r), 3);
	t = tool_registry_find(r, "light.set");
	ck_assert(t == tool_registry_at(r, 0) && t->egress && t->risk == POLICY_RISK_REVERSIBLE);
	ck_assert_str_eq(json_string_value(json_object_get(t->spec, "service")),
			 "light_set");
	ck_assert(tool_registry_find(r, "door.open")->risk == POLICY_RISK_CONSEQUENTIAL);
	ck_assert_ptr_null(tool_registry_find(r, "absent"));
	for (i = 0; i < ARRAY_SIZE(arguments); i++) {
		d = (struct diag)DIAG_NULL;
		err = tool_check_arguments(t, arguments[i].arguments,
					   strlen(arguments[i].arguments), &v, &d);
		ck_assert_msg(err == (arguments[i].path ? -EINVAL : 0), "%zu: %s", i, d.text);
		if (!err) {
			json_decref(v);
			continue;
		}
		ck_assert_str_eq(d.field, arguments[i].path);
		ck_assert_msg(d.code == arguments[i].code, "%zu: %s", i, d.text);
	}
}
END_TEST

#define TOOL(rest) "tools:\n  - {name: a, " HEAD ", " rest "}\n"
static const struct {
	const char *text;
	enum diag_code code;
} broken[] = {
	{ "tool: []\n", DIAG_UNSUP },
	{ "{}\n", DIAG_PAIR },
	{ "tools: {a: b}\n", DIAG_TYPE },
	{ TOOL("risk: read"), DIAG_PAIR },
	{ TOOL("schema: {type: string}"), DIAG_TYPE },
	{ TOOL("schema: {type: objekt}"), DIAG_TYPE },
	{ TOOL("schema: {type: object, pattern: x}"), DIAG_UNSUP },
	{ TOOL("schema: {type: object}, risk: none"), DIAG_RANGE },
	{ TOOL("schema: {type: object}, undo: [{tool: b, arguments: {}}]"), DIAG_PAIR },
	{ TOOL("schema: {type: object}, read_back: a"), DIAG_PAIR },
	{ TOOL("schema: {type: object}, timeout_ms: 0"), DIAG_RANGE },
	{ "tools:\n  - {name: 'a b', " HEAD ", schema: {type: object}}\n", DIAG_RANGE },
	{ TOOL("schema: {type: object}") "  - {name: a, " HEAD ", schema: {type: object}}\n",
	  DIAG_DUP },
};

START_TEST(broken_documents_add_nothing)
{
	_cleanup_(tool_registry_freep) struct tool_registry *r = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(tool_registry_new(&r), 0);
	ck_assert_int_eq(tool_registry_load(r, broken[_i].text, strlen(broken[_i].text),
					    true, &d),
			 -EINVAL);
	ck_assert_msg(d.code == broken[_i].code, "%s %s", d.field, d.text);
	ck_assert_ptr_nonnull(strchr(d.field, ':'));
	ck_assert_uint_eq(tool_registry_count(r), 0);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("registry");

	tcase_add_test(tc, arguments_are_validated);
	tcase_add_loop_test(tc, broken_documents_add_nothing, 0, ARRAY_SIZE(broken));
	return run_tests("registry", tc);
}
