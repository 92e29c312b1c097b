/* SPDX-License-Identifier: MIT */
/* The level of memory pressure by what a file says, the kernel's own file where it has one, and
 * limits of control groups of both versions. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assistantd/daemon/cgroup.h"
#include "assistantd/daemon/pressure.h"
#include "tests/check-main.h"
#include "tests/scratch.h"
#include "util/macro.h"

static char path[sizeof(scratch) + 64];

static const char *in_folder(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

/* What the file says next, and the level that is to come of it. */
struct world {
	struct loop *loop;
	struct pressure *pressure;
	unsigned long long stalled;
	enum pressure_level seen[16];
	size_t n_seen, n_windows;
};

static void write_stalls(unsigned long long some)
{
	char text[160];

	snprintf(text, sizeof(text),
		 "some avg10=0.00 avg60=0.00 avg300=0.00 total=%llu\n"
		 "full avg10=9.00 avg60=9.00 avg300=9.00 total=%llu\n", some, 9 * some);
	write_file("memory", text);
}

/* Stalls in the next window as long as there are windows left; then it stays calm. */
static void on_change(void *arg)
{
	struct world *w = arg;
	enum pressure_level level = pressure_level(w->pressure);

	ck_assert_uint_lt(w->n_seen, ARRAY_SIZE(w->seen));
	w->seen[w->n_seen++] = level;
	if (w->n_windows) {
		w->n_windows--;
		write_stalls(w->stalled += 5000);
	} else if (level == PRESSURE_NONE) {
		loop_stop(w->loop);
	}
}

START_TEST(the_level_rises_at_once_and_falls_when_it_is_calm)
{
	static const enum pressure_level expected[] = {
		PRESSURE_SOME, PRESSURE_HIGH, PRESSURE_HIGH, PRESSURE_SOME, PRESSURE_NONE,
	};
	struct pressure_config config = { .window_ms = 20, .calm_ms = 300 };
	struct world w = { .stalled = 1000000, .n_windows = 2 };

	write_stalls(w.stalled);
	config.file = in_folder("memory");
	ck_assert_int_eq(loop_new(&w.loop), 0);
	ck_assert_int_eq(pressure_new(&w.pressure, w.loop, &config, on_change, &w), 0);
	ck_assert_int_eq(pressure_source(w.pressure), PRESSURE_READ);
	ck_assert_int_eq(pressure_level(w.pressure), PRESSURE_NONE);
	/* A tenth of the window. */
	write_stalls(w.stalled += 2000);
	ck_assert_int_eq(loop_run(w.loop), 0);
	ck_assert_uint_eq(w.n_seen, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		ck_assert_int_eq(w.seen[i], expected[i]);
	pressure_free(w.pressure);
	loop_free(w.loop);
}
END_TEST

static void stop(void *arg)
{
	loop_stop(arg);
}

/* Windows in which others waited for less than a tenth of the time. */
START_TEST(a_little_is_no_pressure)
{
	struct pressure_config config = { .window_ms = 10, .calm_ms = 300 };
	struct world w = { .stalled = 5 };
	struct loop_timer *timer;

	write_stalls(w.stalled);
	config.file = in_folder("memory");
	ck_assert_int_eq(loop_new(&w.loop), 0);
	ck_assert_int_eq(pressure_new(&w.pressure, w.loop, &config, on_change, &w), 0);
	for (int i = 0; i < 10; i++) {
		write_stalls(w.stalled += 99);
		ck_assert_int_eq(loop_after(w.loop, &timer, 15, stop, w.loop), 0);
		ck_assert_int_eq(loop_run(w.loop), 0);
	}
	ck_assert_uint_eq(w.n_seen, 0);
	pressure_free(w.pressure);
	loop_free(w.loop);
}
END_TEST

START_TEST(a_file_that_says_nothing_is_none)
{
	static const char *const texts[] = { "", "some", "some total=", "full total=5\n",
					     "some avg10=0.00\n", "some total=x\n" };
	struct pressure_config config = { .window_ms = 10 };
	struct loop_timer *timer;
	struct world w = { 0 };

	ck_assert_int_eq(loop_new(&w.loop), 0);
	for (size_t i = 0; i <= ARRAY_SIZE(texts); i++) {
		if (i < ARRAY_SIZE(texts))
			write_file("memory", texts[i]);
		config.file = in_folder(i < ARRAY_SIZE(texts) ? "memory" : "absent");
		ck_assert_int_eq(pressure_new(&w.pressure, w.loop, &config, on_change, &w), 0);
		ck_assert_int_eq(pressure_source(w.pressure), PRESSURE_NOWHERE);
		pressure_free(w.pressure);
	}
	/* It may also come to that. */
	write_stalls(5);
	config.file = in_folder("memory");
	ck_assert_int_eq(pressure_new(&w.pressure, w.loop, &config, on_change, &w), 0);
	ck_assert_int_eq(pressure_source(w.pressure), PRESSURE_READ);
	write_file("memory", "none");
	while (pressure_source(w.pressure) == PRESSURE_READ) {
		ck_assert_int_eq(loop_after(w.loop, &timer, 15, stop, w.loop), 0);
		ck_assert_int_eq(loop_run(w.loop), 0);
	}
	ck_assert_uint_eq(w.n_seen, 0);
	pressure_free(w.pressure);
	loop_free(w.loop);
}
END_TEST

/* Where the kernel has the file it is used, by a trigger or by reading; a test without a
 * shortage of memory can only see that it is taken. */
START_TEST(the_kernel_is_asked)
{
	struct pressure_config config = { 0 };
	bool there = access("/proc/pressure/memory", R_OK) == 0;
	int fd = open("/proc/pressure/memory", O_RDWR | O_CLOEXEC);
	bool takes_triggers = fd >= 0 && write(fd, "some 200000 2000000", 20) == 20;
	struct world w = { 0 };

	if (fd >= 0)
		close(fd);
	ck_assert_int_eq(loop_new(&w.loop), 0);
	ck_assert_int_eq(pressure_new(&w.pressure, w.loop, &config, on_change, &w), 0);
	if (!there)
		ck_assert_int_eq(pressure_source(w.pressure), PRESSURE_NOWHERE);
	else if (takes_triggers)
		ck_assert_int_eq(pressure_source(w.pressure), PRESSURE_TOLD);
	else
		ck_assert_int_ne(pressure_source(w.pressure), PRESSURE_TOLD);
	pressure_free(w.pressure);
	loop_free(w.loop);
}
END_TEST

static void make_folder(const char *name)
{
	ck_assert_int_eq(mkdir(in_folder(name), 0700), 0);
}

static uint64_t limit(const char *groups)
{
	char file[sizeof(path)];

	write_file("groups", groups);
	snprintf(file, sizeof(file), "%s", in_folder("groups"));
	return cgroup_memory_limit(file, scratch);
}

START_TEST(limits_of_version_2)
{
	make_folder("a");
	make_folder("a/b");
	ck_assert(limit("0::/a/b\n") == UINT64_MAX);
	write_file("a/b/memory.max", "max\n");
	ck_assert(limit("0::/a/b\n") == UINT64_MAX);
	write_file("a/b/memory.high", "3000000\n");
	ck_assert(limit("0::/a/b\n") == 3000000);
	/* A group above it has less. */
	write_file("a/memory.max", "2000000\n");
	ck_assert(limit("0::/a/b\n") == 2000000);
	ck_assert(limit("0::/\n") == UINT64_MAX);
	write_file("a/b/memory.max", "1000000\n");
	ck_assert(limit("0::/a/b\n") == 1000000);
	ck_assert(limit("0::/a\n") == 2000000);
}
END_TEST

START_TEST(limits_of_version_1)
{
	make_folder("memory");
	make_folder("memory/a");
	write_file("memory/memory.limit_in_bytes", "9223372036854771712\n");
	write_file("memory/a/memory.limit_in_bytes", "1073741824\n");
	ck_assert(limit("7:cpu,cpuacct:/a\n4:memory:/a\n0::/\n") == 1073741824);
	ck_assert(limit("4:hugetlb,memory:/a\n") == 1073741824);
	ck_assert(limit("4:memory:/\n") == UINT64_MAX);
	ck_assert(limit("4:memoryx:/a\n") == UINT64_MAX);
	/* Version 2 beside it. */
	make_folder("unified");
	make_folder("unified/c");
	write_file("unified/c/memory.high", "4096\n");
	ck_assert(limit("4:memory:/a\n0::/c\n") == 4096);
}
END_TEST

START_TEST(what_is_no_list_of_groups_limits_nothing)
{
	static const char *const texts[] = { "", "\n\n", "memory", "4:memory", ":::", "0::", "0::a",
					     "4:memory:\n", "::/\n" };

	make_folder("a");
	write_file("a/memory.max", "99\n");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert(limit(texts[i]) == UINT64_MAX);
	ck_assert(cgroup_memory_limit(in_folder("absent"), scratch) == UINT64_MAX);
	write_file("a/memory.max", "no number\n");
	ck_assert(limit("0::/a\n") == UINT64_MAX);
	write_file("a/memory.max", "");
	ck_assert(limit("0::/a\n") == UINT64_MAX);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("pressure");

	tcase_add_checked_fixture(tc, scratch_make, scratch_remove);
	tcase_add_test(tc, the_level_rises_at_once_and_falls_when_it_is_calm);
	tcase_add_test(tc, a_little_is_no_pressure);
	tcase_add_test(tc, a_file_that_says_nothing_is_none);
	tcase_add_test(tc, the_kernel_is_asked);
	tcase_add_test(tc, limits_of_version_2);
	tcase_add_test(tc, limits_of_version_1);
	tcase_add_test(tc, what_is_no_list_of_groups_limits_nothing);
	return run_tests("pressure", tc);
}
