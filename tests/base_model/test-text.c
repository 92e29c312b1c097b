/* SPDX-License-Identifier: MIT */
/* From logits to text: sampler and stream. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base_model/base_model.h"
#include "tests/check-main.h"
#include "util/macro.h"

enum { N = 8 };

static const float given[N] = { 0.0f, 2.0f, 1.0f, 2.0f, -1.0f, 0.5f, -3.0f, 1.5f };

static int32_t pick(struct bm_sampler *s)
{
	float logits[N];

	memcpy(logits, given, sizeof(logits));
	return bm_sampler_pick(s, logits);
}

/* How often each token comes, of 4000. */
static void draw(const struct bm_sampling *o, unsigned counts[N])
{
	struct bm_sampler *s;

	memset(counts, 0, N * sizeof(*counts));
	ck_assert_int_eq(bm_sampler_new(&s, o, N), 0);
	for (int i = 0; i < 4000; i++)
		counts[pick(s)]++;
	bm_sampler_free(s);
}

START_TEST(greedy_and_penalty)
{
	struct bm_sampling o = BM_SAMPLING_GREEDY;
	struct bm_sampler *s;

	ck_assert_int_eq(bm_sampler_new(&s, &o, N), 0);
	ck_assert_int_eq(pick(s), 1);	/* of equals the lower */
	bm_sampler_free(s);
	o.repetition_penalty = 2.0f;
	o.penalty_window = 2;
	ck_assert_int_eq(bm_sampler_new(&s, &o, N), 0);
	bm_sampler_accept(s, 1);
	ck_assert_int_eq(pick(s), 3);
	bm_sampler_accept(s, 3);
	ck_assert_int_eq(pick(s), 7);
	bm_sampler_accept(s, 7);	/* 1 leaves the window */
	ck_assert_int_eq(pick(s), 1);
	bm_sampler_free(s);
}
END_TEST

START_TEST(distribution)
{
	struct bm_sampling o = { .temperature = 1.0f, .top_p = 1.0f, .repetition_penalty = 1.0f,
				 .seed = 42 };
	unsigned counts[N], again[N];
	double sum = 0.0;

	for (int i = 0; i < N; i++)
		sum += exp(given[i]);
	draw(&o, counts);
	for (int i = 0; i < N; i++) {
		double p = exp(given[i]) / sum;

		/* Five standard deviations. */
		ck_assert_double_eq_tol(counts[i], 4000 * p, 5 * sqrt(4000 * p * (1 - p)) + 1);
	}
	draw(&o, again);
	ck_assert_int_eq(memcmp(counts, again, sizeof(counts)), 0);
	o.top_k = 3;
	draw(&o, counts);
	ck_assert_uint_eq(counts[1] + counts[3] + counts[7], 4000);
	o.top_k = 0;
	o.top_p = 0.3f;
	draw(&o, counts);
	ck_assert_uint_eq(counts[1] + counts[3], 4000);
	o.top_p = 1.0f;
	o.min_p = 0.5f;	/* within ln 2 of the best: 2, 2 and 1.5 */
	draw(&o, counts);
	ck_assert_uint_eq(counts[1] + counts[3] + counts[7], 4000);
	ck_assert_uint_gt(counts[7], 0);
}
END_TEST

START_TEST(sampling_out_of_range)
{
	const struct bm_sampling bad[] = {
		{ .temperature = NAN, .top_p = 1.0f, .repetition_penalty = 1.0f },
		{ .temperature = -1.0f, .top_p = 1.0f, .repetition_penalty = 1.0f },
		{ .top_p = 0.0f, .repetition_penalty = 1.0f },
		{ .top_p = 1.5f, .repetition_penalty = 1.0f },
		{ .top_p = 1.0f, .min_p = 2.0f, .repetition_penalty = 1.0f },
		{ .top_p = 1.0f, .repetition_penalty = 0.0f },
		{ .top_p = 1.0f, .repetition_penalty = 1.0f, .penalty_window = 1025 },
	};
	struct bm_sampler *s = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(bm_sampler_new(&s, &bad[i], N), -EINVAL);
}
END_TEST

static const struct {
	const char *pieces[5];
	const char *stops[2];
	const char *shown[5];	/* after each piece; NULL: nothing more */
	const char *whole;
	bool stopped;
} streams[] = {
	{ { "ab", "c" }, { NULL }, { "ab", "abc" }, "abc", false },
	{ { "h\xc3", "\xa9!" }, { NULL }, { "h", "h\xc3\xa9!" }, "h\xc3\xa9!", false },
	{ { "\xf0", "\x9f", "\x98", "\x80" }, { NULL }, { "", "", "", "\xf0\x9f\x98\x80" },
	  "\xf0\x9f\x98\x80", false },
	{ { "a\xff", "b" }, { NULL }, { "a\xef\xbf\xbd", "a\xef\xbf\xbd" "b" }, "a\xef\xbf\xbd" "b",
	  false },
	{ { "a\xc3" }, { NULL }, { "a" }, "a\xef\xbf\xbd", false },
	{ { "one\n", "\ntwo" }, { "\n\n" }, { "one", "one" }, "one", true },
	{ { "one\n", "two" }, { "\n\n" }, { "one", "one\ntwo" }, "one\ntwo", false },
	{ { "x</", "s", ">y" }, { "</s>" }, { "x", "x", "x" }, "x", true },
	{ { "aab" }, { "b", "ab" }, { "a" }, "a", true },
};

START_TEST(stream)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	struct bm_stream *s;
	size_t n = 0;

	while (n < 2 && streams[_i].stops[n])
		n++;
	ck_assert_int_eq(bm_stream_new(&s, streams[_i].stops, n), 0);
	ck_assert_int_eq(buf_append_str(&out, ""), 0);
	for (int i = 0; i < 5 && streams[_i].pieces[i]; i++) {
		ck_assert_int_eq(bm_stream_push(s, streams[_i].pieces[i],
						strlen(streams[_i].pieces[i]), &out), 0);
		ck_assert_str_eq(out.data, streams[_i].shown[i]);
	}
	ck_assert(bm_stream_stopped(s) == streams[_i].stopped);
	ck_assert_int_eq(bm_stream_finish(s, &out), 0);
	ck_assert_str_eq(out.data, streams[_i].whole);
	bm_stream_free(s);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, greedy_and_penalty);
	tcase_add_test(tc, distribution);
	tcase_add_test(tc, sampling_out_of_range);
	tcase_add_loop_test(tc, stream, 0, ARRAY_SIZE(streams));
	return run_tests("text", tc);
}
