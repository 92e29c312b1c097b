/* SPDX-License-Identifier: MIT */
/* Quantised rows, read back by the decoders of the kernels. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base_model/base_model.h"
#include "tests/check-main.h"
#include "util/macro.h"

enum { N = 256 };

/* The squared error as a share of the squares of normal weights, which is what scales come to
 * that reach the largest value alone: a search is below it, and not by magic. */
static const struct {
	enum tensor_type type;
	double most;
} types[] = {
	{ TENSOR_Q4_0, 0.0075 }, { TENSOR_IQ4_NL, 0.0060 }, { TENSOR_Q4_1, 0.0060 },
	{ TENSOR_Q5_0, 0.0018 }, { TENSOR_Q5_1, 0.0014 }, { TENSOR_Q8_0, 0.00004 },
};

static void make_row(float *x)
{
	uint64_t s = 88172645463325252u;

	for (int i = 0; i < N; i++) {
		float sum = 0;

		for (int k = 0; k < 12; k++) {
			s ^= s << 13;
			s ^= s >> 7;
			s ^= s << 17;
			sum += (float)(s >> 40) * 0x1p-24f;
		}
		x[i] = (sum - 6) * 0.02f;
	}
}

static void there_and_back(enum tensor_type type, const float *x, const float *importance,
			   float *out)
{
	uint8_t data[4 * N];
	struct gguf_tensor t = { .n_dims = 2, .ne = { N, 1, 1, 1 }, .type = type, .data = data };

	ck_assert_int_eq(bm_quantize_row(type, x, importance, N, data), 0);
	bm_tensor_row(&t, 0, out);
}

/* Squared error of every @step-th weight from @first on, as a share of the squares. */
static double error_of(const float *x, const float *y, int first, int step)
{
	double error = 0, all = 0;

	for (int i = first; i < N; i += step) {
		error += ((double)x[i] - (double)y[i]) * ((double)x[i] - (double)y[i]);
		all += (double)x[i] * (double)x[i];
	}
	return error / all;
}

START_TEST(errors)
{
	float x[N], y[N];
	double error;

	make_row(x);
	there_and_back(types[_i].type, x, NULL, y);
	error = error_of(x, y, 0, 1);
	ck_assert_msg(error < types[_i].most, "%g", error);
	ck_assert_double_gt(error, types[_i].most / 4);
}
END_TEST

/* Every fourth column counts a hundred times: its error falls, at the cost of the others. */
START_TEST(what_counts_errs_less)
{
	float x[N], y[N], z[N], importance[N];

	make_row(x);
	for (int i = 0; i < N; i++)
		importance[i] = i % 4 ? 1 : 100;
	there_and_back(types[_i].type, x, NULL, y);
	there_and_back(types[_i].type, x, importance, z);
	ck_assert_double_lt(error_of(x, z, 0, 4), 0.8 * error_of(x, y, 0, 4));
	ck_assert_double_gt(error_of(x, z, 1, 4), error_of(x, y, 1, 4));
}
END_TEST

/* Blocks of zeros, of one value, of one weight, of weights below the least scale; and of both
 * signs with one that is far off. */
START_TEST(odd_blocks)
{
	float x[N] = { 0 }, y[N];

	for (int i = 32; i < 64; i++)
		x[i] = 0.25f;
	x[70] = -3;
	for (int i = 96; i < 128; i++)
		x[i] = i % 2 ? 1e-12f : -1e-12f;
	for (int i = 128; i < 160; i++)
		x[i] = -0.5f;
	x[200] = 60000;
	there_and_back(types[_i].type, x, NULL, y);
	for (int i = 0; i < N; i++) {
		float largest = 1e-4f;

		for (int k = i / 32 * 32; k < i / 32 * 32 + 32; k++)
			largest = fmaxf(largest, fabsf(x[k]));
		/* IQ4_NL has no zero. */
		ck_assert_msg(fabsf(x[i] - y[i]) <= 0.01f * largest, "%d: %g, got %g", i,
			      (double)x[i], (double)y[i]);
	}
}
END_TEST

START_TEST(refuses)
{
	float x[N] = { 0 };
	uint8_t data[4 * N];

	ck_assert_int_eq(bm_quantize_row(types[_i].type, x, NULL, 33, data), -EINVAL);
	ck_assert_int_eq(bm_quantize_row(TENSOR_Q4_K, x, NULL, N, data), -EINVAL);
	x[40] = INFINITY;
	ck_assert_int_eq(bm_quantize_row(types[_i].type, x, NULL, N, data), -EINVAL);
	x[40] = NAN;
	ck_assert_int_eq(bm_quantize_row(types[_i].type, x, NULL, N, data), -EINVAL);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("quantize");

	tcase_add_loop_test(c, errors, 0, ARRAY_SIZE(types));
	/* The last has no search. */
	tcase_add_loop_test(c, what_counts_errs_less, 0, ARRAY_SIZE(types) - 1);
	tcase_add_loop_test(c, odd_blocks, 0, ARRAY_SIZE(types));
	tcase_add_loop_test(c, refuses, 0, ARRAY_SIZE(types));
	return run_tests("quantize", c);
}
