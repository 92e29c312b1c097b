/* SPDX-License-Identifier: MIT */
/* Attention over the paged cache: against the formula in doubles, and every instruction set
 * against the generic kernels, bit for bit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/attention-unit.h"
#include "base_model/matmul.h"
#include "base_model/model-private.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

static const struct attention_kernels *sets[8] = { &attention_generic };
static int n_sets = 1;

enum { POSITIONS = 700 };

static void fill(float *x, size_t n, float size, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++)
		x[i] = size * fixture_random(seed);
}

/* A sequence of POSITIONS whose keys and values in layer 0, head 1 are @k and @v. */
static struct bm_sequence *filled(const struct bm_model *m, enum bm_kv_type type,
				  const struct attention_kernels *kernels, const float *k,
				  const float *v)
{
	const struct kv_kernels *ops = &kernels->types[type];
	uint32_t dim = m->config.head_dim;
	struct bm_sequence *s;

	ck_assert_int_eq(bm_sequence_new(&s, m, POSITIONS, type), 0);
	ck_assert_int_eq(sequence_prepare(s, POSITIONS), 0);
	for (uint32_t pos = 0; pos < POSITIONS; pos++) {
		const struct kv_layer *l = &s->pool->layers[0];
		uint8_t *keys = sequence_keys(s, 0, 1, pos);

		ops->store_key(k + pos * dim, dim, l->width, pos % KV_PAGE, keys);
		ops->store_value(v + pos * dim, dim, l->width, pos % KV_PAGE, keys + l->half);
	}
	return s;
}

static void run_unit(const struct attention_unit *u)
{
	void *memory = malloc(unit_scratch_size(kv_width(BM_KV_Q8_0, u->head_dim)));
	struct unit_scratch s;
	uint32_t first, last;

	unit_chunks(u, &first, &last);
	unit_begin(u, &s, memory);
	for (; first <= last; first++) {
		unit_chunk(u, &s, first, s.part);
		unit_merge(u, &s, s.part);
	}
	unit_end(u, &s);
	free(memory);
}

static void in_doubles(const struct attention_unit *u, const float *k, const float *v,
		       const float *q, uint32_t pos, double *out)
{
	uint32_t dim = u->head_dim, from = u->window && pos >= u->window ? pos + 1 - u->window : 0;
	double scores[POSITIONS], max = -INFINITY, sum = 0.0;

	for (uint32_t p = from; p <= pos; p++) {
		scores[p] = 0.0;
		for (uint32_t d = 0; d < dim; d++)
			scores[p] += (double)q[d] * k[p * dim + d];
		scores[p] *= u->scale;
		if (u->cap > 0.0f)
			scores[p] = u->cap * tanh(scores[p] / u->cap);
		max = fmax(max, scores[p]);
	}
	memset(out, 0, dim * sizeof(*out));
	for (uint32_t p = from; p <= pos; p++) {
		double w = exp(scores[p] - max);

		sum += w;
		for (uint32_t d = 0; d < dim; d++)
			out[d] += w * v[p * dim + d];
	}
	for (uint32_t d = 0; d < dim; d++)
		out[d] /= sum;
}

static const struct {
	uint32_t dim, pos, n_tokens, n_heads, window;
	float cap;
} shapes[] = {
	{ 16, 0, 1, 1, 0, 0.0f },     { 64, 255, 1, 3, 0, 0.0f },   { 128, 699, 1, 3, 0, 0.0f },
	{ 80, 250, 8, 3, 0, 0.0f },   { 20, 500, 3, 7, 0, 20.0f },  { 256, 30, 24, 1, 0, 0.0f },
	{ 64, 680, 4, 5, 100, 0.0f }, { 96, 512, 12, 2, 8, 15.0f }, { 32, 100, 1, 24, 1, 0.0f },
	{ 64, 250, 24, 1, 250, 0.0f },
};

/* How far a type's rounding may lead, relative to values of 1. */
static const double tolerance[BM_KV_COUNT] = {
	[BM_KV_F16] = 2e-3, [BM_KV_F32] = 3e-6, [BM_KV_Q8_0] = 4e-2,
};

static void check_shape(const struct bm_model *m, size_t shape, enum bm_kv_type type)
{
	uint32_t dim = shapes[shape].dim, rows = shapes[shape].n_tokens * shapes[shape].n_heads;
	float *k = malloc(POSITIONS * dim * sizeof(*k)), *v = malloc(POSITIONS * dim * sizeof(*v));
	float *q = malloc(rows * dim * sizeof(*q)), *out = malloc(rows * dim * sizeof(*out));
	float *want = malloc(rows * dim * sizeof(*want));
	uint64_t seed = shape + 1;
	double exact[256];

	fill(k, POSITIONS * dim, 1.0f, &seed);
	fill(v, POSITIONS * dim, 1.0f, &seed);
	fill(q, rows * dim, 2.0f, &seed);
	for (int set = 0; set < n_sets; set++) {
		struct bm_sequence *s = filled(m, type, sets[set], k, v);
		struct attention_unit u = {
			.kernels = sets[set], .quantize = kernels_generic.quantize, .seq = s,
			.key_head = 1, .pos = shapes[shape].pos, .head_dim = dim,
			.n_tokens = shapes[shape].n_tokens, .n_heads = shapes[shape].n_heads,
			.window = shapes[shape].window, .cap = shapes[shape].cap,
			.scale = 2.0f / sqrtf((float)dim), .q = q, .out = set ? out : want,
			.stride = (size_t)shapes[shape].n_heads * dim,
		};

		run_unit(&u);
		for (uint32_t r = 0; set == 0 && r < rows; r++) {
			in_doubles(&u, k, v, q + r * dim, u.pos + r / u.n_heads, exact);
			for (uint32_t d = 0; d < dim; d++)
				ck_assert_double_eq_tol(want[r * dim + d], exact[d],
							tolerance[type]);
		}
		if (set)
			ck_assert_msg(memcmp(want, out, rows * dim * sizeof(*out)) == 0,
				      "set %d, shape %zu, type %d", set, shape, (int)type);
		/* A row by itself: the same bits. */
		u.out = out;
		u.pos += u.n_tokens - 1;
		u.n_tokens = u.n_heads = 1;
		u.q = q + (rows - 1) * dim;
		run_unit(&u);
		ck_assert_int_eq(memcmp(want + (rows - 1) * dim, out, dim * sizeof(*out)), 0);
		bm_sequence_free(s);
	}
	free(k);
	free(v);
	free(q);
	free(out);
	free(want);
}

START_TEST(formula_and_instruction_sets)
{
	struct fixture f = FIXTURE;
	struct bm_model *m;

	f.head_dim = shapes[_i].dim;
	f.context = POSITIONS;
	m = fixture_open(&f, 1);
	for (int type = 0; type < BM_KV_COUNT; type++)
		check_shape(m, (size_t)_i, type);
	bm_model_free(m);
}
END_TEST

/* Whatever numbers there are: infinities, none, subnormal ones. */
START_TEST(stores_are_equal)
{
	enum { DIM = 72, WIDTH = 96 };
	static const float strange[] = { 0.0f, -0.0f, 1e-42f, 6e-8f, -3e-5f, 65504.0f, 65520.0f,
					 -1e9f, INFINITY, NAN, 1.0f, -127.5f };
	static uint8_t pages[2][KV_PAGE * WIDTH * sizeof(float)];
	uint64_t seed = 3;
	float x[DIM];

	for (int type = 0; type < BM_KV_COUNT; type++) {
		uint32_t width = kv_width(type, DIM);

		for (int set = 1; set < n_sets; set++)
			for (uint32_t pos = 0; pos < KV_PAGE; pos++) {
				const struct kv_kernels *a = &sets[0]->types[type];
				const struct kv_kernels *b = &sets[set]->types[type];

				fill(x, DIM, 3.0f, &seed);
				x[pos] = strange[pos % ARRAY_SIZE(strange)];
				a->store_key(x, DIM, width, pos, pages[0]);
				b->store_key(x, DIM, width, pos, pages[1]);
				ck_assert_int_eq(memcmp(pages[0], pages[1], sizeof(*pages)), 0);
				a->store_value(x, DIM, width, pos, pages[0]);
				b->store_value(x, DIM, width, pos, pages[1]);
				ck_assert_int_eq(memcmp(pages[0], pages[1], sizeof(*pages)), 0);
			}
	}
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");
	const struct kernels *k;

	while (n_sets < (int)ARRAY_SIZE(sets) && (k = kernels_at(n_sets)))
		sets[n_sets++] = k->attention;
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, formula_and_instruction_sets, 0, ARRAY_SIZE(shapes));
	tcase_add_test(tc, stores_are_equal);
	return run_tests("attention", tc);
}
