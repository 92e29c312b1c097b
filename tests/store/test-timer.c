/* SPDX-License-Identifier: MIT */
/* Timers and conversations, which are there again after a restart. */
#include "tests/check-main.h"
#include "tests/store/fixture.h"

struct found {
	unsigned n;
	struct store_timer last;
	char text[64], boot_id[64];
	int stop_at;
};

static int collect_timer(void *arg, const struct store_timer *t)
{
	struct found *f = arg;

	f->n++;
	f->last = *t;
	snprintf(f->text, sizeof(f->text), "%s", t->name);
	snprintf(f->boot_id, sizeof(f->boot_id), "%s", t->boot_id);
	return f->stop_at && (int)f->n == f->stop_at ? 42 : 0;
}

static int collect_conversation(void *arg, const struct store_conversation *c)
{
	struct found *f = arg;

	f->n++;
	snprintf(f->text, sizeof(f->text), "%s %s %s %lld", c->id, c->caller, c->data,
		 (long long)c->until_ms);
	return f->stop_at && (int)f->n == f->stop_at ? 42 : 0;
}

static const struct store_timer pasta = {
	.id = 1, .kind = STORE_TIMER, .name = "pasta", .length_ms = 600000, .due_ms = 1600000,
	.boot_due_ms = 700000, .boot_id = "some-boot",
};

START_TEST(a_timer_is_there_after_a_restart)
{
	struct store *s = open_store(NULL);
	struct store_timer t = pasta;
	struct found f = { 0 };
	int64_t next;

	ck_assert_int_eq(store_timers(s, collect_timer, &f, &next), 0);
	ck_assert(f.n == 0 && next == 1);
	ck_assert_int_eq(store_put_timer(s, &t), 0);
	t.due_ms = 0;
	t.left_ms = 4000;
	ck_assert_int_eq(store_put_timer(s, &t), 0);
	store_close(s);
	s = open_store(NULL);
	ck_assert_int_eq(store_timers(s, collect_timer, &f, &next), 0);
	ck_assert(f.n == 1 && next == 2);
	ck_assert(f.last.id == 1 && f.last.kind == STORE_TIMER && f.last.length_ms == 600000 &&
		  f.last.due_ms == 0 && f.last.left_ms == 4000 && f.last.boot_due_ms == 700000 &&
		  f.last.rang_ms == 0);
	ck_assert_str_eq(f.text, "pasta");
	ck_assert_str_eq(f.boot_id, "some-boot");
	store_close(s);
}
END_TEST

START_TEST(an_id_is_never_used_again)
{
	struct store *s = open_store(NULL);
	struct store_timer t = pasta;
	struct found f = { 0 };
	int64_t next;

	t.id = 7;
	ck_assert_int_eq(store_put_timer(s, &t), 0);
	ck_assert_int_eq(store_drop_timer(s, 7), 0);
	ck_assert_int_eq(store_drop_timer(s, 7), STORE_E_NOT_FOUND);
	store_close(s);
	s = open_store(NULL);
	ck_assert_int_eq(store_timers(s, collect_timer, &f, &next), 0);
	ck_assert(f.n == 0 && next == 8);
	store_close(s);
}
END_TEST

START_TEST(wrong_rows_are_refused)
{
	struct store *s = open_store(NULL);
	struct store_timer t = pasta;
	struct found f = { .stop_at = 1 };
	int64_t next;

	t.id = 0;
	ck_assert_int_eq(store_put_timer(s, &t), -EINVAL);
	t = pasta;
	t.kind = (enum store_timer_kind)2;
	ck_assert_int_eq(store_put_timer(s, &t), -EINVAL);
	t = pasta;
	t.name = "\xff";
	ck_assert_int_eq(store_put_timer(s, &t), -EINVAL);
	t.name = NULL;
	ck_assert_int_eq(store_put_timer(s, &t), -EINVAL);
	t = pasta;
	ck_assert_int_eq(store_put_timer(s, &t), 0);
	t.id = 2;
	ck_assert_int_eq(store_put_timer(s, &t), 0);
	ck_assert_int_eq(store_timers(s, collect_timer, &f, &next), 42);
	ck_assert_uint_eq(f.n, 1);
	store_close(s);
}
END_TEST

START_TEST(a_conversation_lasts_until_its_end)
{
	struct store *s = open_store(NULL);
	struct store_conversation c = { .id = "abc", .caller = "ctl", .until_ms = 5000,
					.data = "{\"said\":\"x\"}" };
	struct found f = { 0 };

	ck_assert_int_eq(store_put_conversation(s, &c), 0);
	c.until_ms = 6000;
	ck_assert_int_eq(store_put_conversation(s, &c), 0);
	c.data = "\xff";
	ck_assert_int_eq(store_put_conversation(s, &c), -EINVAL);
	store_close(s);
	s = open_store(NULL);
	ck_assert_int_eq(store_conversations(s, 5999, collect_conversation, &f), 0);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_str_eq(f.text, "abc ctl {\"said\":\"x\"} 6000");
	f.n = 0;
	ck_assert_int_eq(store_conversations(s, 6000, collect_conversation, &f), 0);
	ck_assert_uint_eq(f.n, 0);
	store_close(s);
}
END_TEST

START_TEST(conversations_are_forgotten_and_timers_are_not)
{
	struct store *s = open_store(NULL);
	struct store_conversation c = { .id = "abc", .caller = "ctl", .until_ms = 5000,
					.data = "said" };
	struct found f = { 0 };
	int64_t next;

	ck_assert_int_eq(store_put_timer(s, &pasta), 0);
	ck_assert_int_eq(store_put_conversation(s, &c), 0);
	c.id = "def";
	ck_assert_int_eq(store_put_conversation(s, &c), 0);
	ck_assert_int_eq(store_drop_conversation(s, "def"), 0);
	ck_assert_int_eq(store_drop_conversation(s, "def"), 0);
	ck_assert_int_eq(store_conversations(s, 0, collect_conversation, &f), 0);
	ck_assert_uint_eq(f.n, 1);
	/* What others said is not a caller's to forget. */
	ck_assert_int_eq(store_forget(s, &(struct store_scope){ .caller = "mail" }, NULL), 0);
	ck_assert_int_eq(store_conversations(s, 0, collect_conversation, &f), 0);
	ck_assert_uint_eq(f.n, 2);
	/* One receipt alone: its words may be in what was said since. */
	ck_assert_int_eq(store_forget(s, &(struct store_scope){ .id = 99 }, NULL), 0);
	ck_assert_int_eq(store_conversations(s, 0, collect_conversation, &f), 0);
	ck_assert_uint_eq(f.n, 2);
	ck_assert_int_eq(store_forget(s, &(struct store_scope){ 0 }, NULL), 0);
	ck_assert_int_eq(store_timers(s, collect_timer, &f, &next), 0);
	ck_assert_uint_eq(f.n, 3);
	store_close(s);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("timer");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_timer_is_there_after_a_restart);
	tcase_add_test(tc, an_id_is_never_used_again);
	tcase_add_test(tc, wrong_rows_are_refused);
	tcase_add_test(tc, a_conversation_lasts_until_its_end);
	tcase_add_test(tc, conversations_are_forgotten_and_timers_are_not);
	return run_tests("timer", tc);
}
