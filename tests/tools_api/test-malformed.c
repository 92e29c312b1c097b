/* SPDX-License-Identifier: MIT */
/* Files of tools that are wrong in one way each: the class of the defect, and that a line is
 * named and nothing is added. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check-main.h"
#include "tools_api/tools_api.h"
#include "util/buf.h"
#include "util/macro.h"

#define NAMED "tools: [{name: a, title: t, description: d, "
#define TOOL(rest) NAMED "schema: {type: object, properties: {x: {type: string}, n: {type:" \
	" integer}, l: {type: array}}}, " rest "}]\n"
#define MQTT(rest) TOOL("backend: {type: mqtt, service: s}, " rest)
#define BOUND(rest) MQTT("intents: [{intent: I, " rest "}]")
#define EXEC(rest) TOOL("backend: {type: exec, " rest "}")
#define BUS "bus: session, destination: a.b, path: /p, interface: a.b"
#define DBUS(rest) TOOL("backend: {type: dbus, services: [{" rest "}]}")
#define CALL(rest) DBUS(BUS ", " rest)
#define THING(rest) "tools: [{name: r, title: t, description: d, risk: read, schema: {type:" \
	" object, properties: {entity: {type: string}}}, backend: {type: mqtt, service: s}}]\n" \
	"things: [{" rest "}]\n"
#define SCHEMA(s) NAMED "backend: {type: mqtt, service: s}, schema: " s "}]\n"
#define PART(s) SCHEMA("{type: object, properties: {x: " s "}}")

static const struct {
	enum diag_code code;
	const char *text;
} broken[] = {
	/* The document. */
	{ DIAG_SYNTAX, "tools: [" },
	{ DIAG_SYNTAX, "tools: {\n" },
	{ DIAG_PAIR, "" },
	{ DIAG_PAIR, "{}" },
	{ DIAG_PAIR, "things: []\n" },
	{ DIAG_TYPE, "[]" },
	{ DIAG_TYPE, "text" },
	{ DIAG_TYPE, "tools: text" },
	{ DIAG_TYPE, "tools: {a: b}" },
	{ DIAG_TYPE, "tools: [text]" },
	{ DIAG_TYPE, "tools: [[]]" },
	{ DIAG_PAIR, "tools: [{}]" },
	{ DIAG_UNSUP, "tools: []\nmore: 1\n" },
	{ DIAG_DUP, "tools: []\ntools: []\n" },
	{ DIAG_UNSUP, "tools: &a []\n" },
	{ DIAG_UNSUP, "a: &a [x, x]\nb: &b [*a, *a]\n" },
	{ DIAG_UNSUP, "tools: !!seq []\n" },
	{ DIAG_UNSUP, "--- {tools: []}\n--- {}\n" },
	{ DIAG_LIMIT, "tools: [[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]" },
	/* A tool's own keys. */
	{ DIAG_UNSUP, MQTT("shell: rm") },
	{ DIAG_DUP, MQTT("risk: read, risk: read") },
	{ DIAG_PAIR, "tools: [{title: t, description: d, schema: {type: object}}]" },
	{ DIAG_PAIR, "tools: [{name: a, description: d, schema: {type: object}}]" },
	{ DIAG_PAIR, "tools: [{name: a, title: t, schema: {type: object}}]" },
	{ DIAG_TYPE, "tools: [{name: [a], title: t, description: d}]" },
	{ DIAG_RANGE, "tools: [{name: '', title: t, description: d}]" },
	{ DIAG_RANGE, "tools: [{name: a b, title: t, description: d}]" },
	{ DIAG_RANGE, "tools: [{name: \"a\\n\", title: t, description: d}]" },
	{ DIAG_RANGE, "tools: [{name: ä, title: t, description: d}]" },
	{ DIAG_RANGE, "tools: [{name: a, title: '', description: d}]" },
	{ DIAG_RANGE, "tools: [{name: a, title: \"a\\tb\", description: d}]" },
	{ DIAG_RANGE, "tools: [{name: a, title: \"a\\u202Eb\", description: d}]" },
	{ DIAG_RANGE, "tools: [{name: a, title: \"a\\u0085b\", description: d}]" },
	{ DIAG_RANGE, "tools: [{name: a, title: t, description: \"\\u2066\"}]" },
	{ DIAG_TYPE, "tools: [{name: a, title: {}, description: d}]" },
	{ DIAG_RANGE, MQTT("risk: none") },
	{ DIAG_RANGE, MQTT("risk: 0") },
	{ DIAG_TYPE, MQTT("risk: [read]") },
	{ DIAG_TYPE, MQTT("egress: yes") },
	{ DIAG_TYPE, MQTT("egress: 1") },
	{ DIAG_TYPE, MQTT("reads_private: 'true'") },
	{ DIAG_TYPE, MQTT("free_text: []") },
	{ DIAG_RANGE, MQTT("timeout_ms: 0") },
	{ DIAG_RANGE, MQTT("timeout_ms: -1") },
	{ DIAG_RANGE, MQTT("timeout_ms: 600001") },
	{ DIAG_RANGE, MQTT("timeout_ms: 1.5") },
	{ DIAG_RANGE, MQTT("timeout_ms: soon") },
	{ DIAG_RANGE, MQTT("timeout_ms: 99999999999999999999") },
	{ DIAG_TYPE, MQTT("opening: maybe") },
	{ DIAG_TYPE, MQTT("opening: []") },
	{ DIAG_RANGE, MQTT("opening: {}") },
	{ DIAG_UNSUP, MQTT("opening: {area: [x]}") },
	{ DIAG_TYPE, MQTT("opening: {domain: cover}") },
	{ DIAG_RANGE, MQTT("opening: {domain: []}") },
	{ DIAG_TYPE, MQTT("opening: {domain: [1]}") },
	{ DIAG_UNSUP, MQTT("opening: {arguments: {pattern: x}}") },
	{ DIAG_TYPE, MQTT("log: x") },
	{ DIAG_TYPE, MQTT("log: [[]]") },
	{ DIAG_PAIR, MQTT("log: [y]") },
	/* Reading back. */
	{ DIAG_PAIR, MQTT("read_back: a") },
	{ DIAG_PAIR, MQTT("read_back: absent") },
	{ DIAG_TYPE, MQTT("read_back: [a]") },
	{ DIAG_PAIR, MQTT("expect: {state: on}") },
	{ DIAG_PAIR, MQTT("expect_change: [x]") },
	{ DIAG_TYPE, MQTT("expect: on") },
	{ DIAG_TYPE, MQTT("expect_change: x") },
	{ DIAG_RANGE, MQTT("expect_change: []") },
	{ DIAG_SYNTAX, MQTT("read_back: a, expect: {state: =}") },
	{ DIAG_RANGE, MQTT("read_back: a, expect: {state: =before.x}") },
	{ DIAG_SYNTAX, MQTT("read_back: a, expect: {state: =arguments.x *}") },
	{ DIAG_SYNTAX, MQTT("read_back: a, expect: {state: =arguments.x * 0}") },
	{ DIAG_SYNTAX, MQTT("read_back: a, expect: {state: =arguments.x * y}") },
	{ DIAG_SYNTAX, MQTT("read_back: a, expect: {state: =arguments.x + 1}") },
	{ DIAG_SYNTAX, MQTT("read_back: a, expect: {state: =arguments..x}") },
	{ DIAG_SYNTAX, MQTT("read_back: a, expect: {state: =.arguments}") },
	{ DIAG_RANGE, MQTT("read_back: a, expect: {state: =argumentsx}") },
	{ DIAG_RANGE, MQTT("tolerance: -1") },
	{ DIAG_RANGE, MQTT("tolerance: much") },
	{ DIAG_TYPE, MQTT("say: text") },
	{ DIAG_RANGE, MQTT("say: []") },
	{ DIAG_PAIR, MQTT("say: [{when: {}}]") },
	{ DIAG_SYNTAX, MQTT("say: [{text: 'a {b'}]") },
	{ DIAG_SYNTAX, MQTT("say: [{text: 'a b}'}]") },
	{ DIAG_SYNTAX, MQTT("say: [{text: 'a {} b'}]") },
	{ DIAG_SYNTAX, MQTT("say: [{text: 'a {{b}} b'}]") },
	/* Undo. */
	{ DIAG_TYPE, MQTT("undo: a") },
	{ DIAG_RANGE, MQTT("undo: []") },
	{ DIAG_TYPE, MQTT("undo: [a]") },
	{ DIAG_UNSUP, MQTT("undo: [{if: {}}]") },
	{ DIAG_TYPE, MQTT("undo: [{when: on}]") },
	{ DIAG_PAIR, MQTT("undo: [{tool: a}]") },
	{ DIAG_PAIR, MQTT("undo: [{arguments: {}}]") },
	{ DIAG_PAIR, MQTT("undo: [{tool: absent, arguments: {}}]") },
	{ DIAG_PAIR, MQTT("undo: [{tool: a, arguments: {y: 1}}]") },
	{ DIAG_RANGE, MQTT("undo: [{tool: a, arguments: {x: =after.x}}]") },
	/* Intents. */
	{ DIAG_TYPE, MQTT("intents: I") },
	{ DIAG_TYPE, MQTT("intents: [I]") },
	{ DIAG_PAIR, MQTT("intents: [{domain: [light]}]") },
	{ DIAG_RANGE, MQTT("intents: [{intent: ''}]") },
	{ DIAG_TYPE, BOUND("domain: light") },
	{ DIAG_RANGE, BOUND("domain: []") },
	{ DIAG_TYPE, BOUND("entity: [1]") },
	{ DIAG_UNSUP, BOUND("area: [x]") },
	{ DIAG_TYPE, BOUND("when: up") },
	{ DIAG_TYPE, BOUND("slots: [x]") },
	{ DIAG_TYPE, BOUND("slots: {s: 1}") },
	{ DIAG_TYPE, BOUND("slots: {s: [x]}") },
	{ DIAG_PAIR, BOUND("slots: {s: y}") },
	{ DIAG_PAIR, BOUND("slots: {s: {argument: y}}") },
	{ DIAG_PAIR, BOUND("slots: {s: {relative: true}}") },
	{ DIAG_TYPE, BOUND("slots: {s: {argument: x, relative: maybe}}") },
	{ DIAG_TYPE, BOUND("slots: {s: {argument: x, values: [1]}}") },
	{ DIAG_UNSUP, BOUND("slots: {s: {argument: x, scale: 2}}") },
	{ DIAG_TYPE, BOUND("arguments: x") },
	{ DIAG_PAIR, BOUND("arguments: {y: 1}") },
	/* Back ends. */
	{ DIAG_PAIR, TOOL("risk: read") },
	{ DIAG_PAIR, TOOL("backend: mqtt") },
	{ DIAG_PAIR, TOOL("backend: {service: s}") },
	{ DIAG_RANGE, TOOL("backend: {type: http, url: x}") },
	{ DIAG_RANGE, TOOL("backend: {type: mcp}") },
	{ DIAG_RANGE, TOOL("backend: {type: provider}") },
	{ DIAG_RANGE, TOOL("backend: {type: ''}") },
	{ DIAG_TYPE, TOOL("backend: {type: [mqtt]}") },
	{ DIAG_PAIR, TOOL("backend: {type: mqtt}") },
	{ DIAG_UNSUP, TOOL("backend: {type: mqtt, service: s, target: s}") },
	{ DIAG_TYPE, TOOL("backend: {type: mqtt, service: [s]}") },
	{ DIAG_RANGE, TOOL("backend: {type: mqtt, service: ''}") },
	{ DIAG_UNSUP, TOOL("backend: {type: service, name: s}") },
	/* Commands. */
	{ DIAG_PAIR, EXEC("folder: /") },
	{ DIAG_TYPE, EXEC("argv: /bin/true") },
	{ DIAG_RANGE, EXEC("argv: []") },
	{ DIAG_TYPE, EXEC("argv: [/bin/true, 1]") },
	{ DIAG_RANGE, EXEC("argv: [ls]") },
	{ DIAG_RANGE, EXEC("argv: ['']") },
	{ DIAG_RANGE, EXEC("argv: ['{x}']") },
	{ DIAG_RANGE, EXEC("argv: [./true]") },
	{ DIAG_PAIR, EXEC("argv: [/bin/true, '{y}']") },
	{ DIAG_PAIR, EXEC("argv: [/bin/true, '{l}']") },
	{ DIAG_PAIR, EXEC("argv: [/bin/true, '--y={y}']") },
	{ DIAG_UNSUP, EXEC("argv: [/bin/sh, -c, '{x}']") },
	{ DIAG_UNSUP, EXEC("argv: [/usr/bin/bash, -lc, '{x}']") },
	{ DIAG_RANGE, EXEC("argv: [/bin/true], folder: here") },
	{ DIAG_TYPE, EXEC("argv: [/bin/true], environment: [A=b]") },
	{ DIAG_RANGE, EXEC("argv: [/bin/true], environment: {A=b: c}") },
	{ DIAG_RANGE, EXEC("argv: [/bin/true], environment: {'': c}") },
	{ DIAG_TYPE, EXEC("argv: [/bin/true], environment: {A: 1}") },
	{ DIAG_TYPE, EXEC("argv: [/bin/true], network: maybe") },
	{ DIAG_RANGE, EXEC("argv: [/bin/true], writes: [here]") },
	{ DIAG_TYPE, EXEC("argv: [/bin/true], writes: /tmp") },
	{ DIAG_RANGE, EXEC("argv: [/bin/true], limits: {cpu_s: 0}") },
	{ DIAG_RANGE, EXEC("argv: [/bin/true], limits: {memory_mib: 1}") },
	{ DIAG_RANGE, EXEC("argv: [/bin/true], limits: {files: 100000}") },
	{ DIAG_UNSUP, EXEC("argv: [/bin/true], limits: {time: 1}") },
	{ DIAG_RANGE, EXEC("argv: [/bin/true], output: xml") },
	{ DIAG_RANGE, EXEC("argv: [/bin/true], proof: reply") },
	{ DIAG_UNSUP, EXEC("argv: [/bin/true], shell: true") },
	/* Services on a bus. */
	{ DIAG_RANGE, TOOL("backend: {type: dbus, services: []}") },
	{ DIAG_PAIR, TOOL("backend: {type: dbus}") },
	{ DIAG_PAIR, DBUS("bus: session, method: M") },
	{ DIAG_RANGE, DBUS("bus: user, destination: a.b, path: /p, interface: a.b, method: M") },
	{ DIAG_PAIR, DBUS("bus: session, destination: ab, path: /p, interface: a.b, method: M") },
	{ DIAG_PAIR, DBUS("bus: session, destination: .a, path: /p, interface: a.b, method: M") },
	{ DIAG_PAIR, DBUS("bus: session, destination: ':1.2', path: /p, interface: a.b") },
	{ DIAG_PAIR, DBUS("bus: session, destination: =thing, path: /p, interface: a.b") },
	{ DIAG_PAIR, DBUS("bus: session, destination: a.b, path: p, interface: a.b, method: M") },
	{ DIAG_PAIR, DBUS("bus: session, destination: a.b, path: /p/, interface: a.b, method: M") },
	{ DIAG_PAIR, DBUS("bus: session, destination: a.b, path: //p, interface: a.b, method: M") },
	{ DIAG_PAIR, DBUS("bus: session, destination: a.b, path: /p, interface: ab, method: M") },
	{ DIAG_PAIR, DBUS("bus: session, destination: a.b, path: /p, interface: a.1, method: M") },
	{ DIAG_PAIR, CALL("proof: reply") },
	{ DIAG_PAIR, CALL("method: M, property: P") },
	{ DIAG_PAIR, CALL("method: a.b") },
	{ DIAG_PAIR, CALL("method: 1a") },
	{ DIAG_PAIR, CALL("method: M, signature: s") },
	{ DIAG_PAIR, CALL("method: M, arguments: [1]") },
	{ DIAG_PAIR, CALL("method: M, signature: Z, arguments: [1]") },
	{ DIAG_PAIR, CALL("method: M, signature: 'a{', arguments: [1]") },
	{ DIAG_PAIR, CALL("method: M, signature: 'a{vs}', arguments: [1]") },
	{ DIAG_PAIR, CALL("method: M, signature: '(', arguments: [1]") },
	{ DIAG_PAIR, CALL("method: M, signature: '()', arguments: [1]") },
	{ DIAG_PAIR, CALL("method: M, signature: a, arguments: [1]") },
	{ DIAG_PAIR, CALL("method: M, signature: aaaaaaaaaaaas, arguments: [1]") },
	{ DIAG_SYNTAX, CALL("method: M, signature: s, arguments: [=]") },
	{ DIAG_RANGE, CALL("method: M, signature: s, arguments: [=state.x]") },
	{ DIAG_PAIR, CALL("property: P") },
	{ DIAG_PAIR, CALL("property: P, value: 1") },
	{ DIAG_PAIR, CALL("property: P, value: 1, signature: ss") },
	{ DIAG_PAIR, CALL("method: M, value: 1") },
	{ DIAG_RANGE, CALL("method: M, proof: state") },
	{ DIAG_UNSUP, CALL("method: M, timeout: 1") },
	{ DIAG_RANGE, CALL("read: []") },
	{ DIAG_PAIR, CALL("read: [{property: P}]") },
	{ DIAG_PAIR, CALL("read: [{as: x}]") },
	{ DIAG_PAIR, CALL("read: [{as: x, property: P, method: M}]") },
	{ DIAG_TYPE, CALL("read: [{as: x, property: P, get: y}]") },
	{ DIAG_TYPE, CALL("read: [{as: x, property: P, scale: y}]") },
	{ DIAG_TYPE, CALL("read: [{as: x, property: P, values: [y]}]") },
	{ DIAG_PAIR, CALL("read: [{as: x, property: P, path: y}]") },
	/* Things. */
	{ DIAG_TYPE, "tools: []\nthings: x\n" },
	{ DIAG_PAIR, THING("domain: d, bus: session, names: a.b") },
	{ DIAG_RANGE, THING("domain: d, bus: user, names: a.b, read: r") },
	{ DIAG_PAIR, THING("domain: d, bus: session, names: a.b, read: absent") },
	{ DIAG_RANGE, THING("domain: d, bus: session, names: nodot, read: r") },
	{ DIAG_RANGE, THING("domain: d, bus: session, names: \"a.b' x\", read: r") },
	/* Schemas. */
	{ DIAG_PAIR, NAMED "backend: {type: mqtt, service: s}}]\n" },
	{ DIAG_TYPE, SCHEMA("text") },
	{ DIAG_TYPE, SCHEMA("[]") },
	{ DIAG_TYPE, SCHEMA("{}") },
	{ DIAG_TYPE, SCHEMA("{type: string}") },
	{ DIAG_TYPE, SCHEMA("{type: [object]}") },
	{ DIAG_TYPE, SCHEMA("{type: object, properties: [x]}") },
	{ DIAG_TYPE, SCHEMA("{type: object, required: x}") },
	{ DIAG_TYPE, SCHEMA("{type: object, required: [1]}") },
	{ DIAG_TYPE, SCHEMA("{type: object, additionalProperties: 1}") },
	{ DIAG_UNSUP, SCHEMA("{type: object, patternProperties: {}}") },
	{ DIAG_UNSUP, SCHEMA("{type: object, $ref: '#'}") },
	{ DIAG_UNSUP, SCHEMA("{type: object, $defs: {}}") },
	{ DIAG_UNSUP, SCHEMA("{type: object, allOf: []}") },
	{ DIAG_UNSUP, SCHEMA("{type: object, not: {}}") },
	{ DIAG_UNSUP, SCHEMA("{type: object, if: {}}") },
	{ DIAG_UNSUP, SCHEMA("{type: object, dependentRequired: {}}") },
	{ DIAG_UNSUP, PART("{pattern: '(a+)+$'}") },
	{ DIAG_UNSUP, PART("{typo: 1}") },
	{ DIAG_TYPE, PART("text") },
	{ DIAG_TYPE, PART("{type: text}") },
	{ DIAG_TYPE, PART("{type: []}") },
	{ DIAG_TYPE, PART("{type: [string, text]}") },
	{ DIAG_TYPE, PART("{enum: []}") },
	{ DIAG_TYPE, PART("{enum: x}") },
	{ DIAG_UNSUP, PART("{enum: [[1]]}") },
	{ DIAG_UNSUP, PART("{const: {a: 1}}") },
	{ DIAG_TYPE, PART("{minimum: x}") },
	{ DIAG_TYPE, PART("{exclusiveMaximum: true}") },
	{ DIAG_TYPE, PART("{multipleOf: 0}") },
	{ DIAG_TYPE, PART("{multipleOf: -1}") },
	{ DIAG_TYPE, PART("{minLength: -1}") },
	{ DIAG_TYPE, PART("{maxLength: 1.5}") },
	{ DIAG_TYPE, PART("{items: [{}]}") },
	{ DIAG_TYPE, PART("{anyOf: []}") },
	{ DIAG_TYPE, PART("{anyOf: {}}") },
	{ DIAG_TYPE, PART("{oneOf: [1]}") },
	{ DIAG_TYPE, PART("{title: 1}") },
	{ DIAG_TYPE, PART("{writeOnly: 1}") },
	{ DIAG_TYPE, MQTT("result_schema: x") },
	{ DIAG_UNSUP, MQTT("result_schema: {pattern: x}") },
};

START_TEST(a_broken_file_adds_nothing)
{
	_cleanup_(tool_registry_freep) struct tool_registry *r = NULL;
	const char *text = broken[_i].text;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(tool_registry_new(&r), 0);
	ck_assert_msg(tool_registry_load(r, text, strlen(text), true, &d) == -EINVAL, "%s", text);
	ck_assert_msg(d.code == broken[_i].code, "%s: %s: %s (%s)", text, d.field, d.text,
		      diag_code_name(d.code));
	ck_assert_msg(strchr(d.field, ':'), "%s: no line in '%s'", text, d.field);
	ck_assert_uint_eq(tool_registry_count(r), 0);
	ck_assert_uint_eq(json_array_size(tool_registry_things(r)), 0);
}
END_TEST

/* Schemas that are allowed, but a value makes much work of. */
START_TEST(work_is_bounded)
{
	_cleanup_(buf_deinit) struct buf schema = BUF_NULL, value = BUF_NULL;
	json_auto_t *s = NULL, *v = NULL;
	struct diag d = DIAG_NULL;

	buf_append_str(&schema, "{\"items\": {\"anyOf\": [");
	for (int i = 0; i < 400; i++)
		buf_printf(&schema, "%s{\"const\": %d}", i ? "," : "", i);
	buf_append_str(&schema, "]}}");
	buf_append_char(&value, '[');
	for (int i = 0; i < 10000; i++)
		buf_printf(&value, "%s-1", i ? "," : "");
	buf_append_char(&value, ']');
	ck_assert_int_eq(tool_schema_parse(schema.data, schema.len, &s, &d), 0);
	v = json_loadb(value.data, value.len, 0, NULL);
	ck_assert_int_eq(tool_schema_validate(s, v, &d), -EINVAL);

	buf_reset(&schema);
	for (int i = 0; i < 5000; i++)
		buf_append_str(&schema, "{\"items\":");
	d = (struct diag)DIAG_NULL;
	json_decref(s);
	s = NULL;
	ck_assert_int_eq(tool_schema_parse(schema.data, schema.len, &s, &d), -EINVAL);
	ck_assert(d.code == DIAG_LIMIT || d.code == DIAG_SYNTAX);
}
END_TEST

/* What an application may not bring. */
static const struct {
	struct tool_offer offer;
	const char *field;
} offers[] = {
	{ { "", "t", "d" }, "name" },
	{ { "a b", "t", "d" }, "name" },
	{ { "a", "", "d" }, "title" },
	{ { "a", "t\n", "d" }, "title" },
	{ { "a", "t", "" }, "description" },
	{ { "a", "t", "d", "{" }, "schema/" },
	{ { "a", "t", "d", "[]" }, "schema/" },
	{ { "a", "t", "d", "{\"type\": \"string\"}" }, "schema" },
	{ { "a", "t", "d", "{\"type\": \"object\", \"pattern\": \"x\"}" }, "schema/pattern" },
	{ { "a", "t", "d", NULL, "{\"type\": 1}" }, "result_schema/type" },
	{ { "a", "t", "d", NULL, NULL, POLICY_RISK_COUNT }, "risk" },
	{ { "a", "t", "d", NULL, NULL, 0, .timeout_ms = 600001 }, "timeout_ms" },
};

START_TEST(a_bad_offer_is_refused_by_name)
{
	_cleanup_(tool_registry_freep) struct tool_registry *r = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(tool_registry_new(&r), 0);
	ck_assert_int_eq(tool_registry_add(r, "org.example.App", &offers[_i].offer, NULL, &d),
			 -EINVAL);
	ck_assert_str_eq(d.field, offers[_i].field);
	ck_assert_uint_eq(tool_registry_count(r), 0);
}
END_TEST

START_TEST(tools_of_applications_come_and_go)
{
	_cleanup_(tool_registry_freep) struct tool_registry *r = NULL, *fresh = NULL;
	struct tool_offer offer = { "act", "Act", "Does it", .risk = POLICY_RISK_CONSEQUENTIAL };
	static const char own[] = MQTT("risk: read");
	const struct tool *t = NULL;
	struct diag d = DIAG_NULL;
	char name[16];

	ck_assert_int_eq(tool_registry_new(&r), 0);
	ck_assert_int_eq(tool_registry_load(r, own, strlen(own), true, &d), 0);
	ck_assert_int_eq(tool_registry_add(r, "org.example.App", &offer, &t, &d), 0);
	ck_assert_str_eq(t->name, "org.example.App/act");
	ck_assert(t->backend == TOOL_PROVIDER && !t->shipped);
	ck_assert_int_eq(tool_registry_add(r, "org.example.App", &offer, NULL, &d), -EEXIST);
	/* The same file again, as the user's own: it stands for the program's. */
	ck_assert_int_eq(tool_registry_load(r, own, strlen(own), true, &d), -EINVAL);
	ck_assert_int_eq(tool_registry_load(r, own, strlen(own), false, &d), 0);
	ck_assert_uint_eq(tool_registry_count(r), 2);
	tool_ref(t);
	ck_assert_int_eq(tool_registry_new(&fresh), 0);
	ck_assert_int_eq(tool_registry_replace(r, fresh), 0);
	ck_assert_ptr_eq(tool_registry_find(r, "org.example.App/act"), t);
	ck_assert_ptr_null(tool_registry_find(r, "a"));
	for (int i = 1; i < TOOL_OWNED_MAX; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		offer.name = name;
		ck_assert_int_eq(tool_registry_add(r, "org.example.App", &offer, NULL, &d), 0);
	}
	offer.name = "more";
	ck_assert_int_eq(tool_registry_add(r, "org.example.App", &offer, NULL, &d), -E2BIG);
	ck_assert_int_eq(tool_registry_add(r, "org.example.Other", &offer, NULL, &d), 0);
	ck_assert_uint_eq(tool_registry_remove(r, "org.example.App", "org.example.App/t1"), 1);
	ck_assert_uint_eq(tool_registry_remove(r, "org.example.App", NULL), TOOL_OWNED_MAX - 1);
	ck_assert_uint_eq(tool_registry_count(r), 1);
	/* Who holds one, has it still. */
	ck_assert_str_eq(t->title, "Act");
	tool_unref(t);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("malformed");

	tcase_add_loop_test(tc, a_broken_file_adds_nothing, 0, ARRAY_SIZE(broken));
	tcase_add_test(tc, work_is_bounded);
	tcase_add_loop_test(tc, a_bad_offer_is_refused_by_name, 0, ARRAY_SIZE(offers));
	tcase_add_test(tc, tools_of_applications_come_and_go);
	return run_tests("malformed", tc);
}
