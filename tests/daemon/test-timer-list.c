/* SPDX-License-Identifier: MIT */
/* Timers under clocks that are set, stopped, and started anew. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/timer-list.h"
#include "tests/check-main.h"

static const struct timer_clock start = { .wall = 1000000, .boot = 50000, .boot_id = "one" };

static struct timer_clock later(int64_t wall, int64_t boot)
{
	struct timer_clock c = start;

	c.wall += wall;
	c.boot += boot;
	return c;
}

/* As after a restart of the service at @now. */
static struct timer *stored(struct timer_list *to, const struct timer *t,
			    const struct timer_clock *written, const struct timer_clock *now)
{
	struct store_timer row = timer_row(t, written);

	ck_assert_int_eq(timer_list_restore(to, &row, now), 0);
	return timer_list_find(to, t->id);
}

START_TEST(a_timer_counts_what_really_passes)
{
	struct timer_list l = { 0 };
	struct timer_clock now = later(0, 0);
	struct timer *t, *r;

	ck_assert_int_eq(timer_list_start(&l, "pasta", 600000, &now, &t), 0);
	ck_assert_int_eq(timer_list_remind(&l, "Anna", start.wall + 600000, &now, &r), 0);
	ck_assert(t->id == 1 && r->id == 2 && l.next_id == 3);
	/* The wall is set two hours ahead: the reminder's time is past, the timer's is not. */
	now = later(7200000, 0);
	ck_assert(!timer_is_due(t, &now) && timer_is_due(r, &now));
	ck_assert(timer_clock_set(t, &now) && !timer_clock_set(r, &now));
	ck_assert_int_eq(t->due_ms, start.wall + 7800000);
	/* And back by two: what is left of the timer is what it was. */
	now = later(-7200000, 0);
	ck_assert_int_eq(timer_left(t, &now), 600000);
	ck_assert_int_eq(timer_left(r, &now), 7800000);
	now = later(-7200000 + 599999, 599999);
	ck_assert(!timer_is_due(t, &now));
	now = later(-7200000 + 600000, 600000);
	ck_assert(timer_is_due(t, &now) && !timer_is_due(r, &now));
	timer_list_deinit(&l);
}
END_TEST

START_TEST(it_goes_on_after_a_restart)
{
	struct timer_list l = { 0 }, again = { 0 }, rebooted = { 0 }, early = { 0 };
	struct timer_clock now = later(0, 0);
	struct timer *t;

	ck_assert_int_eq(timer_list_start(&l, "", 600000, &now, &t), 0);
	/* The same boot: by the machine's clock, whatever the wall says. */
	now = later(90000000, 100000);
	ck_assert_int_eq(timer_left(stored(&again, t, &start, &now), &now), 500000);
	/* Another boot, whose clock began anew: by the wall. */
	now = (struct timer_clock){ .wall = start.wall + 100000, .boot = 3, .boot_id = "two" };
	ck_assert_int_eq(timer_left(stored(&rebooted, t, &start, &now), &now), 500000);
	/* It ended while nothing ran, longer ago than the machine is up. */
	now.wall = start.wall + 700000;
	ck_assert(timer_is_due(stored(&early, t, &start, &now), &now));
	ck_assert_int_eq(again.next_id, 2);
	timer_list_deinit(&l);
	timer_list_deinit(&again);
	timer_list_deinit(&rebooted);
	timer_list_deinit(&early);
}
END_TEST

START_TEST(paused_ones_wait)
{
	struct timer_list l = { 0 };
	struct timer_clock now = later(0, 0);
	struct timer *t, *r;
	int64_t wall, boot;

	ck_assert_int_eq(timer_list_start(&l, "", 600000, &now, &t), 0);
	ck_assert_int_eq(timer_list_remind(&l, "", start.wall + 1000, &now, &r), 0);
	ck_assert_int_eq(timer_pause(r, &now), -EINVAL);
	ck_assert_int_eq(timer_resume(t, &now), -EINVAL);
	now = later(100000, 100000);
	ck_assert_int_eq(timer_pause(t, &now), 0);
	ck_assert_int_eq(timer_pause(t, &now), -EINVAL);
	timer_list_drop(&l, r);
	timer_list_next(&l, &wall, &boot);
	ck_assert(wall == 0 && boot == 0);
	now = later(9000000, 9000000);
	ck_assert(!timer_is_due(t, &now) && timer_left(t, &now) == 500000);
	timer_set_left(t, 560000, &now);
	ck_assert_int_eq(timer_resume(t, &now), 0);
	ck_assert_int_eq(timer_left(t, &now), 560000);
	timer_set_left(t, 1000, &now);
	timer_list_next(&l, &wall, &boot);
	ck_assert(wall == 0 && boot == now.boot + 1000);
	timer_list_deinit(&l);
}
END_TEST

START_TEST(the_next_by_each_clock)
{
	struct timer_list l = { 0 };
	struct timer_clock now = later(0, 0);
	struct timer *t;
	int64_t wall, boot;

	timer_list_next(&l, &wall, &boot);
	ck_assert(wall == 0 && boot == 0);
	ck_assert_int_eq(timer_list_start(&l, "", 9000, &now, &t), 0);
	ck_assert_int_eq(timer_list_start(&l, "", 5000, &now, &t), 0);
	ck_assert_int_eq(timer_list_remind(&l, "", 3000000, &now, &t), 0);
	ck_assert_int_eq(timer_list_remind(&l, "", 2000000, &now, &t), 0);
	timer_list_next(&l, &wall, &boot);
	ck_assert(wall == 2000000 && boot == start.boot + 5000);
	/* What has rung does not ring again. */
	t->rang_ms = 1;
	timer_list_next(&l, &wall, &boot);
	ck_assert(wall == 3000000 && !timer_runs(t) && timer_left(t, &now) == 0);
	timer_list_deinit(&l);
}
END_TEST

START_TEST(there_are_not_too_many)
{
	struct timer_list l = { 0 };
	struct timer *t;

	for (int i = 0; i < TIMERS_MAX; i++)
		ck_assert_int_eq(timer_list_start(&l, "", 1000, &start, &t), 0);
	ck_assert_int_eq(timer_list_start(&l, "", 1000, &start, &t), -ENOSPC);
	ck_assert_int_eq(timer_list_remind(&l, "", start.wall + 1, &start, &t), -ENOSPC);
	timer_list_drop(&l, timer_list_find(&l, 7));
	ck_assert_int_eq(timer_list_start(&l, "", 1000, &start, &t), 0);
	ck_assert_int_eq(t->id, TIMERS_MAX + 1);
	timer_list_deinit(&l);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("timer list");

	tcase_add_test(tc, a_timer_counts_what_really_passes);
	tcase_add_test(tc, it_goes_on_after_a_restart);
	tcase_add_test(tc, paused_ones_wait);
	tcase_add_test(tc, the_next_by_each_clock);
	tcase_add_test(tc, there_are_not_too_many);
	return run_tests("timer list", tc);
}
