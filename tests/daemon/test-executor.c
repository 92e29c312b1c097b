/* SPDX-License-Identifier: MIT */
/* Plans of calls: their order, the question, what is sent and what is not. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/executor.h"
#include "tests/check-main.h"
#include "util/macro.h"

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

/* The world around a plan, and what happened in it: "begin a,b;" "call a;" … */
struct world {
	struct tool_registry *registry;
	struct executor *e;
	char log[2048];
	struct {
		backend_fn done;
		void *arg;
		char name[32];
	} out[EXECUTOR_CALLS_MAX];
	size_t n_out;
	bool later, journal_waits, no_backend, no_agent, locked, pin;
	int journal, refuse;
	enum executor_end end;
	unsigned ended, questions;
};

static struct world w;

static void note(const char *what, const char *name)
{
	size_t len = strlen(w.log);

	snprintf(w.log + len, sizeof(w.log) - len, "%s %s;", what, name);
}

static void facts(void *data, const struct planned_call *c, struct policy_input *in)
{
	(void)data;
	(void)c;
	in->caller = POLICY_CALLER_HAND;
	in->agent = !w.no_agent;
	in->locked = w.locked;
	in->pin = w.pin;
}

static int ask(void *data, const struct executor_question *q)
{
	char names[128] = "";

	(void)data;
	for (size_t i = 0; i < q->n; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? "," : "", q->calls[i]->title);
	note("ask", names);
	w.questions++;
	return w.refuse;
}

static void begin(void *data, struct planned_call *const *calls, size_t n)
{
	char names[256] = "";

	(void)data;
	for (size_t i = 0; i < n; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? "," : "", calls[i]->title);
	note("begin", names);
	if (!w.journal_waits)
		executor_begun(calls[0]->executor, w.journal);
}

static void settle(void *data, struct planned_call *c)
{
	(void)data;
	note(tools_outcome_name(c->outcome), c->title);
}

static void answer(size_t i, enum tools_outcome outcome)
{
	struct backend_result r = { .outcome = outcome, .verified = outcome == OUTCOME_DONE,
				    .text = outcome == OUTCOME_FAILED ? "no answer" : "" };

	w.out[i].done(w.out[i].arg, &r);
}

static int call(void *data, const struct tool *tool, const json_t *arguments, backend_fn done,
		void *arg)
{
	const char *entity = json_string_value(json_object_get(arguments, "entity"));
	size_t i = w.n_out++;

	(void)data;
	if (entity && strcmp(entity, "e.refused") == 0) {
		w.n_out--;
		return -EPIPE;
	}
	note("call", entity ? entity : tool->name);
	w.out[i].done = done;
	w.out[i].arg = arg;
	snprintf(w.out[i].name, sizeof(w.out[i].name), "%s", entity ? entity : tool->name);
	if (!w.later)
		answer(i, entity && strcmp(entity, "e.broken") == 0 ? OUTCOME_FAILED
								     : OUTCOME_DONE);
	return 0;
}

static const struct backend *backend(void *data, const struct tool *t)
{
	static const struct backend b = { .call = call };

	(void)data;
	(void)t;
	return w.no_backend ? NULL : &b;
}

static void ended(void *data, enum executor_end end)
{
	(void)data;
	w.end = end;
	w.ended++;
}

static const struct executor_ops ops = { facts, ask, begin, settle, backend, ended };

static void setup(void)
{
	struct diag d = DIAG_NULL;

	w = (struct world){ 0 };
	ck_assert_int_eq(tool_registry_new(&w.registry), 0);
	ck_assert_msg(tool_registry_load(w.registry, tools_yaml, strlen(tools_yaml), true, &d) == 0,
		      "%s: %s", d.field, d.text);
	ck_assert_int_eq(executor_new(&w.e, &ops, NULL, w.registry), 0);
}

static void teardown(void)
{
	executor_free(w.e);
	tool_registry_free(w.registry);
}

/* "Hall" is e.hall, and its title. */
static struct action_spec *spec(const char *tool, const char *title)
{
	static struct action_spec s;
	static char target[320];

	snprintf(target, sizeof(target), "e.%s", title);
	s = (struct action_spec){ .tool = tool, .target = target, .title = title,
				  .arguments = json_pack("{s:s}", "entity", target) };
	return &s;
}

static int add_spec(struct action_spec *s)
{
	int r = executor_add(w.e, s);

	json_decref((json_t *)s->arguments);
	return r;
}

static void add(const char *tool, const char *title)
{
	ck_assert_int_eq(add_spec(spec(tool, title)), 0);
}

#define ck_log(expected) ck_assert_str_eq(w.log, expected)

START_TEST(different_targets_run_side_by_side_and_one_in_order)
{
	w.later = true;
	add("home/turn_on", "a");
	add("home/turn_on", "b");
	ck_assert_int_eq(add_spec(&(struct action_spec){ .tool = "home/turn_on", .target = "e.a",
		.title = "a2", .arguments = json_pack("{s:s, s:i}", "entity", "e.a", "brightness",
						      5) }), 0);
	executor_run(w.e);
	ck_log("begin a,b;call e.a;call e.b;");
	answer(1, OUTCOME_DONE);
	ck_log("begin a,b;call e.a;call e.b;done b;");
	answer(0, OUTCOME_SENT);
	ck_log("begin a,b;call e.a;call e.b;done b;sent a;begin a2;call e.a;");
	ck_assert_uint_eq(w.ended, 0);
	answer(2, OUTCOME_DONE);
	ck_assert(w.ended == 1 && w.end == EXECUTOR_DONE);
}
END_TEST

START_TEST(a_call_without_a_target_waits_for_all_and_all_for_it)
{
	struct action_spec s = { .tool = "home/read", .target = "", .title = "battery" };

	w.later = true;
	add("home/turn_on", "a");
	s.arguments = json_object();
	ck_assert_int_eq(add_spec(&s), 0);
	add("home/turn_on", "b");
	executor_run(w.e);
	ck_log("begin a;call e.a;");
	answer(0, OUTCOME_DONE);
	answer(1, OUTCOME_DONE);
	ck_log("begin a;call e.a;done a;begin battery;call home/read;done battery;begin b;"
	       "call e.b;");
}
END_TEST

START_TEST(one_question_for_all_that_want_one)
{
	add("home/turn_on", "a");
	add("home/unlock", "door");
	add("home/unlock", "gate");
	executor_run(w.e);
	ck_log("ask door,gate;");
	executor_answer(w.e, EXECUTOR_YES, 7);
	ck_log("ask door,gate;begin a,door,gate;call e.a;done a;call e.door;done door;call e.gate;"
	       "done gate;");
	ck_assert(w.ended == 1 && w.end == EXECUTOR_DONE);
	ck_assert(executor_call(w.e, 1)->agreed && executor_call(w.e, 1)->question == 7);
	ck_assert(!executor_call(w.e, 0)->agreed);
	/* An answer counts once. */
	executor_answer(w.e, EXECUTOR_YES, 8);
	ck_assert(w.ended == 1 && w.n_out == 3);
}
END_TEST

START_TEST(a_no_leaves_alone_what_was_asked_about)
{
	add("home/turn_on", "a");
	add("home/unlock", "door");
	executor_run(w.e);
	executor_answer(w.e, EXECUTOR_NO, 7);
	ck_log("ask door;begin a;call e.a;done a;");
	ck_assert(w.end == EXECUTOR_REFUSED && w.ended == 1);
	ck_assert_int_eq(executor_call(w.e, 1)->outcome, OUTCOME_CANCELLED);
}
END_TEST

START_TEST(without_anybody_to_ask_nothing_is_run)
{
	add("home/turn_on", "a");
	add("home/unlock", "door");
	if (_i == 0)
		w.no_agent = true;
	else if (_i == 1)
		w.locked = true;
	else if (_i == 2)
		w.refuse = -ENOENT;
	executor_run(w.e);
	if (_i == 3)
		executor_answer(w.e, EXECUTOR_GONE, 0);
	ck_log(_i < 2 ? "" : "ask door;");
	ck_assert(w.ended == 1);
	ck_assert_int_eq(w.end, _i == 3 ? EXECUTOR_UNANSWERED : EXECUTOR_UNAVAILABLE);
	ck_assert_int_eq(executor_call(w.e, 0)->outcome, OUTCOME_NOT_RUN);
}
END_TEST

START_TEST(what_is_wrong_is_denied)
{
	static char many[300];
	struct action_spec s = { .tool = "home/turn_on", .target = "e.x", .title = "x" };

	add("home/nothing", "a");
	s.arguments = json_pack("{s:s, s:i}", "entity", "e.x", "brightness", 101);
	ck_assert_int_eq(add_spec(&s), 0);
	s.arguments = json_pack("{s:s}", "thing", "e.x");
	ck_assert_int_eq(add_spec(&s), 0);
	add("home/turn_on", "b");
	add("home/turn_on", "b");
	executor_run(w.e);
	ck_log("begin b;call e.b;done b;");
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(executor_call(w.e, i)->outcome,
				 i == 3 ? OUTCOME_DONE : OUTCOME_DENIED);
	ck_assert_int_eq(executor_call(w.e, 4)->verdict.reason, POLICY_REASON_REPEATED);
	s.arguments = json_array();
	ck_assert_int_eq(add_spec(&s), -EINVAL);
	memset(many, 'a', sizeof(many) - 1);
	for (int i = 5; i < EXECUTOR_CALLS_MAX; i++) {
		many[i] = '\0';
		add("home/turn_on", many);
		many[i] = 'a';
	}
	ck_assert_int_eq(add_spec(spec("home/turn_on", "c")), -E2BIG);
}
END_TEST

START_TEST(a_change_behind_the_gate_is_not_sent)
{
	struct planned_call *c;

	w.journal_waits = true;
	add("home/turn_on", "a");
	executor_run(w.e);
	c = executor_call(w.e, 0);
	if (_i == 0)
		json_object_set_new(c->parsed, "entity", json_string("e.door"));
	else if (_i == 1)
		c->spec.decided_by = POLICY_LABEL_OUTSIDE;
	executor_begun(w.e, 0);
	ck_log(_i < 2 ? "begin a;denied a;" : "begin a;call e.a;done a;");
	ck_assert_uint_eq(w.ended, 1);
}
END_TEST

START_TEST(a_yes_without_the_pin_that_was_set_since_is_none)
{
	w.journal_waits = true;
	add("home/unlock", "door");
	executor_run(w.e);
	executor_answer(w.e, EXECUTOR_YES, 7);
	w.pin = true;
	executor_begun(w.e, 0);
	ck_log("ask door;begin door;denied door;");
}
END_TEST

START_TEST(without_a_journal_nothing_consequential_is_sent)
{
	w.journal = -EIO;
	add("home/turn_on", "a");
	add("home/unlock", "door");
	executor_run(w.e);
	executor_answer(w.e, EXECUTOR_YES, 1);
	ck_log("ask door;begin a,door;call e.a;done a;failed door;");
}
END_TEST

START_TEST(stopped_plans_send_no_more)
{
	w.later = true;
	add("home/turn_on", "a");
	ck_assert_int_eq(add_spec(&(struct action_spec){ .tool = "home/turn_on", .target = "e.a",
		.title = "a2", .arguments = json_pack("{s:s, s:i}", "entity", "e.a", "brightness",
						      5) }), 0);
	executor_run(w.e);
	ck_assert(executor_stop(w.e));
	answer(0, OUTCOME_DONE);
	ck_log("begin a;call e.a;done a;");
	ck_assert(w.ended == 1);
	ck_assert_int_eq(executor_call(w.e, 1)->outcome, OUTCOME_NOT_RUN);
	ck_assert(!executor_stop(w.e));
}
END_TEST

START_TEST(a_call_outlives_its_plan)
{
	w.later = true;
	add("home/turn_on", "a");
	executor_run(w.e);
	w.e = executor_free(w.e);
	answer(0, OUTCOME_DONE);
	ck_log("begin a;call e.a;");
}
END_TEST

START_TEST(what_is_required_ends_the_plan_when_it_fails)
{
	struct action_spec *s;

	executor_in_order(w.e);
	for (int i = 0; i < 3; i++) {
		s = spec("home/turn_on", (const char *[]){ "a", "broken", "c" }[i]);
		s->required = true;
		ck_assert_int_eq(add_spec(s), 0);
	}
	executor_run(w.e);
	ck_log("begin a;call e.a;done a;begin broken;call e.broken;failed broken;");
	ck_assert(w.ended == 1 && executor_broken(w.e));
	ck_assert_int_eq(executor_call(w.e, 2)->outcome, OUTCOME_NOT_RUN);
}
END_TEST

START_TEST(what_is_required_and_denied_ends_it_before)
{
	struct action_spec *s;

	add("home/turn_on", "a");
	s = spec(_i ? "home/unlock" : "home/nothing", "b");
	s->required = true;
	ck_assert_int_eq(add_spec(s), 0);
	executor_run(w.e);
	executor_answer(w.e, EXECUTOR_NO, 1);
	ck_log(_i ? "ask b;" : "");
	ck_assert(w.ended == 1 && executor_broken(w.e));
}
END_TEST

/* Whatever is said of the target, the arguments tell it. */
START_TEST(the_entity_is_the_target)
{
	ck_assert_int_eq(add_spec(&(struct action_spec){ .tool = "home/unlock", .target = "",
		.title = "a", .arguments = json_pack("{s:s}", "entity", "lock.front") }), 0);
	ck_assert_str_eq(executor_call(w.e, 0)->target, "lock.front");
}
END_TEST

START_TEST(what_cannot_be_sent_has_failed)
{
	add("home/turn_on", "refused");
	executor_run(w.e);
	ck_log("begin refused;failed refused;");
	ck_assert_str_eq(executor_call(w.e, 0)->text, strerror(EPIPE));
	executor_free(w.e);
	ck_assert_int_eq(executor_new(&w.e, &ops, NULL, w.registry), 0);
	w.log[0] = '\0';
	w.no_backend = true;
	add("home/turn_on", "a");
	executor_run(w.e);
	ck_log("begin a;failed a;");
}
END_TEST

START_TEST(wide_and_changed_is_asked_about)
{
	struct action_spec *s = spec("home/turn_on", "a");

	s->scope = ACTION_BROAD;
	s->changed = false;
	ck_assert_int_eq(add_spec(s), 0);
	s = spec("home/turn_on", "b");
	s->changed = true;
	ck_assert_int_eq(add_spec(s), 0);
	add("home/turn_on", "c");
	executor_run(w.e);
	ck_log("ask a,b;");
	ck_assert_int_eq(executor_call(w.e, 1)->verdict.reason, POLICY_REASON_CHANGED);
	ck_assert_int_eq(executor_call(w.e, 2)->verdict.action, POLICY_ALLOW);
}
END_TEST

START_TEST(more_than_ten_are_many_unless_named)
{
	char title[16];

	for (int i = 0; i < 11; i++) {
		struct action_spec *s;

		snprintf(title, sizeof(title), "lamp%d", i);
		s = spec("home/turn_on", title);
		s->scope = i == 0 ? ACTION_NAMED : ACTION_PLACE;
		ck_assert_int_eq(add_spec(s), 0);
	}
	executor_decide(w.e);
	ck_assert_int_eq(executor_call(w.e, 0)->verdict.action, POLICY_ALLOW);
	ck_assert_int_eq(executor_call(w.e, 1)->verdict.action, POLICY_CONFIRM);
	ck_assert_uint_eq(w.questions, 0);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("executor");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, different_targets_run_side_by_side_and_one_in_order);
	tcase_add_test(tc, a_call_without_a_target_waits_for_all_and_all_for_it);
	tcase_add_test(tc, one_question_for_all_that_want_one);
	tcase_add_test(tc, a_no_leaves_alone_what_was_asked_about);
	tcase_add_loop_test(tc, without_anybody_to_ask_nothing_is_run, 0, 4);
	tcase_add_test(tc, what_is_wrong_is_denied);
	tcase_add_loop_test(tc, a_change_behind_the_gate_is_not_sent, 0, 3);
	tcase_add_test(tc, a_yes_without_the_pin_that_was_set_since_is_none);
	tcase_add_test(tc, without_a_journal_nothing_consequential_is_sent);
	tcase_add_test(tc, stopped_plans_send_no_more);
	tcase_add_test(tc, a_call_outlives_its_plan);
	tcase_add_test(tc, what_is_required_ends_the_plan_when_it_fails);
	tcase_add_loop_test(tc, what_is_required_and_denied_ends_it_before, 0, 2);
	tcase_add_test(tc, the_entity_is_the_target);
	tcase_add_test(tc, what_cannot_be_sent_has_failed);
	tcase_add_test(tc, wide_and_changed_is_asked_about);
	tcase_add_test(tc, more_than_ten_are_many_unless_named);
	return run_tests("executor", tc);
}
