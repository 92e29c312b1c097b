/* SPDX-License-Identifier: MIT */
/* Several adapters in one text: one order, their places, and no bits but theirs. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum { VOCAB = 50, TOKENS = 12 };

static const int32_t text[TOKENS] = { 3, 1, 4, 1, 5, 9, 1, 1, 1, 3, 5, 8 };
static const uint32_t words[3] = { 1, 1, 9 };

/* Adapter @seed of a model of FIXTURE; invoked by the first @n_words of words, if any. */
static struct adapter *load(const struct bm_model *m, uint64_t seed, size_t n_words)
{
	struct lora_fixture l = LORA_FIXTURE;
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;
	int fd;

	l.seed = seed;
	l.matrix = seed % 2 ? "blk.0.attn_q.weight" : "blk.1.attn_q.weight";
	l.invocation = n_words ? words : NULL;
	l.n_invocation = n_words;
	fd = fixture_lora_fd(&l);
	ck_assert_msg(adapter_load_fd(&a, m, fd, &d) == 0, "%s: %s", d.field, d.text);
	close(fd);
	return a;
}

/* All logits, each pass as far as the same adapters act. */
static void compute(struct bm_model *m, struct adapter_uses *u, float logits[TOKENS * VOCAB])
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
	uint32_t until, end;

	ck_assert_int_eq(bm_sequence_new(&s, m, TOKENS, BM_KV_F16), 0);
	for (uint32_t at = 0; at < TOKENS; at = end) {
		struct bm_item item = { .seq = s, .tokens = text + at, .deltas = u->deltas,
					.scales = u->scales, .logits = logits + at * VOCAB,
					.all_logits = true };

		item.n_deltas = adapter_uses_at(u, at, &until);
		end = MIN((uint32_t)TOKENS, until);
		item.n_tokens = end - at;
		ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	}
}

START_TEST(one_order_and_no_other_bits)
{
	static float base[TOKENS * VOCAB], want[TOKENS * VOCAB], have[TOKENS * VOCAB];
	static const float scales[3] = { 1.0f, 0.5f, -2.0f };
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 2);
	struct adapter *a[3];
	struct adapter_uses u = { 0 };
	struct diag d = DIAG_NULL;
	size_t at;

	for (int i = 0; i < 3; i++)
		a[i] = load(m, 20 + 2 * (uint64_t)i, i == 2 ? 2 : 0);
	compute(m, &u, base);
	/* A scale of 0 is as if it were absent. */
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(adapter_uses_add(&u, a[i], i ? 0.0f : -0.0f), 0);
	ck_assert_uint_eq(u.n, 0);
	/* Any order of adding is the same text. */
	for (int first = 0; first < 3; first++) {
		u = (struct adapter_uses){ 0 };
		for (int i = 0; i < 3; i++) {
			int k = (first + i) % 3;

			ck_assert_int_eq(adapter_uses_add(&u, a[k], scales[k]), 0);
			ck_assert_int_eq(adapter_uses_add(&u, a[k], 1.0f), -EEXIST);
		}
		ck_assert_uint_eq(u.n, 3);
		ck_assert_int_eq(adapter_uses_place(&u, text, TOKENS, &at, &d), 0);
		compute(m, &u, first ? have : want);
		ck_assert(!first || memcmp(want, have, sizeof(want)) == 0);
	}
	/* The one with invocation tokens alone: the base's bits as far as they stand. */
	u = (struct adapter_uses){ 0 };
	ck_assert_int_eq(adapter_uses_add(&u, a[2], 1.0f), 0);
	ck_assert_int_eq(adapter_uses_place(&u, text, TOKENS, &at, &d), 0);
	ck_assert_uint_eq(u.items[0].from, 7);
	compute(m, &u, have);
	ck_assert_mem_eq(base, have, 7 * VOCAB * sizeof(float));
	for (int i = 7; i < TOKENS; i++)
		ck_assert(memcmp(base + i * VOCAB, have + i * VOCAB, VOCAB * sizeof(float)) != 0);
	for (int i = 0; i < 3; i++)
		adapter_unref(a[i]);
	bm_model_free(m);
}
END_TEST

/* Two adapters of one matrix are the sum of their updates: one of both ranks has it. */
START_TEST(the_sum_of_both)
{
	static float want[TOKENS * VOCAB], have[TOKENS * VOCAB];
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 1);
	struct adapter *a = load(m, 3, 0);
	struct adapter_uses twice = { { { a, 0.75f, 0 }, { a, 0.5f, 0 } }, .n = 2 };
	struct adapter_uses once = { { { a, 1.25f, 0 } }, .n = 1 };
	float largest = 0.0f;

	compute(m, &once, want);
	compute(m, &twice, have);
	for (int i = 0; i < TOKENS * VOCAB; i++) {
		ck_assert_float_eq_tol(want[i], have[i], 1e-3f);
		largest = MAX(largest, want[i]);
	}
	ck_assert_float_gt(largest, 0.1f);
	adapter_unref(a);
	bm_model_free(m);
}
END_TEST

static const struct {
	size_t n_words, n;	/* words that invoke it, tokens of the text */
	int64_t from;		/* -ENOENT: not there */
} places[] = {
	{ 0, TOKENS, 0 },
	{ 1, TOKENS, 8 },
	{ 1, 7, 6 },
	{ 1, 2, 1 },
	{ 1, 1, -ENOENT },
	{ 2, TOKENS, 7 },
	{ 2, 8, 6 },
	{ 2, 7, -ENOENT },
	{ 2, 1, -ENOENT },
	{ 3, TOKENS, -ENOENT },
};

START_TEST(the_last_invocation_counts)
{
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 1);
	struct adapter *a = load(m, 3, places[_i].n_words), *whole = load(m, 4, 0);
	struct adapter_uses u = { 0 };
	struct diag d = DIAG_NULL;
	uint32_t until;
	size_t at = 9, mine;
	int r;

	ck_assert_int_eq(adapter_uses_add(&u, a, 1.0f), 0);
	ck_assert_int_eq(adapter_uses_add(&u, whole, 1.0f), 0);
	mine = u.items[0].adapter == a ? 0 : 1;
	r = adapter_uses_place(&u, text, places[_i].n, &at, &d);
	if (places[_i].from < 0) {
		ck_assert_int_eq(r, -ENOENT);
		ck_assert_uint_eq(at, mine);
		ck_assert_int_eq(d.code, DIAG_RANGE);
	} else {
		uint32_t from = (uint32_t)places[_i].from;

		ck_assert_int_eq(r, 0);
		ck_assert_uint_eq(u.items[mine].from, from);
		ck_assert_uint_eq(u.items[!mine].from, 0);
		if (from) {
			ck_assert_uint_eq(adapter_uses_at(&u, from - 1, &until), 1);
			ck_assert(u.deltas[0] == adapter_delta(whole) && until == from);
		}
		ck_assert_uint_eq(adapter_uses_at(&u, from, &until), 2);
		ck_assert(u.deltas[mine] == adapter_delta(a) && until == UINT32_MAX);
	}
	adapter_unref(a);
	adapter_unref(whole);
	bm_model_free(m);
}
END_TEST

START_TEST(no_more_than_fit)
{
	struct adapter_uses u = { .n = 0 };
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 1);
	struct adapter *a[ADAPTER_USES_MAX + 1];

	for (int i = 0; i <= ADAPTER_USES_MAX; i++) {
		a[i] = load(m, (uint64_t)i, 0);
		ck_assert_int_eq(adapter_uses_add(&u, a[i], 1.0f),
				 i < ADAPTER_USES_MAX ? 0 : -E2BIG);
	}
	for (size_t i = 1; i < u.n; i++)
		ck_assert_int_lt(memcmp(adapter_digest(u.items[i - 1].adapter),
					adapter_digest(u.items[i].adapter),
					sizeof(struct digest)), 0);
	for (int i = 0; i <= ADAPTER_USES_MAX; i++)
		adapter_unref(a[i]);
	bm_model_free(m);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, one_order_and_no_other_bits);
	tcase_add_test(tc, the_sum_of_both);
	tcase_add_loop_test(tc, the_last_invocation_counts, 0, ARRAY_SIZE(places));
	tcase_add_test(tc, no_more_than_fit);
	return run_tests("uses of adapters", tc);
}
