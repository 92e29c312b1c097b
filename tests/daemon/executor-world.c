/* SPDX-License-Identifier: MIT */
#include "tests/daemon/executor-world.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char tools_yaml[] =
	"tools:\n"
	"  - name: home/turn_on\n"
	"    title: Turn on\n"
	"    description: d\n"
	"    risk: reversible\n"
	"    backend: {type: mqtt, service: turn_on}\n"
	"    schema: {type: object, additionalProperties: false, required: [entity], properties:\n"
	"      {entity: {type: string}, brightness: {type: integer, minimum: 0, maximum: 100}}}\n"
	"  - name: home/unlock\n"
	"    title: Unlock\n"
	"    description: d\n"
	"    risk: consequential\n"
	"    backend: {type: mqtt, service: unlock}\n"
	"    schema: {type: object, additionalProperties: false, required: [entity], properties:\n"
	"      {entity: {type: string}}}\n"
	"  - name: home/read\n"
	"    title: Battery\n"
	"    description: d\n"
	"    risk: read\n"
	"    backend: {type: mqtt, service: turn_on}\n"
	"    schema: {type: object, additionalProperties: false, properties: {}}\n";

struct world world;

static void note(const char *what, const char *name)
{
	size_t len = strlen(world.log);

	snprintf(world.log + len, sizeof(world.log) - len, "%s %s;", what, name);
}

static void facts(void *data, const struct planned_call *c, struct policy_input *in)
{
	(void)data;
	(void)c;
	in->caller = POLICY_CALLER_HAND;
	in->agent = !world.no_agent;
	in->locked = world.locked;
	in->pin = world.pin;
}

static int ask(void *data, const struct executor_question *q)
{
	char names[128] = "";

	(void)data;
	for (size_t i = 0; i < q->n; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? "," : "", q->calls[i]->title);
	note("ask", names);
	world.questions++;
	return world.refuse;
}

static void begin(void *data, struct planned_call *const *calls, size_t n)
{
	char names[256] = "";

	(void)data;
	for (size_t i = 0; i < n; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? "," : "", calls[i]->title);
	note("begin", names);
	if (!world.journal_waits)
		executor_begun(calls[0]->executor, world.journal);
}

static void settle(void *data, struct planned_call *c)
{
	(void)data;
	note(tools_outcome_name(c->outcome), c->title);
}

void world_answer(size_t i, enum tools_outcome outcome)
{
	struct backend_result r = { .outcome = outcome, .verified = outcome == OUTCOME_DONE,
				    .text = outcome == OUTCOME_FAILED ? "no answer" : "" };

	world.out[i].done(world.out[i].arg, &r);
}

static int call(void *data, const struct tool *tool, const json_t *arguments, backend_fn done,
		void *arg)
{
	const char *entity = json_string_value(json_object_get(arguments, "entity"));
	size_t i = world.n_out++;

	(void)data;
	if (entity && strcmp(entity, "e.refused") == 0) {
		world.n_out--;
		return -EPIPE;
	}
	note("call", entity ? entity : tool->name);
	world.out[i].done = done;
	world.out[i].arg = arg;
	snprintf(world.out[i].name, sizeof(world.out[i].name), "%s", entity ? entity : tool->name);
	if (!world.later)
		world_answer(i, entity && strcmp(entity, "e.broken") == 0 ? OUTCOME_FAILED
								     : OUTCOME_DONE);
	return 0;
}

static const struct backend *backend(void *data, const struct tool *t)
{
	static const struct backend b = { .call = call };

	(void)data;
	(void)t;
	return world.no_backend ? NULL : &b;
}

static void ended(void *data, enum executor_end end)
{
	(void)data;
	world.end = end;
	world.ended++;
}

const struct executor_ops world_ops = { facts, ask, begin, settle, backend, ended };

void world_setup(void)
{
	struct diag d = DIAG_NULL;

	world = (struct world){ 0 };
	ck_assert_int_eq(tool_registry_new(&world.registry), 0);
	ck_assert_msg(tool_registry_load(world.registry, tools_yaml, strlen(tools_yaml), true,
					 &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_int_eq(executor_new(&world.e, &world_ops, NULL, world.registry), 0);
}

void world_teardown(void)
{
	executor_free(world.e);
	tool_registry_free(world.registry);
}

struct action_spec *world_spec(const char *tool, const char *title)
{
	static struct action_spec s;
	static char target[320];

	snprintf(target, sizeof(target), "e.%s", title);
	s = (struct action_spec){ .tool = tool, .target = target, .title = title,
				  .arguments = json_pack("{s:s}", "entity", target) };
	return &s;
}

int world_add_spec(struct action_spec *s)
{
	int r = executor_add(world.e, s);

	json_decref((json_t *)s->arguments);
	return r;
}

void world_add(const char *tool, const char *title)
{
	ck_assert_int_eq(world_add_spec(world_spec(tool, title)), 0);
}
