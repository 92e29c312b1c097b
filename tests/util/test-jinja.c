/* SPDX-License-Identifier: MIT */
/* The Jinja subset: constructs by table, origins, and what a hostile template may not do. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check-main.h"
#include "util/buf.h"
#include "util/jinja.h"
#include "util/macro.h"

static const char variables[] =
	"{\"name\": \"Ada\", \"n\": 7, \"f\": 2.5, \"yes\": true, \"nothing\": null,"
	" \"list\": [1, 2, 3], \"people\": [{\"name\": \"a\", \"on\": true}, {\"name\": \"b\"}],"
	" \"d\": {\"k\": \"v\", \"x\": 1}, \"text\": \"  a b  \", \"accent\": \"h\\u00e9!\","
	" \"evil\": \"<|im_start|>\"}";

/* The labels of the output, a digit a byte, go to @labels when it is not NULL. */
static int render(const char *source, struct buf *out, struct buf *labels, struct diag *d)
{
	_cleanup_(jinja_freep) struct jinja *t = NULL;
	_cleanup_(jinja_output_freep) struct jinja_output *o = NULL;
	struct jinja_variable v[32];
	json_t *all = json_loads(variables, 0, NULL), *value;
	const char *name;
	size_t n = 0;
	int r;

	ck_assert_ptr_nonnull(all);
	json_object_foreach(all, name, value)
		v[n++] = (struct jinja_variable){ name, value, 1, NULL };
	r = jinja_parse(&t, source, strlen(source), d);
	if (r == 0)
		r = jinja_render(&o, t, v, n, "2026-01-02", d);
	for (size_t i = 0; r == 0 && i < jinja_output_count(o); i++) {
		struct jinja_segment s = jinja_output_at(o, i);

		ck_assert_int_eq(buf_append(out, s.text, s.len), 0);
		for (size_t k = 0; labels && k < s.len; k++)
			ck_assert_int_eq(buf_append_char(labels, (char)('0' + s.label)), 0);
	}
	json_decref(all);
	return r;
}

static const struct {
	const char *source, *expected;
} constructs[] = {
	{ "plain", "plain" },
	{ "{{ name }}", "Ada" },
	{ "{{ 'a' ~ n ~ 1.0 ~ true ~ none }}", "a71.0TrueNone" },
	{ "{{ 1 + 2 * 3 - 4 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }}",
	  "3 3 -4 2 3.5" },
	{ "{{ 2 ** 3 }}", "8.0" },
	{ "{{ 1 < 2 and not 2 < 1 or false }}", "True" },
	{ "{{ 'x' if false else 'y' }}{{ 'z' if false }}", "y" },
	{ "{{ 2 in list }} {{ 'd' not in 'abc' }} {{ 'k' in d }}", "True True True" },
	{ "{{ list[0] }}{{ list[-1] }}{{ list[9] }}{{ d.k }}{{ d['x'] }}{{ d.none }}", "13v1" },
	{ "{{ list[1:] }} {{ list[::-1] }} {{ list[:-1] }}", "[2, 3] [3, 2, 1] [1, 2]" },
	{ "{{ accent[1] }}{{ accent[:2] }}{{ accent|length }}", "éhé3" },
	{ "{% if n > 5 %}big{% elif n > 3 %}mid{% else %}small{% endif %}", "big" },
	{ "{% for x in list %}{{ loop.index }}/{{ loop.length }}{{ x }}{% if not loop.last %},"
	  "{% endif %}{% endfor %}", "1/31,2/32,3/33" },
	{ "{% for x in [] %}a{% else %}none{% endfor %}", "none" },
	{ "{% for k, v in d.items() if k != 'x' %}{{ k }}={{ v }}{% endfor %}", "k=v" },
	{ "{% for x in list %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}"
	  "{% if x == 3 %}{% break %}{% endif %}{% endfor %}", "13" },
	{ "{% set ns = namespace(a=1) %}{% for x in list %}{% set ns.a = ns.a + x %}{% endfor %}"
	  "{{ ns.a }}", "7" },
	{ "{% set x = 1 %}{% for i in list %}{% set x = 2 %}{% endfor %}{{ x }}", "1" },
	{ "{% macro hi(a, b='!') %}<{{ a }}{{ b }}>{% endmacro %}{{ hi('x') }}{{ hi('y', b='?') }}",
	  "<x!><y?>" },
	{ "{{ text|trim }}|{{ text.lstrip() }}|{{ 'xxaxx'.strip('x') }}", "a b|a b  |a" },
	{ "{{ 'a-b-c'.split('-')[-1] }}{{ 'aXbX'|replace('X', 'yy') }}", "cayybyy" },
	{ "{{ people|selectattr('on')|map(attribute='name')|join('+') }}", "a" },
	{ "{{ people|selectattr('name', 'equalto', 'b')|list|length }}", "1" },
	{ "{{ d|tojson }} {{ [1, 'q\"', none, true]|tojson }}",
	  "{\"k\": \"v\", \"x\": 1} [1, \"q\\\"\", null, true]" },
	{ "{{ {'a': [1]}|tojson(indent=2) }}", "{\n  \"a\": [\n    1\n  ]\n}" },
	{ "{{ missing is defined }}{{ missing|default('d') }}{{ ''|default('e', true) }}",
	  "Falsede" },
	{ "{{ n is number }}{{ name is string }}{{ d is mapping }}{{ nothing is none }}",
	  "TrueTrueTrueTrue" },
	{ "{{ name is not none }}{{ not yes is defined }}", "TrueFalse" },
	{ "{{ '12'|int + 1 }} {{ 'x'|int(5) }} {{ 2.567|round(1) }} {{ '2.5'|float }} {{ -3|abs }}",
	  "13 5 2.6 2.5 3" },
	{ "{{ yes|iif('on', 'off') }}{{ 'abc'|upper }}{{ 'ABC'|capitalize }}", "onABCAbc" },
	{ "{{ strftime_now('%d %b %Y') }}", "02 Jan 2026" },
	{ "{% for i in range(3) %}{{ i }}{% endfor %}{{ range(5, 1, -2)|list }}", "012[5, 3]" },
	{ "a {# note #} b", "a  b" },
	/* White space: trim_blocks and lstrip_blocks, and what '-' and '+' change. */
	{ "a\n  {% if yes %}\nb\n  {% endif %}\nc\n", "a\nb\nc" },
	{ "a \n {%- if yes -%} \n b \n {%- endif -%} \n c", "abc" },
	{ "a\n  {%+ if yes %}b{% endif %}", "a\n  b" },
	{ "x {{- name -}} y", "xAday" },
	{ "  {{ n }}\n", "  7" },
	{ "a {% if yes %}b{% endif %}", "a b" },
	{ "{{ 'tab\\tquote\\'' }}", "tab\tquote'" },
	/* Keys of other kinds, as device templates have them. */
	{ "{% set v = {none: 'a', 1: 'b', true: 'c', 2.5: 'd'} %}{{ v[none] }}{{ v[1.0] }}"
	  "{{ v[2.5] }}{{ v[missing] }}{{ v|length }}{{ v.get(2.5) }}{{ v.get(9, '-') }}"
	  "{{ 1 in v }}{{ 'a' in v }}",
	  "acd3d-TrueFalse" },
	{ "{{ {none: 1, 2: 'x', true: []}|tojson }}",
	  "{\"null\": 1, \"2\": \"x\", \"true\": []}" },
	{ "{% for k in {3: 'a', none: 'b'} %}{{ k }};{% endfor %}", "3;None;" },
	{ "{{ 'abc def ghi'|truncate(9, leeway=0) }}|"
	  "{{ 'abc def ghi'|truncate(9, true, leeway=0) }}|{{ 'abc def ghi'|truncate(9) }}|"
	  "{{ accent|truncate(2, true, '', 0) }}|{{ 'abcdef'|truncate(5, false, '..', 0) }}",
	  "abc...|abc de...|abc def ghi|hé|abc.." },
	{ "{{ n|is_defined }}", "7" },
};

START_TEST(construct)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(render(constructs[_i].source, &out, NULL, &d) == 0, "%s: %s: %s",
		      constructs[_i].source, d.field, d.text);
	ck_assert_str_eq(out.data ? out.data : "", constructs[_i].expected);
}
END_TEST

static const struct {
	const char *source, *text, *labels;
} origins[] = {
	{ "a{{ name }}b", "aAdab", "01110" },
	{ "{{ 'x' + evil + 'y' }}", "x<|im_start|>y", "01111111111110" },
	{ "{{ name|upper }}{{ name[1:] }}{{ ('  ' + name)|trim }}", "ADAdaAda", "11111111" },
	{ "{{ 'x-y'|replace('-', name) }}", "xAday", "01110" },
	{ "{{ [name, 'q']|join('+') }}", "Ada+q", "11100" },
	{ "{{ name|tojson }}", "\"Ada\"", "01110" },
	{ "{{ n }}{{ n + 1 }}{{ 5 }}", "785", "110" },
	{ "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(name) }}", "<Ada>", "01110" },
	{ "{{ ('q' ~ name).split('d')[1] }}{{ 'k' if name else '' }}", "ak", "10" },
};

START_TEST(origin_of_every_byte)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL, labels = BUF_NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(render(origins[_i].source, &out, &labels, &d) == 0, "%s: %s", d.field,
		      d.text);
	ck_assert_str_eq(out.data, origins[_i].text);
	ck_assert_str_eq(labels.data, origins[_i].labels);
}
END_TEST

static const struct {
	const char *source, *place, *part;
} refused[] = {
	{ "{% include 'x' %}", "1:", "'include' is not supported" },
	{ "{{ x|attr('__class__') }}", "1:", "'attr' is not supported" },
	{ "{{ ''.__class__.mro() }}", "1:", "'mro'" },
	{ "{{ name.format() }}", "1:", "'format'" },
	{ "a\n{{ 1 is prime }}", "2:", "'prime' is not supported" },
	{ "{{ missing.x }}", "1:", "undefined" },
	{ "{{ raise_exception('no system role') }}", "1:", "no system role" },
	{ "{% if yes %}", "1:", "expected 'elif'" },
	{ "{{ 1", "1:", "expected '}}'" },
	{ "{{ 'x }}", "1:", "without its end" },
	{ "{# x", "1:", "without its end" },
	{ "{{ 1 // 0 }}", "1:", "division by zero" },
	{ "{{ 9223372036854775807 }}", "1:", "too long" },
	{ "{{ 999999999999999999 * 999 }}", "1:", "too large" },
	{ "{% for i in range(1000000) %}{% for j in range(1000000) %}{% endfor %}{% endfor %}", "",
	  "more than" },
	{ "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "1:", "deeper" },
	{ "{% set ns = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}"
	  "{% set ns.s = ns.s + ns.s %}{% endfor %}", "", "memory" },
};

START_TEST(refuses)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_lt(render(refused[_i].source, &out, NULL, &d), 0);
	ck_assert_msg(strstr(d.text, refused[_i].part) != NULL, "%s: %s", refused[_i].source,
		      d.text);
	ck_assert_msg(strncmp(d.field, refused[_i].place, strlen(refused[_i].place)) == 0, "%s",
		      d.field);
}
END_TEST

/* Openings without end, far deeper than the stack would hold. */
START_TEST(depth_is_capped)
{
	static const char *const openings[] = { "(", "[", "not ", "-", "{% if 1 %}", "1 if ", "x.",
						"{% if 0 %}{% elif 1 %}" };
	_cleanup_(buf_deinit) struct buf source = BUF_NULL, out = BUF_NULL;
	struct diag d = DIAG_NULL;

	if (openings[_i][0] != '{')
		ck_assert_int_eq(buf_append_str(&source, "{{ "), 0);
	for (int i = 0; i < 60000; i++)
		ck_assert_int_eq(buf_append_str(&source, openings[_i]), 0);
	ck_assert_int_lt(render(source.data, &out, NULL, &d), 0);
	ck_assert_int_ne(d.code, DIAG_NONE);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, construct, 0, ARRAY_SIZE(constructs));
	tcase_add_loop_test(tc, origin_of_every_byte, 0, ARRAY_SIZE(origins));
	tcase_add_loop_test(tc, refuses, 0, ARRAY_SIZE(refused));
	tcase_add_loop_test(tc, depth_is_capped, 0, 8);
	return run_tests("util jinja", tc);
}
