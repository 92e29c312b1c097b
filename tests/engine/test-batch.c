/* SPDX-License-Identifier: MIT */
/* Plans of passes keep what batch.h promises, for any mix of requests. */
#include "assistantd/engine/batch.h"
#include "tests/check-main.h"
#include "util/macro.h"

enum { MANY = 32, BATCH = 256 };

static uint32_t below(uint64_t *state, uint32_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*state >> 33) % n);
}

struct sums {
	size_t tokens[2], guesses, all;	/* tokens by lane */
};

static struct sums plan(struct batch_entry *e, size_t n, size_t max_tokens)
{
	struct sums s = { 0 };

	batch_plan(e, n, max_tokens);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_le(e[i].tokens, e[i].pending);
		ck_assert_uint_le(e[i].guesses, e[i].wishes);
		ck_assert(e[i].guesses == 0 || (e[i].pending == 1 && e[i].tokens == 1));
		s.tokens[e[i].interactive] += e[i].tokens;
		s.guesses += e[i].guesses;
	}
	s.all = s.tokens[0] + s.tokens[1] + s.guesses;
	ck_assert_uint_ge(s.all, 1);
	ck_assert_uint_le(s.all, max_tokens);
	return s;
}

/* One pass goes by: what was served has less to do, or goes on writing. */
static void pass(struct batch_entry *e, size_t n, uint64_t number)
{
	for (size_t i = 0; i < n; i++) {
		if (e[i].tokens == 0)
			continue;
		e[i].served = number;
		e[i].pending = MAX(e[i].pending - e[i].tokens, (size_t)1);
	}
}

START_TEST(any_mix)
{
	uint64_t state = (uint64_t)_i;

	for (int round = 0; round < 2000; round++) {
		size_t n = 1 + below(&state, MANY), max = 8 + below(&state, 600);
		struct batch_entry e[MANY];
		bool streaming = false, lead = false;
		struct sums s;

		for (size_t i = 0; i < n; i++) {
			bool writes = below(&state, 2);

			e[i] = (struct batch_entry){
				.interactive = below(&state, 3) == 0,
				.pending = writes ? 1 : 2 + below(&state, 2000),
				.wishes = writes ? below(&state, 16) : 0,
				.served = below(&state, 50),
			};
			lead |= e[i].interactive;
		}
		for (size_t i = 0; i < n; i++)
			streaming |= e[i].interactive == lead && e[i].pending == 1;
		s = plan(e, n, max);
		if (streaming)
			ck_assert_uint_le(s.all, BATCH_CHUNK);
		ck_assert_uint_le(s.guesses, BATCH_GUESSES);
		if (lead)
			ck_assert_uint_le(s.tokens[0], MAX((size_t)BATCH_LEAST,
					  (s.tokens[1] + s.guesses) / BATCH_SHARE));
		for (size_t i = 0; i < n && max >= BATCH_CHUNK; i++)
			if (e[i].interactive == lead && e[i].pending == 1)
				ck_assert_uint_eq(e[i].tokens, 1);
	}
}
END_TEST

START_TEST(nobody_starves)
{
	/* Interactive streams and an endless flow of interactive prompts, beside many others. */
	struct batch_entry e[MANY] = { 0 };
	size_t last[MANY] = { 0 };

	for (size_t i = 0; i < MANY; i++) {
		e[i].interactive = i < 8;
		e[i].pending = i < 4 || i % 2 ? 1 : 3000;
		e[i].wishes = e[i].pending == 1 ? 15 : 0;
	}
	for (size_t number = 1; number < 3000; number++) {
		plan(e, MANY, BATCH);
		for (size_t i = 0; i < MANY; i++) {
			if (e[i].tokens)
				last[i] = number;
			/* Of the flow each waits until it is the oldest. */
			if (i < 5 || i >= 8)
				ck_assert_uint_le(number - last[i], MANY);
		}
		pass(e, MANY, number);
		for (size_t i = 5; i < 8; i++)
			e[i].pending = 200;
	}
	/* The oldest prompt was read whole, though shorter ones came all the time. */
	ck_assert_uint_eq(e[4].pending, 1);
}
END_TEST

START_TEST(a_stream_beside_a_long_prompt)
{
	struct batch_entry e[] = { { .interactive = true, .pending = 1 },
				   { .interactive = true, .pending = 4000 } };

	for (uint64_t number = 1; e[1].pending > 1; number++) {
		ck_assert_uint_le(plan(e, 2, BATCH).all, BATCH_CHUNK);
		ck_assert_uint_eq(e[0].tokens, 1);
		ck_assert_uint_ge(e[1].tokens, MIN(e[1].pending, (size_t)BATCH_CHUNK - 1));
		pass(e, 2, number);
	}
}
END_TEST

START_TEST(prompts_alone_fill_the_batch)
{
	struct batch_entry e[] = { { .interactive = true, .pending = 4000 },
				   { .interactive = true, .pending = 90 },
				   { .interactive = true, .pending = 30 } };
	struct sums s = plan(e, 3, BATCH);

	ck_assert_uint_eq(s.all, BATCH);
	/* The short ones are not behind the long one, which goes on all the same. */
	ck_assert_uint_eq(e[0].tokens, BATCH - 90 - 30);
	ck_assert_uint_eq(e[1].tokens, 90);
	ck_assert_uint_eq(e[2].tokens, 30);
}
END_TEST

START_TEST(the_background_has_all_of_an_idle_engine)
{
	struct batch_entry e[] = { { .pending = 4000 }, { .pending = 500 } };

	ck_assert_uint_eq(plan(e, 2, BATCH).all, BATCH);
	e[0].pending = 1;
	e[0].wishes = 15;
	ck_assert_uint_eq(plan(e, 2, BATCH).all, BATCH_CHUNK);
	ck_assert_uint_eq(e[0].guesses, 15);
	ck_assert_uint_eq(e[1].tokens, BATCH_CHUNK - 16);
}
END_TEST

START_TEST(guesses_are_shared)
{
	struct batch_entry e[4];

	for (size_t i = 0; i < 4; i++)
		e[i] = (struct batch_entry){ .pending = 1, .wishes = 15 };
	plan(e, 4, BATCH);
	for (size_t i = 0; i < 4; i++)
		ck_assert_uint_eq(e[i].guesses, (BATCH_CHUNK - 4) / 2 / 4);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("batch");

	tcase_add_loop_test(tc, any_mix, 1, 6);
	tcase_add_test(tc, nobody_starves);
	tcase_add_test(tc, a_stream_beside_a_long_prompt);
	tcase_add_test(tc, prompts_alone_fill_the_batch);
	tcase_add_test(tc, the_background_has_all_of_an_idle_engine);
	tcase_add_test(tc, guesses_are_shared);
	return run_tests("batch", tc);
}
