/* SPDX-License-Identifier: MIT */
#include "base_model/kernel-speed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base_model/matmul.h"
#include "util/macro.h"

#define SAMPLES 5
#define SAMPLE_S 1e-3	/* what a sample lasts at least, so that the clock does not matter */
#define WIDEST_BLOCK 256
#define MAX_VECTORS 64u

static const uint32_t vector_counts[] = { 1, 4, 16, MAX_VECTORS };

struct rig {
	struct pool *pool;
	const struct kernels *k;
	struct matrix w;
	uint8_t *weights;
	float *in, *out;	/* [MAX_VECTORS][cols], [MAX_VECTORS][rows] */
	void *quantized;
	uint32_t vectors;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Seconds of one call of @run. */
static double time_of(void (*run)(struct rig *rig), struct rig *rig)
{
	double samples[SAMPLES];

	run(rig);
	for (size_t i = 0; i < SAMPLES; i++) {
		double begin = now();
		unsigned calls = 0;

		do {
			run(rig);
			calls++;
		} while (now() - begin < SAMPLE_S);
		samples[i] = (now() - begin) / calls;
	}
	qsort(samples, SAMPLES, sizeof(*samples), compare);
	return samples[SAMPLES / 2];
}

static void run_product(struct rig *rig)
{
	struct product product = { &rig->w, rig->out };
	struct activations x;

	activations_init(&x, rig->quantized, rig->vectors, rig->w.cols);
	x.f = rig->in;
	matmul(rig->pool, rig->k, &product, 1, &x);
}

/* A copy of the input: what a kernel leaves there would be no input any more. */
static float *fresh(struct rig *rig)
{
	return memcpy(rig->in + 2 * rig->w.cols, rig->in, rig->w.cols * sizeof(*rig->in));
}

static void run_silu_mul(struct rig *rig)
{
	rig->k->silu_mul(fresh(rig), rig->in + rig->w.cols, rig->w.cols);
}

static void run_square_sum(struct rig *rig)
{
	rig->out[0] = rig->k->square_sum(rig->in, rig->w.cols);
}

static const struct {
	const char *name;
	void (*run)(struct rig *rig);
} elementwise[] = {
	{ "silu_mul", run_silu_mul },
	{ "square_sum", run_square_sum },
};

static int measure_elementwise(struct rig *rig, bm_kernel_speed_fn tell, void *arg)
{
	uint32_t n = rig->w.cols;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(elementwise); i++) {
		struct bm_kernel_speed speed = { .set = rig->k->name, .rows = 1, .cols = n,
						 .kernel = elementwise[i].name, .vectors = 1,
						 .operations = n, .bytes = n * sizeof(float) };

		speed.seconds = time_of(elementwise[i].run, rig);
		r = tell(arg, &speed);
	}
	return r;
}

static int measure_type(struct rig *rig, bm_kernel_speed_fn tell, void *arg)
{
	double weights = (double)rig->w.rows * rig->w.cols;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(vector_counts); i++) {
		struct bm_kernel_speed speed = { .set = rig->k->name, .rows = rig->w.rows,
						 .kernel = tensor_type_name(rig->w.type),
						 .cols = rig->w.cols, .vectors = vector_counts[i],
						 .bytes = (double)rig->w.rows * rig->w.row_size };

		rig->vectors = vector_counts[i];
		speed.operations = 2.0 * weights * rig->vectors;
		speed.seconds = time_of(run_product, rig);
		r = tell(arg, &speed);
	}
	return r;
}

/* True when @type is one that the set multiplies; the rig's matrix is then of it. */
static bool choose_type(struct rig *rig, uint32_t type)
{
	rig->w.type = type;
	rig->w.row_size = tensor_row_size(type, rig->w.cols);
	return rig->w.row_size && matrix_kernel(rig->k, &rig->w);
}

/* Bytes that make small, finite, normal numbers in every type, whole or half of a word. */
static void fill(struct rig *rig, size_t n_weights, size_t n_inputs)
{
	uint32_t state = 1;

	for (size_t i = 0; i < n_weights; i++) {
		state = state * 1664525u + 1013904223u;
		rig->weights[i] = 0x28 | (state >> 24 & 0x83);
	}
	for (size_t i = 0; i < n_inputs; i++) {
		state = state * 1664525u + 1013904223u;
		rig->in[i] = (float)(state >> 8) / 0x1p23f - 1.0f;
	}
}

static int rig_init(struct rig *rig, uint32_t rows, uint32_t cols)
{
	size_t largest = (size_t)rows * cols * sizeof(float), inputs = (size_t)MAX_VECTORS * cols;
	int r = pool_new(&rig->pool, 1);

	if (r < 0)
		return r;
	rig->weights = malloc(largest);
	rig->in = reallocarray(NULL, inputs, sizeof(float));
	rig->out = reallocarray(NULL, (size_t)MAX_VECTORS * rows, sizeof(float));
	rig->quantized = malloc(activations_size(MAX_VECTORS, cols));
	if (!rig->weights || !rig->in || !rig->out || !rig->quantized)
		return -ENOMEM;
	rig->w = (struct matrix){ .rows = rows, .cols = cols, .data = rig->weights };
	fill(rig, largest, inputs);
	return 0;
}

static void rig_deinit(struct rig *rig)
{
	pool_free(rig->pool);
	free(rig->weights);
	free(rig->in);
	free(rig->out);
	free(rig->quantized);
}

int bm_kernel_speeds(uint32_t rows, uint32_t cols, bm_kernel_speed_fn tell, void *arg)
{
	_cleanup_(rig_deinit) struct rig rig = { 0 };
	int r;

	if (rows == 0 || cols == 0 || cols % WIDEST_BLOCK || rows > 65536 || cols > 65536)
		return -EINVAL;
	r = rig_init(&rig, rows, cols);
	for (size_t set = 0; r == 0 && (rig.k = kernels_at(set)); set++) {
		for (uint32_t type = 0; r == 0 && type < UINT8_MAX; type++)
			if (choose_type(&rig, type))
				r = measure_type(&rig, tell, arg);
		if (r == 0)
			r = measure_elementwise(&rig, tell, arg);
	}
	return r;
}
