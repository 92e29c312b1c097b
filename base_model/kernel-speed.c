/* SPDX-License-Identifier: MIT */
#include "base_model/kernel-speed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base_model/kernels/attention.h"
#include "base_model/matmul.h"
#include "util/clock.h"
#include "util/macro.h"

#define SAMPLES 5
#define SAMPLE_S 1e-3	/* what a sample lasts at least, so that the clock does not matter */
#define WIDEST_BLOCK 256
#define MAX_VECTORS 64u

#define HEAD 128u	/* width of a head */
#define PAGES (KV_CHUNK / KV_PAGE)
#define MAX_QUERIES 24u

static const uint32_t vector_counts[] = { 1, 4, 16, MAX_VECTORS };
/* One token of a head, of three heads that share their keys, and of eight such tokens. */
static const uint32_t query_counts[] = { 1, 3, MAX_QUERIES };

struct rig {
	struct pool *pool;
	const struct kernels *k;
	struct matrix w;
	uint8_t *weights;
	float *in, *out;	/* [MAX_VECTORS][cols], [MAX_VECTORS][rows] */
	void *quantized;
	uint32_t vectors;
	/* Attention: keys and values of a chunk of positions. */
	enum bm_kv_type type;
	uint8_t *pages;		/* [PAGES]{ keys, values } */
	struct queries queries;
	float *scores, *mixed;	/* [MAX_QUERIES][KV_ROW], [MAX_QUERIES][HEAD] */
};

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
		double begin = clock_seconds(CLOCK_MONOTONIC);
		unsigned calls = 0;

		do {
			run(rig);
			calls++;
		} while (clock_seconds(CLOCK_MONOTONIC) - begin < SAMPLE_S);
		samples[i] = (clock_seconds(CLOCK_MONOTONIC) - begin) / calls;
	}
	qsort(samples, SAMPLES, sizeof(*samples), compare);
	return samples[SAMPLES / 2];
}

static void run_product(struct rig *rig)
{
	struct product product = { .w = &rig->w, .y = rig->out };
	struct activations x;

	activations_init(&x, rig->quantized, rig->vectors, rig->w.cols);
	x.f = rig->in;
	matmul(rig->pool, rig->k, &product, 1, &x, NULL);
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

static void run_gelu_mul(struct rig *rig)
{
	rig->k->gelu_mul(fresh(rig), rig->in + rig->w.cols, rig->w.cols);
}

static void run_soft_cap(struct rig *rig)
{
	rig->k->soft_cap(fresh(rig), rig->w.cols, 50.0f);
}

static void run_quantize(struct rig *rig)
{
	struct activations x;

	activations_init(&x, rig->quantized, 1, rig->w.cols);
	x.f = rig->in;
	rig->k->quantize(&x, 0, x.cols / Q_BLOCK);
}

static void run_square_sum(struct rig *rig)
{
	rig->out[0] = rig->k->square_sum(rig->in, rig->w.cols);
}

static const struct {
	const char *name;
	void (*run)(struct rig *rig);
} elementwise[] = {
	{ "quantize", run_quantize },
	{ "silu_mul", run_silu_mul },
	{ "gelu_mul", run_gelu_mul },
	{ "soft_cap", run_soft_cap },
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

static const uint8_t *half_page(const struct rig *rig, size_t index)
{
	return rig->pages + index * kv_page_half(rig->type, HEAD);
}

static void run_score(struct rig *rig)
{
	for (size_t i = 0; i < PAGES; i++)
		rig->k->attention->types[rig->type].score(&rig->queries, half_page(rig, 2 * i),
							  KV_TILES, half_page(rig, 2 * i + 1),
							  rig->scores + i * KV_PAGE);
}

static void run_mix(struct rig *rig)
{
	for (size_t i = 0; i < PAGES; i++)
		rig->k->attention->types[rig->type].mix(half_page(rig, 2 * i + 1), HEAD, 0,
							KV_PAGE, half_page(rig, 2 * i),
							rig->scores + i * KV_PAGE,
							rig->queries.rows.n, rig->mixed);
}

static int measure_queries(struct rig *rig, uint32_t n, bm_kernel_speed_fn tell, void *arg)
{
	static const char *const names[BM_KV_COUNT][2] = {
		[BM_KV_F32] = { "score f32", "mix f32" },
		[BM_KV_F16] = { "score f16", "mix f16" },
		[BM_KV_Q8_0] = { "score q8_0", "mix q8_0" },
	};
	struct bm_kernel_speed speed = { .set = rig->k->name, .rows = KV_CHUNK, .cols = HEAD,
					 .vectors = n, .operations = 2.0 * KV_CHUNK * HEAD * n,
					 .bytes = PAGES * (double)kv_page_half(rig->type, HEAD) };
	int r;

	activations_init(&rig->queries.rows, rig->quantized, n, HEAD);
	rig->queries.rows.f = rig->queries.columns = rig->in;
	rig->k->quantize(&rig->queries.rows, 0, n * (HEAD / Q_BLOCK));
	speed.kernel = names[rig->type][0];
	speed.seconds = time_of(run_score, rig);
	r = tell(arg, &speed);
	if (r != 0)
		return r;
	speed.kernel = names[rig->type][1];
	speed.seconds = time_of(run_mix, rig);
	return tell(arg, &speed);
}

static int measure_attention(struct rig *rig, bm_kernel_speed_fn tell, void *arg)
{
	int r = 0;

	for (int type = 0; r == 0 && type < BM_KV_COUNT; type++) {
		rig->type = type;
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(query_counts); i++)
			r = measure_queries(rig, query_counts[i], tell, arg);
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
static void fill_bytes(uint8_t *data, size_t n)
{
	uint32_t state = 1;

	for (size_t i = 0; i < n; i++) {
		state = state * 1664525u + 1013904223u;
		data[i] = 0x28 | (state >> 24 & 0x83);
	}
}

static void fill_floats(float *data, size_t n)
{
	uint32_t state = 1;

	for (size_t i = 0; i < n; i++) {
		state = state * 1664525u + 1013904223u;
		data[i] = (float)(state >> 8) / 0x1p23f - 1.0f;
	}
}

static int rig_init(struct rig *rig, uint32_t rows, uint32_t cols)
{
	size_t largest = (size_t)rows * cols * sizeof(float), inputs = (size_t)MAX_VECTORS * cols;
	size_t pages = 2 * PAGES * kv_page_half(BM_KV_F32, HEAD);
	int r = pool_new(&rig->pool, 1);

	if (r < 0)
		return r;
	rig->weights = malloc(largest);
	rig->in = reallocarray(NULL, inputs, sizeof(float));
	rig->out = reallocarray(NULL, (size_t)MAX_VECTORS * rows, sizeof(float));
	rig->quantized = malloc(activations_size(MAX_VECTORS, cols));
	rig->pages = malloc(pages);
	rig->scores = calloc(MAX_QUERIES * KV_ROW, sizeof(float));
	rig->mixed = calloc(MAX_QUERIES * HEAD, sizeof(float));
	if (!rig->weights || !rig->in || !rig->out || !rig->quantized || !rig->pages ||
	    !rig->scores || !rig->mixed)
		return -ENOMEM;
	rig->w = (struct matrix){ .rows = rows, .cols = cols, .data = rig->weights };
	fill_bytes(rig->weights, largest);
	fill_bytes(rig->pages, pages);
	fill_floats(rig->in, inputs);
	return 0;
}

static void rig_deinit(struct rig *rig)
{
	pool_free(rig->pool);
	free(rig->weights);
	free(rig->in);
	free(rig->out);
	free(rig->quantized);
	free(rig->pages);
	free(rig->scores);
	free(rig->mixed);
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
			r = measure_attention(&rig, tell, arg);
		if (r == 0)
			r = measure_elementwise(&rig, tell, arg);
	}
	return r;
}
