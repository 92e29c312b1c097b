/* SPDX-License-Identifier: MIT */
/* Products with a matrix in its file's form: those with the same numbers as floats. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base_model/dequantize.h"
#include "base_model/gemm.h"
#include "base_model/kernels/decode.h"
#include "base_model/matmul.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

static const enum tensor_type types[] = {
	TENSOR_F32, TENSOR_F16, TENSOR_BF16, TENSOR_Q4_0, TENSOR_Q4_1, TENSOR_Q5_0, TENSOR_Q5_1,
	TENSOR_Q8_0, TENSOR_Q2_K, TENSOR_Q3_K, TENSOR_Q4_K, TENSOR_Q5_K, TENSOR_Q6_K,
	TENSOR_IQ4_NL, TENSOR_IQ4_XS, TENSOR_TQ2_0,
};

/* Of the products that this CPU has: the generic ones, AVX2, AVX-512, with bf16. */
static const char *const masks[] = { "0", "1", "3", "7" };

/* Each test is a process of its own, whose first look at the CPU this is. */
static enum tensor_type choose(int i)
{
	ck_assert_int_eq(setenv("ASSISTANTD_CPU_MASK", masks[i / (int)ARRAY_SIZE(types)], 1), 0);
	return types[i % (int)ARRAY_SIZE(types)];
}

static float *random_floats(size_t n, uint64_t *seed)
{
	float *x = malloc(n * sizeof(*x));

	ck_assert_ptr_nonnull(x);
	for (size_t i = 0; i < n; i++)
		x[i] = fixture_random(seed);
	return x;
}

static void make_matrix(struct matrix *w, enum tensor_type type, uint32_t rows, uint32_t cols,
			uint64_t *seed)
{
	size_t size = tensor_row_size(type, cols);
	uint8_t *data = malloc(rows * size);

	ck_assert(size && data);
	if (type == TENSOR_F32)
		for (size_t i = 0; i < (size_t)rows * cols; i++)
			((float *)data)[i] = fixture_random(seed);
	else
		fixture_weights(type, data, rows * size, seed);
	*w = (struct matrix){ .type = type, .rows = rows, .cols = cols, .row_size = size,
			      .data = data };
}

/* @args has the form; of @m rows. */
static void compare(struct gemm *g, const struct matrix *w, struct gemm_args args, bool add,
		    uint64_t *seed)
{
	_cleanup_free_ float *floats = malloc((size_t)w->rows * w->cols * sizeof(*floats));
	_cleanup_free_ float *a = NULL, *c = NULL, *want = NULL;
	size_t n;

	args.n = args.b_transposed ? w->rows : w->cols;
	args.k = args.b_transposed ? w->cols : w->rows;
	n = args.m * args.n;
	a = random_floats(args.m * args.k, seed);
	c = random_floats(n, seed);
	want = malloc(n * sizeof(*want));
	ck_assert(floats && want);
	memcpy(want, c, n * sizeof(*want));
	for (uint32_t i = 0; i < w->rows; i++)
		matrix_row(w, i, floats + (size_t)i * w->cols);
	args.a = a;
	args.b = floats;
	args.c = want;
	args.add = add ? want : NULL;
	gemm_run(g, &args);
	args.b = NULL;
	args.weights = w;
	args.c = c;
	args.add = add ? c : NULL;
	gemm_run(g, &args);
	ck_assert_int_eq(gemm_error(g), 0);
	/* The same terms; how many are summed before the next is up to the product. */
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(fabsf(want[i] - c[i]) < 1e-4f, "%s, %zu rows, [%u][%u]: %g, %g",
			      tensor_type_name(w->type), args.m, w->rows, w->cols,
			      (double)want[i], (double)c[i]);
}

START_TEST(every_type)
{
	static const uint32_t shapes[][2] = { { 1, 256 }, { 70, 768 }, { 400, 512 } };
	static const size_t rows[] = { 1, 12, 77 };
	_cleanup_(gemm_freep) struct gemm *g = NULL;
	enum tensor_type type = choose(_i);
	uint64_t seed = 11;
	struct matrix w;

	ck_assert_int_eq(gemm_new(&g, 3), 0);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		make_matrix(&w, type, shapes[i][0], shapes[i][1], &seed);
		for (unsigned form = 0; form < 16; form++) {
			struct gemm_args args = { .m = rows[(form + i) % ARRAY_SIZE(rows)],
						  .a_transposed = form & 1,
						  .b_transposed = form & 2 };

			gemm_set_inputs(g, form & 4 ? GEMM_F32 : GEMM_BF16);
			compare(g, &w, args, form & 8, &seed);
		}
		free((void *)w.data);
	}
}
END_TEST

/* Rows that are no whole number of what a task or a panel has. */
START_TEST(odd_widths)
{
	static const uint32_t widths[] = { 32, 96, 160, 544 };
	_cleanup_(gemm_freep) struct gemm *g = NULL;
	enum tensor_type type = choose(_i);
	uint64_t seed = 5;
	struct matrix w;

	ck_assert_int_eq(gemm_new(&g, 2), 0);
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		if (tensor_row_size(type, widths[i]) == 0)
			continue;
		make_matrix(&w, type, 33, widths[i], &seed);
		compare(g, &w, (struct gemm_args){ .m = 5 }, false, &seed);
		compare(g, &w, (struct gemm_args){ .m = 5, .b_transposed = true }, true, &seed);
		free((void *)w.data);
	}
}
END_TEST

/* Every set of kernels means the same by a block, wherever the part begins. */
START_TEST(parts_of_rows)
{
	float whole[1280], part[1280];
	const struct kernels *k;
	uint64_t seed = 7;
	struct matrix w;

	make_matrix(&w, types[_i], 3, 1280, &seed);
	for (uint32_t row = 0; row < 3; row++) {
		matrix_row(&w, row, whole);
		for (size_t set = 0; (k = kernels_at(set)); set++)
			for (uint32_t first = 0; first < 1280; first += 96) {
				uint32_t n = MIN(1280 - first, 128u);

				k->unpack[w.type](w.data + row * w.row_size, first, n, part);
				ck_assert_mem_eq(part, whole + first, n * sizeof(*part));
			}
	}
	free((void *)w.data);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("gemm-weights");

	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, every_type, 0, ARRAY_SIZE(types) * ARRAY_SIZE(masks));
	tcase_add_loop_test(c, odd_widths, 0, ARRAY_SIZE(types) * ARRAY_SIZE(masks));
	tcase_add_loop_test(c, parts_of_rows, 0, ARRAY_SIZE(types));
	return run_tests("gemm-weights", c);
}
