/* SPDX-License-Identifier: MIT */
/* What the user allows once and for all, and what needs a PIN: across starts, and where a file
 * is broken. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/daemon/grants.h"
#include "assistantd/daemon/pins.h"
#include "tests/check-main.h"
#include "tests/scratch.h"
#include "util/macro.h"

static char path[64];
static struct loop *loop;
static struct worker *worker;
static struct grants *grants;
static struct pins *pins;

static void begin(void)
{
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(worker_new(&worker, loop, scratch, 1 << 20), 0);
	ck_assert_int_eq(grants_new(&grants, worker), 0);
	ck_assert_int_eq(pins_new(&pins, path, worker), 0);
}

static void end(void)
{
	worker = worker_free(worker);
	grants = grants_free(grants);
	pins = pins_free(pins);
	loop = loop_free(loop);
}

static void setup(void)
{
	scratch_make();
	snprintf(path, sizeof(path), "%s/pins.json", scratch);
	begin();
}

static void teardown(void)
{
	end();
	scratch_remove();
}

struct awaited {
	struct work work;
	struct loop *loop;
	bool told;
	enum pin_result result;
};

static void on_work(struct work *work, int result)
{
	(void)result;
	loop_stop(container_of(work, struct awaited, work)->loop);
}

static int nothing(struct work *work, struct store *s)
{
	(void)work;
	(void)s;
	return 0;
}

/* The worker does one thing after the other: all that was posted before is done. */
static void wait_for_worker(void)
{
	struct awaited a = { .work = { .run = nothing, .done = on_work }, .loop = loop };

	worker_post(worker, &a.work);
	ck_assert_int_eq(loop_run(loop), 0);
}

static void on_pin(void *arg, enum pin_result result)
{
	struct awaited *a = arg;

	ck_assert(!a->told);
	a->told = true;
	a->result = result;
}

static enum pin_result check_pin(const char *target, const char *pin)
{
	struct awaited a = { .told = false };

	ck_assert_int_eq(pins_check(pins, target, pin, on_pin, &a), 0);
	wait_for_worker();
	ck_assert(a.told);
	return a.result;
}

static enum pin_result set_pin(const char *target, const char *old, const char *pin)
{
	struct awaited a = { .told = false };

	ck_assert_int_eq(pins_set(pins, target, old, pin, on_pin, &a), 0);
	wait_for_worker();
	ck_assert(a.told);
	return a.result;
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(grants_are_of_one_application_tool_and_target)
{
	wait_for_worker();
	ck_assert(!grants_has(grants, "", "home/open", "cover.garage"));
	ck_assert_int_eq(grants_add(grants, "", "home/open", "cover.garage"), 0);
	ck_assert_int_eq(grants_add(grants, "", "home/open", "cover.garage"), -EEXIST);
	ck_assert_int_eq(grants_add(grants, "org.example.App", "home/turn_on", ""), 0);
	ck_assert(grants_has(grants, "", "home/open", "cover.garage"));
	ck_assert(!grants_has(grants, "", "home/open", "cover.gate"));
	ck_assert(!grants_has(grants, "", "home/open", ""));
	ck_assert(!grants_has(grants, "org.example.App", "home/open", "cover.garage"));
	ck_assert(grants_has(grants, "org.example.App", "home/turn_on", "light.any"));
	ck_assert(!grants_has(grants, "org.example.Other", "home/turn_on", "light.any"));
	ck_assert_int_eq(grants_drop(grants, "", "home/open", "cover.gate"), -ENOENT);
	ck_assert_int_eq(grants_drop(grants, "", "home/open", "cover.garage"), 0);
	ck_assert(!grants_has(grants, "", "home/open", "cover.garage"));
}
END_TEST

START_TEST(grants_outlive_the_service)
{
	grants_add(grants, "", "home/open", "cover.garage");
	grants_add(grants, "", "home/open", "cover.gate");
	grants_add(grants, "org.example.App", "home/turn_on", "");
	grants_add(grants, "org.example.App", "home/turn_off", "");
	end();
	begin();
	/* Until the store is read nothing is granted. */
	ck_assert_ptr_null(grants_at(grants, 0));
	wait_for_worker();
	ck_assert(grants_has(grants, "", "home/open", "cover.garage"));
	ck_assert_ptr_nonnull(grants_at(grants, 3));
	ck_assert_ptr_null(grants_at(grants, 4));
	grants_drop_app(grants, "org.example.App");
	ck_assert_ptr_null(grants_at(grants, 2));
	grants_drop(grants, "", "home/open", "cover.garage");
	end();
	begin();
	wait_for_worker();
	ck_assert_str_eq(grants_at(grants, 0)->target, "cover.gate");
	ck_assert_ptr_null(grants_at(grants, 1));
}
END_TEST

START_TEST(a_grant_made_while_the_store_is_read_stays)
{
	grants_add(grants, "", "home/open", "cover.garage");
	grants_reload(grants);
	grants_add(grants, "", "home/open", "cover.gate");
	grants_drop(grants, "", "home/open", "cover.garage");
	wait_for_worker();
	wait_for_worker();
	ck_assert(grants_has(grants, "", "home/open", "cover.gate"));
	ck_assert(!grants_has(grants, "", "home/open", "cover.garage"));
}
END_TEST

START_TEST(a_pin_is_needed_to_use_and_to_change_it)
{
	ck_assert(!pins_has(pins, "lock.door"));
	ck_assert_int_eq(set_pin("lock.door", "", "2468"), PIN_RIGHT);
	ck_assert(pins_has(pins, "lock.door"));
	ck_assert(!pins_has(pins, "lock.shed"));
	ck_assert_int_eq(check_pin("lock.door", "2468"), PIN_RIGHT);
	ck_assert_int_eq(check_pin("lock.door", ""), PIN_WRONG);
	ck_assert_int_eq(check_pin("lock.door", "2468 "), PIN_WRONG);
	ck_assert_int_eq(check_pin("lock.door", "2468"), PIN_RIGHT);
	ck_assert_int_eq(check_pin("lock.shed", ""), PIN_WRONG);
	ck_assert_int_eq(set_pin("lock.door", "", "1357"), PIN_WRONG);
	ck_assert_int_eq(set_pin("lock.door", "1357", ""), PIN_WRONG);
	ck_assert_int_eq(set_pin("lock.door", "2468", "Möwe fünf"), PIN_RIGHT);
	ck_assert_int_eq(check_pin("lock.door", "2468"), PIN_WRONG);
	end();
	begin();
	ck_assert_int_eq(check_pin("lock.door", "Möwe fünf"), PIN_RIGHT);
	ck_assert_str_eq(pins_at(pins, 0), "lock.door");
	ck_assert_int_eq(set_pin("lock.door", "Möwe fünf", ""), PIN_RIGHT);
	end();
	begin();
	ck_assert(!pins_has(pins, "lock.door"));
	ck_assert_ptr_null(pins_at(pins, 0));
}
END_TEST

START_TEST(three_wrong_ones_lock_it_out)
{
	struct awaited a[5] = { 0 };

	ck_assert_int_eq(set_pin("lock.door", "", "2468"), PIN_RIGHT);
	ck_assert_int_eq(set_pin("lock.shed", "", "2468"), PIN_RIGHT);
	ck_assert_int_eq(check_pin("lock.door", "0001"), PIN_WRONG);
	ck_assert_int_eq(check_pin("lock.door", "0002"), PIN_WRONG);
	ck_assert_int_eq(pins_lockout_ms(pins, "lock.door"), 0);
	ck_assert_int_eq(check_pin("lock.door", "0003"), PIN_LOCKED_OUT);
	ck_assert_int_gt(pins_lockout_ms(pins, "lock.door"), PIN_LOCKOUT_MS - 60000);
	/* Not even the right one, neither to use nor to change it; others are as they were. */
	ck_assert_int_eq(check_pin("lock.door", "2468"), PIN_LOCKED_OUT);
	ck_assert_int_eq(set_pin("lock.door", "2468", ""), PIN_LOCKED_OUT);
	ck_assert_int_eq(check_pin("lock.shed", "2468"), PIN_RIGHT);
	/* Tries at the same time are as many. */
	for (size_t i = 0; i < ARRAY_SIZE(a); i++)
		ck_assert_int_eq(pins_check(pins, "lock.shed", i < 4 ? "0000" : "2468", on_pin,
					    &a[i]), 0);
	wait_for_worker();
	ck_assert_int_eq(a[1].result, PIN_WRONG);
	for (size_t i = 2; i < ARRAY_SIZE(a); i++)
		ck_assert_int_eq(a[i].result, PIN_LOCKED_OUT);
}
END_TEST

START_TEST(pins_have_a_length)
{
	char longest[PIN_LENGTH_MAX * 2 + 2] = "";
	struct awaited a;

	ck_assert_int_eq(pins_set(pins, "x", "", "123", on_pin, &a), -EINVAL);
	for (int i = 0; i < PIN_LENGTH_MAX; i++)
		strcat(longest, "ä");
	ck_assert_int_eq(set_pin("x", "", longest), PIN_RIGHT);
	ck_assert_int_eq(check_pin("x", longest), PIN_RIGHT);
	strcat(longest, "1");
	ck_assert_int_eq(pins_set(pins, "x", "", longest, on_pin, &a), -EINVAL);
	ck_assert_int_eq(check_pin("x", longest), PIN_WRONG);
}
END_TEST

START_TEST(the_file_holds_no_pin)
{
	char command[96];

	ck_assert_int_eq(set_pin("lock.door", "", "24681357"), PIN_RIGHT);
	snprintf(command, sizeof(command), "grep -q argon2id %s", path);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof(command), "grep -rq 24681357 %s", scratch);
	ck_assert_int_ne(system(command), 0);
	snprintf(command, sizeof(command), "test $(stat -c %%a %s) = 600", path);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

static const char *const broken[] = {
	"", "{", "[]", "{} x", "{\"lock.door\": 2468}", "{\"lock.door\": \"2468\"}",
	"{\"lock.door\": \"$argon2id$\", \"lock.door\": \"$argon2id$\"}", "\xff",
	"{\"lock.door\": \"$argon2id$\", \"lock.shed\": null}",
};

START_TEST(a_broken_file_protects_everything)
{
	end();
	write_file(broken[_i]);
	begin();
	ck_assert(pins_has(pins, "lock.door"));
	ck_assert(pins_has(pins, "light.any"));
	ck_assert_int_eq(check_pin("lock.door", "2468"), PIN_WRONG);
	ck_assert_int_eq(set_pin("light.any", "", "2468"), PIN_WRONG);
	unlink(path);
	end();
	begin();
	ck_assert(!pins_has(pins, "light.any"));
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("consent");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, grants_are_of_one_application_tool_and_target);
	tcase_add_test(t, grants_outlive_the_service);
	tcase_add_test(t, a_grant_made_while_the_store_is_read_stays);
	tcase_add_test(t, a_pin_is_needed_to_use_and_to_change_it);
	tcase_add_test(t, three_wrong_ones_lock_it_out);
	tcase_add_test(t, pins_have_a_length);
	tcase_add_test(t, the_file_holds_no_pin);
	tcase_add_loop_test(t, a_broken_file_protects_everything, 0, ARRAY_SIZE(broken));
	return run_tests("consent", t);
}
