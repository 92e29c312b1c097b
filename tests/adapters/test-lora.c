/* SPDX-License-Identifier: MIT */
/* Adapters from files, good and bad. */
#include <check.h>
#include <errno.h>
#include <math.h>

#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

static const uint32_t foreign[2] = { 1, 50 }, many[ADAPTER_MAX_INVOCATION + 1];

static const struct {
	struct lora_fixture l;
	enum diag_code code;
} broken[] = {
	{ { .architecture = "gemma" }, DIAG_UNSUP },
	{ { .type = "model" }, DIAG_UNSUP },
	{ { .kind = "control_vector" }, DIAG_UNSUP },
	{ { .no_alpha = true }, DIAG_PAIR },
	{ { .alpha = NAN }, DIAG_RANGE },
	{ { .alpha = INFINITY }, DIAG_RANGE },
	{ { .alpha = 1e30f }, DIAG_RANGE },
	{ { .alpha = -1.0f }, DIAG_RANGE },
	{ { .no_b = true }, DIAG_PAIR },
	{ { .rank = 257 }, DIAG_SHAPE },
	{ { .wrong_rank = true }, DIAG_SHAPE },
	{ { .wrong_columns = true }, DIAG_SHAPE },
	{ { .not_a_number = true }, DIAG_RANGE },
	{ { .stray = true }, DIAG_PAIR },
	{ { .quantized = true }, DIAG_UNSUP },
	{ { .invocation = foreign, .n_invocation = 2 }, DIAG_VOCAB },
	{ { .invocation = foreign, .n_invocation = 0 }, DIAG_RANGE },
	{ { .invocation = many, .n_invocation = ADAPTER_MAX_INVOCATION + 1 }, DIAG_RANGE },
	{ { .matrix = "blk.7.attn_q.weight" }, DIAG_SHAPE },
	{ { .matrix = "blk.0.attn_k.weight" }, DIAG_SHAPE },
	{ { .matrix = "token_embd.weight" }, DIAG_SHAPE },
	{ { .matrix = "blk.0.attn_q.weight.lora_a" }, DIAG_SHAPE },
};

static struct lora_fixture with_defaults(struct lora_fixture l)
{
	const struct lora_fixture whole = LORA_FIXTURE;

	l.rank = l.rank ? l.rank : whole.rank;
	l.width = whole.width;
	l.alpha = l.alpha != 0.0f ? l.alpha : whole.alpha;
	l.seed = whole.seed;
	l.architecture = l.architecture ? l.architecture : whole.architecture;
	l.type = l.type ? l.type : whole.type;
	l.kind = l.kind ? l.kind : whole.kind;
	l.matrix = l.matrix ? l.matrix : whole.matrix;
	return l;
}

START_TEST(broken_adapter)
{
	struct lora_fixture l = with_defaults(broken[_i].l);
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 1);
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;
	int fd = fixture_lora_fd(&l);

	ck_assert_int_eq(adapter_load_fd(&a, m, fd, &d), -EINVAL);
	ck_assert_ptr_null(a);
	ck_assert_msg(d.code == broken[_i].code, "case %d: %s %s: %s", _i, diag_code_name(d.code),
		      d.field, d.text);
	close(fd);
	bm_model_free(m);
}
END_TEST

START_TEST(identity_is_the_content)
{
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 1);
	struct adapter *a = fixture_adapter(m, 1), *same = fixture_adapter(m, 1);
	struct adapter *b = fixture_adapter(m, 2);

	ck_assert(digest_equal(adapter_digest(a), adapter_digest(same)));
	ck_assert(!digest_equal(adapter_digest(a), adapter_digest(b)));
	ck_assert_uint_eq(adapter_rank(a), 4);
	ck_assert_uint_eq(adapter_matrix_count(a), 1);
	/* 4 x 64 + 64 x 4 floats, at least. */
	ck_assert_uint_ge(adapter_bytes(a), 2048);
	adapter_unref(a);
	adapter_unref(same);
	adapter_unref(b);
	bm_model_free(m);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, broken_adapter, 0, ARRAY_SIZE(broken));
	tcase_add_test(tc, identity_is_the_content);
	return run_tests("adapters", tc);
}
