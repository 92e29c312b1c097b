/* SPDX-License-Identifier: MIT */
/*
 * Beginnings that were computed before: what continues one has the bits of a text computed
 * alone; no adapter and no scale meets what another computed; all of it and the adapters
 * stay below one budget.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/engine/residents.h"
#include "base_model/model-private.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum { VOCAB = 50, CONTEXT = 320, ADAPTERS = 3, TEMPLATES = 4 };

struct world {
	struct bm_model *m;
	struct residents *residents;
	int fds[ADAPTERS];
	struct digest digests[ADAPTERS];
	int32_t templates[TEMPLATES][CONTEXT];
	uint64_t seed;
};

static uint32_t below(struct world *w, uint32_t n)
{
	fixture_random(&w->seed);
	return (uint32_t)(w->seed >> 33) % n;
}

static struct adapter *load(struct world *w, int i)
{
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(adapter_load_fd(&a, w->m, w->fds[i], &d) == 0, "%s", d.text);
	return a;
}

static void world_init(struct world *w, uint32_t window)
{
	struct fixture f = FIXTURE;

	f.context = CONTEXT;
	*w = (struct world){ .m = fixture_open(&f, 2), .seed = 7 };
	w->m->config.layers[1].window = window;
	for (int i = 0; i < ADAPTERS; i++) {
		struct lora_fixture lora = LORA_FIXTURE;
		struct adapter *a;

		lora.seed = 10 + (uint64_t)i;
		w->fds[i] = fixture_lora_fd(&lora);
		a = load(w, i);
		w->digests[i] = *adapter_digest(a);
		adapter_unref(a);
	}
	for (int i = 0; i < TEMPLATES; i++)
		for (int k = 0; k < CONTEXT; k++)
			w->templates[i][k] = (int32_t)below(w, VOCAB);
	/* Two of them begin alike. */
	memcpy(w->templates[1], w->templates[0], 45 * sizeof(int32_t));
}

static void world_deinit(struct world *w)
{
	residents_free(w->residents);
	for (int i = 0; i < ADAPTERS; i++)
		close(w->fds[i]);
	bm_model_free(w->m);
}

/* The last token's logits of @tokens behind what @seq has; @adapters are those of @key. */
static void compute(struct world *w, struct bm_sequence *seq, const struct prefix_key *key,
		    struct adapter *const *adapters, const int32_t *tokens, uint32_t n,
		    float *logits)
{
	for (uint32_t at = bm_sequence_length(seq), end; at < n; at = end) {
		const struct bm_delta *deltas[ADAPTERS];
		float scales[ADAPTERS];
		struct bm_item item = { .seq = seq, .tokens = tokens + at, .logits = logits,
					.deltas = deltas, .scales = scales };

		end = MIN(n, at + 64);
		for (uint32_t i = 0; i < key->n_uses; i++) {
			if (key->uses[i].from > at) {
				end = MIN(end, key->uses[i].from);
				continue;
			}
			deltas[item.n_deltas] = adapter_delta(adapters[i]);
			scales[item.n_deltas++] = key->uses[i].scale;
		}
		item.n_tokens = end - at;
		ck_assert_int_eq(bm_forward(w->m, &item, 1, NULL), 0);
	}
}

static struct adapter *find_adapter(struct world *w, int i)
{
	struct adapter *a = residents_find(w->residents, &w->digests[i]);

	if (!a) {
		a = load(w, i);
		ck_assert_int_eq(residents_add(w->residents, a), 0);
	}
	return a;
}

/* Any of the adapters, each from the first token or from a later one of @n. */
static struct prefix_key any_key(struct world *w, struct adapter **adapters, uint32_t n)
{
	struct prefix_key key = { .n_uses = 0 };
	uint32_t set = below(w, 4) ? 1u << below(w, ADAPTERS + 1) : below(w, 1 << ADAPTERS);

	for (int i = 0; i < ADAPTERS; i++) {
		if (!(set & 1u << i))
			continue;
		adapters[key.n_uses] = find_adapter(w, i);
		key.uses[key.n_uses++] = (struct prefix_use){
			w->digests[i], below(w, 2) ? 1.0f : 0.5f, below(w, 2) ? below(w, n) : 0 };
	}
	return key;
}

/* One request; how many of its tokens were known, or -ENOSPC. */
static int one_request(struct world *w, enum bm_kv_type type)
{
	int32_t tokens[CONTEXT];
	uint32_t n = 1 + below(w, 200), common = below(w, n + 1);
	struct adapter *adapters[ADAPTERS];
	struct prefix_key key = any_key(w, adapters, n);
	struct bm_sequence *seq, *alone;
	float want[VOCAB], have[VOCAB];
	int known;

	memcpy(tokens, w->templates[below(w, TEMPLATES)], common * sizeof(tokens[0]));
	for (uint32_t i = common; i < n; i++)
		tokens[i] = (int32_t)below(w, VOCAB);
	known = residents_begin(w->residents, &key, tokens, n, n + 20, &seq);
	if (known == 0) {
		known = (int)bm_sequence_length(seq);
		ck_assert_int_lt(known, (int)n);
		compute(w, seq, &key, adapters, tokens, n, have);
		ck_assert_int_eq(bm_sequence_new(&alone, w->m, n, type), 0);
		compute(w, alone, &key, adapters, tokens, n, want);
		ck_assert_int_eq(memcmp(want, have, sizeof(want)), 0);
		bm_sequence_free(alone);
		residents_keep(w->residents, &key, tokens, seq);
	}
	for (uint32_t i = 0; i < key.n_uses; i++)
		adapter_unref(adapters[i]);
	return known;
}

/* Windows that texts outgrow, and none; from room for one text beside the adapters to much. */
START_TEST(continued_as_computed_alone)
{
	static const uint32_t windows[] = { 0, 40 };
	static const enum bm_kv_type types[] = { BM_KV_F16, BM_KV_Q8_0 };
	uint64_t known = 0, refused = 0;
	struct bm_kv_pool *pool;
	struct world w;
	struct adapter *a;
	size_t text, adapter;

	world_init(&w, windows[_i % 2]);
	a = load(&w, 0);
	adapter = adapter_bytes(a);
	adapter_unref(a);
	ck_assert_int_eq(bm_kv_pool_new(&pool, w.m, types[_i / 2], SIZE_MAX), 0);
	text = bm_kv_pool_need(pool, 220);
	bm_kv_pool_unref(pool);
	for (size_t room = 1; room <= 16; room *= 4) {
		ck_assert_int_eq(residents_new(&w.residents, w.m, types[_i / 2],
					       ADAPTERS * adapter + room * text, SIZE_MAX), 0);
		for (int i = 0; i < 120; i++) {
			int r = one_request(&w, types[_i / 2]);

			refused += r < 0;
			known += r > 0 ? (uint64_t)r : 0;
		}
		ck_assert_uint_ge(residents_context(w.residents), 220);
		w.residents = residents_free(w.residents);
	}
	ck_assert_uint_gt(known, 1000);
	ck_assert_uint_eq(refused, 0);
	world_deinit(&w);
}
END_TEST

static int begin(struct world *w, const int32_t *tokens, uint32_t n, uint32_t n_ctx,
		 struct bm_sequence **ret)
{
	const struct prefix_key none = { .n_uses = 0 };

	return residents_begin(w->residents, &none, tokens, n, n_ctx, ret);
}

static void keep(struct world *w, const int32_t *tokens, struct bm_sequence *seq)
{
	const struct prefix_key none = { .n_uses = 0 };

	residents_keep(w->residents, &none, tokens, seq);
}

START_TEST(one_budget)
{
	const struct prefix_key none = { .n_uses = 0 };
	struct bm_sequence *seq, *second;
	struct adapter *a;
	struct bm_kv_pool *pool;
	float logits[VOCAB];
	struct engine_usage usage;
	struct world w;
	size_t text;

	world_init(&w, 0);
	ck_assert_int_eq(bm_kv_pool_new(&pool, w.m, BM_KV_F16, SIZE_MAX), 0);
	text = bm_kv_pool_need(pool, CONTEXT);
	bm_kv_pool_unref(pool);
	ck_assert_int_eq(residents_new(&w.residents, w.m, BM_KV_F16, text, text), 0);
	ck_assert_uint_eq(residents_context(w.residents), CONTEXT);

	/* A text that runs is not taken from; another one waits. */
	ck_assert_int_eq(begin(&w, w.templates[0], 100, 200, &seq), 0);
	compute(&w, seq, &none, NULL, w.templates[0], 100, logits);
	ck_assert_int_eq(begin(&w, w.templates[2], 100, 200, &second), -ENOSPC);
	keep(&w, w.templates[0], seq);

	/* What is known is shared with what begins alike. */
	ck_assert_int_eq(begin(&w, w.templates[1], 100, 200, &seq), 0);
	ck_assert_uint_eq(bm_sequence_length(seq), 45);
	keep(&w, w.templates[1], seq);
	ck_assert_int_eq(begin(&w, w.templates[0], 100, 200, &seq), 0);
	ck_assert_uint_eq(bm_sequence_length(seq), 99);
	bm_sequence_free(seq);

	/* A text of the whole budget: beginnings go, and then an adapter that nobody uses. */
	a = load(&w, 0);
	ck_assert_int_eq(residents_add(w.residents, a), 0);
	adapter_unref(a);
	while (residents_changed(w.residents, &usage))
		;
	ck_assert(usage.resident);
	ck_assert_int_eq(begin(&w, w.templates[3], 10, CONTEXT, &seq), 0);
	ck_assert(residents_changed(w.residents, &usage));
	ck_assert(!usage.resident);
	ck_assert_uint_eq(usage.used, 0);
	bm_sequence_free(seq);
	world_deinit(&w);
}
END_TEST

/* To pin what is resident costs no room, and so no beginning. */
START_TEST(held_where_it_is)
{
	const struct prefix_key none = { .n_uses = 0 };
	struct bm_sequence *seq;
	struct adapter *a;
	struct bm_kv_pool *pool;
	float logits[VOCAB];
	struct world w;
	size_t text;

	world_init(&w, 0);
	ck_assert_int_eq(bm_kv_pool_new(&pool, w.m, BM_KV_F16, SIZE_MAX), 0);
	text = bm_kv_pool_need(pool, CONTEXT);
	bm_kv_pool_unref(pool);
	a = load(&w, 0);
	ck_assert_int_eq(residents_new(&w.residents, w.m, BM_KV_F16, text + adapter_bytes(a),
				       adapter_bytes(a)), 0);
	ck_assert_int_eq(residents_hold(w.residents, a, false), 0);
	ck_assert_int_eq(begin(&w, w.templates[0], CONTEXT, CONTEXT, &seq), 0);
	compute(&w, seq, &none, NULL, w.templates[0], CONTEXT, logits);
	keep(&w, w.templates[0], seq);
	ck_assert_int_eq(residents_hold(w.residents, a, true), 0);
	adapter_unref(a);
	ck_assert(residents_know(w.residents, &none, w.templates[0], CONTEXT));
	ck_assert_int_eq(residents_drop(w.residents, &w.digests[0]), -EBUSY);
	world_deinit(&w);
}
END_TEST

enum { RULE_TOKENS = 100 };

/* What a text computed with the first key leaves for one of the same tokens with the second:
 * with up to two adapters, by number and the token from which they act. */
static const struct {
	struct { int n, adapter[2], from[2]; bool half; } had, asks;
	uint32_t shared;
} rules[] = {
	{ { 0 }, { 0 }, RULE_TOKENS - 1 },
	{ { 0 }, { 1, { 1 }, { 0 } }, 0 },
	{ { 1, { 1 }, { 0 } }, { 0 }, 0 },
	{ { 1, { 1 }, { 0 } }, { 1, { 1 }, { 0 } }, RULE_TOKENS - 1 },
	{ { 1, { 1 }, { 0 } }, { 1, { 1 }, { 0 }, true }, 0 },
	{ { 1, { 1 }, { 0 } }, { 1, { 2 }, { 0 } }, 0 },
	/* With invocation tokens: the base up to them, and each other. */
	{ { 0 }, { 1, { 1 }, { 70 } }, 70 },
	{ { 1, { 1 }, { 70 } }, { 0 }, 70 },
	{ { 1, { 1 }, { 70 } }, { 1, { 1 }, { 70 } }, RULE_TOKENS - 1 },
	{ { 1, { 1 }, { 70 } }, { 1, { 1 }, { 70 }, true }, 70 },
	{ { 1, { 1 }, { 70 } }, { 1, { 1 }, { 60 } }, 60 },
	{ { 1, { 1 }, { 70 } }, { 1, { 2 }, { 80 } }, 70 },
	{ { 1, { 1 }, { 0 } }, { 1, { 1 }, { 50 } }, 0 },
	/* Several: up to the first that is not in both. */
	{ { 1, { 1 }, { 0 } }, { 2, { 1, 2 }, { 0, 70 } }, 70 },
	{ { 2, { 1, 2 }, { 0, 70 } }, { 2, { 1, 2 }, { 0, 80 } }, 70 },
	{ { 2, { 1, 2 }, { 40, 0 } }, { 2, { 1, 2 }, { 40, 0 } }, RULE_TOKENS - 1 },
	{ { 2, { 1, 2 }, { 40, 60 } }, { 1, { 2 }, { 60 } }, 40 },
	{ { 2, { 1, 2 }, { 40, 60 } }, { 1, { 1 }, { 40 } }, 60 },
};

START_TEST(shared_up_to_where_they_part)
{
	struct prefix_key keys[2] = { { .n_uses = 0 } };
	struct bm_sequence *seq;
	float logits[VOCAB];
	struct world w;

	world_init(&w, 0);
	ck_assert_int_eq(residents_new(&w.residents, w.m, BM_KV_F16, SIZE_MAX, SIZE_MAX), 0);
	for (int k = 0; k < 2; k++) {
		const int *adapter = k ? rules[_i].asks.adapter : rules[_i].had.adapter;
		const int *from = k ? rules[_i].asks.from : rules[_i].had.from;
		bool half = k ? rules[_i].asks.half : rules[_i].had.half;
		int n = k ? rules[_i].asks.n : rules[_i].had.n;

		for (int i = 0; i < n; i++)
			keys[k].uses[keys[k].n_uses++] = (struct prefix_use){
				w.digests[adapter[i]], half ? 0.5f : 1.0f, (uint32_t)from[i] };
	}
	ck_assert_int_eq(residents_begin(w.residents, &keys[0], w.templates[0], RULE_TOKENS,
					 RULE_TOKENS, &seq), 0);
	/* What is in it does not matter here. */
	compute(&w, seq, &(struct prefix_key){ .n_uses = 0 }, NULL, w.templates[0], RULE_TOKENS,
		logits);
	residents_keep(w.residents, &keys[0], w.templates[0], seq);
	ck_assert_int_eq(residents_begin(w.residents, &keys[1], w.templates[0], RULE_TOKENS,
					 RULE_TOKENS, &seq), 0);
	ck_assert_uint_eq(bm_sequence_length(seq), rules[_i].shared);
	bm_sequence_free(seq);
	world_deinit(&w);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, continued_as_computed_alone, 0, 4);
	tcase_add_test(tc, one_budget);
	tcase_add_test(tc, held_where_it_is);
	tcase_add_loop_test(tc, shared_up_to_where_they_part, 0, ARRAY_SIZE(rules));
	return run_tests("prefixes", tc);
}
