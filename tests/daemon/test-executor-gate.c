/* SPDX-License-Identifier: MIT */
/* The gate in a plan: what is asked about, what is denied, and what a change since means. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/daemon/executor-world.h"

START_TEST(one_question_for_all_that_want_one)
{
	world_add("home/turn_on", "a");
	world_add("home/unlock", "door");
	world_add("home/unlock", "gate");
	executor_run(world.e);
	ck_log("ask door,gate;");
	executor_answer(world.e, EXECUTOR_YES, 7);
	ck_log("ask door,gate;begin a,door,gate;call e.a;done a;call e.door;done door;call e.gate;"
	       "done gate;");
	ck_assert(world.ended == 1 && world.end == EXECUTOR_DONE);
	ck_assert(executor_call(world.e, 1)->agreed && executor_call(world.e, 1)->question == 7);
	ck_assert(!executor_call(world.e, 0)->agreed);
	/* An answer counts once. */
	executor_answer(world.e, EXECUTOR_YES, 8);
	ck_assert(world.ended == 1 && world.n_out == 3);
}
END_TEST

START_TEST(a_no_leaves_alone_what_was_asked_about)
{
	world_add("home/turn_on", "a");
	world_add("home/unlock", "door");
	executor_run(world.e);
	executor_answer(world.e, EXECUTOR_NO, 7);
	ck_log("ask door;begin a;call e.a;done a;");
	ck_assert(world.end == EXECUTOR_REFUSED && world.ended == 1);
	ck_assert_int_eq(executor_call(world.e, 1)->outcome, OUTCOME_CANCELLED);
}
END_TEST

START_TEST(without_anybody_to_ask_nothing_is_run)
{
	world_add("home/turn_on", "a");
	world_add("home/unlock", "door");
	if (_i == 0)
		world.no_agent = true;
	else if (_i == 1)
		world.locked = true;
	else if (_i == 2)
		world.refuse = -ENOENT;
	executor_run(world.e);
	if (_i == 3)
		executor_answer(world.e, EXECUTOR_GONE, 0);
	ck_log(_i < 2 ? "" : "ask door;");
	ck_assert(world.ended == 1);
	ck_assert_int_eq(world.end, _i == 3 ? EXECUTOR_UNANSWERED : EXECUTOR_UNAVAILABLE);
	ck_assert_int_eq(executor_call(world.e, 0)->outcome, OUTCOME_NOT_RUN);
}
END_TEST

START_TEST(what_is_wrong_is_denied)
{
	static char many[300];
	struct action_spec s = { .tool = "home/turn_on", .target = "e.x", .title = "x" };

	world_add("home/nothing", "a");
	s.arguments = json_pack("{s:s, s:i}", "entity", "e.x", "brightness", 101);
	ck_assert_int_eq(world_add_spec(&s), 0);
	s.arguments = json_pack("{s:s}", "thing", "e.x");
	ck_assert_int_eq(world_add_spec(&s), 0);
	world_add("home/turn_on", "b");
	world_add("home/turn_on", "b");
	executor_run(world.e);
	ck_log("begin b;call e.b;done b;");
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(executor_call(world.e, i)->outcome,
				 i == 3 ? OUTCOME_DONE : OUTCOME_DENIED);
	ck_assert_int_eq(executor_call(world.e, 4)->verdict.reason, POLICY_REASON_REPEATED);
	s.arguments = json_array();
	ck_assert_int_eq(world_add_spec(&s), -EINVAL);
	memset(many, 'a', sizeof(many) - 1);
	for (int i = 5; i < EXECUTOR_CALLS_MAX; i++) {
		many[i] = '\0';
		world_add("home/turn_on", many);
		many[i] = 'a';
	}
	ck_assert_int_eq(world_add_spec(world_spec("home/turn_on", "c")), -E2BIG);
}
END_TEST

START_TEST(a_change_behind_the_gate_is_not_sent)
{
	struct planned_call *c;

	world.journal_waits = true;
	world_add("home/turn_on", "a");
	executor_run(world.e);
	c = executor_call(world.e, 0);
	if (_i == 0)
		json_object_set_new(c->parsed, "entity", json_string("e.door"));
	else if (_i == 1)
		c->spec.decided_by = POLICY_LABEL_OUTSIDE;
	executor_begun(world.e, 0);
	ck_log(_i < 2 ? "begin a;denied a;" : "begin a;call e.a;done a;");
	ck_assert_uint_eq(world.ended, 1);
}
END_TEST

START_TEST(a_yes_without_the_pin_that_was_set_since_is_none)
{
	world.journal_waits = true;
	world_add("home/unlock", "door");
	executor_run(world.e);
	executor_answer(world.e, EXECUTOR_YES, 7);
	world.pin = true;
	executor_begun(world.e, 0);
	ck_log("ask door;begin door;denied door;");
}
END_TEST

START_TEST(without_a_journal_nothing_consequential_is_sent)
{
	world.journal = -EIO;
	world_add("home/turn_on", "a");
	world_add("home/unlock", "door");
	executor_run(world.e);
	executor_answer(world.e, EXECUTOR_YES, 1);
	ck_log("ask door;begin a,door;call e.a;done a;failed door;");
}
END_TEST

START_TEST(what_is_required_and_denied_ends_it_before)
{
	struct action_spec *s;

	world_add("home/turn_on", "a");
	s = world_spec(_i ? "home/unlock" : "home/nothing", "b");
	s->required = true;
	ck_assert_int_eq(world_add_spec(s), 0);
	executor_run(world.e);
	executor_answer(world.e, EXECUTOR_NO, 1);
	ck_log(_i ? "ask b;" : "");
	ck_assert(world.ended == 1 && executor_broken(world.e));
}
END_TEST

START_TEST(wide_and_changed_is_asked_about)
{
	struct action_spec *s = world_spec("home/turn_on", "a");

	s->scope = ACTION_BROAD;
	s->changed = false;
	ck_assert_int_eq(world_add_spec(s), 0);
	s = world_spec("home/turn_on", "b");
	s->changed = true;
	ck_assert_int_eq(world_add_spec(s), 0);
	world_add("home/turn_on", "c");
	executor_run(world.e);
	ck_log("ask a,b;");
	ck_assert_int_eq(executor_call(world.e, 1)->verdict.reason, POLICY_REASON_CHANGED);
	ck_assert_int_eq(executor_call(world.e, 2)->verdict.action, POLICY_ALLOW);
}
END_TEST

START_TEST(more_than_ten_are_many_unless_named)
{
	char title[16];

	for (int i = 0; i < 11; i++) {
		struct action_spec *s;

		snprintf(title, sizeof(title), "lamp%d", i);
		s = world_spec("home/turn_on", title);
		s->scope = i == 0 ? ACTION_NAMED : ACTION_PLACE;
		ck_assert_int_eq(world_add_spec(s), 0);
	}
	executor_decide(world.e);
	ck_assert_int_eq(executor_call(world.e, 0)->verdict.action, POLICY_ALLOW);
	ck_assert_int_eq(executor_call(world.e, 1)->verdict.action, POLICY_CONFIRM);
	ck_assert_uint_eq(world.questions, 0);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("executor-gate");

	tcase_add_checked_fixture(tc, world_setup, world_teardown);
	tcase_add_test(tc, one_question_for_all_that_want_one);
	tcase_add_test(tc, a_no_leaves_alone_what_was_asked_about);
	tcase_add_loop_test(tc, without_anybody_to_ask_nothing_is_run, 0, 4);
	tcase_add_test(tc, what_is_wrong_is_denied);
	tcase_add_loop_test(tc, a_change_behind_the_gate_is_not_sent, 0, 3);
	tcase_add_test(tc, a_yes_without_the_pin_that_was_set_since_is_none);
	tcase_add_test(tc, without_a_journal_nothing_consequential_is_sent);
	tcase_add_loop_test(tc, what_is_required_and_denied_ends_it_before, 0, 2);
	tcase_add_test(tc, wide_and_changed_is_asked_about);
	tcase_add_test(tc, more_than_ten_are_many_unless_named);
	return run_tests("executor-gate", tc);
}
