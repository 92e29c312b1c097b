/* SPDX-License-Identifier: MIT */
/* Products against plain sums. */
#include <check.h>
#include <errno.h>
#include <math.h>

#include "base_model/base_model.h"
#include "tests/check-main.h"

static float product(const struct gemm_args *p, size_t i, size_t j)
{
	double sum = 0;

	for (size_t k = 0; k < p->k; k++)
		sum += (double)(p->a_transposed ? p->a[k * p->m + i] : p->a[i * p->k + k]) *
			(double)(p->b_transposed ? p->b[j * p->k + k] : p->b[k * p->n + j]);
	return (float)sum;
}

static void compare_product(struct gemm *g, struct gemm_args p, bool add, float tolerance)
{
	float *a = calloc(p.m * p.k, 4), *b = calloc(p.k * p.n, 4), *c = calloc(p.m * p.n, 4);

	ck_assert(a && b && c);
	for (size_t i = 0; i < p.m * p.k; i++)
		a[i] = sinf((float)i);
	for (size_t i = 0; i < p.k * p.n; i++)
		b[i] = cosf((float)i * 1.3f);
	for (size_t i = 0; i < p.m * p.n; i++)
		c[i] = 1;
	p.a = a;
	p.b = b;
	p.c = c;
	p.add = add ? c : NULL;
	gemm_run(g, &p);
	ck_assert_int_eq(gemm_error(g), 0);
	for (size_t i = 0; i < p.m; i++)
		for (size_t j = 0; j < p.n; j++)
			ck_assert_float_eq_tol(c[i * p.n + j],
					       product(&p, i, j) + (add ? 1 : 0),
					       tolerance);
	free(a);
	free(b);
	free(c);
}

START_TEST(products)
{
	static const size_t sizes[][3] = { { 1, 1, 1 }, { 5, 33, 7 }, { 13, 31, 257 },
					   { 97, 129, 300 }, { 1300, 40, 700 } };
	_cleanup_(gemm_freep) struct gemm *g = NULL;

	ck_assert_int_eq(gemm_new(&g, 0), -EINVAL);
	ck_assert_int_eq(gemm_new(&g, _i ? 3 : 1), 0);
	/* Rounding to bf16 errs by up to 2^-8 of an input; the errors of many terms cancel. */
	for (int form = 0; form < 16; form++)
		for (size_t i = 0; i < 5; i++) {
			gemm_set_inputs(g, form & 8 ? GEMM_F32 : GEMM_BF16);
			compare_product(g, (struct gemm_args){
				.m = sizes[i][0], .n = sizes[i][1], .k = sizes[i][2],
				.a_transposed = form & 1, .b_transposed = form & 2 },
				form & 4, form & 8 ? 2e-4f : 0.1f);
		}
}
END_TEST

/* The triangles, by all threads and alone, against the whole; in a larger matrix, whose other
 * floats stay. */
static void compare_triangle(struct gemm *g, size_t n, size_t other, bool lower_a, bool transposed,
			     bool alone)
{
	size_t stride = n + 3, k = lower_a ? n : other, cols = lower_a ? other : n;
	float *a = calloc((n + other) * stride, 4), *b = calloc(k * cols, 4);
	float *c = calloc(n * (cols + 1), 4);
	struct gemm_args p = {
		.a = a, .b = b, .c = c, .add = c, .m = n, .n = cols, .k = k,
		.a_stride = lower_a || transposed ? stride : other + 1, .c_stride = cols + 1,
		.a_transposed = transposed, .triangle = lower_a ? GEMM_LOWER_A : GEMM_LOWER_C };

	ck_assert(a && b && c);
	for (size_t i = 0; i < (n + other) * stride; i++)
		a[i] = !lower_a || i % stride <= i / stride ? sinf((float)i) : 0;
	for (size_t i = 0; i < k * cols; i++)
		b[i] = cosf((float)i * 1.3f);
	for (size_t i = 0; i < n * (cols + 1); i++)
		c[i] = 1;
	if (alone)
		gemm_run_alone(g, &p, 1);
	else
		gemm_run(g, &p);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < (lower_a ? cols : i + 1); j++) {
			double sum = 1;

			for (size_t l = 0; l < k; l++)
				sum += (double)(transposed ? a[l * stride + i]
							   : a[i * p.a_stride + l]) *
				       (double)b[l * cols + j];
			ck_assert_float_eq_tol(c[i * (cols + 1) + j], (float)sum, 2e-4f);
		}
		ck_assert_float_eq(c[i * (cols + 1) + cols], 1);
	}
	free(a);
	free(b);
	free(c);
}

START_TEST(triangles)
{
	static const size_t sizes[][2] = { { 1, 1 }, { 13, 32 }, { 50, 7 }, { 257, 33 },
					   { 401, 16 } };
	_cleanup_(gemm_freep) struct gemm *g = NULL;

	ck_assert_int_eq(gemm_new(&g, 2), 0);
	gemm_set_inputs(g, GEMM_F32);
	for (int form = 0; form < 8; form++)
		for (size_t i = 0; i < 5; i++)
			compare_triangle(g, sizes[i][0], sizes[i][1], form & 1, form & 2, form & 4);
	ck_assert_int_eq(gemm_error(g), 0);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("gemm");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, products, 0, 2);
	tcase_add_test(c, triangles);
	return run_tests("gemm", c);
}
