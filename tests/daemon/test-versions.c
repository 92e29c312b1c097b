/* SPDX-License-Identifier: MIT */
/* Versions of an adapter: which of them serves after each step, and how many are kept. */
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/versions.h"
#include "tests/check-main.h"

enum { ROOM = 32 };

static struct catalog_entry room[ROOM];
static struct versions v;

static void setup(void)
{
	memset(room, 0, sizeof(room));
	v = (struct versions){ .entries = room, .now = 1000 };
}

static struct digest digest(int number)
{
	struct digest d;

	memset(d.bytes, number, sizeof(d.bytes));
	return d;
}

static void add(const char *name, int number, enum catalog_state state)
{
	struct catalog_entry e = { .manifest = { .name = name }, .digest = digest(number),
				   .state = state, .reason = "", .signature = "", .enabled = true };

	v.now++;
	versions_add(&v, &e);
	ck_assert_uint_lt(v.n, ROOM);
}

static void commit(const char *name)
{
	struct catalog_entry *e = versions_staged(&v, name, NULL);

	ck_assert_ptr_nonnull(e);
	v.now++;
	versions_activate(&v, e, "updated");
}

static void rollback(const char *name)
{
	struct catalog_entry *e = versions_before(&v, name);

	ck_assert_ptr_nonnull(e);
	v.now++;
	versions_activate(&v, e, "rolled back");
}

static void serves(const char *name, int number)
{
	const struct digest d = digest(number);
	const struct catalog_entry *e = versions_find(&v, name, NULL);
	size_t active = 0;

	for (size_t i = 0; i < v.n; i++)
		active += room[i].state == CATALOG_ACTIVE &&
			  strcmp(room[i].manifest.name, name) == 0;
	ck_assert_ptr_nonnull(e);
	ck_assert(digest_equal(&e->digest, &d));
	ck_assert_uint_eq(active, 1);
}

static size_t count(const char *name, enum catalog_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		n += room[i].state == state && strcmp(room[i].manifest.name, name) == 0;
	return n;
}

START_TEST(one_serves)
{
	add("a", 1, CATALOG_STAGED);
	ck_assert_ptr_null(versions_find(&v, "a", NULL));
	commit("a");
	serves("a", 1);
	add("a", 2, CATALOG_STAGED);
	serves("a", 1);
	ck_assert_ptr_null(versions_before(&v, "a"));
	commit("a");
	serves("a", 2);
	ck_assert_ptr_null(versions_staged(&v, "a", NULL));
	rollback("a");
	serves("a", 1);
	/* And back: what served before is now the newer one. */
	rollback("a");
	serves("a", 2);
}
END_TEST

START_TEST(names_do_not_meet)
{
	add("a", 1, CATALOG_STAGED);
	add("b", 1, CATALOG_STAGED);
	add("b", 2, CATALOG_STAGED);
	commit("b");
	serves("b", 2);
	ck_assert_ptr_null(versions_find(&v, "a", NULL));
	ck_assert_uint_eq(versions_remove(&v, "b", NULL), 2);
	ck_assert_uint_eq(v.n, 1);
	commit("a");
	serves("a", 1);
}
END_TEST

START_TEST(the_same_file_again_is_one_version)
{
	const struct digest one = digest(1);

	add("a", 1, CATALOG_REFUSED);
	add("a", 1, CATALOG_STAGED);
	ck_assert_uint_eq(v.n, 1);
	ck_assert_ptr_nonnull(versions_staged(&v, "a", &one));
	commit("a");
	add("a", 1, CATALOG_STAGED);
	add("a", 1, CATALOG_REFUSED);
	ck_assert_uint_eq(v.n, 1);
	serves("a", 1);
}
END_TEST

START_TEST(what_the_user_said_holds_for_the_name)
{
	add("a", 1, CATALOG_STAGED);
	commit("a");
	versions_find(&v, "a", NULL)->pinned = true;
	versions_find(&v, "a", NULL)->enabled = false;
	add("a", 2, CATALOG_STAGED);
	commit("a");
	ck_assert(versions_find(&v, "a", NULL)->pinned);
	ck_assert(!versions_find(&v, "a", NULL)->enabled);
	ck_assert(!versions_before(&v, "a")->pinned);
}
END_TEST

START_TEST(few_are_kept)
{
	const struct digest first = digest(1), before = digest(8);

	for (int i = 1; i <= 9; i++) {
		add("a", i, CATALOG_STAGED);
		commit("a");
		add("a", 100 + i, CATALOG_REFUSED);
	}
	serves("a", 9);
	ck_assert_uint_eq(count("a", CATALOG_RETIRED), VERSIONS_KEPT);
	ck_assert_uint_eq(count("a", CATALOG_REFUSED), VERSIONS_KEPT);
	ck_assert_ptr_null(versions_find(&v, "a", &first));
	ck_assert(digest_equal(&versions_before(&v, "a")->digest, &before));
	/* Rolling back forgets none of them. */
	rollback("a");
	serves("a", 8);
	ck_assert_uint_eq(count("a", CATALOG_RETIRED), VERSIONS_KEPT);
}
END_TEST

START_TEST(removal_of_what_serves_leaves_the_others)
{
	const struct digest two = digest(2);

	add("a", 1, CATALOG_STAGED);
	commit("a");
	add("a", 2, CATALOG_STAGED);
	commit("a");
	ck_assert_uint_eq(versions_remove(&v, "a", &two), 1);
	ck_assert_uint_eq(versions_remove(&v, "a", &two), 0);
	ck_assert_ptr_null(versions_find(&v, "a", NULL));
	rollback("a");
	serves("a", 1);
	versions_retire(&v, "a", "rolled back");
	ck_assert_ptr_null(versions_find(&v, "a", NULL));
	ck_assert_str_eq(versions_before(&v, "a")->reason, "rolled back");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("versions");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, one_serves);
	tcase_add_test(tc, names_do_not_meet);
	tcase_add_test(tc, the_same_file_again_is_one_version);
	tcase_add_test(tc, what_the_user_said_holds_for_the_name);
	tcase_add_test(tc, few_are_kept);
	tcase_add_test(tc, removal_of_what_serves_leaves_the_others);
	return run_tests("versions", tc);
}
