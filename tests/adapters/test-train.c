/* SPDX-License-Identifier: MIT */
/* Training: gradients against differences, resuming. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "adapters/train/train.h"
#include "base_model/base_model.h"
#include "tests/check-main.h"

enum { ROWS = 3, CONTEXT = 9 };
/* Eight can be shared out among lanes. */
static const int row_counts[] = { ROWS, 8 };
static const struct train_shape shape = {
	.vocab = 23, .width = 16, .layers = 2, .heads = 4, .kv_heads = 2, .ffn = 20,
	.context = CONTEXT, .rope_base = 10000, .eps = 1e-5f,
};

enum { LONG = 210 };	/* beyond a stretch of attention */

/* A task that can be learnt: the next token is a function of this one. */
static void make_batch(int n, int32_t *tokens, int32_t *targets)
{
	for (int i = 0; i < n; i++) {
		tokens[i] = i * 7 % 23;
		targets[i] = i % 4 == 0 ? TRAIN_IGNORE : (tokens[i] * 5 + 3) % 23;
	}
}

static double loss_at(struct trainer *t, size_t i, float w, const int32_t *x, const int32_t *y)
{
	float *at = trainer_trained(t) + i, old = *at;
	double loss;

	*at = w;
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, false, &loss), 0);
	*at = old;
	return loss;
}

/* Of @n positions; every @step-th trained weight has its turn. */
static void compare_gradients(struct trainer *t, int n, size_t step)
{
	int32_t x[LONG], y[LONG];
	double loss, error = 0, size = 0;
	float *w = trainer_trained(t);
	const float h = 4e-3f;

	make_batch(n, x, y);
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, true, &loss), 0);
	for (size_t i = 0; i < trainer_n_trained(t); i += step) {
		double up = loss_at(t, i, w[i] + h, x, y), down = loss_at(t, i, w[i] - h, x, y);
		double g = (double)trainer_gradients(t)[i], want = (up - down) / (2 * (double)h);

		ck_assert_msg(fabs(g - want) < 1e-3 + 0.02 * fabs(want),
			      "weight %zu: %g, differences give %g", i, g, want);
		error += (g - want) * (g - want);
		size += want * want;
	}
	ck_assert_double_lt(sqrt(error / size), 5e-3);
}

/* Larger weights than at the start, so that all parts matter. */
static struct trainer *strong_base(uint32_t context, size_t rows)
{
	struct train_shape s = shape;
	struct trainer *t = NULL;
	float *w;

	s.context = context;
	ck_assert_int_eq(trainer_new(&t, &s, rows, 2, 7), 0);
	trainer_set_exact(t);
	w = trainer_trained(t);
	for (size_t i = 0; i < trainer_n_trained(t); i++)
		w[i] *= w[i] == 1 ? 1.1f : 12;
	return t;
}

START_TEST(gradients)
{
	_cleanup_(trainer_freep) struct trainer *t = strong_base(CONTEXT, (size_t)row_counts[_i]);

	compare_gradients(t, row_counts[_i] * CONTEXT, 1);
}
END_TEST

START_TEST(gradients_of_a_long_row)
{
	_cleanup_(trainer_freep) struct trainer *t = strong_base(LONG, 1);

	compare_gradients(t, LONG, 13);
}
END_TEST

/* Loss and gradients of @n positions from @first on, one example, put @at in the row. */
static double alone(struct trainer *t, int first, int n, int at, float *sum)
{
	int32_t x[LONG], y[LONG], tokens[LONG] = { 0 }, targets[LONG];
	uint32_t begins[LONG];
	double loss;

	make_batch(LONG, x, y);
	memset(targets, 0xff, sizeof(targets));
	for (int i = 0; i < LONG; i++)
		begins[i] = i < at ? 0 : i < at + n ? (uint32_t)at : (uint32_t)(at + n);
	memcpy(tokens + at, x + first, (size_t)n * sizeof(*x));
	memcpy(targets + at, y + first, (size_t)n * sizeof(*y));
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ tokens, targets, begins }, true,
				      &loss), 0);
	memcpy(sum, trainer_gradients(t), trainer_n_trained(t) * sizeof(*sum));
	trainer_step(t, 0);
	return loss;
}

/* Largest difference of the gradients, as a share of the largest gradient. */
static double difference(const float *a, const float *b, size_t n)
{
	double worst = 0, most = 0;

	for (size_t i = 0; i < n; i++) {
		worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
		most = fmax(most, fabs((double)a[i]));
	}
	return worst / most;
}

/* What stands before an example in its row has no part in it. */
START_TEST(packed)
{
	_cleanup_(trainer_freep) struct trainer *t = strong_base(LONG, 1);
	size_t n = trainer_n_trained(t);
	_cleanup_free_ float *a = calloc(n, sizeof(*a)), *b = calloc(n, sizeof(*b));
	_cleanup_free_ float *both = calloc(n, sizeof(*both));
	int32_t x[LONG], y[LONG];
	uint32_t begins[LONG];
	double first, second, loss;

	first = alone(t, 0, 104, 0, a);
	second = alone(t, 104, 106, 0, b);
	loss = alone(t, 104, 106, 104, both);
	ck_assert_double_eq_tol(loss, second, 1e-6);
	ck_assert_double_lt(difference(b, both, n), 1e-5);
	/* 104 and 106 positions, of which three in four are learnt. */
	make_batch(LONG, x, y);
	for (uint32_t i = 0; i < LONG; i++)
		begins[i] = i < 104 ? 0 : 104;
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y, begins }, true, &loss), 0);
	ck_assert_double_eq_tol(loss, (78 * first + 79 * second) / 157, 1e-6);
	for (size_t i = 0; i < n; i++)
		a[i] = (78 * a[i] + 79 * b[i]) / 157;
	ck_assert_double_lt(difference(a, trainer_gradients(t), n), 1e-5);
	/* As one example it is another one. */
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, false, &first), 0);
	ck_assert_double_gt(fabs(first - loss), 1e-3);
}
END_TEST

START_TEST(gradients_of_an_adapter)
{
	_cleanup_(trainer_freep) struct trainer *t = strong_base(CONTEXT, (size_t)row_counts[_i]);
	_cleanup_free_ float *base = malloc(trainer_n_weights(t) * sizeof(*base));
	int32_t x[8 * CONTEXT], y[8 * CONTEXT];
	double before, after;

	make_batch(8 * CONTEXT, x, y);
	memcpy(base, trainer_trained(t), trainer_n_weights(t) * sizeof(*base));
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, false, &before), 0);
	ck_assert_int_eq(trainer_add_lora(t, 0, 4, 3), -EINVAL);
	ck_assert_int_eq(trainer_add_lora(t, 3, 6, 3), 0);
	ck_assert_int_eq(trainer_add_lora(t, 3, 6, 3), -EINVAL);
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, false, &after), 0);
	ck_assert_double_eq_tol(before, after, 1e-6);
	for (size_t i = 0; i < trainer_n_trained(t); i++)
		trainer_trained(t)[i] += 0.2f * sinf((float)i * 1.7f);
	compare_gradients(t, row_counts[_i] * CONTEXT, 1);
	trainer_step(t, 0.01f);
	ck_assert_mem_eq(base, trainer_embedding(t), trainer_n_weights(t) * sizeof(*base));
}
END_TEST

static double train(struct trainer *t, int steps)
{
	int32_t x[8 * CONTEXT], y[8 * CONTEXT];
	double loss = 0;

	make_batch(8 * CONTEXT, x, y);
	while (steps-- > 0) {
		ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, true, &loss), 0);
		trainer_step(t, 0.01f);
	}
	return loss;
}

START_TEST(learns_whatever_the_threads)
{
	_cleanup_(trainer_freep) struct trainer *a = NULL, *b = NULL;
	double first, last;

	ck_assert_int_eq(trainer_new(&a, &shape, (size_t)row_counts[_i], 1, 7), 0);
	ck_assert_int_eq(trainer_new(&b, &shape, (size_t)row_counts[_i], 3, 7), 0);
	first = train(a, 1);
	last = train(a, 99);
	ck_assert_double_gt(first, 2.9);
	ck_assert_double_lt(last, 0.1);
	train(b, 100);
	ck_assert_mem_eq(trainer_trained(a), trainer_trained(b), trainer_n_trained(a) * 4);
}
END_TEST

/* The largest singular value, by power iteration on dᵀ d. */
static double largest_singular(const double *d, size_t out, size_t in)
{
	double v[64], u[64], norm = 0;

	for (size_t j = 0; j < in; j++)
		v[j] = 1 + 0.1 * (double)j;
	for (int k = 0; k < 200; k++) {
		memset(u, 0, sizeof(u));
		for (size_t i = 0; i < out * in; i++)
			u[i / in] += d[i] * v[i % in];
		memset(v, 0, sizeof(v));
		for (size_t i = 0; i < out * in; i++)
			v[i % in] += d[i] * u[i / in];
		norm = 0;
		for (size_t j = 0; j < in; j++)
			norm += v[j] * v[j];
		norm = sqrt(norm);
		for (size_t j = 0; j < in; j++)
			v[j] /= norm;
	}
	return sqrt(norm);
}

/* Whatever the gradient's directions weigh, a step goes about as far along each of them. */
static void check_step(const float *before, struct train_view v, double rate)
{
	double d[64 * 64], sum = 0;

	ck_assert_uint_le(v.out * v.in, 64 * 64);
	for (size_t i = 0; i < v.out * v.in; i++) {
		d[i] = ((1 - rate * 0.1) * (double)before[i] - (double)v.w[i]) /
		       (rate * 0.2 * sqrt((double)(v.out > v.in ? v.out : v.in)));
		sum += d[i] * d[i];
	}
	sum /= (double)(v.out < v.in ? v.out : v.in);
	ck_assert_msg(sum > 0.5 && sum < 1.3, "mean square of singular values: %g", sum);
	ck_assert_double_lt(largest_singular(d, v.out, v.in), 1.25);
}

START_TEST(steps_are_even)
{
	_cleanup_(trainer_freep) struct trainer *t = strong_base(CONTEXT, ROWS);
	_cleanup_free_ float *before = malloc(trainer_n_weights(t) * sizeof(*before));
	int32_t x[ROWS * CONTEXT], y[ROWS * CONTEXT];
	const float rate = 0.05f;
	double loss;

	make_batch(ROWS * CONTEXT, x, y);
	memcpy(before, trainer_trained(t), trainer_n_weights(t) * sizeof(*before));
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, true, &loss), 0);
	trainer_step(t, rate);
	for (uint32_t i = 0; i < shape.layers; i++)
		for (int m = 0; m < TRAIN_MATRICES; m++) {
			struct train_view v = trainer_matrix(t, i, m);

			check_step(before + (v.w - trainer_trained(t)), v, (double)rate);
		}
	for (size_t i = 0; i < trainer_n_trained(t); i++)
		ck_assert_float_eq(trainer_gradients(t)[i], 0);
}
END_TEST

START_TEST(resumes)
{
	_cleanup_(trainer_freep) struct trainer *a = NULL, *b = NULL, *other = NULL;
	_cleanup_close_ int fd = memfd_create("checkpoint", MFD_CLOEXEC);
	struct train_shape wider = shape;

	wider.ffn = 24;
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(trainer_new(&a, &shape, ROWS, 1, 1), 0);
	ck_assert_int_eq(trainer_new(&b, &shape, ROWS, 1, 2), 0);
	ck_assert_int_eq(trainer_new(&other, &wider, ROWS, 1, 1), 0);
	train(a, 5);
	ck_assert_int_eq(trainer_save(a, fd), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(trainer_load(other, fd), -EINVAL);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(trainer_load(b, fd), 0);
	ck_assert_uint_eq(trainer_steps(b), 5);
	train(a, 5);
	train(b, 5);
	ck_assert_mem_eq(trainer_trained(a), trainer_trained(b), trainer_n_trained(a) * 4);
	ck_assert_int_eq(ftruncate(fd, 1000), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(trainer_load(b, fd), -EINVAL);
}
END_TEST

START_TEST(starts_from_another_run)
{
	_cleanup_(trainer_freep) struct trainer *a = NULL, *b = NULL;
	_cleanup_close_ int fd = memfd_create("checkpoint", MFD_CLOEXEC);
	struct train_shape longer = shape, wider = shape;

	longer.context = 2 * CONTEXT;
	wider.width = 32;
	ck_assert_int_eq(trainer_new(&a, &shape, ROWS, 1, 1), 0);
	train(a, 5);
	ck_assert_int_eq(trainer_save(a, fd), 0);
	ck_assert_int_eq(trainer_new(&b, &longer, 1, 1, 2), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(trainer_load(b, fd), -EINVAL);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(trainer_load_weights(b, fd), 0);
	ck_assert_mem_eq(trainer_trained(a), trainer_trained(b), trainer_n_trained(a) * 4);
	ck_assert_uint_eq(trainer_steps(b), 0);
	b = trainer_free(b);
	ck_assert_int_eq(trainer_new(&b, &wider, 1, 1, 2), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(trainer_load_weights(b, fd), -EINVAL);
}
END_TEST

START_TEST(refuses)
{
	_cleanup_(trainer_freep) struct trainer *t = NULL;
	int32_t x[ROWS * CONTEXT] = { 0 }, y[ROWS * CONTEXT];
	uint32_t begins[ROWS * CONTEXT] = { 0 };
	struct train_shape odd = shape;
	double loss;

	odd.heads = 3;
	ck_assert_int_eq(trainer_new(&t, &odd, ROWS, 1, 1), -EINVAL);
	ck_assert_int_eq(trainer_new(&t, &shape, 0, 1, 1), -EINVAL);
	ck_assert_int_eq(trainer_new(&t, &shape, ROWS, 1, 1), 0);
	memset(y, 0xff, sizeof(y));
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, true, &loss), -EINVAL);
	y[0] = 22;
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, true, &loss), 0);
	begins[3] = 3;
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y, begins }, true, &loss),
			 -EINVAL);
	for (int i = 4; i < CONTEXT; i++)
		begins[i] = 3;
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y, begins }, true, &loss), 0);
	begins[CONTEXT] = 3;
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y, begins }, true, &loss),
			 -EINVAL);
	x[3] = 23;
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, true, &loss), -EINVAL);
}
END_TEST

/* A run that went wrong keeps the weights of before. */
START_TEST(step_of_no_number)
{
	_cleanup_(trainer_freep) struct trainer *t = strong_base(CONTEXT, ROWS);
	int32_t x[ROWS * CONTEXT], y[ROWS * CONTEXT];
	float *w = trainer_trained(t), others = w[1];
	double loss;

	make_batch(ROWS * CONTEXT, x, y);
	*trainer_norm(t, 0, BM_NORM_OUTPUT) = NAN;
	ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, true, &loss), 0);
	ck_assert(isnan(loss));
	ck_assert(isnan(trainer_step(t, 0.01f)));
	ck_assert_float_eq(w[1], others);
	ck_assert_uint_eq(trainer_steps(t), 0);
}
END_TEST

START_TEST(rates)
{
	struct train_rates r = { .peak = 1, .floor = 0.1f, .warmup = 10, .total = 110 };
	struct train_rates late = { .peak = 1, .floor = 0, .warmup = 10, .hold = 50, .total = 110 };

	ck_assert_float_eq_tol(train_rate(&r, 0), 0.1f, 1e-6f);
	ck_assert_float_eq_tol(train_rate(&r, 10), 1, 1e-6f);
	ck_assert_float_eq_tol(train_rate(&r, 60), 0.55f, 1e-6f);
	ck_assert_float_eq_tol(train_rate(&r, 500), 0.1f, 1e-6f);
	ck_assert_float_eq_tol(train_rate(&late, 59), 1, 1e-6f);
	ck_assert_float_eq_tol(train_rate(&late, 85), 0.5f, 1e-6f);
	late.hold = 500;
	ck_assert_float_eq_tol(train_rate(&late, 109), 1, 1e-6f);
	ck_assert_float_eq_tol(train_rate(&late, 110), 0, 1e-6f);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("train");

	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, gradients, 0, 2);
	tcase_add_test(c, gradients_of_a_long_row);
	tcase_add_test(c, packed);
	tcase_add_loop_test(c, gradients_of_an_adapter, 0, 2);
	tcase_add_loop_test(c, learns_whatever_the_threads, 0, 2);
	tcase_add_test(c, steps_are_even);
	tcase_add_test(c, resumes);
	tcase_add_test(c, starts_from_another_run);
	tcase_add_test(c, refuses);
	tcase_add_test(c, step_of_no_number);
	tcase_add_test(c, rates);
	return run_tests("train", c);
}
