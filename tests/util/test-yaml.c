/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "util/buf.h"
#include "util/macro.h"
#include "util/yaml.h"

START_TEST(tree_of_a_document)
{
	static const char text[] = "name: proofread\n"
				   "scale: 0.5\n"
				   "list: [a, 'b', 3]\n"
				   "prompt: |\n"
				   "  one\n"
				   "  two\n"
				   "deep: {on: true}\n";
	_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
	struct diag d = DIAG_NULL;
	const struct yaml_node *root, *n;
	const char *s;
	uint64_t u;
	double f;
	bool b;

	ck_assert_int_eq(yaml_parse(&y, text, strlen(text), &d), 0);
	root = yaml_root(y);
	ck_assert_int_eq(yaml_str(yaml_get(root, "name"), &s, &d), 0);
	ck_assert_str_eq(s, "proofread");
	ck_assert_int_eq(yaml_f64(yaml_get(root, "scale"), 0, 1, &f, &d), 0);
	ck_assert(f == 0.5);
	n = yaml_get(root, "list")->first;
	ck_assert_str_eq(n->text, "a");
	ck_assert(!n->quoted && n->next->quoted);
	ck_assert_int_eq(yaml_u64(n->next->next, 0, 3, &u, &d), 0);
	ck_assert_uint_eq(u, 3);
	ck_assert_ptr_null(n->next->next->next);
	ck_assert_str_eq(yaml_get(root, "prompt")->text, "one\ntwo\n");
	ck_assert_int_eq(yaml_bool(yaml_get(yaml_get(root, "deep"), "on"), &b, &d), 0);
	ck_assert(b);
	ck_assert_ptr_null(yaml_get(root, "absent"));
	ck_assert_ptr_null(yaml_get(NULL, "absent"));
	ck_assert_uint_eq(yaml_get(root, "list")->line, 3);
}
END_TEST

static const struct {
	const char *text;
	enum diag_code code;
	const char *field;
} broken[] = {
	{ "a: [1, 2\nb: 3\n", DIAG_SYNTAX, "2:2" },
	{ "a: 1\na: 2\n", DIAG_DUP, "2:1" },
	{ "a: &x 1\nb: 2\n", DIAG_UNSUP, "1:4" },
	{ "a: *x\n", DIAG_UNSUP, "1:4" },
	{ "a: !!int 3\n", DIAG_UNSUP, "1:4" },
	{ "a: 1\n---\nb: 2\n", DIAG_UNSUP, "2:1" },
	{ "[1]: 2\n", DIAG_TYPE, "1:1" },
	{ "a: \"x\\0y\"\n", DIAG_TYPE, "1:4" },
	{ "a: \xff\n", DIAG_SYNTAX, NULL },
	{ "a:\n\t- 1\n", DIAG_SYNTAX, NULL },
};

START_TEST(broken_documents)
{
	struct diag d = DIAG_NULL;
	struct yaml *y = NULL;

	ck_assert_int_eq(yaml_parse(&y, broken[_i].text, strlen(broken[_i].text), &d), -EINVAL);
	ck_assert_ptr_null(y);
	ck_assert_msg(d.code == broken[_i].code, "case %d: %s %s", _i, diag_code_name(d.code),
		      d.text);
	if (broken[_i].field)
		ck_assert_str_eq(d.field, broken[_i].field);
}
END_TEST

START_TEST(depth_and_size_are_capped)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct diag d = DIAG_NULL;
	struct yaml *y = NULL;

	for (int i = 0; i < 10000; i++)
		ck_assert_int_eq(buf_append_char(&text, '['), 0);
	ck_assert_int_eq(yaml_parse(&y, text.data, text.len, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_LIMIT);
	while (text.len <= YAML_MAX_SIZE)
		ck_assert_int_eq(buf_append_str(&text, "# filler\n"), 0);
	d = (struct diag)DIAG_NULL;
	ck_assert_int_eq(yaml_parse(&y, text.data, text.len, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_LIMIT);
}
END_TEST

START_TEST(keys_are_capped)
{
	for (int n = YAML_MAX_KEYS; n <= YAML_MAX_KEYS + 1; n++) {
		_cleanup_(buf_deinit) struct buf text = BUF_NULL;
		_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
		struct diag d = DIAG_NULL;
		int r;

		/* Another mapping's keys do not count. */
		ck_assert_int_eq(buf_append_str(&text, "{k: {a: 1, b: 2}"), 0);
		for (int i = 1; i < n; i++)
			ck_assert_int_eq(buf_printf(&text, ", %d: x", i), 0);
		ck_assert_int_eq(buf_append_str(&text, "}"), 0);
		r = yaml_parse(&y, text.data, text.len, &d);
		ck_assert_int_eq(r, n > YAML_MAX_KEYS ? -EINVAL : 0);
		ck_assert_int_eq(d.code, n > YAML_MAX_KEYS ? DIAG_LIMIT : DIAG_NONE);
	}
}
END_TEST

/* The document as one line of flow YAML, without quotes. */
static void write_node(struct buf *out, const struct yaml_node *n)
{
	bool mapping = n->kind == YAML_MAPPING;

	if (n->key)
		ck_assert_int_eq(buf_printf(out, "%s: ", n->key), 0);
	if (n->kind == YAML_SCALAR) {
		ck_assert_int_eq(buf_append_str(out, n->text), 0);
		return;
	}
	ck_assert_int_eq(buf_append_char(out, mapping ? '{' : '['), 0);
	for (const struct yaml_node *c = n->first; c; c = c->next) {
		write_node(out, c);
		if (c->next)
			ck_assert_int_eq(buf_append_str(out, ", "), 0);
	}
	ck_assert_int_eq(buf_append_char(out, mapping ? '}' : ']'), 0);
}

START_TEST(aliases_are_copies)
{
	static const char text[] =
		"a: &x [1, &y {k: v, l: [m, n]}]\n"
		"b: *x\n"
		"c: {d: *y, e: &x last}\n"
		"f: [*x, *y, *x]\n";
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(!yaml_parse_anchors(&y, text, strlen(text), &d), "%s %s", d.field, d.text);
	write_node(&out, yaml_root(y));
	ck_assert_str_eq(out.data, "{a: [1, {k: v, l: [m, n]}], b: [1, {k: v, l: [m, n]}], "
			 "c: {d: {k: v, l: [m, n]}, e: last}, "
			 "f: [last, {k: v, l: [m, n]}, last]}");
	ck_assert_uint_eq(yaml_get(yaml_root(y), "b")->first->line, 1);
}
END_TEST

static const struct {
	const char *text, *field;
	enum diag_code code;
} bad_aliases[] = {
	{ "a: *x\n", "1:4", DIAG_PAIR },
	{ "a: &x [1, *x]\n", "1:11", DIAG_LAYOUT },
	{ "&x a: b\n", "1:1", DIAG_UNSUP },
	{ "a: &x b\n*x : c\n", "2:1", DIAG_TYPE },
	{ "a: &x !t b\n", "1:4", DIAG_UNSUP },
	{ "a: &aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd b\n", "1:4",
	  DIAG_LIMIT },
	/* A billion of them. */
	{ "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
	  "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
	  "e: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n", "5:5", DIAG_LIMIT },
	/* Each half as deep as allowed. */
	{ "a: &a [[[[[[[[x]]]]]]]]\nb: [[[[[[[[*a]]]]]]]]\n", "2:12", DIAG_LIMIT },
};

/* Few nodes, and much text. */
START_TEST(aliases_of_long_texts_are_bounded)
{
	enum { LONG = 100000, ALIASES = 1000 };
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct diag d = DIAG_NULL;
	struct yaml *y = NULL;

	ck_assert_int_eq(buf_printf(&text, "- &a %0*d\n", LONG, 1), 0);
	for (int i = 0; i < ALIASES; i++)
		ck_assert_int_eq(buf_append_str(&text, "- *a\n"), 0);
	ck_assert_int_eq(yaml_parse_anchors(&y, text.data, text.len, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_LIMIT);
}
END_TEST

START_TEST(aliases_are_bounded)
{
	struct diag d = DIAG_NULL;
	struct yaml *y = NULL;
	const char *text = bad_aliases[_i].text;

	ck_assert_int_eq(yaml_parse_anchors(&y, text, strlen(text), &d), -EINVAL);
	ck_assert_msg(d.code == bad_aliases[_i].code, "%s: %s", text, d.text);
	ck_assert_str_eq(d.field, bad_aliases[_i].field);
	d = (struct diag)DIAG_NULL;
	ck_assert_int_eq(yaml_parse(&y, text, strlen(text), &d), -EINVAL);
}
END_TEST

static const struct {
	const char *value;
	bool u64, f64, boolean;
} typed[] = {
	{ "7", true, true, false },	 { "-7", false, true, false },
	{ "'7'", false, false, false },	 { "7x", false, false, false },
	{ "99999999999999999999", false, true, false },
	{ "nan", false, false, false },	 { "yes", false, false, false },
	{ "true", false, false, true },	 { "False", false, false, false },
	{ "''", false, false, false },	 { "[7]", false, false, false },
};

START_TEST(typed_values)
{
	_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct diag d = DIAG_NULL;
	const struct yaml_node *n;
	uint64_t u;
	double f;
	bool b;

	ck_assert_int_eq(buf_printf(&text, "v: %s\n", typed[_i].value), 0);
	ck_assert_int_eq(yaml_parse(&y, text.data, text.len, &d), 0);
	n = yaml_get(yaml_root(y), "v");
	ck_assert_msg((yaml_u64(n, 0, UINT64_MAX, &u, &d) == 0) == typed[_i].u64, "%s", text.data);
	ck_assert_msg((yaml_f64(n, -1e30, 1e30, &f, &d) == 0) == typed[_i].f64, "%s", text.data);
	ck_assert_msg((yaml_bool(n, &b, &d) == 0) == typed[_i].boolean, "%s", text.data);
}
END_TEST

START_TEST(unknown_key_is_named)
{
	static const char *const allowed[] = { "name", "file", NULL };
	_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(yaml_parse(&y, "name: x\nfiel: y\n", 16, &d), 0);
	ck_assert_int_eq(yaml_check_keys(yaml_root(y), allowed, &d), -EINVAL);
	ck_assert_str_eq(d.field, "2:1");
	ck_assert_str_eq(d.text, "unknown key 'fiel'");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, tree_of_a_document);
	tcase_add_loop_test(tc, broken_documents, 0, ARRAY_SIZE(broken));
	tcase_add_test(tc, depth_and_size_are_capped);
	tcase_add_test(tc, keys_are_capped);
	tcase_add_test(tc, aliases_are_copies);
	tcase_add_test(tc, aliases_of_long_texts_are_bounded);
	tcase_add_loop_test(tc, aliases_are_bounded, 0, ARRAY_SIZE(bad_aliases));
	tcase_add_loop_test(tc, typed_values, 0, ARRAY_SIZE(typed));
	tcase_add_test(tc, unknown_key_is_named);
	return run_tests("util yaml", tc);
}
