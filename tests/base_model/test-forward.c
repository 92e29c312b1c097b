/* SPDX-License-Identifier: MIT */
/* The forward pass: what runs beside a request changes nothing of it. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum { VOCAB = 50, TOKENS = 12 };

static const int32_t prompt[TOKENS] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8 };
static const int32_t other[TOKENS] = { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 11, 12 };
static const enum tensor_type types[] = {
	TENSOR_F32, TENSOR_F16, TENSOR_BF16, TENSOR_Q4_0, TENSOR_Q4_1, TENSOR_Q5_0, TENSOR_Q5_1,
	TENSOR_Q8_0, TENSOR_Q2_K, TENSOR_Q3_K, TENSOR_Q4_K, TENSOR_Q5_K, TENSOR_Q6_K,
	TENSOR_IQ4_NL, TENSOR_IQ4_XS, TENSOR_TQ2_0,
};

static struct bm_sequence *sequence(const struct bm_model *m)
{
	struct bm_sequence *s = NULL;

	ck_assert_int_eq(bm_sequence_new(&s, m, 64, BM_KV_F16), 0);
	return s;
}

/* Logits of all tokens, alone and in one pass. */
static void alone(struct bm_model *m, const int32_t *tokens, const struct adapter *a, float scale,
		  float *logits)
{
	const struct bm_delta *delta = a ? adapter_delta(a) : NULL;
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = sequence(m);
	struct bm_item item = { .seq = s, .tokens = tokens, .n_tokens = TOKENS, .deltas = &delta,
				.scales = &scale, .n_deltas = a != NULL, .logits = logits,
				.all_logits = true };

	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	ck_assert_uint_eq(bm_sequence_length(s), TOKENS);
}

static void open_both(struct bm_model *models[2], enum tensor_type type)
{
	struct fixture f = FIXTURE;

	f.type = type;
	if (tensor_row_size(type, f.dim) == 0) {
		f.dim = f.ffn = 256;
		f.head_dim = f.dim / f.heads;
	}
	models[0] = fixture_open(&f, 1);
	models[1] = fixture_open(&f, 4);
}

START_TEST(alone_beside_others_and_in_pieces)
{
	static float want[TOKENS * VOCAB], have[TOKENS * VOCAB], beside[TOKENS * VOCAB];
	struct bm_model *models[2];
	struct adapter *a, *b;
	const struct bm_delta *deltas[2];
	const float one[2] = { 1.0f, 0.5f };

	open_both(models, types[_i]);
	for (int k = 0; k < 2; k++) {
		struct bm_model *m = models[k];
		struct bm_sequence *s1 = sequence(m), *s2 = sequence(m), *s3 = sequence(m);

		a = fixture_adapter(m, 3);
		b = fixture_adapter(m, 4);
		deltas[0] = adapter_delta(a);
		deltas[1] = adapter_delta(b);
		if (k == 0)
			alone(m, prompt, a, 1.0f, want);
		/* One token at a time, among two others with other adapters. */
		for (size_t t = 0; t < TOKENS; t++) {
			struct bm_item items[3] = {
				{ s1, other + t, 1, deltas + 1, one, 1, beside, false },
				{ s2, prompt + t, 1, deltas, one, 1, have + t * VOCAB, false },
				{ s3, other + t, 1, NULL, NULL, 0, beside + VOCAB, false },
			};

			ck_assert_int_eq(bm_forward(m, items, 3, NULL), 0);
		}
		ck_assert_msg(memcmp(want, have, sizeof(want)) == 0, "model %d", k);
		/* In two chunks beside a long one with two adapters. */
		bm_sequence_truncate(s1, 0);
		bm_sequence_truncate(s2, 0);
		for (size_t at = 0; at < TOKENS; at += 7) {
			size_t n = MIN((size_t)7, TOKENS - at);
			struct bm_item items[2] = {
				{ s2, prompt + at, n, deltas, one, 1, have + at * VOCAB, true },
				{ s1, other + at, n, deltas, one, 2, beside, true },
			};

			ck_assert_int_eq(bm_forward(m, items, 2, NULL), 0);
		}
		ck_assert_msg(memcmp(want, have, sizeof(want)) == 0, "model %d, chunks", k);
		bm_sequence_free(s1);
		bm_sequence_free(s2);
		bm_sequence_free(s3);
		adapter_unref(a);
		adapter_unref(b);
		bm_model_free(m);
	}
}
END_TEST

START_TEST(scale_zero_is_no_adapter)
{
	static float plain[TOKENS * VOCAB], zero[TOKENS * VOCAB], one[TOKENS * VOCAB];
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 2);
	struct adapter *a = fixture_adapter(m, 3);

	alone(m, prompt, NULL, 0.0f, plain);
	alone(m, prompt, a, 0.0f, zero);
	alone(m, prompt, a, 1.0f, one);
	ck_assert_int_eq(memcmp(plain, zero, sizeof(plain)), 0);
	ck_assert_int_ne(memcmp(plain, one, sizeof(plain)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(one); i++)
		ck_assert(isfinite(one[i]));
	adapter_unref(a);
	bm_model_free(m);
}
END_TEST

START_TEST(refuses_and_keeps_the_sequence)
{
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 1);
	struct bm_sequence *s = sequence(m), *none = NULL;
	int32_t bad[2] = { 1, VOCAB }, many[65] = { 0 };
	struct bm_item item = { .seq = s, .tokens = prompt, .n_tokens = TOKENS };
	atomic_bool cancel = true;

	ck_assert_int_eq(bm_forward(m, &item, 1, &cancel), -ECANCELED);
	ck_assert_uint_eq(bm_sequence_length(s), 0);
	item.tokens = bad;
	item.n_tokens = 2;
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), -EINVAL);
	item.tokens = many;
	item.n_tokens = 65;
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), -ENOSPC);
	item.n_tokens = 64;
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	item.n_tokens = 1;
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), -ENOSPC);
	bm_sequence_truncate(s, 10);
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	ck_assert_uint_eq(bm_sequence_length(s), 11);
	ck_assert_int_eq(bm_sequence_new(&none, m, 65, BM_KV_F16), -EINVAL);
	ck_assert_int_eq(bm_sequence_new(&none, m, 0, BM_KV_F16), -EINVAL);
	bm_sequence_free(s);
	bm_model_free(m);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, alone_beside_others_and_in_pieces, 0, ARRAY_SIZE(types));
	tcase_add_test(tc, scale_zero_is_no_adapter);
	tcase_add_test(tc, refuses_and_keeps_the_sequence);
	return run_tests("forward pass", tc);
}
