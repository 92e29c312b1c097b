/* SPDX-License-Identifier: MIT */
/* What stays in memory, what goes for what, and what is counted of it. */
#include <errno.h>

#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

START_TEST(cache_evicts_the_least_recently_used)
{
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 1);
	struct adapter *a[4], *found;
	struct adapter_cache *c;
	struct adapter_usage usage;
	size_t bytes;

	for (int i = 0; i < 4; i++)
		a[i] = fixture_adapter(m, (uint64_t)i);
	bytes = adapter_bytes(a[0]);
	ck_assert_int_eq(adapter_cache_new(&c, 2 * bytes), 0);
	ck_assert_ptr_null(adapter_cache_get(c, adapter_digest(a[0])));
	for (int i = 0; i < 3; i++) {
		struct digest digest = *adapter_digest(a[i]);

		ck_assert_int_eq(adapter_cache_put(c, a[i]), i < 2 ? 0 : -ENOSPC);
		/* The first two are still referenced here, so nothing could be evicted. */
		ck_assert_uint_eq(adapter_cache_bytes(c), MIN(i + 1, 2) * bytes);
		found = adapter_cache_get(c, &digest);
		ck_assert((found != NULL) == (i < 2));
		adapter_unref(found);
	}
	adapter_unref(a[0]);
	adapter_unref(a[1]);
	adapter_cache_usage(c, 0, &usage);
	/* The first was used last: the second goes. */
	found = adapter_cache_get(c, &usage.digest);
	ck_assert_ptr_nonnull(found);
	adapter_unref(found);
	ck_assert_int_eq(adapter_cache_put(c, a[2]), 0);
	ck_assert(adapter_cache_usage(c, 0, &usage) && usage.resident && usage.hits == 2);
	ck_assert_int_eq(adapter_cache_pin(c, &usage.digest, true), 0);
	ck_assert(adapter_cache_usage(c, 1, &usage) && !usage.resident && usage.evictions == 1);
	ck_assert_int_eq(adapter_cache_evict(c, &usage.digest), -ENOENT);
	/* Pinned and in use: neither goes, also when the budget shrinks. */
	adapter_cache_set_budget(c, 0);
	ck_assert_uint_eq(adapter_cache_bytes(c), 2 * bytes);
	ck_assert_int_eq(adapter_cache_evict(c, adapter_digest(a[2])), -EBUSY);
	ck_assert_int_eq(adapter_cache_put(c, a[3]), -ENOSPC);
	adapter_unref(a[2]);
	adapter_cache_set_budget(c, 0);
	ck_assert_uint_eq(adapter_cache_bytes(c), bytes);
	ck_assert(!adapter_cache_usage(c, 4, &usage));
	adapter_unref(a[3]);
	adapter_cache_free(c);
	bm_model_free(m);
}
END_TEST

enum { FEW = 3 };

/* A cache with room for two of three adapters, of which nothing else has a reference. */
struct world {
	struct bm_model *m;
	struct adapter *a[FEW];
	struct adapter_cache *c;
};

static void world_init(struct world *w)
{
	struct fixture f = FIXTURE;

	w->m = fixture_open(&f, 1);
	for (int i = 0; i < FEW; i++)
		w->a[i] = fixture_adapter(w->m, (uint64_t)i);
	ck_assert_int_eq(adapter_cache_new(&w->c, 2 * adapter_bytes(w->a[0])), 0);
}

static void world_deinit(struct world *w)
{
	adapter_cache_free(w->c);
	for (int i = 0; i < FEW; i++)
		adapter_unref(w->a[i]);
	bm_model_free(w->m);
}

/* As requests do it that end at once. */
static bool ask_for(struct world *w, int i)
{
	struct adapter *a = adapter_cache_get(w->c, adapter_digest(w->a[i]));

	adapter_unref(a);
	return a;
}

/* The cache's references alone keep nothing from going. */
static void let_go(struct world *w)
{
	for (int i = 0; i < FEW; i++)
		w->a[i] = adapter_unref(w->a[i]);
}

static struct adapter_usage usage_of(const struct world *w, const struct digest *digest)
{
	struct adapter_usage u;

	for (size_t i = 0; adapter_cache_usage(w->c, i, &u); i++)
		if (digest_equal(&u.digest, digest))
			return u;
	ck_abort_msg("not counted");
}

START_TEST(everything_is_counted)
{
	struct adapter_usage u;
	struct adapter *seen;
	struct world w;

	world_init(&w);
	for (int i = 0; i < 3; i++)
		ck_assert(!ask_for(&w, 0));
	u = usage_of(&w, adapter_digest(w.a[0]));
	ck_assert(u.misses == 3 && u.hits == 0 && u.loads == 0 && !u.resident && u.used_at > 0);
	ck_assert_int_eq(adapter_cache_put(w.c, w.a[0]), 0);
	ck_assert_int_eq(adapter_cache_put(w.c, w.a[0]), 0);
	seen = adapter_cache_peek(w.c, adapter_digest(w.a[0]));
	ck_assert_ptr_eq(seen, w.a[0]);
	adapter_unref(seen);
	ck_assert(ask_for(&w, 0));
	u = usage_of(&w, adapter_digest(w.a[0]));
	ck_assert(u.misses == 3 && u.hits == 1 && u.loads == 1 && u.resident && !u.ahead);
	ck_assert_uint_eq(u.bytes, adapter_bytes(w.a[0]));
	ck_assert_uint_eq(u.load_us, adapter_load_us(w.a[0]));
	ck_assert_uint_eq(u.total_load_us, u.load_us);
	ck_assert_uint_eq(adapter_cache_kept_bytes(w.c), u.bytes);
	world_deinit(&w);
}
END_TEST

/* What nobody asked for takes what is free, and later the place of what is older. */
START_TEST(ahead_evicts_nothing_that_was_used_since)
{
	struct digest digests[FEW];
	struct adapter_usage u;
	struct world w;
	size_t bytes;

	world_init(&w);
	bytes = adapter_bytes(w.a[0]);
	for (int i = 0; i < FEW; i++)
		digests[i] = *adapter_digest(w.a[i]);
	ck_assert(adapter_cache_fits_ahead(w.c, &digests[0], 2 * bytes));
	ck_assert(!adapter_cache_fits_ahead(w.c, &digests[0], 2 * bytes + 1));
	ck_assert_int_eq(adapter_cache_put_ahead(w.c, w.a[0]), 0);
	ck_assert(ask_for(&w, 0) && ask_for(&w, 0));
	u = usage_of(&w, &digests[0]);
	ck_assert(u.loads == 1 && u.ahead == 1 && u.ahead_used == 1 && u.hits == 2);
	ck_assert_int_eq(adapter_cache_put(w.c, w.a[1]), 0);
	let_go(&w);

	/* The third was never used: both others stay. */
	w.a[0] = fixture_adapter(w.m, 0);
	w.a[1] = fixture_adapter(w.m, 1);
	w.a[2] = fixture_adapter(w.m, 2);
	ck_assert(!adapter_cache_fits_ahead(w.c, &digests[2], bytes));
	ck_assert_int_eq(adapter_cache_put_ahead(w.c, w.a[2]), -ENOSPC);
	/* It is asked for, and takes the place of the older one, which gets it back ahead only
	 * where it was used later than somebody else. */
	ck_assert_int_eq(adapter_cache_put(w.c, w.a[2]), 0);
	ck_assert(!usage_of(&w, &digests[0]).resident && usage_of(&w, &digests[1]).resident);
	w.a[2] = adapter_unref(w.a[2]);
	ck_assert_int_eq(adapter_cache_put_ahead(w.c, w.a[0]), -ENOSPC);
	ck_assert(!adapter_cache_get(w.c, &digests[0]));
	ck_assert(adapter_cache_fits_ahead(w.c, &digests[0], bytes));
	ck_assert_int_eq(adapter_cache_put_ahead(w.c, w.a[0]), 0);
	ck_assert(usage_of(&w, &digests[0]).resident && !usage_of(&w, &digests[1]).resident);
	/* It goes unused: that is no use. */
	ck_assert_int_eq(adapter_cache_pin(w.c, &digests[2], true), 0);
	w.a[0] = adapter_unref(w.a[0]);
	adapter_cache_evict_idle(w.c);
	u = usage_of(&w, &digests[0]);
	ck_assert(!u.resident && u.ahead == 2 && u.ahead_used == 1 && u.evictions == 2);
	ck_assert(usage_of(&w, &digests[2]).resident);
	world_deinit(&w);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, cache_evicts_the_least_recently_used);
	tcase_add_test(tc, everything_is_counted);
	tcase_add_test(tc, ahead_evicts_nothing_that_was_used_since);
	return run_tests("cache", tc);
}
