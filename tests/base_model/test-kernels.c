/* SPDX-License-Identifier: MIT */
/* Every kernel of every instruction set against the generic one, bit for bit. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/dequantize.h"
#include "base_model/kernels/convert.h"
#include "base_model/matmul.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

static const struct kernels *sets[8];
static int n_sets;

static const enum tensor_type types[] = {
	TENSOR_F32, TENSOR_F16, TENSOR_BF16, TENSOR_Q4_0, TENSOR_Q4_1, TENSOR_Q5_0, TENSOR_Q5_1,
	TENSOR_Q8_0, TENSOR_Q2_K, TENSOR_Q3_K, TENSOR_Q4_K, TENSOR_Q5_K, TENSOR_Q6_K,
	TENSOR_IQ4_NL, TENSOR_IQ4_XS, TENSOR_TQ2_0,
};
static const uint32_t widths[] = { 32, 64, 96, 256, 512, 2080, 2304, 4128 };
static const uint32_t odd_widths[] = { 1, 7, 15, 17, 33, 100 };

/* A matrix whose bytes begin where no vector is aligned. */
static void make_matrix(struct matrix *w, enum tensor_type type, uint32_t rows, uint32_t cols,
			uint64_t *seed)
{
	size_t row = tensor_row_size(type, cols);
	uint8_t *data = malloc(rows * row + 4);

	ck_assert_ptr_nonnull(data);
	data += type == TENSOR_F32 ? 4 : 2;
	*w = (struct matrix){ type, rows, cols, row, data };
	if (type == TENSOR_F32)
		for (size_t i = 0; i < (size_t)rows * cols; i++)
			((float *)data)[i] = fixture_random(seed);
	else
		fixture_weights(type, data, rows * row, seed);
}

static void free_matrix(struct matrix *w)
{
	free((uint8_t *)w->data - (w->type == TENSOR_F32 ? 4 : 2));
}

static void fill(float *x, size_t n, float size, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++)
		x[i] = size * fixture_random(seed);
}

static void compare_rows(enum tensor_type type, uint32_t rows, uint32_t cols, size_t n)
{
	uint64_t seed = rows * 7919u + cols * 31u + n;
	float *f = malloc(n * cols * sizeof(float));
	float *want = malloc(n * rows * sizeof(float)), *have = malloc(n * rows * sizeof(float));
	void *memory = malloc(activations_size(n, cols) + 64);
	struct activations x;
	struct matrix w;

	make_matrix(&w, type, rows, cols, &seed);
	fill(f, n * cols, 3.0f, &seed);
	activations_init(&x, memory, n, cols);
	x.f = f;
	for (size_t t = 0; t < n && matrix_is_quantized(&w); t++)
		kernels_generic.quantize(&x, t * (cols / Q_BLOCK), (t + 1) * (cols / Q_BLOCK));
	matrix_kernel(&kernels_generic, &w)(&w, 0, rows, &x, want, rows);
	for (int k = 0; k < n_sets; k++) {
		memset(have, 0xff, n * rows * sizeof(float));
		matrix_kernel(sets[k], &w)(&w, 0, rows, &x, have, rows);
		ck_assert_msg(memcmp(want, have, n * rows * sizeof(float)) == 0,
			      "%s, %s, %u rows, %u columns, %zu vectors", sets[k]->name,
			      tensor_type_name(type), rows, cols, n);
	}
	free_matrix(&w);
	free(memory);
	free(f);
	free(want);
	free(have);
}

START_TEST(rows_of_every_type)
{
	static const uint32_t rows[] = { 1, 5, 16, 17, 40 };
	static const size_t batches[] = { 1, 2, 7, 8, 9, 19 };

	for (size_t w = 0; w < ARRAY_SIZE(widths); w++)
		for (size_t r = 0; r < ARRAY_SIZE(rows); r++)
			for (size_t n = 0; n < ARRAY_SIZE(batches); n++)
				if (tensor_row_size(types[_i], widths[w]) > 0)
					compare_rows(types[_i], rows[r], widths[w], batches[n]);
	for (size_t w = 0; w < ARRAY_SIZE(odd_widths); w++)
		if (tensor_row_size(types[_i], odd_widths[w]) > 0)
			compare_rows(types[_i], 3, odd_widths[w], 5);
}
END_TEST

/* A vector's result does not depend on the others, nor on how many threads there are. */
START_TEST(batches_and_threads)
{
	enum { ROWS = 200, COLS = 256, N = 40 };
	static float f[N * COLS], want[N * ROWS], have[N * ROWS];
	static uint8_t memory[N * COLS * 3] __attribute__((aligned(64)));
	uint64_t seed = 5;
	struct matrix w;

	make_matrix(&w, types[_i], ROWS, COLS, &seed);
	fill(f, N * COLS, 2.0f, &seed);
	for (unsigned threads = 1; threads <= 4; threads *= 2) {
		struct pool *pool;

		ck_assert_int_eq(pool_new(&pool, threads), 0);
		for (size_t batch = threads == 1 ? 1 : N; batch <= N; batch += 13) {
			for (size_t at = 0; at < N; at += batch) {
				struct product p = { .w = &w, .y = have + at * ROWS };
				struct activations x;

				activations_init(&x, memory, MIN(batch, N - at), COLS);
				x.f = f + at * COLS;
				matmul(pool, kernels_choose(), &p, 1, &x, NULL);
			}
			if (threads == 1 && batch == 1)
				memcpy(want, have, sizeof(want));
			ck_assert_msg(memcmp(want, have, sizeof(want)) == 0,
				      "batch %zu, %u threads", batch, threads);
		}
		pool_free(pool);
	}
	free_matrix(&w);
}
END_TEST

START_TEST(elementwise)
{
	enum { N = 333 };
	float x[N], y[N], a[N], b[N];
	static uint8_t forms[2][2048] __attribute__((aligned(64)));
	struct activations q[2];
	uint64_t seed = 9;

	for (int k = 0; k < n_sets; k++)
		for (size_t n = 1; n <= N; n += 19) {
			fill(x, N, 20.0f, &seed);
			fill(y, N, 4.0f, &seed);
			memcpy(a, x, sizeof(a));
			memcpy(b, x, sizeof(b));
			kernels_generic.silu_mul(a, y, n);
			sets[k]->silu_mul(b, y, n);
			kernels_generic.gelu_mul(a, y, n);
			sets[k]->gelu_mul(b, y, n);
			kernels_generic.gelu(a, n);
			sets[k]->gelu(b, n);
			kernels_generic.soft_cap(a, n, 30.0f);
			sets[k]->soft_cap(b, n, 30.0f);
			kernels_generic.axpy_f32(0.3f, y, a, n);
			sets[k]->axpy_f32(0.3f, y, b, n);
			ck_assert_int_eq(memcmp(a, b, sizeof(a)), 0);
			ck_assert(kernels_generic.square_sum(a, n) == sets[k]->square_sum(a, n));
			for (int i = 0; i < 2; i++) {
				activations_init(&q[i], forms[i], 1, 320);
				q[i].f = x;
			}
			kernels_generic.quantize(&q[0], 0, 10);
			sets[k]->quantize(&q[1], 0, 10);
			ck_assert_int_eq(memcmp(forms[0], forms[1], sizeof(forms[0])), 0);
		}
}
END_TEST

static double gelu(float x)
{
	double h = f16_to_f32(f32_to_f16(x));

	if (x >= 10.0f || x <= -10.0f)
		return x > 0.0f ? x : 0.0;
	return 0.5 * h * (1.0 + tanh(sqrt(2.0 / M_PI) * (h + 0.044715 * h * h * h)));
}

START_TEST(halves)
{
	uint64_t seed = 3;

	for (int i = 0; i < 100000; i++) {
		float f = ldexpf(fixture_random(&seed), i % 45 - 30);

		ck_assert_msg(f16_rounded(f) == f16_to_f32(f32_to_f16(f)), "%a", (double)f);
	}
}
END_TEST

/* Within a few units of the last place of what a value's terms are. */
START_TEST(functions_are_right)
{
	enum { N = 4001 };
	static float x[N], y[N], silu[N], gated[N], plain[N], capped[N];

	for (int i = 0; i < N; i++) {
		x[i] = (float)(i - N / 2) * 0.02f;
		y[i] = 1.5f;
		silu[i] = gated[i] = plain[i] = capped[i] = x[i];
	}
	kernels_generic.silu_mul(silu, y, N);
	kernels_generic.gelu_mul(gated, y, N);
	kernels_generic.gelu(plain, N);
	kernels_generic.soft_cap(capped, N, 5.0f);
	for (int i = 0; i < N; i++) {
		double v = x[i], size = fabs(v) * 1e-6 + 1e-30;
		double half = fabs(gelu(x[i])) * 0x1p-11 + 0x1p-25 + size;

		ck_assert_double_eq_tol(silu[i], 1.5 * v / (1.0 + exp(-v)), 1.5 * size);
		ck_assert_double_eq_tol(gated[i], 1.5 * gelu(x[i]), 1.5 * half);
		ck_assert_double_eq_tol(plain[i], gelu(x[i]), half);
		ck_assert_double_eq_tol(capped[i], 5.0 * tanh(v / 5.0), 5.0 * 1e-6);
	}
}
END_TEST

/* An update packed, reduced and expanded by every set; and against double precision. */
static void compare_low(uint32_t rank, uint32_t rows, uint32_t cols, size_t n, bool half)
{
	uint64_t seed = rank * 131u + rows * 7u + cols + n;
	float *a = malloc(rank * cols * sizeof(float)), *b = malloc(rank * rows * sizeof(float));
	float *x = malloc(n * cols * sizeof(float)), *y = malloc(n * rows * sizeof(float));
	float *want = malloc(n * rows * sizeof(float)), *low;
	struct low_rank u = { 0 };
	struct update v;
	struct activations in = { .f = x, .n = n, .cols = cols };
	size_t bytes = 0;

	fill(x, n * cols, 1.0f, &seed);
	fill(a, rank * cols, 1.0f, &seed);
	fill(b, rank * rows, 1.0f, &seed);
	for (size_t i = 0; half && i < rank * cols; i++)
		a[i] = (float)(int)(a[i] * 64.0f) / 64.0f;
	for (size_t i = 0; half && i < rank * rows; i++)
		b[i] = (float)(int)(b[i] * 64.0f) / 64.0f;
	ck_assert_int_eq(low_rank_init(&u, rows, cols, rank, 0.5f, (struct bm_values){ a, false },
				       (struct bm_values){ b, false }, &bytes), 0);
	ck_assert_int_eq(u.half, half);
	low = malloc(update_low_size(u.width, cols, n) * sizeof(float));
	for (int k = -1; k < n_sets; k++) {
		const struct kernels *set = k < 0 ? &kernels_generic : sets[k];

		for (size_t i = 0; i < n * rows; i++)
			y[i] = (float)(i % 17);
		update_init(&v, &u, 0.75f, 0, n, low);
		for (size_t task = update_tasks(&v); task-- > 0;)
			update_reduce(set, &v, &in, task);
		for (uint32_t row = 0; row < rows; row += 32)
			update_expand(set, &v, row, MIN(row + 32, rows), y, rows);
		if (k < 0)
			memcpy(want, y, n * rows * sizeof(float));
		ck_assert_msg(memcmp(want, y, n * rows * sizeof(float)) == 0,
			      "%s, rank %u, %u rows, %u columns, %zu vectors", set->name, rank,
			      rows, cols, n);
	}
	for (size_t t = 0; t < n; t++)
		for (uint32_t r = 0; r < rows; r++) {
			double sum = 0.0;

			for (uint32_t k = 0; k < rank; k++)
				for (uint32_t c = 0; c < cols; c++)
					sum += (double)b[r * rank + k] * a[k * cols + c] *
					       x[t * cols + c];
			ck_assert_double_eq_tol(want[t * rows + r],
						(double)((t * rows + r) % 17) + 0.375 * sum,
						1e-5 * rank * cols);
		}
	low_rank_deinit(&u);
	free(low);
	free(a);
	free(b);
	free(x);
	free(y);
	free(want);
}

START_TEST(low_rank_updates)
{
	static const size_t vectors[] = { 1, 3, 7, 8, 9, 21 };
	static const uint32_t ranks[] = { 1, 4, 16, 17, 48 };

	for (size_t r = 0; r < ARRAY_SIZE(ranks); r++)
		for (size_t n = 0; n < ARRAY_SIZE(vectors); n++) {
			compare_low(ranks[r], 40, 300, vectors[n], r % 2);
			compare_low(ranks[r], 33, 20, vectors[n], n % 2);
		}
}
END_TEST

/* Against plain arithmetic in double precision: right, not only equal. */
START_TEST(generic_is_right)
{
	enum { ROWS = 4, COLS = 256 };
	float f[COLS], row[COLS], y[ROWS];
	uint8_t memory[COLS * 3] __attribute__((aligned(64)));
	struct activations x;
	struct matrix w;
	uint64_t seed = 77;

	make_matrix(&w, types[_i], ROWS, COLS, &seed);
	fill(f, COLS, 1.0f, &seed);
	activations_init(&x, memory, 1, COLS);
	x.f = f;
	kernels_generic.quantize(&x, 0, COLS / Q_BLOCK);
	matrix_kernel(&kernels_generic, &w)(&w, 0, ROWS, &x, y, ROWS);
	for (uint32_t r = 0; r < ROWS; r++) {
		double sum = 0.0, size = 0.0;

		matrix_row(&w, r, row);
		for (int i = 0; i < COLS; i++) {
			double v = matrix_is_quantized(&w) ? x.q[i] * x.d[i / Q_BLOCK] : f[i];

			sum += row[i] * v;
			size += row[i] * v > 0 ? row[i] * v : -row[i] * v;
		}
		ck_assert_double_eq_tol(y[r], sum, 1e-5 * size);
	}
	free_matrix(&w);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	/* The first one is the generic one. */
	while (n_sets < (int)ARRAY_SIZE(sets) && (sets[n_sets] = kernels_at(n_sets + 1)))
		n_sets++;
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, generic_is_right, 0, ARRAY_SIZE(types));
	tcase_add_loop_test(tc, rows_of_every_type, 0, ARRAY_SIZE(types));
	tcase_add_loop_test(tc, batches_and_threads, 0, ARRAY_SIZE(types));
	tcase_add_test(tc, elementwise);
	tcase_add_test(tc, low_rank_updates);
	tcase_add_test(tc, halves);
	tcase_add_test(tc, functions_are_right);
	return run_tests("kernels", tc);
}
