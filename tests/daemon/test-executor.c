/* SPDX-License-Identifier: MIT */
/* Plans of calls: their order, what ends them, and what outlives them. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/daemon/executor-world.h"

/* Another call for the target of "a". */
static void add_second(void)
{
	struct action_spec *s = world_spec("home/turn_on", "a");

	s->title = "a2";
	json_object_set_new((json_t *)s->arguments, "brightness", json_integer(5));
	ck_assert_int_eq(world_add_spec(s), 0);
}

START_TEST(different_targets_run_side_by_side_and_one_in_order)
{
	world.later = true;
	world_add("home/turn_on", "a");
	world_add("home/turn_on", "b");
	add_second();
	executor_run(world.e);
	ck_log("begin a,b;call e.a;call e.b;");
	world_answer(1, OUTCOME_DONE);
	ck_log("begin a,b;call e.a;call e.b;done b;");
	world_answer(0, OUTCOME_SENT);
	ck_log("begin a,b;call e.a;call e.b;done b;sent a;begin a2;call e.a;");
	ck_assert_uint_eq(world.ended, 0);
	world_answer(2, OUTCOME_DONE);
	ck_assert(world.ended == 1 && world.end == EXECUTOR_DONE);
}
END_TEST

START_TEST(a_call_without_a_target_waits_for_all_and_all_for_it)
{
	struct action_spec s = { .tool = "home/read", .target = "", .title = "battery" };

	world.later = true;
	world_add("home/turn_on", "a");
	s.arguments = json_object();
	ck_assert_int_eq(world_add_spec(&s), 0);
	world_add("home/turn_on", "b");
	executor_run(world.e);
	ck_log("begin a;call e.a;");
	world_answer(0, OUTCOME_DONE);
	world_answer(1, OUTCOME_DONE);
	ck_log("begin a;call e.a;done a;begin battery;call home/read;done battery;begin b;"
	       "call e.b;");
}
END_TEST

START_TEST(stopped_plans_send_no_more)
{
	world.later = true;
	world_add("home/turn_on", "a");
	add_second();
	executor_run(world.e);
	ck_assert(executor_stop(world.e));
	world_answer(0, OUTCOME_DONE);
	ck_log("begin a;call e.a;done a;");
	ck_assert(world.ended == 1);
	ck_assert_int_eq(executor_call(world.e, 1)->outcome, OUTCOME_NOT_RUN);
	ck_assert(!executor_stop(world.e));
}
END_TEST

START_TEST(a_call_outlives_its_plan)
{
	world.later = true;
	world_add("home/turn_on", "a");
	executor_run(world.e);
	world.e = executor_free(world.e);
	world_answer(0, OUTCOME_DONE);
	ck_log("begin a;call e.a;");
}
END_TEST

START_TEST(what_is_required_ends_the_plan_when_it_fails)
{
	struct action_spec *s;

	executor_in_order(world.e);
	for (int i = 0; i < 3; i++) {
		s = world_spec("home/turn_on", (const char *[]){ "a", "broken", "c" }[i]);
		s->required = true;
		ck_assert_int_eq(world_add_spec(s), 0);
	}
	executor_run(world.e);
	ck_log("begin a;call e.a;done a;begin broken;call e.broken;failed broken;");
	ck_assert(world.ended == 1 && executor_broken(world.e));
	ck_assert_int_eq(executor_call(world.e, 2)->outcome, OUTCOME_NOT_RUN);
}
END_TEST

/* Whatever is said of the target, the arguments tell it. */
START_TEST(the_entity_is_the_target)
{
	ck_assert_int_eq(world_add_spec(&(struct action_spec){ .tool = "home/unlock", .target = "",
		.title = "a", .arguments = json_pack("{s:s}", "entity", "lock.front") }), 0);
	ck_assert_str_eq(executor_call(world.e, 0)->target, "lock.front");
}
END_TEST

START_TEST(what_cannot_be_sent_has_failed)
{
	world_add("home/turn_on", "refused");
	executor_run(world.e);
	ck_log("begin refused;failed refused;");
	ck_assert_str_eq(executor_call(world.e, 0)->text, strerror(EPIPE));
	executor_free(world.e);
	ck_assert_int_eq(executor_new(&world.e, &world_ops, NULL, world.registry), 0);
	world.log[0] = '\0';
	world.no_backend = true;
	world_add("home/turn_on", "a");
	executor_run(world.e);
	ck_log("begin a;failed a;");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("executor");

	tcase_add_checked_fixture(tc, world_setup, world_teardown);
	tcase_add_test(tc, different_targets_run_side_by_side_and_one_in_order);
	tcase_add_test(tc, a_call_without_a_target_waits_for_all_and_all_for_it);
	tcase_add_test(tc, stopped_plans_send_no_more);
	tcase_add_test(tc, a_call_outlives_its_plan);
	tcase_add_test(tc, what_is_required_ends_the_plan_when_it_fails);
	tcase_add_test(tc, the_entity_is_the_target);
	tcase_add_test(tc, what_cannot_be_sent_has_failed);
	return run_tests("executor", tc);
}
