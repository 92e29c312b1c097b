/* SPDX-License-Identifier: MIT */
/*
 * Random schedules: requests of both lanes come, are cancelled, change adapters, guess and are
 * paused, up to 16 beside each other; each gets the text that it gets alone, or the scores to
 * the last bit, or says that it was cancelled. SCHEDULES and SWITCHES in the environment make
 * it longer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/check-main.h"
#include "tests/engine/traffic.h"
#include "util/macro.h"

enum { SCHEDULES_OF_AN_ENGINE = 20 };

static size_t number_from(const char *name, size_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

/* In every other engine KV caches are short, so that requests are parked and refused. */
static struct front_room any_room(uint64_t *state)
{
	struct front_room room = { .adapters = 1 + front_below(state, FRONT_ADAPTERS) };

	if (front_below(state, 2))
		room.contexts = 1 + front_below(state, 6);
	return room;
}

START_TEST(every_schedule)
{
	size_t n = number_from("SCHEDULES", 160) / 4;
	struct traffic t = { .state = (uint64_t)_i + 1 };
	struct front f;

	t.f = &f;
	front_init(&f, (uint64_t)_i + 1);
	for (size_t i = 0; i < n; i++) {
		if (i % SCHEDULES_OF_AN_ENGINE == 0)
			front_start(&f, 1 + front_below(&t.state, 3), any_room(&t.state));
		traffic_run(&t);
		if (i + 1 == n || (i + 1) % SCHEDULES_OF_AN_ENGINE == 0)
			front_stop(&f);
	}
	front_deinit(&f);
	printf("%zu schedules: %zu done, %zu cancelled, %zu refused, %zu busy, "
	       "%zu of %zu guesses right\n", n, t.done, t.cancelled, t.refused, t.busy, t.right,
	       t.guessed);
	ck_assert_uint_gt(t.done, n);
	ck_assert_uint_gt(t.known, 0);
	ck_assert_uint_gt(t.cancelled, 0);
	ck_assert_uint_gt(t.scored, n / 4);
	ck_assert_uint_gt(t.right, 0);
	ck_assert_uint_gt(t.guessed - t.right, n);
}
END_TEST

/* Eight streams, each of which takes another adapter with every request; three fit. */
START_TEST(adapters_switch_under_streams)
{
	enum { STREAMS = 8 };
	size_t switches = number_from("SWITCHES", 400), n_cases = 0, begun = 0;
	struct traffic t = { .state = 99 };
	const struct front_case *cases[FRONT_CASES];
	struct front f;

	t.f = &f;
	front_init(&f, 77);
	for (size_t i = 0; i < FRONT_CASES; i++)
		if (f.cases[i].n_uses && f.cases[i].not_invoked < 0)
			cases[n_cases++] = &f.cases[i];
	front_start(&f, 2, (struct front_room){ .adapters = 3 });
	while (begun < switches || t.beside) {
		if (begun < switches && t.beside < STREAMS) {
			const struct front_case *c = cases[begun++ % n_cases];

			traffic_start(&t, c, (struct front_options){ .interactive = true });
		} else {
			traffic_take(&t, true);
		}
	}
	front_stop(&f);
	front_deinit(&f);
	ck_assert_uint_eq(t.done, switches);
	/* Every one that was not resident was told as an entry that changed. */
	ck_assert_uint_gt(t.changes, switches / 4);
}
END_TEST

/* The longest of the cases, by which only one request at a time has room. */
static const struct front_case *longest(const struct front *f)
{
	const struct front_case *c = NULL;

	for (size_t i = 0; i < FRONT_CASES; i++) {
		const struct front_case *at = &f->cases[i];

		if (at->not_invoked < 0 && (!c || at->n_prompt + at->max_tokens >
						  c->n_prompt + c->max_tokens))
			c = at;
	}
	return c;
}

/* An interactive request takes the room of one of the background, which then goes on. */
START_TEST(room_is_taken_from_the_background)
{
	struct traffic t = { .state = 5 };
	const struct front_case *c;
	struct front f;

	t.f = &f;
	front_init(&f, 3);
	c = longest(&f);
	/* More than half of a context, so that two do not fit into one. */
	ck_assert_uint_gt(2 * (c->n_prompt + c->max_tokens), f.context + 64);
	front_start(&f, 1, (struct front_room){ .contexts = 1 });
	for (int i = 0; i < 50; i++) {
		traffic_start(&t, c, (struct front_options){ .draft = i % 2 });
		while (!t.flights[0].started)
			traffic_take(&t, true);
		traffic_start(&t, c, (struct front_options){ .interactive = true });
		/* A second one of the background is told to come again. */
		if (i % 5 == 0)
			traffic_start(&t, c, (struct front_options){ .interactive = false });
		while (t.beside)
			traffic_take(&t, true);
	}
	front_stop(&f);
	front_deinit(&f);
	ck_assert_uint_gt(t.busy, 0);
	ck_assert_uint_eq(t.done + t.busy, 110);
	ck_assert_uint_ge(t.done, 100);
}
END_TEST

/* What is scored gives way and goes on, whether to others or to texts of its own. */
START_TEST(scores_in_little_room)
{
	struct traffic t = { .state = 6 };
	const struct front_case *c;
	struct front f;

	t.f = &f;
	front_init(&f, 4);
	c = longest(&f);
	front_start(&f, 1, (struct front_room){ .adapters = 2, .contexts = 1 });
	for (size_t i = 0; i < FRONT_CASES; i++) {
		const struct front_case *scored = &f.cases[i];

		if (scored->not_invoked >= 0)
			continue;
		traffic_score(&t, scored, (struct front_options){ .interactive = i % 3 == 0 });
		while (!t.flights[0].started && t.beside)
			traffic_take(&t, true);
		if (i % 2)
			traffic_start(&t, c, (struct front_options){ .interactive = true });
		while (t.beside)
			traffic_take(&t, true);
	}
	front_stop(&f);
	front_deinit(&f);
	ck_assert_uint_gt(t.scored, FRONT_CASES / 2);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("scheduler");

	tcase_set_timeout(tc, 3600);
	tcase_add_loop_test(tc, every_schedule, 0, 4);
	tcase_add_test(tc, adapters_switch_under_streams);
	tcase_add_test(tc, room_is_taken_from_the_background);
	tcase_add_test(tc, scores_in_little_room);
	return run_tests("scheduler", tc);
}
