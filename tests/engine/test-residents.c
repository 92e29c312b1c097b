/* SPDX-License-Identifier: MIT */
/* Budgets that change, pins, and loading ahead, as the front end asks for them. */
#include "tests/check-main.h"
#include "tests/engine/traffic.h"
#include "util/macro.h"

enum { STREAMS = 8, REQUESTS = 400 };

/* What the engine has told of each adapter. */
struct told {
	struct front *f;
	struct engine_usage usage[FRONT_ADAPTERS];
};

static void send_budget(struct front *f, size_t adapters, enum engine_idle idle)
{
	struct engine_budget v = { .adapter_budget = adapters * f->adapter_bytes, .idle = idle };
	struct ipc_message m;

	ipc_message_init(&m, ENGINE_BUDGET, 0);
	ck_assert_int_eq(engine_put_budget(&m, &v), 0);
	ck_assert_int_eq(ipc_send(f->sock, &m), 0);
	ipc_message_deinit(&m);
}

static void note_usage(struct told *t, struct ipc_message *m)
{
	struct engine_usage v;

	ck_assert_int_eq(engine_get_usage(m, &v), 0);
	for (size_t i = 0; i < FRONT_ADAPTERS; i++)
		if (digest_equal(&t->f->digests[i], &v.digest))
			t->usage[i] = v;
}

/* What becomes of @id, and of the adapters until then: 0, or the error. */
static uint32_t wait_for(struct told *t, uint64_t id)
{
	struct engine_failed failed = { 0 };
	struct ipc_message m;
	bool over = false;

	while (!over) {
		ck_assert(front_receive(t->f, &m, true));
		over = m.id == id && (m.type == ENGINE_DONE || m.type == ENGINE_FAILED ||
				      m.type == ENGINE_COUNTED);
		if (m.type == ENGINE_USAGE)
			note_usage(t, &m);
		if (over && m.type == ENGINE_FAILED)
			ck_assert_int_eq(engine_get_failed(&m, &failed), 0);
		ipc_message_deinit(&m);
	}
	engine_failed_deinit(&failed);
	return failed.error;
}

/* LOAD, UNLOAD or PIN, with or without the file. */
static uint32_t ask(struct told *t, uint32_t type, int adapter, bool with_file, bool ahead)
{
	struct engine_adapter v = { .fd = with_file ? t->f->adapter_fds[adapter] : -1,
				    .digest = t->f->digests[adapter],
				    .pinned = type == ENGINE_PIN, .ahead = ahead };
	struct ipc_message m;

	ipc_message_init(&m, type, ++t->f->next_id);
	ck_assert_int_eq(engine_put_adapter(&m, &v), 0);
	ck_assert_int_eq(ipc_send(t->f->sock, &m), 0);
	ipc_message_deinit(&m);
	return wait_for(t, t->f->next_id);
}

/* Usage is told behind the answer that it belongs to: another question, and it is there. */
static const struct engine_usage *usage_of(struct told *t, int adapter)
{
	ask(t, ENGINE_UNLOAD, FRONT_ADAPTERS - 1, false, false);
	return &t->usage[adapter];
}

static void begin(struct told *t, struct front *f, size_t room)
{
	*t = (struct told){ .f = f };
	front_init(f, 11);
	front_start(f, 1, (struct front_room){ .adapters = room });
}

static void end(struct front *f)
{
	front_stop(f);
	front_deinit(f);
}

/* From no room at all to room for three, while every stream has its adapter: all are served. */
START_TEST(budgets_change_under_streams)
{
	struct traffic t = { .state = 7, .shrinks = true };
	const struct front_case *cases[FRONT_CASES];
	size_t n_cases = 0, begun = 0;
	struct front f;

	t.f = &f;
	front_init(&f, 78);
	for (size_t i = 0; i < FRONT_CASES; i++)
		if (f.cases[i].n_uses && f.cases[i].not_invoked < 0)
			cases[n_cases++] = &f.cases[i];
	front_start(&f, 2, (struct front_room){ .adapters = 1 });
	while (begun < REQUESTS || t.beside) {
		if (begun < REQUESTS && t.beside < STREAMS)
			traffic_start(&t, cases[begun++ % n_cases],
				      (struct front_options){ .interactive = begun % 2,
							      .draft = begun % 3 });
		else
			traffic_take(&t, true);
		if (front_below(&t.state, 8) == 0)
			send_budget(&f, front_below(&t.state, 4),
				    front_below(&t.state, ENGINE_IDLE_COUNT));
	}
	end(&f);
	ck_assert_uint_eq(t.done, REQUESTS);
	ck_assert_uint_gt(t.changes, REQUESTS / 4);
}
END_TEST

START_TEST(what_is_pinned_stays)
{
	struct told t;
	struct front f;

	begin(&t, &f, 2);
	ck_assert_uint_eq(ask(&t, ENGINE_PIN, 0, false, false), ENGINE_E_ADAPTER);
	ck_assert_uint_eq(ask(&t, ENGINE_PIN, 0, true, false), 0);
	ck_assert_uint_eq(ask(&t, ENGINE_LOAD, 1, true, false), 0);
	ck_assert(usage_of(&t, 0)->pinned && t.usage[1].resident);
	/* No room beside the pinned, then larger than the budget: nothing goes for it. */
	ck_assert_uint_eq(ask(&t, ENGINE_PIN, 1, false, false), 0);
	ck_assert_uint_eq(ask(&t, ENGINE_PIN, 2, true, false), ENGINE_E_BUSY);
	ck_assert_uint_eq(ask(&t, ENGINE_LOAD, 2, true, false), ENGINE_E_BUSY);
	send_budget(&f, 0, ENGINE_IDLE_NOTHING);
	ck_assert_uint_eq(ask(&t, ENGINE_PIN, 2, true, false), ENGINE_E_LIMIT);
	ck_assert_uint_eq(ask(&t, ENGINE_LOAD, 2, true, false), ENGINE_E_LIMIT);
	ck_assert(usage_of(&t, 0)->resident && t.usage[1].resident && !t.usage[2].resident);
	ck_assert_uint_eq(t.usage[0].evictions + t.usage[1].evictions, 0);
	/* A request with another one is served all the same. */
	for (size_t i = 0; i < FRONT_CASES; i++)
		if (front_uses_only(&f.cases[i], 2))
			ck_assert_uint_eq(wait_for(&t, front_request(&f, &f.cases[i],
						   (struct front_options){ 0 }, false)), 0);
	ck_assert(usage_of(&t, 0)->resident && t.usage[1].resident && !t.usage[2].resident);
	ck_assert_uint_gt(t.usage[2].misses, 0);
	end(&f);
}
END_TEST

/* Under pressure nothing stays but the pinned; what is read before may go, too. */
START_TEST(what_is_idle_goes)
{
	struct told t;
	struct front f;

	begin(&t, &f, 3);
	ck_assert_uint_eq(ask(&t, ENGINE_PIN, 0, true, false), 0);
	ck_assert_uint_eq(ask(&t, ENGINE_LOAD, 1, true, false), 0);
	send_budget(&f, 3, ENGINE_IDLE_TEXTS);
	ck_assert(usage_of(&t, 0)->resident && !t.usage[1].resident);
	ck_assert_uint_eq(t.usage[1].evictions, 1);
	ck_assert_uint_eq(ask(&t, ENGINE_LOAD, 1, true, false), ENGINE_E_BUSY);
	ck_assert_uint_eq(ask(&t, ENGINE_LOAD, 1, true, true), ENGINE_E_BUSY);
	send_budget(&f, 3, ENGINE_IDLE_ALL);
	ck_assert_uint_eq(ask(&t, ENGINE_LOAD, 1, true, false), 0);
	ck_assert_uint_eq(usage_of(&t, 1)->loads, 2);
	end(&f);
}
END_TEST

START_TEST(ahead_takes_what_is_free)
{
	const struct front_case *c = NULL;
	struct told t;
	struct front f;

	begin(&t, &f, 2);
	for (size_t i = 0; i < FRONT_CASES; i++)
		if (front_uses_only(&f.cases[i], 0))
			c = &f.cases[i];
	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(ask(&t, ENGINE_LOAD, 0, true, true), 0);
	ck_assert_uint_eq(ask(&t, ENGINE_LOAD, 1, true, false), 0);
	ck_assert_uint_eq(ask(&t, ENGINE_LOAD, 2, true, true), ENGINE_E_BUSY);
	ck_assert(usage_of(&t, 0)->resident && t.usage[1].resident && t.usage[2].loads == 0);
	ck_assert(t.usage[0].ahead == 1 && t.usage[0].ahead_used == 0 && t.usage[1].ahead == 0);
	/* Who counts tokens does not use it. */
	ck_assert_uint_eq(wait_for(&t, front_request(&f, c, (struct front_options){ 0 }, true)), 0);
	ck_assert(usage_of(&t, 0)->hits == 0 && t.usage[0].misses == 0);
	ck_assert_uint_eq(wait_for(&t, front_request(&f, c, (struct front_options){ 0 }, false)),
			  0);
	usage_of(&t, 0);
	ck_assert(t.usage[0].ahead_used == 1 && t.usage[0].hits == 1 && t.usage[0].misses == 0);
	end(&f);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("residents");

	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, budgets_change_under_streams);
	tcase_add_test(tc, what_is_pinned_stays);
	tcase_add_test(tc, what_is_idle_goes);
	tcase_add_test(tc, ahead_takes_what_is_free);
	return run_tests("residents", tc);
}
