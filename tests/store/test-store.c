/* SPDX-License-Identifier: MIT */
#include "tests/check-main.h"
#include "tests/store/fixture.h"

/* Occurrences of the bytes in every file of the directory. */
static unsigned scan(const char *word)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	unsigned hits = 0;
	char path[160];
	size_t i, k, n;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		static char data[4 << 20];
		FILE *f;

		snprintf(path, sizeof(path), "%s%s", file, names[i]);
		f = fopen(path, "rb");
		if (!f)
			continue;
		n = fread(data, 1, sizeof(data), f);
		ck_assert(n < sizeof(data));
		fclose(f);
		for (k = 0; k + strlen(word) <= n; k++)
			hits += !strncasecmp(data + k, word, strlen(word));
	}
	return hits;
}

START_TEST(receipt_is_kept_as_given)
{
	struct store_opened o;
	struct store *s = open_store(&o);
	struct store_receipt r = receipt("please shorten", "shorter");
	struct rows rows = { 0 };
	struct store_query all = { 0 };
	int64_t id = 0;

	ck_assert(o.created && !o.recovered && o.migrated_from == 0);
	r.effects = "[{\"tool\":\"light\"}]";
	ck_assert_int_eq(store_add_receipt(s, &r, &id), 0);
	ck_assert_int_gt(id, 0);
	s = store_close(s);
	s = open_store(&o);
	ck_assert(!o.created && o.migrated_from == STORE_SCHEMA_VERSION);
	ck_assert_int_eq(store_history(s, &all, collect, &rows), 0);
	ck_assert_uint_eq(rows.n, 1);
	ck_assert_int_eq(rows.last.id, id);
	ck_assert_int_eq(rows.last.time_ms, 1000);
	ck_assert(rows.last.scale == 0.5 && rows.last.generation == 7);
	ck_assert(rows.last.tokens_in == 30 && rows.last.tokens_out == 4);
	ck_assert(rows.last.queued_ms == 1 && rows.last.loading_ms == 2 &&
		  rows.last.reading_ms == 3 && rows.last.writing_ms == 4 &&
		  rows.last.acting_ms == 5);
	ck_assert(rows.last.request_label == STORE_LABEL_USER &&
		  rows.last.result_label == STORE_LABEL_OUTSIDE && !rows.last.is_private);
	ck_assert_str_eq(rows.request, "please shorten");
	ck_assert_str_eq(rows.effects, r.effects);
	ck_assert_int_eq(store_set_effects(s, id, "[]"), 0);
	ck_assert_int_eq(store_set_effects(s, id, "[not json"), -EINVAL);
	ck_assert_int_eq(store_set_effects(s, id + 1, "[]"), STORE_E_NOT_FOUND);
	ck_assert_int_eq(store_history(s, &all, collect, &rows), 0);
	ck_assert_str_eq(rows.effects, "[]");
	store_close(s);
}
END_TEST

START_TEST(private_text_never_reaches_the_file)
{
	struct store *s = open_store(NULL);
	struct store_receipt r = receipt("canaryprivate", "canaryprivate");
	struct rows rows = { 0 };
	struct store_query all = { 0 };
	int64_t id;

	r.is_private = true;
	ck_assert_int_eq(store_add_receipt(s, &r, &id), 0);
	ck_assert_uint_eq(scan("canaryprivate"), 0);
	ck_assert_int_eq(store_history(s, &all, collect, &rows), 0);
	ck_assert(rows.n == 1 && rows.last.is_private && !rows.last.request);
	ck_assert(rows.last.tokens_in == 30);
	r.is_private = false;
	ck_assert_int_eq(store_add_receipt(s, &r, &id), 0);
	ck_assert_uint_gt(scan("canaryprivate"), 0);
	store_close(s);
}
END_TEST

START_TEST(bad_receipts_are_refused)
{
	struct store *s = open_store(NULL);
	struct store_receipt r = receipt("a\xff", NULL);
	int64_t id = -1;

	ck_assert_int_eq(store_add_receipt(s, &r, &id), -EINVAL);
	r = receipt("a", NULL);
	r.task = NULL;
	ck_assert_int_eq(store_add_receipt(s, &r, &id), -EINVAL);
	r = receipt("a", NULL);
	r.effects = "{";
	ck_assert_int_eq(store_add_receipt(s, &r, &id), -EINVAL);
	r = receipt("a", NULL);
	r.result_label = 3;
	ck_assert_int_eq(store_add_receipt(s, &r, &id), -EINVAL);
	r = receipt("a", NULL);
	r.generation = UINT64_MAX;
	ck_assert_int_eq(store_add_receipt(s, &r, &id), -EINVAL);
	ck_assert_int_eq(id, -1);
	ck_assert_uint_eq(count(s, (struct store_query){ 0 }), 0);
	store_close(s);
}
END_TEST

START_TEST(history_selects_and_pages)
{
	struct store *s = open_store(NULL);
	struct store_receipt r;
	struct rows rows = { .stop_at = 2 };
	struct store_query all = { 0 };
	int64_t id, first = 0;
	int i;

	for (i = 0; i < 10; i++) {
		r = receipt(i % 2 ? "tall oaks \"quoted\"" : "small acorns", "Grow* OR slowly");
		r.time_ms = 100 * i;
		r.task = i < 5 ? "tone" : "reply";
		r.caller = i == 3 ? "other" : "mail";
		ck_assert_int_eq(store_add_receipt(s, &r, &id), 0);
		first = first ? first : id;
	}
	ck_assert_uint_eq(count(s, (struct store_query){ .words = "oaks" }), 5);
	ck_assert_uint_eq(count(s, (struct store_query){ .words = "OAKS slowly" }), 5);
	ck_assert_uint_eq(count(s, (struct store_query){ .words = "oaks acorns" }), 0);
	ck_assert_uint_eq(count(s, (struct store_query){ .words = "\"quoted\"" }), 5);
	ck_assert_uint_eq(count(s, (struct store_query){ .words = "sma*" }), 0);
	ck_assert_uint_eq(count(s, (struct store_query){ .words = "oaks NEAR( acorns" }), 0);
	ck_assert_uint_eq(count(s, (struct store_query){ .words = "  " }), 10);
	ck_assert_uint_eq(count(s, (struct store_query){ .task = "tone" }), 5);
	ck_assert_uint_eq(count(s, (struct store_query){ .caller = "other" }), 1);
	ck_assert_uint_eq(count(s, (struct store_query){ .since_ms = 300, .until_ms = 500 }), 2);
	ck_assert_uint_eq(count(s, (struct store_query){ .limit = 3 }), 3);
	ck_assert_uint_eq(count(s, (struct store_query){ .before_id = first + 4 }), 4);
	ck_assert_uint_eq(count(s, (struct store_query){ .before_id = first + 4,
							 .words = "oaks" }), 2);
	ck_assert_int_eq(store_history(s, &all, collect, &rows), 42);
	ck_assert(rows.n == 2 && rows.ids[0] == first + 9 && rows.ids[1] == first + 8);
	store_close(s);
}
END_TEST

START_TEST(notes_and_grants)
{
	struct store *s = open_store(NULL);
	enum store_label label;
	char *text;

	ck_assert_int_eq(store_get_note(s, "sign-off", &text, &label), STORE_E_NOT_FOUND);
	ck_assert_int_eq(store_put_note(s, "sign-off", "Cheers", STORE_LABEL_NOTES, 1), 0);
	ck_assert_int_eq(store_put_note(s, "sign-off", "Bye", STORE_LABEL_OUTSIDE, 2), 0);
	ck_assert_int_eq(store_put_note(s, "k", "v", 3, 2), -EINVAL);
	ck_assert_int_eq(store_put_note(s, "k", NULL, STORE_LABEL_NOTES, 2), -EINVAL);
	ck_assert_int_eq(store_get_note(s, "sign-off", &text, &label), 0);
	ck_assert_str_eq(text, "Bye");
	ck_assert_int_eq(label, STORE_LABEL_OUTSIDE);
	free(text);
	ck_assert_int_eq(store_add_grant(s, "", "lock.open", "front", 1), 0);
	ck_assert_int_eq(store_has_grant(s, "", "lock.open", "front"), 0);
	ck_assert_int_eq(store_has_grant(s, "", "lock.open", "back"), STORE_E_NOT_FOUND);
	ck_assert_int_eq(store_has_grant(s, "app", "lock.open", "front"), STORE_E_NOT_FOUND);
	ck_assert_int_eq(store_add_grant(s, "app", "timer", "", 1), 0);
	ck_assert_int_eq(store_has_grant(s, "app", "timer", "anything"), 0);
	ck_assert_int_eq(store_drop_grant(s, "app", "timer", ""), 0);
	ck_assert_int_eq(store_drop_grant(s, "app", "timer", ""), STORE_E_NOT_FOUND);
	ck_assert_int_eq(store_has_grant(s, "app", "timer", "anything"), STORE_E_NOT_FOUND);
	store_close(s);
}
END_TEST

START_TEST(forgotten_text_leaves_no_byte)
{
	struct store *s = open_store(NULL);
	struct store_receipt r;
	struct store_scope scope = { 0 };
	int64_t id, first = 0;
	uint64_t n = 0;
	char text[128];
	int i;

	for (i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "zanzibarcanary%d and words around it", i);
		r = receipt(i % 10 ? "innocent words around" : text, "quetzalcanary");
		r.result = i % 10 ? NULL : "quetzalcanary";
		r.caller = i % 10 ? "a" : "b";
		ck_assert_int_eq(store_add_receipt(s, &r, &id), 0);
		first = first ? first : id;
	}
	ck_assert_int_eq(store_put_note(s, "n", "notecanary", STORE_LABEL_NOTES, 5), 0);
	ck_assert_uint_gt(scan("zanzibarcanary"), 20);
	scope.id = first;
	ck_assert_int_eq(store_forget(s, &scope, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(scan("zanzibarcanary0 "), 0);
	scope = (struct store_scope){ .caller = "b" };
	ck_assert_int_eq(store_forget(s, &scope, &n), 0);
	ck_assert_uint_eq(n, 19);
	ck_assert_uint_eq(scan("zanzibar"), 0);
	ck_assert_uint_eq(scan("quetzal"), 0);
	ck_assert_uint_gt(scan("notecanary"), 0);
	ck_assert_uint_eq(count(s, (struct store_query){ .words = "innocent", .limit = 999 }), 180);
	scope = (struct store_scope){ 0 };
	ck_assert_int_eq(store_forget(s, &scope, NULL), 0);
	ck_assert_uint_eq(scan("notecanary"), 0);
	ck_assert_uint_eq(scan("innocent"), 0);
	store_close(s);
}
END_TEST

START_TEST(one_owner_and_tight_modes)
{
	struct store *s = open_store(NULL), *t = NULL;
	struct diag d = DIAG_NULL;
	struct stat st;
	char link[128];

	ck_assert_int_eq(store_open(&t, dir, 0, NULL, &d), STORE_E_BUSY);
	ck_assert_ptr_null(t);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	s = store_close(s);
	ck_assert_int_eq(chmod(file, 0644), 0);
	ck_assert_int_eq(chmod(dir, 0755), 0);
	store_close(open_store(NULL));
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	snprintf(link, sizeof(link), "%s/elsewhere", scratch);
	ck_assert_int_eq(rename(file, link), 0);
	ck_assert_int_eq(symlink(link, file), 0);
	ck_assert_int_eq(store_open(&t, dir, 0, NULL, &d), -ELOOP);
	snprintf(link, sizeof(link), "%s/dirlink", scratch);
	ck_assert_int_eq(symlink(dir, link), 0);
	ck_assert_int_eq(store_open(&t, link, 0, NULL, &d), -ENOTDIR);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("store");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, receipt_is_kept_as_given);
	tcase_add_test(tc, private_text_never_reaches_the_file);
	tcase_add_test(tc, bad_receipts_are_refused);
	tcase_add_test(tc, history_selects_and_pages);
	tcase_add_test(tc, notes_and_grants);
	tcase_add_test(tc, forgotten_text_leaves_no_byte);
	tcase_add_test(tc, one_owner_and_tight_modes);
	return run_tests("store", tc);
}
