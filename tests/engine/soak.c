/* SPDX-License-Identifier: MIT */
/*
 * soak ENGINE FOLDER OUT.json: the engine's program under mixed load for SOAK_SECONDS, with the
 * model and the adapters in FOLDER. Every answer is compared with the right one, and the first
 * that differs ends the run; else the figures are written, while it runs "finished": false.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/check-main.h"
#include "tests/engine/traffic.h"
#include "util/clock.h"
#include "util/macro.h"

enum {
	DEFAULT_SECONDS = 7200,
	SAMPLES_MAX = 240,	/* kept for the report */
	RESIDENT = 2,		/* adapters that fit, of four */
	CONTEXTS = 10,		/* whole ones that fit, of sixteen requests */
	THREADS = 2,
};

static const char *engine, *folder, *out_path;

/* Memory against time, and the least squares that make a slope of it. */
struct memory {
	double from;		/* seconds of warming up that are left out */
	double n, t, m, tt, tm;	/* sums over the samples */
	double first, last, most;
	json_t *samples;
};

/* What the process has that belongs to no file: in memory or swapped out. */
static double anonymous_kib(pid_t pid)
{
	double sum = 0.0, value;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %lf", &value) == 1 ||
		    sscanf(line, "VmSwap: %lf", &value) == 1)
			sum += value;
	fclose(f);
	return sum;
}

static void sample(struct memory *mem, double t, double kib)
{
	mem->most = MAX(mem->most, kib);
	mem->last = kib;
	json_array_append_new(mem->samples, json_pack("[f, f]", t, kib));
	if (t < mem->from)
		return;
	if (mem->n == 0.0)
		mem->first = kib;
	mem->n++;
	mem->t += t;
	mem->m += kib;
	mem->tt += t * t;
	mem->tm += t * kib;
}

static double slope_per_hour(const struct memory *mem)
{
	double spread = mem->n * mem->tt - mem->t * mem->t;

	return spread > 0.0 ? 3600.0 * (mem->n * mem->tm - mem->t * mem->m) / spread : 0.0;
}

static json_t *figures(const struct traffic *t, const struct memory *mem, double seconds)
{
	size_t requests = t->done + t->cancelled + t->refused + t->busy;
	double slope = slope_per_hour(mem), per_hour = 3600.0 * (double)requests / seconds;

	return json_pack("{s:f, s:I, s:I, s:I, s:I, s:I, s:i, s:I,"
			 " s:f, s:f, s:f, s:f, s:f, s:f, s:f}",
			 "seconds", seconds, "requests", (json_int_t)requests,
			 "answered", (json_int_t)t->done, "cancelled", (json_int_t)t->cancelled,
			 "refused_wrong_file", (json_int_t)t->refused,
			 "busy", (json_int_t)t->busy, "wrong_answers", 0,
			 "adapter_changes", (json_int_t)t->changes,
			 "tokens_per_s", (double)t->tokens / seconds,
			 "requests_per_s", (double)requests / seconds,
			 "anonymous_kib_first", mem->first, "anonymous_kib_last", mem->last,
			 "anonymous_kib_most", mem->most, "slope_kib_per_hour", slope,
			 "slope_kib_per_request", requests ? slope / per_hour : 0.0);
}

static void write_report(const struct traffic *t, const struct memory *mem, double seconds,
			 bool finished)
{
	json_auto_t *report = figures(t, mem, seconds);

	ck_assert_ptr_nonnull(report);
	json_object_set_new(report, "finished", json_boolean(finished));
	json_object_set(report, "samples", mem->samples);
	ck_assert_int_eq(json_dump_file(report, out_path, JSON_INDENT(1) | JSON_REAL_PRECISION(7)),
			 0);
}

static void print_report(const struct traffic *t, const struct memory *mem, double seconds)
{
	json_auto_t *report = figures(t, mem, seconds);
	const char *key;
	json_t *value;

	json_object_foreach(report, key, value) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

		printf("%-24s %s\n", key, text);
		free(text);
	}
}

static int open_in(const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

static void prepare(struct front *f)
{
	static const char *const phrases[] = {
		"Thanks for teh report. ", "I want the slides by Friday. ", "She go home now. ",
		"We meet tomorow at noon. ", "Please send me the file. ", "It dont work yet. ",
	};
	static const char *const adapters[] = {
		"proofread.gguf", "tone-concise.gguf", "tone-friendly.gguf",
		"tone-professional.gguf",
	};
	const struct front_words words = { phrases, ARRAY_SIZE(phrases), 160 };
	int fds[ARRAY_SIZE(adapters)];

	for (size_t i = 0; i < ARRAY_SIZE(adapters); i++)
		fds[i] = open_in(adapters[i]);
	front_init_files(f, open_in("base.gguf"), fds, ARRAY_SIZE(fds), &words, 5);
}

static struct traffic traffic = { .state = 3 };

/* A fixture, since Check counts the microseconds of a test in 32 bits: half an hour. */
static void mixed_load(void)
{
	const char *text = getenv("SOAK_SECONDS");
	double total = text ? strtod(text, NULL) : DEFAULT_SECONDS;
	double step = MAX(total / SAMPLES_MAX, 0.1), begin, next = 0.0, at = 0.0;
	struct memory mem = { .from = total / 10.0, .samples = json_array() };
	struct traffic *t = &traffic;
	struct front f;

	ck_assert_msg(total > 0.0, "SOAK_SECONDS: a number above 0");
	prepare(&f);
	t->f = &f;
	front_spawn(&f, engine, THREADS, (struct front_room){ RESIDENT, CONTEXTS });
	begin = clock_seconds(CLOCK_MONOTONIC);
	for (; at < total; at = clock_seconds(CLOCK_MONOTONIC) - begin) {
		traffic_run(t);
		/* Now and then nothing is asked. */
		if (front_below(&t->state, 64) == 0)
			usleep(front_below(&t->state, 500000));
		if (at < next)
			continue;
		next = at + step;
		sample(&mem, at, anonymous_kib(f.pid));
		write_report(t, &mem, at + 1e-9, false);
	}
	sample(&mem, at, anonymous_kib(f.pid));
	front_stop(&f);
	front_deinit(&f);
	write_report(t, &mem, at, true);
	print_report(t, &mem, at);
	json_decref(mem.samples);
}

START_TEST(requests_are_answered)
{
	ck_assert_uint_gt(traffic.done, 0);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *tc = tcase_create("soak");

	if (argc != 4) {
		fputs("usage: soak ENGINE FOLDER OUT.json\n", stderr);
		return 64;
	}
	engine = argv[1];
	folder = argv[2];
	out_path = argv[3];
	tcase_set_timeout(tc, 0);
	tcase_add_checked_fixture(tc, mixed_load, NULL);
	tcase_add_test(tc, requests_are_answered);
	return run_tests("soak", tc);
}
