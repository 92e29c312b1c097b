/* SPDX-License-Identifier: MIT */
/* Copy drafting: it finds its place again after an edit, costs nothing where nothing repeats,
 * and whatever is guessed, cut and forgotten on the way, the tokens are the same. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum { VOCAB = 50, CONTEXT = 192, WORDS = 240, EDITS = 10 };

static uint32_t below(uint64_t *state, uint32_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*state >> 33) % n);
}

struct text {
	int32_t tokens[2048];
	size_t n, words[WORDS], n_words;
};

/* Words of one to three tokens; small numbers are common, as in real texts. */
static void add_word(struct text *t, uint64_t *state)
{
	int32_t word = (int32_t)below(state, 1 + below(state, 3000));
	int n = 1 + (word > 50 && word % 4 == 0) + (word > 500 && word % 5 == 0);

	for (int i = 0; i < n; i++)
		t->tokens[t->n++] = 4 * word + i;
}

static void make_text(struct text *t, uint64_t *state)
{
	t->n = t->n_words = 0;
	while (t->n_words < WORDS) {
		t->words[t->n_words++] = t->n;
		add_word(t, state);
	}
}

enum edit { REPLACE, INSERT, DROP, EDIT_COUNT };

/* @from with EDITS words changed. */
static void edit_text(struct text *to, const struct text *from, enum edit edit, uint64_t *state)
{
	to->n = 0;
	for (size_t w = 0; w < WORDS; w++) {
		size_t end = w + 1 < WORDS ? from->words[w + 1] : from->n;
		bool changed = w % (WORDS / EDITS) == WORDS / EDITS / 2;

		if (changed && edit != DROP)
			add_word(to, state);
		if (changed && edit != INSERT)
			continue;
		for (size_t i = from->words[w]; i < end; i++)
			to->tokens[to->n++] = from->tokens[i];
	}
}

struct tally {
	size_t passes, guessed, right;
};

/* Writes @to with guesses from @from. */
static struct tally run(const struct text *from, const struct text *to)
{
	_cleanup_(bm_draft_freep) struct bm_draft *d = NULL;
	struct tally tally = { 0 };
	int32_t guess[BM_DRAFT_MAX];

	ck_assert_int_eq(bm_draft_new(&d, from->tokens, from->n), 0);
	for (size_t at = 0; at < to->n; tally.passes++) {
		size_t n = bm_draft_propose(d, guess, MIN((size_t)BM_DRAFT_MAX, to->n - at - 1));
		size_t right = 0;

		while (right < n && guess[right] == to->tokens[at + right])
			right++;
		tally.guessed += n;
		tally.right += right;
		for (size_t i = 0; i <= right; i++)
			bm_draft_written(d, to->tokens[at++]);
	}
	return tally;
}

/* A pass of 8 tokens takes about 1.4 times as long as one of 1. */
static double cost(struct tally t)
{
	return (double)t.passes + 0.4 / 7.0 * (double)t.guessed;
}

START_TEST(finds_its_place_after_an_edit)
{
	uint64_t state = 7;

	for (int i = 0; i < 50; i++) {
		struct text from, to;
		struct tally t;

		make_text(&from, &state);
		edit_text(&to, &from, _i, &state);
		t = run(&from, &to);
		ck_assert_msg((double)to.n >= 3.5 * cost(t), "%zu tokens, %zu passes, %zu of %zu",
			      to.n, t.passes, t.right, t.guessed);
	}
}
END_TEST

START_TEST(costs_nothing_where_nothing_repeats)
{
	uint64_t state = 8;
	struct text from, to;
	struct tally t;

	for (int i = 0; i < 50; i++) {
		make_text(&from, &state);
		make_text(&to, &state);
		t = run(&from, &to);
		ck_assert_msg(cost(t) <= 1.02 * (double)to.n, "%zu tokens, cost %g", to.n, cost(t));
	}
}
END_TEST

struct schedule {
	bool draft;
	uint64_t seed;		/* 0: one pass after the other, as large as it may be */
	struct bm_writer_counts counts;
};

static size_t room_of(struct schedule *s)
{
	return s->seed ? 1 + below(&s->seed, 20) : 64;
}

/* Writes at most @max tokens after @prompt into @out: how many. */
static size_t write_some(struct bm_model *m, const int32_t *prompt, size_t n_prompt, size_t max,
			 float temperature, struct schedule *s, int32_t *out)
{
	static float logits[(BM_DRAFT_MAX + 1) * VOCAB];
	struct bm_writer_params params = {
		.prompt = prompt, .n_prompt = n_prompt, .max_tokens = (uint32_t)max,
		.context = CONTEXT, .kv = BM_KV_F16, .sampling = BM_SAMPLING_GREEDY,
		.draft = s->draft,
	};
	_cleanup_(bm_writer_freep) struct bm_writer *w = NULL;
	int state = BM_WRITER_GOES_ON;
	size_t n_out = 0;

	params.sampling.temperature = temperature;
	params.sampling.top_k = 8;
	params.sampling.seed = 5;
	ck_assert_int_eq(bm_writer_new(&w, m, &params), 0);
	while (state == BM_WRITER_GOES_ON) {
		size_t room = room_of(s), guesses = room_of(s) - 1, n, rows;
		const int32_t *tokens;
		struct bm_item item;

		if (s->seed && below(&s->seed, 12) == 0) {
			struct bm_sequence *again;

			bm_sequence_free(bm_writer_park(w));
			ck_assert(bm_writer_parked(w));
			ck_assert_int_eq(bm_sequence_new(&again, m, CONTEXT, BM_KV_F16), 0);
			bm_writer_resume(w, again);
		}
		rows = bm_writer_item(w, room, guesses, &item);
		ck_assert_uint_le(item.n_tokens, room);
		ck_assert_uint_le(rows, MIN(guesses, (size_t)BM_DRAFT_MAX) + 1);
		item.logits = rows ? logits : NULL;
		/* Sometimes the pass is left, and asked for once more. */
		if (s->seed && below(&s->seed, 8) == 0)
			continue;
		ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
		state = bm_writer_advance(w, &item, &tokens, &n);
		ck_assert_int_ge(state, 0);
		memcpy(out + n_out, tokens, n * sizeof(*out));
		n_out += n;
	}
	s->counts = bm_writer_counts(w);
	ck_assert_uint_eq(s->counts.written, n_out);
	return n_out;
}

/* A prompt that the answer repeats in part: what the model wrote before, pieces of it. */
static size_t repetitive_prompt(struct bm_model *m, uint64_t *state, int32_t *prompt)
{
	struct schedule plain = { 0 };
	int32_t start[4], written[64];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(start); i++)
		start[i] = (int32_t)below(state, VOCAB);
	ck_assert_uint_eq(write_some(m, start, ARRAY_SIZE(start), ARRAY_SIZE(written), 0.0f, &plain,
				     written), ARRAY_SIZE(written));
	for (int i = 0; i < 4; i++) {
		size_t from = below(state, 40), len = 8 + below(state, 16);

		memcpy(prompt + n, written + from, len * sizeof(*prompt));
		n += len;
		prompt[n++] = (int32_t)below(state, VOCAB);
	}
	return n;
}

START_TEST(tokens_are_those_of_plain_writing)
{
	static const float temperatures[] = { 0.0f, 0.4f, 1.5f };
	struct fixture f = FIXTURE;
	struct bm_writer_counts sum = { 0 };
	struct bm_model *m;
	uint64_t state = 100 + (uint64_t)_i;

	f.context = CONTEXT;
	m = fixture_open(&f, 1);
	for (int i = 0; i < 60; i++) {
		int32_t prompt[128], want[64], have[64];
		size_t n_prompt = repetitive_prompt(m, &state, prompt), max = 1 + below(&state, 64);
		struct schedule plain = { 0 }, drafted = { true, i % 3 ? state : 0, { 0 } };
		size_t n = write_some(m, prompt, n_prompt, max, temperatures[_i], &plain, want);

		ck_assert_uint_eq(write_some(m, prompt, n_prompt, max, temperatures[_i], &drafted,
					     have), n);
		ck_assert_int_eq(memcmp(want, have, n * sizeof(*want)), 0);
		ck_assert_uint_eq(plain.counts.passes, n);
		sum.guessed += drafted.counts.guessed;
		sum.right += drafted.counts.right;
	}
	/* Otherwise nothing of this was about drafting. */
	ck_assert_uint_gt(sum.right, 60);
	ck_assert_uint_gt(sum.guessed - sum.right, 60);
	bm_model_free(m);
}
END_TEST

START_TEST(forced_tokens_are_written)
{
	int32_t prompt[60], forced[60], out[60];
	struct fixture f = FIXTURE;
	struct bm_writer_params params = {
		.prompt = prompt, .n_prompt = 60, .max_tokens = 60, .context = CONTEXT,
		.kv = BM_KV_F16, .sampling = BM_SAMPLING_GREEDY, .draft = true, .forced = forced,
	};
	_cleanup_(bm_writer_freep) struct bm_writer *w = NULL;
	static float logits[(BM_DRAFT_MAX + 1) * VOCAB];
	struct bm_model *m;
	size_t n_out = 0, n;
	int r = 0;

	f.context = CONTEXT;
	m = fixture_open(&f, 1);
	for (int i = 0; i < 60; i++)
		prompt[i] = forced[i] = i * 7 % VOCAB;
	forced[30] = 1;
	ck_assert_int_eq(bm_writer_new(&w, m, &params), 0);
	while (r == BM_WRITER_GOES_ON) {
		const int32_t *tokens;
		struct bm_item item;

		item.logits = NULL;
		if (bm_writer_item(w, 64, BM_DRAFT_MAX, &item))
			item.logits = logits;
		ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
		r = bm_writer_advance(w, &item, &tokens, &n);
		memcpy(out + n_out, tokens, n * sizeof(*out));
		n_out += n;
	}
	ck_assert_int_eq(r, BM_WRITER_FULL);
	ck_assert_uint_eq(n_out, 60);
	ck_assert_int_eq(memcmp(out, forced, sizeof(out)), 0);
	ck_assert_uint_lt(bm_writer_counts(w).passes, 16);
	bm_model_free(m);
}
END_TEST

START_TEST(refuses_what_has_no_room)
{
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 1);
	int32_t prompt[64] = { 0 };
	struct bm_writer_params params = { .prompt = prompt, .n_prompt = 64, .max_tokens = 1,
					   .context = 64, .sampling = BM_SAMPLING_GREEDY };
	struct bm_writer *w = NULL;

	ck_assert_int_eq(bm_writer_new(&w, m, &params), -EINVAL);
	params.n_prompt = 0;
	ck_assert_int_eq(bm_writer_new(&w, m, &params), -EINVAL);
	params.n_prompt = 63;
	params.max_tokens = 0;
	ck_assert_int_eq(bm_writer_new(&w, m, &params), -EINVAL);
	params.max_tokens = 9;
	ck_assert_int_eq(bm_writer_new(&w, m, &params), 0);
	bm_writer_free(w);
	bm_model_free(m);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("draft");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, finds_its_place_after_an_edit, 0, EDIT_COUNT);
	tcase_add_test(tc, costs_nothing_where_nothing_repeats);
	tcase_add_loop_test(tc, tokens_are_those_of_plain_writing, 0, 3);
	tcase_add_test(tc, forced_tokens_are_written);
	tcase_add_test(tc, refuses_what_has_no_room);
	return run_tests("draft", tc);
}
