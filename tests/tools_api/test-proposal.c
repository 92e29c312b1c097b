/* SPDX-License-Identifier: MIT */
/* What a model wrote is one call, or nothing. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tools_api/tools_api.h"
#include "util/buf.h"
#include "util/macro.h"

START_TEST(a_call_is_read)
{
	static const char text[] = " {\"arguments\": {\"entity\": \"light.desk\", \"n\": [1]},\n"
				   " \"tool\": \"home/turn_on\"}\n";
	struct proposal p;

	ck_assert_int_eq(proposal_parse(&p, text, strlen(text), NULL), 0);
	ck_assert_str_eq(p.tool, "home/turn_on");
	ck_assert_str_eq(json_string_value(json_object_get(p.arguments, "entity")), "light.desk");
	proposal_deinit(&p);
	ck_assert(!p.tool && !p.arguments);
}
END_TEST

static const struct {
	const char *text, *field;
} refused[] = {
	{ "", "/" },
	{ "turn on the light", "/" },
	{ "[]", "/" },
	{ "\"home/turn_on\"", "/" },
	{ "{}", "/" },
	{ "{\"tool\": \"a\"}", "/" },
	{ "{\"arguments\": {}}", "/" },
	{ "{\"tool\": \"a\", \"arguments\": {}, \"why\": \"because\"}", "/" },
	{ "{\"tool\": \"a\", \"argument\": {}}", "/" },
	{ "{\"tool\": \"a\", \"tool\": \"b\", \"arguments\": {}}", "/" },
	{ "{\"tool\": \"a\", \"arguments\": {\"x\": 1, \"x\": 2}}", "/" },
	{ "{\"tool\": \"a\", \"arguments\": {}} and more", "/" },
	{ "{\"tool\": \"a\", \"arguments\": {}}{\"tool\": \"b\", \"arguments\": {}}", "/" },
	{ "Sure! {\"tool\": \"a\", \"arguments\": {}}", "/" },
	{ "```json\n{\"tool\": \"a\", \"arguments\": {}}\n```", "/" },
	{ "{'tool': 'a', 'arguments': {}}", "/" },
	{ "{\"tool\": \"a\", \"arguments\": {\"x\": \"\\u0000\"}}", "/" },
	{ "{\"tool\": \"a\", \"arguments\": {\"x\": \"\xff\"}}", "/" },
	{ "{\"tool\": \"a\", \"arguments\": {\"x\": 1e999}}", "/" },
	{ "{\"tool\": 1, \"arguments\": {}}", "/tool" },
	{ "{\"tool\": null, \"arguments\": {}}", "/tool" },
	{ "{\"tool\": \"\", \"arguments\": {}}", "/tool" },
	{ "{\"tool\": \"home/turn on\", \"arguments\": {}}", "/tool" },
	{ "{\"tool\": \"home;reboot\", \"arguments\": {}}", "/tool" },
	{ "{\"tool\": \"höme\", \"arguments\": {}}", "/tool" },
	{ "{\"tool\": \"a\", \"arguments\": []}", "/arguments" },
	{ "{\"tool\": \"a\", \"arguments\": \"{}\"}", "/arguments" },
	{ "{\"tool\": \"a\", \"arguments\": null}", "/arguments" },
};

START_TEST(everything_else_is_refused)
{
	struct proposal p = PROPOSAL_NULL;
	struct diag d = DIAG_NULL;
	const char *text = refused[_i].text;

	ck_assert_int_eq(proposal_parse(&p, text, strlen(text), &d), -EINVAL);
	ck_assert_str_eq(d.field, refused[_i].field);
	ck_assert(*d.text && !p.tool && !p.arguments);
}
END_TEST

START_TEST(sizes_are_bounded)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct proposal p = PROPOSAL_NULL;
	struct diag d = DIAG_NULL;

	buf_printf(&text, "{\"tool\": \"%0*d\", \"arguments\": {}}", TOOL_NAME_MAX, 0);
	ck_assert_int_eq(proposal_parse(&p, text.data, text.len, NULL), 0);
	proposal_deinit(&p);
	buf_reset(&text);
	buf_printf(&text, "{\"tool\": \"%0*d\", \"arguments\": {}}", TOOL_NAME_MAX + 1, 0);
	ck_assert_int_eq(proposal_parse(&p, text.data, text.len, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_RANGE);
	buf_reset(&text);
	buf_printf(&text, "{\"tool\": \"a\", \"arguments\": {\"x\": \"%0*d\"}}", PROPOSAL_MAX, 0);
	d = (struct diag)DIAG_NULL;
	ck_assert_int_eq(proposal_parse(&p, text.data, text.len, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_LIMIT);
	/* Depth is the parser's to bound. */
	buf_reset(&text);
	buf_append_str(&text, "{\"tool\": \"a\", \"arguments\": {\"x\": ");
	for (int i = 0; i < 30000; i++)
		buf_append_char(&text, '[');
	ck_assert_int_eq(proposal_parse(&p, text.data, text.len, NULL), -EINVAL);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("proposal");

	tcase_add_test(tc, a_call_is_read);
	tcase_add_loop_test(tc, everything_else_is_refused, 0, ARRAY_SIZE(refused));
	tcase_add_test(tc, sizes_are_bounded);
	return run_tests("proposal", tc);
}
