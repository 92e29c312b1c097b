/* SPDX-License-Identifier: MIT */
/* Every family: its logits are those of the plain computation, whatever runs beside. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/base_model/family-samples.h"
#include "tests/check-main.h"
#include "util/macro.h"

enum { TOKENS = 40, V = SAMPLE_VOCAB };

/* YaRN (arXiv:2309.00071), section 3.2, with the bounds and the original context of the samples:
 * a pair that turns 4 times in 16 positions is kept, one that turns a quarter of once is not. */
static double yarn(double f, uint32_t pair, const struct family_case *c, double dims)
{
	double low = floor(dims * log(16.0 / (4.0 * 2.0 * M_PI)) / (2.0 * log(c->base)));
	double high = ceil(dims * log(16.0 / (0.25 * 2.0 * M_PI)) / (2.0 * log(c->base)));
	double kept;

	low = low < 0.0 ? 0.0 : low;
	kept = pair <= low ? 1.0 : pair >= high ? 0.0 : 1.0 - (pair - low) / (high - low);
	return kept * f + (1.0 - kept) * f / c->yarn;
}

static struct oracle oracle_of(const struct family_case *c, const struct gguf *g)
{
	double dims = c->s.rope_dim ? c->s.rope_dim : SAMPLE_HEAD_DIM;
	const float *factors = c->factors ? gguf_tensor(g, c->factors)->data : NULL;
	struct oracle o = c->o;

	o.pairs = (uint32_t)dims / 2;
	o.magnitude = o.magnitude > 0.0 ? o.magnitude : 1.0;
	for (uint32_t i = 0; i < o.pairs; i++) {
		double f = pow(c->base, -2.0 * i / dims);

		f /= factors ? factors[i] : 1.0;
		f /= c->linear > 0.0 ? c->linear : 1.0;
		o.frequencies[i] = c->yarn > 0.0 ? yarn(f, i, c, dims) : f;
		if (c->window_base > 0.0)
			o.window_frequencies[i] = pow(c->window_base, -2.0 * i / dims);
	}
	return o;
}

static void make_tokens(int32_t *tokens, int32_t step)
{
	for (int i = 0; i < TOKENS; i++)
		tokens[i] = (i * i + step * i + 3) % V;
}

static struct bm_sequence *sequence(const struct bm_model *m, enum bm_kv_type type)
{
	struct bm_sequence *s = NULL;

	ck_assert_int_eq(bm_sequence_new(&s, m, SAMPLE_CONTEXT, type), 0);
	return s;
}

static void compute(struct bm_model *m, struct bm_sequence *s, const int32_t *tokens, size_t n,
		    float *logits)
{
	struct bm_item item = { .seq = s, .tokens = tokens, .n_tokens = n, .logits = logits,
				.all_logits = true };

	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
}

static double deviation(const double *x, size_t n)
{
	double mean = 0.0, square = 0.0;

	for (size_t i = 0; i < n; i++)
		mean += x[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		square += (x[i] - mean) * (x[i] - mean) / (double)n;
	return sqrt(square);
}

START_TEST(as_computed_plainly)
{
	const struct family_case *c = &family_cases[_i];
	/* gelu is one of half precision. */
	double tolerance = c->o.gelu ? 4e-3 : 2e-5;
	_cleanup_(bm_model_freep) struct bm_model *m = sample_open(&c->s, 2);
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = sequence(m, BM_KV_F32);
	struct oracle o = oracle_of(c, bm_model_gguf(m));
	static double want[TOKENS * V];
	static float have[TOKENS * V];
	int32_t tokens[TOKENS];

	make_tokens(tokens, 5);
	oracle_logits(&o, bm_model_gguf(m), tokens, TOKENS, want);
	compute(m, s, tokens, TOKENS, have);
	for (int t = 0; t < TOKENS; t++) {
		double limit = tolerance * deviation(want + t * V, V);

		for (int i = 0; i < V; i++)
			ck_assert_msg(fabs(want[t * V + i] - have[t * V + i]) <= limit,
				      "%s, case %d, position %d: %g, expected %g, within %g",
				      c->s.architecture, _i, t, (double)have[t * V + i],
				      want[t * V + i], limit);
	}
}
END_TEST

/* One token at a time beside another sequence. */
static void compare_beside(struct bm_model *m, const float *want, const char *name)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = sequence(m, BM_KV_F16);
	_cleanup_(bm_sequence_freep) struct bm_sequence *beside = sequence(m, BM_KV_F16);
	static float have[TOKENS * V], ignored[V];
	int32_t tokens[TOKENS], others[TOKENS];

	make_tokens(tokens, 5);
	make_tokens(others, 11);
	for (size_t t = 0; t < TOKENS; t++) {
		struct bm_item items[] = {
			{ .seq = beside, .tokens = others + t, .n_tokens = 1, .logits = ignored },
			{ .seq = s, .tokens = tokens + t, .n_tokens = 1, .logits = have + t * V },
		};

		ck_assert_int_eq(bm_forward(m, items, 2, NULL), 0);
	}
	ck_assert_msg(memcmp(want, have, sizeof(have)) == 0, "%s: beside another", name);
}

/* In pieces of which all logits are wanted, the last ones, or none, as of those beside. */
static void compare_pieces(struct bm_model *m, const float *want, const char *name)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = sequence(m, BM_KV_F16);
	_cleanup_(bm_sequence_freep) struct bm_sequence *beside = sequence(m, BM_KV_F16);
	static float have[TOKENS * V], ignored[V];
	int32_t tokens[TOKENS];

	make_tokens(tokens, 5);
	for (size_t at = 0, piece = 0; at < TOKENS; at += 5, piece++) {
		size_t first = piece % 3 == 0 ? 0 : 4;
		struct bm_item items[] = {
			{ .seq = beside, .tokens = tokens, .n_tokens = 3,
			  .logits = piece % 2 ? ignored : NULL },
			{ .seq = s, .tokens = tokens + at, .n_tokens = 5, .all_logits = !first,
			  .logits = piece % 3 == 2 ? NULL : have + (at + first) * V },
		};

		ck_assert_int_eq(bm_forward(m, items, 2, NULL), 0);
		for (size_t t = at + first; piece % 3 != 2 && t < at + 5; t++)
			ck_assert_msg(memcmp(want + t * V, have + t * V, V * sizeof(*have)) == 0,
				      "%s: in pieces, position %zu", name, t);
	}
}

START_TEST(alone_beside_others_and_in_pieces)
{
	static const enum tensor_type types[] = { TENSOR_F32, TENSOR_Q8_0 };
	static float want[TOKENS * V];
	int32_t tokens[TOKENS];

	make_tokens(tokens, 5);
	for (size_t type = 0; type < ARRAY_SIZE(types); type++) {
		struct sample sample = family_cases[_i].s;

		sample.type = types[type];
		for (unsigned n = 1; n <= 4; n += 3) {
			_cleanup_(bm_model_freep) struct bm_model *m = sample_open(&sample, n);
			_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;

			s = sequence(m, BM_KV_F16);
			if (n == 1)
				compute(m, s, tokens, TOKENS, want);
			compare_beside(m, want, sample.architecture);
			compare_pieces(m, want, sample.architecture);
		}
	}
}
END_TEST

static const struct {
	const char *architecture, *name;
	int matrix;	/* or -ENOENT */
} names[] = {
	{ "llama", "blk.1.attn_q.weight", BM_ATTN_Q },
	{ "llama", "blk.1.ffn_up.weight", BM_FFN_UP },
	{ "llama", "blk.1.attn_qkv.weight", -ENOENT },
	{ "llama", "blk.1.attn_norm.weight", -ENOENT },
	{ "llama", "blk.2.attn_q.weight", -ENOENT },
	{ "llama", "output.weight", -ENOENT },
	{ "qwen3", "output.weight", BM_OUTPUT },
	{ "qwen3", "blk.1.output.weight", -ENOENT },
	{ "phi3", "blk.1.attn_qkv.weight", BM_ATTN_QKV },
	{ "phi3", "blk.1.attn_q.weight", -ENOENT },
	{ "phi3", "blk.1.ffn_up.weight", BM_FFN_GATE_UP },
	{ "phi3", "blk.1.ffn_gate.weight", -ENOENT },
	{ "phi3", "blk.1.ffn_down.weight", BM_FFN_DOWN },
	{ "phi2", "blk.1.ffn_up.weight", BM_FFN_UP },
	{ "phi2", "blk.1.ffn_gate.weight", -ENOENT },
	{ "openelm", "blk.1.attn_qkv.weight", BM_ATTN_QKV },
};

START_TEST(names_of_matrices)
{
	_cleanup_(bm_model_freep) struct bm_model *m =
		sample_open(&family_case_find(names[_i].architecture)->s, 1);
	enum bm_matrix matrix = BM_MATRIX_COUNT;
	uint32_t layer = 99;
	int r = bm_matrix_find(m, names[_i].name, &layer, &matrix);

	if (names[_i].matrix < 0) {
		ck_assert_int_eq(r, names[_i].matrix);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(matrix, names[_i].matrix);
	ck_assert_uint_eq(layer, matrix == BM_OUTPUT ? 0 : 1);
}
END_TEST

static void with_delta(struct bm_model *m, const struct bm_delta *delta, float *logits)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = sequence(m, BM_KV_F32);
	const float scale = 1.0f;
	int32_t tokens[TOKENS];
	struct bm_item item = { .seq = s, .tokens = tokens, .n_tokens = TOKENS, .logits = logits,
				.all_logits = true, .deltas = &delta, .scales = &scale,
				.n_deltas = delta != NULL };

	make_tokens(tokens, 5);
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
}

#define FUSED_RANK 4

static int set(struct bm_delta *delta, uint32_t layer, enum bm_matrix matrix, const float *a,
	       const float *b)
{
	return bm_delta_set(delta, layer, matrix, FUSED_RANK, 0.5f, (struct bm_values){ a, false },
			    (struct bm_values){ b, false });
}

/* An update of a fused matrix is that of its parts. */
START_TEST(updates_of_fused_matrices)
{
	enum { RANK = FUSED_RANK, Q = 64, K = 32, F = 96 };
	static float a[RANK * SAMPLE_DIM], b[2 * F * RANK];
	static float plain[TOKENS * V], whole[TOKENS * V], parts[TOKENS * V];
	_cleanup_(bm_model_freep) struct bm_model *m = sample_open(&family_case_find("phi3")->s, 2);
	_cleanup_(bm_delta_freep) struct bm_delta *fused = NULL, *split = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = (float)((int)(i * 37 % 21) - 10) * 0.01f;
	for (size_t i = 0; i < ARRAY_SIZE(b); i++)
		b[i] = (float)((int)(i * 53 % 23) - 11) * 0.02f;
	ck_assert_int_eq(bm_delta_new(&fused, m), 0);
	ck_assert_int_eq(bm_delta_new(&split, m), 0);
	ck_assert_int_eq(set(fused, 1, BM_ATTN_QKV, a, b), 0);
	ck_assert_int_eq(set(fused, 0, BM_FFN_GATE_UP, a, b), 0);
	ck_assert_int_eq(set(split, 1, BM_ATTN_Q, a, b), 0);
	ck_assert_int_eq(set(split, 1, BM_ATTN_K, a, b + Q * RANK), 0);
	ck_assert_int_eq(set(split, 1, BM_ATTN_V, a, b + (Q + K) * RANK), 0);
	ck_assert_int_eq(set(split, 0, BM_FFN_GATE, a, b), 0);
	ck_assert_int_eq(set(split, 0, BM_FFN_UP, a, b + F * RANK), 0);
	with_delta(m, NULL, plain);
	with_delta(m, fused, whole);
	with_delta(m, split, parts);
	ck_assert_int_eq(memcmp(whole, parts, sizeof(whole)), 0);
	ck_assert_int_ne(memcmp(whole, plain, sizeof(whole)), 0);
	ck_assert_int_eq(set(fused, 1, BM_ATTN_K, a, b), -EEXIST);
	ck_assert_int_eq(set(fused, 1, BM_FFN_GATE_UP + 1, a, b), -EINVAL);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, as_computed_plainly, 0, FAMILY_CASES);
	tcase_add_loop_test(tc, alone_beside_others_and_in_pieces, 0, FAMILY_CASES);
	tcase_add_loop_test(tc, names_of_matrices, 0, ARRAY_SIZE(names));
	tcase_add_test(tc, updates_of_fused_matrices);
	return run_tests("families", tc);
}
