/* SPDX-License-Identifier: MIT */
/* Adapters that bring tokens: from files, good and bad, and several adapters in one text. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/base_model/family-samples.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum { VOCAB = 130 };

static const char text_key[] = "assistantd.tokens.text";
static const char *const texts[] = { "<light_on>", "<light_off>", "<blinds>" };
static const char *const same[] = { "<light_on>", "<blinds>", "<light_on>" };
static const char *const known[] = { "<light_on>", "</s>", "<blinds>" };
static const char *const blank[] = { "<light_on>", "<light off>", "<blinds>" };

static struct bm_model *base(void)
{
	struct fixture f = FIXTURE;

	f.vocab = VOCAB;
	f.tokenizer = true;
	return fixture_open(&f, 1);
}

static int load(struct adapter **ret, const struct bm_model *m, const struct token_fixture *tokens,
		const uint32_t *invocation, struct diag *d)
{
	struct lora_fixture l = LORA_FIXTURE;
	int fd, r;

	l.architecture = bm_model_config(m)->architecture;
	l.tokens = tokens;
	l.invocation = invocation;
	l.n_invocation = invocation ? 1 : 0;
	l.seed = tokens ? tokens->n : 1;
	fd = fixture_lora_fd(&l);
	r = adapter_load_fd(ret, m, fd, d);
	close(fd);
	return r;
}

START_TEST(loaded)
{
	static const enum tensor_type types[] = { TENSOR_F32, TENSOR_F16, TENSOR_BF16 };
	struct token_fixture t = { .texts = texts, .n = 3, .type = types[_i / 2], .tied = _i % 2 };
	struct bm_model *m = base();
	struct adapter *a = NULL, *without = NULL;
	struct diag d = DIAG_NULL;
	const char *name;
	size_t len;

	ck_assert_msg(load(&a, m, &t, NULL, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_int_eq(load(&without, m, NULL, NULL, &d), 0);
	ck_assert_uint_eq(bm_delta_tokens(adapter_delta(a)), 3);
	ck_assert_uint_gt(adapter_bytes(a), adapter_bytes(without) + 3 * 64);
	ck_assert_uint_eq(tokenizer_n_tokens(adapter_tokenizer(a)), VOCAB + 3);
	ck_assert(tokenizer_name(adapter_tokenizer(a), VOCAB + 2, &name, &len));
	ck_assert(len == 8 && memcmp(name, "<blinds>", len) == 0);
	ck_assert_uint_eq(bm_delta_tokens(adapter_delta(without)), 0);
	ck_assert_ptr_null(adapter_tokenizer(without));
	ck_assert_uint_eq(tokenizer_n_tokens(bm_model_tokenizer(m)), VOCAB);
	adapter_unref(a);
	adapter_unref(without);
	bm_model_free(m);
}
END_TEST

#define EMBEDDING "token_embd.extra"
#define OUTPUT "output.extra"

static const struct {
	struct token_fixture t;
	enum diag_code code;
	const char *field;
} broken[] = {
	{ { .texts = texts, .n = 3, .rows = 2 }, DIAG_SHAPE, EMBEDDING },
	{ { .texts = texts, .n = 3, .rows = 4 }, DIAG_SHAPE, EMBEDDING },
	{ { .texts = texts, .n = 3, .output_rows = 2 }, DIAG_SHAPE, OUTPUT },
	{ { .texts = texts, .n = 3, .dim = 32 }, DIAG_SHAPE, EMBEDDING },
	{ { .texts = texts, .n = 3, .no_texts = true }, DIAG_PAIR, text_key },
	{ { .texts = texts, .n = 3, .no_texts = true, .no_embedding = true }, DIAG_PAIR, text_key },
	{ { .texts = texts, .n = 3, .no_embedding = true }, DIAG_PAIR, EMBEDDING },
	{ { .texts = texts, .n = 3, .no_embedding = true, .tied = true }, DIAG_PAIR, EMBEDDING },
	{ { .texts = texts, .n = 3, .not_a_number = true }, DIAG_RANGE, EMBEDDING },
	{ { .texts = texts, .n = 3, .not_a_number = true, .type = TENSOR_F16 }, DIAG_RANGE,
	  EMBEDDING },
	{ { .texts = texts, .n = 3, .not_a_number = true, .type = TENSOR_BF16 }, DIAG_RANGE,
	  EMBEDDING },
	{ { .texts = texts, .n = 3, .type = TENSOR_Q8_0 }, DIAG_UNSUP, EMBEDDING },
	{ { .texts = same, .n = 3 }, DIAG_VOCAB, text_key },
	{ { .texts = known, .n = 3 }, DIAG_VOCAB, text_key },
	{ { .texts = blank, .n = 3 }, DIAG_VOCAB, text_key },
};

static void check_refusal(const struct bm_model *m, const struct token_fixture *t,
			  const uint32_t *invocation, enum diag_code code, const char *field)
{
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(load(&a, m, t, invocation, &d), -EINVAL);
	ck_assert_ptr_null(a);
	ck_assert_msg(d.code == code && strcmp(d.field, field) == 0 && d.text[0], "%s %s: %s",
		      diag_code_name(d.code), d.field, d.text);
}

START_TEST(refused)
{
	struct bm_model *m = base();

	check_refusal(m, &broken[_i].t, NULL, broken[_i].code, broken[_i].field);
	bm_model_free(m);
}
END_TEST

/* By bases that have an output matrix of their own, or no vocabulary. */
START_TEST(refused_by_the_base)
{
	const struct token_fixture t = { .texts = texts, .n = 3 };
	const struct token_fixture tied = { .texts = texts, .n = 3, .tied = true };
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 1);

	check_refusal(m, &t, NULL, DIAG_VOCAB, text_key);
	bm_model_free(m);
	/* The second of the samples is of the same family, untied. */
	m = sample_open(&family_cases[1].s, 1);
	ck_assert_ptr_nonnull(gguf_tensor(bm_model_gguf(m), "output.weight"));
	check_refusal(m, &tied, NULL, DIAG_PAIR, OUTPUT);
	bm_model_free(m);
}
END_TEST

/* The tokens that invoke an adapter may be its own, and of a text with others that it brings, it
 * acts from the first. */
START_TEST(invoked_by_their_own)
{
	static const uint32_t last[] = { VOCAB + 2 }, beyond[] = { VOCAB + 3 };
	static const int32_t prompts[][5] = {
		{ 1, 2, VOCAB + 2, VOCAB + 1, 3 }, { 1, VOCAB, 4, VOCAB + 2, 3 },
		{ VOCAB + 2, 1, 2, 3, VOCAB + 2 },
	};
	static const uint32_t from[] = { 2, 1, 0 };
	const struct token_fixture t = { .texts = texts, .n = 3 };
	struct bm_model *m = base();
	struct adapter_uses u = { 0 };
	struct adapter *a = NULL;
	size_t at;

	check_refusal(m, &t, beyond, DIAG_VOCAB, "adapter.alora.invocation_tokens");
	ck_assert_int_eq(load(&a, m, &t, last, NULL), 0);
	ck_assert_int_eq(adapter_uses_add(&u, a, 0.5f), 0);
	for (size_t i = 0; i < ARRAY_SIZE(prompts); i++) {
		ck_assert_int_eq(adapter_uses_place(&u, prompts[i], 5, &at, NULL), 0);
		ck_assert_uint_eq(u.items[0].from, from[i]);
	}
	adapter_unref(a);
	bm_model_free(m);
}
END_TEST

START_TEST(of_one_in_a_text)
{
	const struct token_fixture one = { .texts = texts, .n = 3 };
	const struct token_fixture two = { .texts = texts, .n = 2 };
	struct bm_model *m = base();
	const struct tokenizer *t = bm_model_tokenizer(m);
	struct adapter *a = NULL, *b = NULL, *c = NULL;
	struct adapter_uses u = { 0 };
	uint32_t n;

	ck_assert_int_eq(load(&a, m, &one, NULL, NULL), 0);
	ck_assert_int_eq(load(&b, m, &two, NULL, NULL), 0);
	ck_assert_int_eq(load(&c, m, NULL, NULL, NULL), 0);
	ck_assert_int_eq(adapter_uses_add(&u, c, 1.0f), 0);
	ck_assert_int_eq(adapter_uses_add(&u, b, 0.0f), 0);
	ck_assert_ptr_eq(adapter_uses_tokenizer(&u, t, &n), t);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(adapter_uses_add(&u, a, 1.0f), 0);
	ck_assert_ptr_eq(adapter_uses_tokenizer(&u, t, &n), adapter_tokenizer(a));
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(adapter_uses_add(&u, b, 1.0f), -ENOTUNIQ);
	ck_assert_int_eq(adapter_uses_add(&u, a, 1.0f), -EEXIST);
	ck_assert_uint_eq(u.n, 2);
	adapter_unref(a);
	adapter_unref(b);
	adapter_unref(c);
	bm_model_free(m);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, loaded, 0, 6);
	tcase_add_loop_test(tc, refused, 0, ARRAY_SIZE(broken));
	tcase_add_test(tc, refused_by_the_base);
	tcase_add_test(tc, invoked_by_their_own);
	tcase_add_test(tc, of_one_in_a_text);
	return run_tests("adapters that bring tokens", tc);
}
