/* SPDX-License-Identifier: MIT */
/*
 * Sequences that share pages of one pool: whatever was forked, cut, sealed and freed before,
 * a sequence's logits are the bits of its tokens computed alone, by the generic kernels, in
 * memory of its own; and the pool never gives out more than its limit.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/model-private.h"
#include "base_model/sequence.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum { VOCAB = 50, CONTEXT = 640, BATCH = 256, LIVE = 5, STEPS = 24 };

struct timeline {
	struct bm_sequence *seq;
	int32_t tokens[CONTEXT];
	uint32_t forked;	/* length that it began with */
	bool sealed;
};

struct schedule {
	struct bm_model *model, *plain;	/* as it runs; with the generic kernels */
	struct bm_kv_pool *pool;
	size_t limit;
	struct timeline lines[LIVE];
	uint64_t seed;
};

static uint32_t below(struct schedule *s, uint32_t n)
{
	fixture_random(&s->seed);
	return (uint32_t)(s->seed >> 33) % n;
}

/* @windows: every other layer sees 70 positions. */
static struct bm_model *open_model(bool windows, unsigned threads)
{
	struct fixture f = FIXTURE;
	struct bm_model *m;

	f.context = CONTEXT;
	f.max_batch = BATCH;
	f.dim = 32;
	f.ffn = 32;
	m = fixture_open(&f, threads);
	if (windows)
		m->config.layers[1].window = 70;
	return m;
}

static void forget(struct timeline *l)
{
	l->seq = bm_sequence_free(l->seq);
	l->forked = 0;
	l->sealed = false;
}

/* Room for one step: the pool has asked, or is about to be too small. */
static void make_room(void *arg, size_t bytes)
{
	struct schedule *s = arg;

	ck_assert_uint_gt(bytes, 0);
	for (int i = 0; i < LIVE; i++)
		if (s->lines[i].sealed)
			forget(&s->lines[i]);
}

static void check_logits(struct schedule *s, const struct timeline *l, const float *have)
{
	uint32_t n = bm_sequence_length(l->seq);
	struct bm_sequence *alone;
	float want[VOCAB];

	ck_assert_int_eq(bm_sequence_new(&alone, s->plain, n, l->seq->pool->type), 0);
	for (uint32_t at = 0; at < n; at += BATCH) {
		struct bm_item item = { .seq = alone, .tokens = l->tokens + at,
					.n_tokens = MIN((uint32_t)BATCH, n - at),
					.logits = want };

		ck_assert_int_eq(bm_forward(s->plain, &item, 1, NULL), 0);
	}
	ck_assert_msg(memcmp(want, have, sizeof(want)) == 0, "%u tokens", n);
	bm_sequence_free(alone);
}

static void begin(struct schedule *s, struct timeline *l)
{
	uint32_t n_ctx = 1 + below(s, CONTEXT);
	const struct timeline *from = &s->lines[below(s, LIVE)];
	int r;

	if (from->seq && below(s, 4) > 0) {
		uint32_t length = below(s, bm_sequence_length(from->seq) + 1);
		bool covered = bm_sequence_covers(from->seq, length);
		/* Asked for room, the pool may free what is forked: not here. */
		bool sealed = from->sealed;

		((struct timeline *)from)->sealed = false;
		r = bm_sequence_fork(&l->seq, from->seq, length, MAX(n_ctx, length + 1));
		((struct timeline *)from)->sealed = sealed;
		if (length == CONTEXT)
			ck_assert_int_eq(r, -EINVAL);
		else if (!covered)
			ck_assert_int_eq(r, -ERANGE);
		else
			ck_assert(r == 0 || r == -ENOSPC);
		memcpy(l->tokens, from->tokens, sizeof(l->tokens));
	} else {
		size_t used = bm_kv_pool_used(s->pool), need = bm_kv_pool_need(s->pool, n_ctx);

		r = bm_sequence_in(&l->seq, s->pool, n_ctx);
		ck_assert(r == 0 || r == -ENOSPC);
		if (need <= s->limit - used)
			ck_assert_int_eq(r, 0);
	}
	l->seq = r < 0 ? NULL : l->seq;
	l->forked = r < 0 ? 0 : bm_sequence_length(l->seq);
}

/* A pass over some of the live sequences, one of which may be compared. */
static void append(struct schedule *s)
{
	float logits[LIVE][VOCAB];
	struct bm_item items[LIVE];
	struct timeline *of[LIVE];
	size_t n = 0, chosen;
	int r;

	for (int i = 0; i < LIVE; i++) {
		struct timeline *l = &s->lines[i];
		uint32_t room, count, length;

		if (!l->seq || l->sealed || below(s, 3) == 0)
			continue;
		length = bm_sequence_length(l->seq);
		room = bm_sequence_capacity(l->seq) - length;
		count = MIN(room, below(s, 4) ? 1 + below(s, 50) : 1u);
		if (!count)
			continue;
		for (uint32_t k = 0; k < count; k++)
			l->tokens[length + k] = (int32_t)below(s, VOCAB);
		of[n] = l;
		items[n] = (struct bm_item){ .seq = l->seq, .tokens = l->tokens + length,
					     .n_tokens = count, .logits = logits[n] };
		n++;
	}
	if (n == 0)
		return;
	r = bm_forward(s->model, items, n, NULL);
	/* What was promised to one that went back may have been shared since. */
	ck_assert(r == 0 || r == -ENOSPC);
	chosen = below(s, (uint32_t)n);
	if (r == 0 && below(s, 5) == 0)
		check_logits(s, of[chosen], logits[chosen]);
}

static void cut(struct schedule *s, struct timeline *l)
{
	uint32_t length = bm_sequence_length(l->seq);
	uint32_t to = below(s, 4) == 0 ? 0 : length - MIN(length, below(s, 100));
	bool covered = bm_sequence_covers(l->seq, to);

	ck_assert(covered || length - to > BM_SEQUENCE_BACK || to < l->forked);
	ck_assert_int_eq(bm_sequence_truncate(l->seq, to), covered ? 0 : -ERANGE);
	ck_assert_uint_eq(bm_sequence_length(l->seq), covered ? to : length);
}

static void step(struct schedule *s)
{
	struct timeline *l = &s->lines[below(s, LIVE)];

	switch (below(s, 6)) {
	case 0:
		if (!l->seq)
			begin(s, l);
		break;
	case 1:
		if (l->seq && !l->sealed)
			cut(s, l);
		break;
	case 2:
		if (l->seq && below(s, 2))
			forget(l);
		else if (l->seq) {
			bm_sequence_seal(l->seq);
			l->sealed = true;
		}
		break;
	default:
		append(s);
		if (!l->seq)
			begin(s, l);
	}
	ck_assert_uint_le(bm_kv_pool_used(s->pool), s->limit);
}

static void run_schedules(bool windows, enum bm_kv_type type, int n)
{
	struct schedule s = { .seed = (uint64_t)type + 2 * windows + 1 };

	s.model = open_model(windows, 3);
	s.plain = open_model(windows, 1);
	s.plain->kernels = &kernels_generic;
	for (int i = 0; i < n; i++) {
		struct bm_kv_pool *whole;

		ck_assert_int_eq(bm_kv_pool_new(&whole, s.model, type, SIZE_MAX), 0);
		s.limit = bm_kv_pool_need(whole, CONTEXT) * (1 + below(&s, 6)) / 2;
		bm_kv_pool_unref(whole);
		ck_assert_int_eq(bm_kv_pool_new(&s.pool, s.model, type, s.limit), 0);
		bm_kv_pool_on_full(s.pool, make_room, &s);
		for (int k = 0; k < STEPS; k++)
			step(&s);
		for (int k = 0; k < LIVE; k++)
			forget(&s.lines[k]);
		ck_assert_uint_eq(bm_kv_pool_used(s.pool), 0);
		bm_kv_pool_unref(s.pool);
	}
	bm_model_free(s.model);
	bm_model_free(s.plain);
}

START_TEST(schedules)
{
	const char *many = getenv("SCHEDULES");

	run_schedules(_i % 2, _i / 2, many ? atoi(many) : 40);
}
END_TEST

/* A window's pages go as it moves, so that a long text needs no more of them. */
START_TEST(window_keeps_its_pages_only)
{
	struct bm_model *m = open_model(true, 1);
	struct bm_kv_pool *pool;
	struct bm_sequence *s;
	int32_t tokens[CONTEXT] = { 0 };
	size_t most;

	m->config.layers[0].window = 70;
	m->max_batch = 16;
	ck_assert_int_eq(bm_kv_pool_new(&pool, m, BM_KV_F16, SIZE_MAX), 0);
	most = bm_kv_pool_need(pool, CONTEXT);
	ck_assert_uint_eq(most, bm_kv_pool_need(pool, CONTEXT / 2));
	bm_kv_pool_set_limit(pool, most);
	ck_assert_int_eq(bm_sequence_in(&s, pool, CONTEXT), 0);
	for (uint32_t at = 0; at < CONTEXT; at += 16) {
		struct bm_item item = { .seq = s, .tokens = tokens, .n_tokens = 16 };

		ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
		ck_assert_uint_le(bm_kv_pool_used(pool), most);
	}
	ck_assert(!bm_sequence_covers(s, CONTEXT - 128));
	ck_assert_int_eq(bm_sequence_truncate(s, CONTEXT - 128), -ERANGE);
	ck_assert_int_eq(bm_sequence_truncate(s, CONTEXT - BM_SEQUENCE_BACK), 0);
	bm_sequence_free(s);
	bm_kv_pool_unref(pool);
	bm_model_free(m);
}
END_TEST

/* One page is shared by many; what is written to goes apart. */
START_TEST(pages_are_counted_once)
{
	struct bm_model *m = open_model(false, 1);
	struct bm_kv_pool *pool;
	struct bm_sequence *s, *forks[8];
	int32_t tokens[CONTEXT] = { 0 };
	struct bm_item item = { .tokens = tokens, .n_tokens = 100 };
	size_t whole, used;

	ck_assert_int_eq(bm_kv_pool_new(&pool, m, BM_KV_Q8_0, SIZE_MAX), 0);
	ck_assert_int_eq(bm_sequence_in(&s, pool, 100), 0);
	item.seq = s;
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	used = bm_kv_pool_used(pool);
	ck_assert_uint_eq(used, bm_kv_pool_need(pool, 100));
	whole = used / 4;
	for (int i = 0; i < 8; i++) {
		/* Three whole pages shared, and one of its own for tokens 96 to 127. */
		ck_assert_int_eq(bm_sequence_fork(&forks[i], s, 100, 128), 0);
		ck_assert_uint_eq(bm_kv_pool_used(pool), used + (size_t)(i + 1) * whole);
	}
	bm_sequence_free(s);
	ck_assert_uint_eq(bm_kv_pool_used(pool), used + 8 * whole);
	item.n_tokens = 1;
	for (int i = 0; i < 8; i++) {
		item.seq = forks[i];
		ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	}
	ck_assert_uint_le(bm_kv_pool_used(pool), used + 8 * whole);
	bm_kv_pool_set_limit(pool, bm_kv_pool_used(pool));
	ck_assert_int_eq(bm_sequence_in(&s, pool, 1), -ENOSPC);
	for (int i = 0; i < 8; i++)
		bm_sequence_free(forks[i]);
	ck_assert_uint_eq(bm_kv_pool_used(pool), 0);
	bm_kv_pool_unref(pool);
	bm_model_free(m);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, schedules, 0, 2 * BM_KV_COUNT);
	tcase_add_test(tc, window_keeps_its_pages_only);
	tcase_add_test(tc, pages_are_counted_once);
	return run_tests("sequences", tc);
}
