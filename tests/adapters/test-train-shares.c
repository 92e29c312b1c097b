/* SPDX-License-Identifier: MIT */
/* Steps of several batches: what they sum to is what one batch of all would give. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "adapters/train/train.h"
#include "tests/check-main.h"

enum { CONTEXT = 12, VOCAB = 40 };

static const struct train_shape shape = { .vocab = VOCAB, .width = 32, .layers = 2, .heads = 4,
					  .kv_heads = 2, .ffn = 48, .context = CONTEXT,
					  .rope_base = 10000, .eps = 1e-5f };

enum { ROWS = 4 };
static int32_t tokens[ROWS * CONTEXT], targets[ROWS * CONTEXT];
/* Of each row: few are learnt in the first, none in the third. */
static const size_t learnt[ROWS] = { 3, 9, 0, 12 };

static struct trainer *make(size_t rows)
{
	struct trainer *t = NULL;

	ck_assert_int_eq(trainer_new(&t, &shape, rows, 1, 7), 0);
	trainer_set_exact(t);
	for (size_t i = 0; i < ROWS * CONTEXT; i++) {
		size_t place = i % CONTEXT;

		tokens[i] = (int32_t)(i * 17 % VOCAB);
		targets[i] = place < learnt[i / CONTEXT] ? (int32_t)(i * 29 % VOCAB)
							 : TRAIN_IGNORE;
	}
	return t;
}

/* Two rows, or four, which are shared out among lanes. */
START_TEST(rows_by_their_shares)
{
	size_t rows = _i ? ROWS : 2, of = _i ? 24 : 12;
	_cleanup_(trainer_freep) struct trainer *both = make(rows), *each = make(1);
	struct train_batch batch = { .tokens = tokens, .targets = targets };
	size_t n = trainer_n_trained(both);
	double all, sum = 0, losses[CONTEXT], total = 0, at_once[ROWS * CONTEXT];
	const float *a, *b;

	ck_assert_int_eq(trainer_loss(both, &batch, true, &all), 0);
	trainer_losses(both, at_once);
	for (size_t row = 0; row < rows; row++) {
		double loss;

		if (learnt[row] == 0)
			continue;

		batch = (struct train_batch){ .tokens = tokens + row * CONTEXT,
					      .targets = targets + row * CONTEXT,
					      .weight = (double)learnt[row] / (double)of };
		ck_assert_int_eq(trainer_loss(each, &batch, true, &loss), 0);
		sum += loss * batch.weight;
		trainer_losses(each, losses);
		for (size_t i = 0; i < CONTEXT; i++) {
			ck_assert((losses[i] > 0) == (i < learnt[row]));
			ck_assert_double_eq_tol(losses[i], at_once[row * CONTEXT + i], 1e-5);
			total += losses[i];
		}
	}
	ck_assert_double_eq_tol(sum, all, 1e-9);
	ck_assert_double_eq_tol(total / (double)of, all, 1e-9);
	a = trainer_gradients(both);
	b = trainer_gradients(each);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(fabsf(a[i] - b[i]) <= 1e-6f + 1e-4f * fabsf(a[i]),
			      "%zu: %g, %g", i, (double)a[i], (double)b[i]);
}
END_TEST

START_TEST(no_weight_is_all)
{
	_cleanup_(trainer_freep) struct trainer *a = make(2), *b = make(2);
	struct train_batch batch = { .tokens = tokens, .targets = targets };
	double loss;

	ck_assert_int_eq(trainer_loss(a, &batch, true, &loss), 0);
	batch.weight = 1;
	ck_assert_int_eq(trainer_loss(b, &batch, true, &loss), 0);
	ck_assert_mem_eq(trainer_gradients(a), trainer_gradients(b),
			 trainer_n_trained(a) * sizeof(float));
}
END_TEST

START_TEST(weights_that_are_none)
{
	static const double weights[] = { -0.5, 1.5, NAN };
	_cleanup_(trainer_freep) struct trainer *t = make(2);
	struct train_batch batch = { .tokens = tokens, .targets = targets,
				     .weight = weights[_i] };
	double loss;

	ck_assert_int_eq(trainer_loss(t, &batch, true, &loss), -EINVAL);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("train-shares");

	tcase_add_loop_test(c, rows_by_their_shares, 0, 2);
	tcase_add_test(c, no_weight_is_all);
	tcase_add_loop_test(c, weights_that_are_none, 0, 3);
	return run_tests("train-shares", c);
}
