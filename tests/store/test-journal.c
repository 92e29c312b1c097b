/* SPDX-License-Identifier: MIT */
/* The journal of tool calls: what is written before a call is sent, and after. */
#include "tests/check-main.h"
#include "tests/store/fixture.h"

static struct store_call lamp(const char *target)
{
	return (struct store_call){
		.time_ms = 1000, .caller = "org.example.Mail", .tool = "home/turn_on",
		.target = target, .title = "Desk Lamp", .risk = 1, .verdict = "allow",
		.reason = "table", .arguments = "{\"entity\":\"light.desk\"}",
		.why = "home.yaml:12", .label = STORE_LABEL_USER, .outcome = STORE_SENDING,
	};
}

/* Rows as text, newest first: "id/plan/request outcome", and the last one's fields. */
struct found {
	unsigned n;
	char ids[256], texts[512];
	struct store_call last;
	int stop_at;
};

static const char *or_none(const char *s)
{
	return s ? s : "-";
}

static int collect_call(void *arg, const struct store_call *c)
{
	struct found *f = arg;
	size_t len = strlen(f->ids);

	f->n++;
	f->last = *c;
	snprintf(f->ids + len, sizeof(f->ids) - len, "%lld/%lld/%lld %s;", (long long)c->id,
		 (long long)c->plan, (long long)c->request, c->outcome);
	snprintf(f->texts, sizeof(f->texts), "%s %s %s %s %s %s %s %s %s %s %s %s", c->caller,
		 c->tool, c->target, c->title, c->verdict, c->reason, or_none(c->arguments),
		 or_none(c->why), or_none(c->before), or_none(c->after), or_none(c->undo_tool),
		 or_none(c->undo_arguments));
	return f->stop_at && (int)f->n == f->stop_at ? 42 : 0;
}

static struct found find(struct store *s, struct store_call_query q)
{
	struct found f = { 0 };

	ck_assert_int_eq(store_calls(s, &q, collect_call, &f), 0);
	return f;
}

static void settle(struct store *s, struct store_call c, const char *outcome)
{
	c.settled_ms = 2000;
	c.outcome = outcome;
	c.verified = true;
	c.before = "{\"state\":\"off\"}";
	c.after = "{\"state\":\"on\"}";
	c.undo_tool = "home/turn_off";
	c.undo_arguments = "{\"entity\":\"light.desk\"}";
	c.undo_until_ms = 602000;
	ck_assert_int_eq(store_settle_call(s, &c), 0);
}

START_TEST(a_call_is_kept_as_given)
{
	struct store *s = open_store(NULL);
	struct store_call calls[] = { lamp("light.desk"), lamp("light.hall") };
	struct found f;

	calls[1].consent = "abc";
	calls[1].outcome = "denied";
	calls[1].settled_ms = 1000;
	ck_assert_int_eq(store_begin_calls(s, calls, 2), 0);
	ck_assert(calls[0].id == 1 && calls[1].id == 2 && calls[0].plan == 1 &&
		  calls[1].plan == 1);
	f = find(s, (struct store_call_query){ 0 });
	ck_assert_str_eq(f.ids, "2/1/0 denied;1/1/0 sending;");
	settle(s, calls[0], "done");
	ck_assert_int_eq(store_link_calls(s, 1, 77), 0);
	s = store_close(s);
	s = open_store(NULL);
	f = find(s, (struct store_call_query){ .id = 1 });
	ck_assert_str_eq(f.ids, "1/1/77 done;");
	ck_assert_str_eq(f.texts, "org.example.Mail home/turn_on light.desk Desk Lamp allow table "
			 "{\"entity\":\"light.desk\"} home.yaml:12 {\"state\":\"off\"} "
			 "{\"state\":\"on\"} home/turn_off {\"entity\":\"light.desk\"}");
	ck_assert(f.last.verified && f.last.settled_ms == 2000 && f.last.time_ms == 1000 &&
		  f.last.undo_until_ms == 602000 && f.last.risk == 1 && !f.last.undone_by &&
		  !f.last.is_private && f.last.label == STORE_LABEL_USER);
	calls[0].id = 99;
	calls[0].outcome = "done";
	ck_assert_int_eq(store_settle_call(s, &calls[0]), STORE_E_NOT_FOUND);
	store_close(s);
}
END_TEST

START_TEST(bad_calls_are_refused_together)
{
	struct store *s = open_store(NULL);
	struct store_call calls[] = { lamp("light.desk"), lamp("light.hall") };

	calls[1].title = NULL;
	ck_assert_int_eq(store_begin_calls(s, calls, 2), -EINVAL);
	calls[1] = lamp("light.\xff");
	ck_assert_int_eq(store_begin_calls(s, calls, 2), -EINVAL);
	calls[1] = lamp("light.hall");
	calls[1].outcome = "vanished";
	ck_assert_int_eq(store_begin_calls(s, calls, 2), -EINVAL);
	calls[1] = lamp("light.hall");
	calls[1].label = 3;
	ck_assert_int_eq(store_begin_calls(s, calls, 2), -EINVAL);
	ck_assert(calls[0].id == 0 && find(s, (struct store_call_query){ 0 }).n == 0);
	ck_assert_int_eq(store_begin_calls(s, calls, 0), 0);
	calls[0].is_private = true;
	ck_assert_int_eq(store_begin_calls(s, calls, 1), 0);
	calls[0].outcome = NULL;
	ck_assert_int_eq(store_settle_call(s, &calls[0]), -EINVAL);
	store_close(s);
}
END_TEST

START_TEST(queries_select_and_page)
{
	struct store *s = open_store(NULL);
	struct found stopped = { .stop_at = 2 };
	struct store_call_query all = { 0 };

	for (int i = 0; i < 6; i++) {
		struct store_call c = lamp("light.desk");

		c.caller = i % 2 ? "a" : "b";
		c.time_ms = 100 * i;
		c.request = i / 2 + 1;
		ck_assert_int_eq(store_begin_calls(s, &c, 1), 0);
	}
	ck_assert_uint_eq(find(s, (struct store_call_query){ .caller = "a" }).n, 3);
	ck_assert_uint_eq(find(s, (struct store_call_query){ .request = 2 }).n, 2);
	ck_assert_uint_eq(find(s, (struct store_call_query){ .plan = 4 }).n, 1);
	ck_assert_uint_eq(find(s, (struct store_call_query){ .since_ms = 200,
							     .until_ms = 400 }).n, 2);
	ck_assert_uint_eq(find(s, (struct store_call_query){ .before_id = 3 }).n, 2);
	ck_assert_uint_eq(find(s, (struct store_call_query){ .limit = 4 }).n, 4);
	ck_assert_int_eq(store_calls(s, &all, collect_call, &stopped), 42);
	ck_assert_uint_eq(stopped.n, 2);
	store_close(s);
}
END_TEST

START_TEST(the_last_plan_is_what_undo_takes_back)
{
	struct store *s = open_store(NULL);
	struct store_call first = lamp("light.desk"), read = lamp(""), other = lamp("light.hall");
	struct store_call undo = lamp("light.desk");
	int64_t plan = 0;

	ck_assert_int_eq(store_last_plan(s, "org.example.Mail", &plan), STORE_E_NOT_FOUND);
	ck_assert_int_eq(store_begin_calls(s, &first, 1), 0);
	settle(s, first, "done");
	read.risk = 0;
	ck_assert_int_eq(store_begin_calls(s, &read, 1), 0);
	settle(s, read, "done");
	other.caller = "other";
	ck_assert_int_eq(store_begin_calls(s, &other, 1), 0);
	settle(s, other, "done");
	ck_assert_int_eq(store_last_plan(s, "org.example.Mail", &plan), 0);
	ck_assert_int_eq(plan, first.id);
	undo.undo_of = first.id;
	ck_assert_int_eq(store_begin_calls(s, &undo, 1), 0);
	settle(s, undo, "failed");
	ck_assert_int_eq(store_last_plan(s, "org.example.Mail", &plan), 0);
	settle(s, undo, "done");
	ck_assert_int_eq(find(s, (struct store_call_query){ .id = first.id }).last.undone_by,
			 undo.id);
	ck_assert_int_eq(store_last_plan(s, "org.example.Mail", &plan), STORE_E_NOT_FOUND);
	store_close(s);
}
END_TEST

/* Bytes of the word in the file or its log. */
static bool on_disk(const char *word)
{
	static const char *const names[] = { "", "-wal" };
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		static char data[1 << 20];
		char path[160];
		FILE *f;
		size_t n;

		snprintf(path, sizeof(path), "%s%s", file, names[i]);
		f = fopen(path, "rb");
		ck_assert(f || i);
		if (!f)
			continue;
		n = fread(data, 1, sizeof(data), f);
		fclose(f);
		found |= memmem(data, n, word, strlen(word)) != NULL;
	}
	return found;
}

START_TEST(private_calls_and_forgotten_ones_leave_no_text)
{
	struct store *s = open_store(NULL);
	struct store_call secret = lamp("light.desk"), open = lamp("light.hall");
	struct store_scope scope = { .caller = "org.example.Mail" };

	secret.is_private = true;
	secret.arguments = secret.why = "canarysecret";
	ck_assert_int_eq(store_begin_calls(s, &secret, 1), 0);
	secret.outcome = "done";
	secret.before = secret.after = secret.undo_tool = secret.undo_arguments = "canarysecret";
	ck_assert_int_eq(store_settle_call(s, &secret), 0);
	ck_assert(!on_disk("canarysecret"));
	open.arguments = "canaryopen";
	ck_assert_int_eq(store_begin_calls(s, &open, 1), 0);
	ck_assert(on_disk("canaryopen"));
	ck_assert_int_eq(store_link_calls(s, open.plan, 5), 0);
	ck_assert_int_eq(store_forget(s, &(struct store_scope){ .id = 5 }, NULL), 0);
	ck_assert(!on_disk("canaryopen"));
	ck_assert_uint_eq(find(s, (struct store_call_query){ 0 }).n, 1);
	ck_assert_int_eq(store_forget(s, &scope, NULL), 0);
	ck_assert_uint_eq(find(s, (struct store_call_query){ 0 }).n, 0);
	ck_assert(!on_disk("light.desk"));
	store_close(s);
}
END_TEST

/* What was written before the kill is there, and is told as sent. */
START_TEST(a_killed_program_leaves_what_it_sent)
{
	struct store *s;
	struct found f;
	unsigned n = 9;
	int fds[2], status;
	char c;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct store_call call = lamp("light.desk");

		if (store_open(&s, dir, 0, NULL, NULL) || store_begin_calls(s, &call, 1) ||
		    write(fds[1], "", 1) != 1)
			_exit(1);
		pause();
	}
	ck_assert_int_eq(read(fds[0], &c, 1), 1);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(fds[0]);
	close(fds[1]);
	s = open_store(NULL);
	ck_assert_int_eq(store_recover_calls(s, 5000, &n), 0);
	ck_assert_uint_eq(n, 1);
	f = find(s, (struct store_call_query){ 0 });
	ck_assert_str_eq(f.ids, "1/1/0 sent;");
	ck_assert(!f.last.verified && f.last.settled_ms == 5000);
	ck_assert_int_eq(store_recover_calls(s, 6000, &n), 0);
	ck_assert_uint_eq(n, 0);
	store_close(s);
}
END_TEST

START_TEST(version_three_gets_a_journal)
{
	struct store_call call = lamp("light.desk");
	struct store_opened o;
	struct store *s;
	sqlite3 *db;
	unsigned from = 9;

	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	ck_assert_int_eq(store_migrate(db, 3, &from), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "INSERT INTO note VALUES ('k', 'v', 1, 5)", NULL, NULL,
				      NULL), 0);
	sqlite3_close(db);
	s = open_store(&o);
	ck_assert_uint_eq(o.migrated_from, 3);
	ck_assert_int_eq(store_begin_calls(s, &call, 1), 0);
	ck_assert_int_eq(call.id, 1);
	store_close(s);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("journal");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_call_is_kept_as_given);
	tcase_add_test(tc, bad_calls_are_refused_together);
	tcase_add_test(tc, queries_select_and_page);
	tcase_add_test(tc, the_last_plan_is_what_undo_takes_back);
	tcase_add_test(tc, private_calls_and_forgotten_ones_leave_no_text);
	tcase_add_test(tc, a_killed_program_leaves_what_it_sent);
	tcase_add_test(tc, version_three_gets_a_journal);
	return run_tests("journal", tc);
}
