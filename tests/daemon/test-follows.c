/* SPDX-License-Identifier: MIT */
/* What is likely to come next. */
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/follows.h"
#include "tests/check-main.h"

/* One letter a name, a second apart. */
static void note_all(struct follows *f, uint64_t *now, const char *letters)
{
	for (; *letters; letters++) {
		const char name[] = { *letters, '\0' };

		follows_note(f, name, *now += 1000);
	}
}

static const char *likely_after(const char *letters)
{
	static struct follows f;
	uint64_t now = 5;

	f = (struct follows)FOLLOWS_NULL;
	note_all(&f, &now, letters);
	return follows_likely(&f);
}

static void expect(const char *letters, const char *likely)
{
	const char *got = likely_after(letters);

	ck_assert_msg(likely ? got && strcmp(got, likely) == 0 : !got, "after %s: %s", letters,
		      got ? got : "nothing");
}

START_TEST(what_came_twice_is_likely)
{
	expect("", NULL);
	expect("a", NULL);
	expect("aba", NULL);
	expect("ababa", "b");
	expect("abab", NULL);
	expect("ababab", "a");
	expect("aaaa", "a");
	/* As often one thing as another. */
	expect("abacadabacada", NULL);
	expect("ababababaca", "b");
	expect("abababax", NULL);
}
END_TEST

START_TEST(the_past_fades)
{
	/* Long ago always b, lately always c. */
	expect("abababababacacacacacacaca", "c");
	expect("ababababababababababaca", "b");
}
END_TEST

START_TEST(what_comes_late_has_not_followed)
{
	struct follows f = FOLLOWS_NULL;
	uint64_t now = 0;

	for (int i = 0; i < 5; i++) {
		follows_note(&f, "a", now += FOLLOWS_GAP_MS + 1);
		follows_note(&f, "b", now += FOLLOWS_GAP_MS + 1);
	}
	follows_note(&f, "a", now += 1);
	ck_assert_ptr_null(follows_likely(&f));
	for (int i = 0; i < 3; i++) {
		follows_note(&f, "b", now += FOLLOWS_GAP_MS);
		follows_note(&f, "a", now += FOLLOWS_GAP_MS);
	}
	ck_assert_str_eq(follows_likely(&f), "b");
}
END_TEST

START_TEST(few_are_remembered)
{
	struct follows f = FOLLOWS_NULL;
	char name[FOLLOWS_NAME_MAX + 1];
	uint64_t now = 0;

	note_all(&f, &now, "ababab");
	for (int i = 0; i < 4 * FOLLOWS_MAX; i++) {
		snprintf(name, sizeof(name), "other %d", i);
		follows_note(&f, name, now += 1000);
		note_all(&f, &now, "a");
	}
	ck_assert_uint_eq(f.n, FOLLOWS_MAX);
	/* b made room, and nothing of it is left to the one in its place. */
	ck_assert_ptr_null(follows_likely(&f));
	note_all(&f, &now, "cdcdc");
	ck_assert_str_eq(follows_likely(&f), "d");

	memset(name, 'x', sizeof(name) - 1);
	name[FOLLOWS_NAME_MAX] = '\0';
	follows_note(&f, name, now += 1000);
	ck_assert_ptr_null(follows_likely(&f));
	name[FOLLOWS_NAME_MAX - 1] = '\0';
	follows_note(&f, name, now += 1000);
	follows_note(&f, name, now += 1000);
	follows_note(&f, name, now += 1000);
	ck_assert_str_eq(follows_likely(&f), name);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("follows");

	tcase_add_test(tc, what_came_twice_is_likely);
	tcase_add_test(tc, the_past_fades);
	tcase_add_test(tc, what_comes_late_has_not_followed);
	tcase_add_test(tc, few_are_remembered);
	return run_tests("follows", tc);
}
