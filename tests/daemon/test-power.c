/* SPDX-License-Identifier: MIT */
/* What the kernel's files say of batteries and other supplies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/daemon/power.h"
#include "tests/check-main.h"
#include "tests/scratch.h"
#include "util/macro.h"

static void write_attribute(const char *supply, const char *name, const char *value)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", scratch, supply);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/%s", scratch, supply, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fprintf(f, "%s\n", value), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void battery(const char *name, const char *status)
{
	write_attribute(name, "type", "Battery");
	write_attribute(name, "status", status);
}

static void mains(const char *online)
{
	write_attribute("AC", "type", "Mains");
	write_attribute("AC", "online", online);
}

START_TEST(a_desktop_has_none)
{
	ck_assert(!power_read("/nonexistent/power_supply"));
	ck_assert(!power_read(scratch));
	mains("1");
	ck_assert(!power_read(scratch));
	mains("0");
	ck_assert(!power_read(scratch));
}
END_TEST

START_TEST(a_laptop)
{
	battery("BAT0", "Discharging");
	ck_assert(power_read(scratch));
	mains("0");
	ck_assert(power_read(scratch));
	/* A weak supply: the battery helps it. */
	mains("1");
	ck_assert(!power_read(scratch));
	mains("0");
	battery("BAT0", "Full");
	ck_assert(!power_read(scratch));
	battery("BAT1", "Discharging");
	ck_assert(power_read(scratch));
}
END_TEST

START_TEST(others_batteries_do_not_count)
{
	battery("hidpp_battery_0", "Discharging");
	ck_assert(power_read(scratch));
	write_attribute("hidpp_battery_0", "scope", "Device");
	ck_assert(!power_read(scratch));
}
END_TEST

static unsigned changes;

static void on_changed(void *arg)
{
	(void)arg;
	changes++;
}

START_TEST(without_a_bus_the_files_count)
{
	struct power *power;
	struct loop *loop;

	ck_assert_int_eq(loop_new(&loop), 0);
	battery("BAT0", "Discharging");
	ck_assert_int_eq(power_new(&power, loop, NULL, scratch, on_changed, NULL), 0);
	ck_assert(!power_on_battery(power));
	ck_assert_int_eq(power_want(power, true), 0);
	ck_assert(power_on_battery(power));
	/* Who asks is not told besides. */
	ck_assert_uint_eq(changes, 0);
	power_free(power);
	loop_free(loop);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("power");

	tcase_add_checked_fixture(tests, scratch_make, scratch_remove);
	tcase_add_test(tests, a_desktop_has_none);
	tcase_add_test(tests, a_laptop);
	tcase_add_test(tests, others_batteries_do_not_count);
	tcase_add_test(tests, without_a_bus_the_files_count);
	return run_tests("power", tests);
}
