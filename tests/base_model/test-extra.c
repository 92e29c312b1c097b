/* SPDX-License-Identifier: MIT */
/*
 * Tokens that an adapter brings. A model whose last tokens are taken out and brought by an
 * adapter computes what it computed with them, bit for bit; who does not use the adapter sees
 * nothing of them.
 */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/base_model/family-samples.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum { WHOLE = SAMPLE_VOCAB, EXTRA = 5, LEFT = WHOLE - EXTRA, TOKENS = 12,
       PLACES = TOKENS * WHOLE };

static const enum tensor_type types[] = { TENSOR_F32, TENSOR_F16, TENSOR_BF16 };
static const int32_t tokens[TOKENS] = { 3, 45, 1, 49, 4, 46, 46, 9, 2, 48, 6, 47 };
static const int32_t plain[TOKENS] = { 3, 44, 1, 4, 5, 6, 6, 9, 2, 8, 6, 7 };

static bool is_vocabulary(const char *name)
{
	return strcmp(name, "token_embd.weight") == 0 || strcmp(name, "output.weight") == 0 ||
	       strcmp(name, "output.bias") == 0;
}

/* The model of @g without its last tokens. */
static struct bm_model *shrunk(const struct gguf *g, unsigned threads)
{
	struct bm_params params = { .threads = threads, .max_batch = 64 };
	_cleanup_close_ int fd = memfd_create("shrunk", MFD_CLOEXEC);
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	struct bm_model *m = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_copy(w, g, ""), 0);
	for (size_t i = 0; i < gguf_n_tensors(g); i++) {
		struct gguf_tensor t = *gguf_tensor_at(g, i);

		if (is_vocabulary(t.name))
			t.ne[t.n_dims - 1] -= EXTRA;
		ck_assert_int_eq(gguf_writer_tensor(w, t.name, t.type, t.n_dims, t.ne, t.data), 0);
	}
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	ck_assert_msg(bm_model_open_fd(&m, fd, &params, &d) == 0, "%s: %s", d.field, d.text);
	return m;
}

/* The last rows of a tensor. */
static struct gguf_tensor rows_of(const struct gguf *g, const char *name)
{
	struct gguf_tensor t = *gguf_tensor(g, name);
	size_t row = (size_t)tensor_row_size(t.type, t.ne[0]);

	t.data = (const uint8_t *)t.data + LEFT * row;
	t.ne[1] = EXTRA;
	t.size = EXTRA * row;
	return t;
}

struct world {
	struct bm_model *whole, *left;
	struct bm_delta *delta;
	const struct bm_delta *deltas[1];
	float scale;
	bool has_bias;		/* of the logits, of which tokens that are brought have none */
};

/* Takes over @whole. */
static void world_init(struct world *w, struct bm_model *whole, unsigned threads)
{
	const struct gguf *g = bm_model_gguf(whole);
	struct gguf_tensor embedding, output;

	w->whole = whole;
	w->left = shrunk(g, threads);
	w->has_bias = gguf_tensor(g, "output.bias");
	embedding = rows_of(g, "token_embd.weight");
	ck_assert_int_eq(bm_delta_new(&w->delta, w->left), 0);
	if (gguf_tensor(g, "output.weight")) {
		output = rows_of(g, "output.weight");
		ck_assert_int_eq(bm_delta_set_tokens(w->delta, &embedding, NULL), -EINVAL);
		ck_assert_int_eq(bm_delta_set_tokens(w->delta, &embedding, &output), 0);
	} else {
		ck_assert_int_eq(bm_delta_set_tokens(w->delta, &embedding, NULL), 0);
	}
	ck_assert_uint_eq(bm_delta_tokens(w->delta), EXTRA);
	w->deltas[0] = w->delta;
	w->scale = 1.0f;
}

static void world_deinit(struct world *w)
{
	bm_delta_free(w->delta);
	bm_model_free(w->left);
	bm_model_free(w->whole);
}

static struct bm_item item_of(struct world *w, struct bm_sequence *s, const int32_t *ids,
			      float *logits)
{
	return (struct bm_item){
		.seq = s, .tokens = ids, .n_tokens = TOKENS, .logits = logits, .all_logits = true,
		.deltas = w->deltas, .scales = &w->scale, .n_deltas = 1, .n_extra = EXTRA,
	};
}

static struct bm_sequence *sequence(const struct bm_model *m)
{
	struct bm_sequence *s = NULL;

	ck_assert_int_eq(bm_sequence_new(&s, m, SAMPLE_CONTEXT, BM_KV_F16), 0);
	return s;
}

/* All logits of a request without an adapter. */
static void without(struct bm_model *m, const int32_t *ids, float *logits)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = sequence(m);
	struct bm_item item = { .seq = s, .tokens = ids, .n_tokens = TOKENS, .logits = logits,
				.all_logits = true };

	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
}

static void check_rows(const struct world *w, const float *want, const float *have)
{
	size_t n = w->has_bias ? LEFT : WHOLE;

	for (size_t t = 0; t < TOKENS; t++)
		ck_assert_msg(memcmp(want + t * WHOLE, have + t * WHOLE, n * sizeof(*want)) == 0,
			      "token %zu", t);
}

/* Alone, then one at a time between two requests that know nothing of them. */
static void check_model(struct bm_model *whole, unsigned threads)
{
	static float want[PLACES], have[PLACES], want_plain[PLACES], beside[2 * LEFT];
	struct world w;
	struct bm_sequence *s1, *s2, *s3;
	struct bm_item item;

	world_init(&w, whole, threads);
	s1 = sequence(w.left);
	s2 = sequence(w.left);
	s3 = sequence(w.left);
	without(w.whole, tokens, want);
	without(w.left, plain, want_plain);
	item = item_of(&w, s2, tokens, have);
	ck_assert_int_eq(bm_forward(w.left, &item, 1, NULL), 0);
	check_rows(&w, want, have);
	memset(have, 0, sizeof(have));
	ck_assert_int_eq(bm_sequence_truncate(s2, 0), 0);
	for (size_t t = 0; t < TOKENS; t++) {
		struct bm_item items[3] = {
			{ .seq = s1, .tokens = plain + t, .n_tokens = 1, .logits = beside },
			item_of(&w, s2, tokens + t, have + t * WHOLE),
			{ .seq = s3, .tokens = plain + t, .n_tokens = 1, .logits = beside + LEFT },
		};

		items[1].n_tokens = 1;
		ck_assert_int_eq(bm_forward(w.left, items, 3, NULL), 0);
		for (int k = 0; k < 2; k++)
			ck_assert_int_eq(memcmp(beside + k * LEFT, want_plain + t * LEFT,
						LEFT * sizeof(*beside)), 0);
	}
	check_rows(&w, want, have);
	bm_sequence_free(s1);
	bm_sequence_free(s2);
	bm_sequence_free(s3);
	world_deinit(&w);
}

START_TEST(as_if_they_were_the_models)
{
	for (unsigned threads = 1; threads <= 4; threads += 3)
		check_model(sample_open(&family_cases[_i].s, threads), threads);
}
END_TEST

START_TEST(of_every_type)
{
	struct fixture f = FIXTURE;

	f.type = types[_i];
	check_model(fixture_open(&f, 3), 3);
}
END_TEST

/* More of them than a task takes, in a type other than the model's. */
START_TEST(as_many_as_may_be)
{
	enum { DIM = 64, VOCAB = 50, MOST = TOKENIZER_MAX_EXTRA };
	static float rows[(MOST + 1) * DIM], logits[2 * (VOCAB + MOST)];
	struct fixture f = FIXTURE;
	struct gguf_tensor t = { .n_dims = 2, .ne = { DIM, MOST + 1, 1, 1 }, .type = TENSOR_F32,
				 .data = rows, .size = sizeof(rows) };
	_cleanup_(bm_model_freep) struct bm_model *m = NULL;
	_cleanup_(bm_delta_freep) struct bm_delta *delta = NULL;
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
	const int32_t ids[2] = { 1, VOCAB + MOST - 1 };
	const float one = 1.0f;
	struct bm_item item;
	size_t before;

	f.type = TENSOR_Q8_0;
	m = fixture_open(&f, 3);
	s = sequence(m);
	for (size_t i = 0; i < MOST; i++)
		memcpy(rows + i * DIM, rows, i ? sizeof(float) * DIM : 0);
	for (size_t i = 0; i < DIM; i++)
		rows[i] = rows[(MOST - 1) * DIM + i] = 0.01f * (float)(i + 1);
	ck_assert_int_eq(bm_delta_new(&delta, m), 0);
	ck_assert_int_eq(bm_delta_set_tokens(delta, &t, NULL), -EINVAL);
	ck_assert_uint_eq(bm_delta_tokens(delta), 0);
	before = bm_delta_bytes(delta);
	t.ne[1] = MOST;
	t.size = MOST * DIM * sizeof(float);
	ck_assert_int_eq(bm_delta_set_tokens(delta, &t, &t), 0);
	ck_assert_uint_ge(bm_delta_bytes(delta), before + 2 * t.size);
	ck_assert_int_eq(bm_delta_set_tokens(delta, &t, &t), -EEXIST);
	item = (struct bm_item){ .seq = s, .tokens = ids, .n_tokens = 2, .logits = logits,
				 .all_logits = true, .scales = &one, .n_deltas = 1,
				 .deltas = (const struct bm_delta *const[]){ delta },
				 .n_extra = MOST };
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	for (size_t k = 0; k < 2; k++) {
		const float *extra = logits + k * (VOCAB + MOST) + VOCAB;

		ck_assert(extra[0] != 0.0f);
		ck_assert(extra[MOST - 1] == extra[0]);
		for (size_t i = 1; i + 1 < MOST; i++)
			ck_assert(extra[i] == 0.0f);
	}
}
END_TEST

/* A request that does not ask for their logits gets those of the vocabulary and no others. */
START_TEST(exist_for_who_uses_them)
{
	enum { GUARD = 7 };
	static float want[PLACES], have[TOKENS * LEFT + GUARD];
	struct world w;
	struct bm_sequence *s;
	struct bm_item item;
	const struct bm_delta *both[2];
	float scales[2] = { 1.0f, 0.5f };
	int32_t outside[1] = { WHOLE };

	world_init(&w, sample_open(&family_cases[0].s, 2), 2);
	s = sequence(w.left);
	without(w.whole, tokens, want);
	for (size_t i = 0; i < GUARD; i++)
		have[TOKENS * LEFT + i] = 123.0f;
	item = item_of(&w, s, tokens, have);
	item.n_extra = 0;
	ck_assert_int_eq(bm_forward(w.left, &item, 1, NULL), 0);
	for (size_t t = 0; t < TOKENS; t++)
		ck_assert_int_eq(memcmp(have + t * LEFT, want + t * WHOLE, LEFT * sizeof(*want)),
				 0);
	for (size_t i = 0; i < GUARD; i++)
		ck_assert(have[TOKENS * LEFT + i] == 123.0f);

	/* Without the adapter, with a scale of 0, from two of them, or outside of all. */
	item.n_deltas = 0;
	ck_assert_int_eq(bm_forward(w.left, &item, 1, NULL), -EINVAL);
	item.n_deltas = 1;
	w.scale = 0.0f;
	ck_assert_int_eq(bm_forward(w.left, &item, 1, NULL), -EINVAL);
	item.tokens = plain;
	item.n_extra = 1;
	ck_assert_int_eq(bm_forward(w.left, &item, 1, NULL), -EINVAL);
	item.n_extra = 0;
	ck_assert_int_eq(bm_forward(w.left, &item, 1, NULL), 0);
	w.scale = 1.0f;
	item.n_extra = EXTRA + 1;
	ck_assert_int_eq(bm_forward(w.left, &item, 1, NULL), -EINVAL);
	both[0] = both[1] = w.delta;
	item.n_extra = 0;
	item.deltas = both;
	item.scales = scales;
	item.n_deltas = 2;
	ck_assert_int_eq(bm_forward(w.left, &item, 1, NULL), -EINVAL);
	scales[0] = 0.0f;
	ck_assert_int_eq(bm_forward(w.left, &item, 1, NULL), 0);
	item.tokens = outside;
	item.n_tokens = 1;
	ck_assert_int_eq(bm_forward(w.left, &item, 1, NULL), -EINVAL);
	ck_assert_uint_eq(bm_sequence_length(s), 3 * TOKENS);
	bm_sequence_free(s);
	world_deinit(&w);
}
END_TEST

START_TEST(rows_that_are_refused)
{
	struct world w;
	struct bm_delta *delta = NULL;
	struct gguf_tensor good, bad;

	world_init(&w, sample_open(&family_cases[0].s, 1), 1);
	good = rows_of(bm_model_gguf(w.whole), "token_embd.weight");
	ck_assert_int_eq(bm_delta_new(&delta, w.left), 0);
	bad = good;
	bad.ne[0]--;
	ck_assert_int_eq(bm_delta_set_tokens(delta, &bad, NULL), -EINVAL);
	bad = good;
	bad.ne[2] = 2;
	ck_assert_int_eq(bm_delta_set_tokens(delta, &bad, NULL), -EINVAL);
	bad = good;
	bad.ne[1] = 0;
	ck_assert_int_eq(bm_delta_set_tokens(delta, &bad, NULL), -EINVAL);
	bad = good;
	bad.ne[1]--;
	ck_assert_int_eq(bm_delta_set_tokens(delta, &good, &bad), -EINVAL);
	bad = good;
	bad.type = TENSOR_Q8_0;
	ck_assert_int_eq(bm_delta_set_tokens(delta, &bad, NULL), -EINVAL);
	ck_assert_int_eq(bm_delta_set_tokens(delta, &good, NULL), 0);
	bm_delta_free(delta);
	world_deinit(&w);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, as_if_they_were_the_models, 0, FAMILY_CASES);
	tcase_add_loop_test(tc, of_every_type, 0, ARRAY_SIZE(types));
	tcase_add_test(tc, as_many_as_may_be);
	tcase_add_test(tc, exist_for_who_uses_them);
	tcase_add_test(tc, rows_that_are_refused);
	return run_tests("extra tokens", tc);
}
