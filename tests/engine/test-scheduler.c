/* SPDX-License-Identifier: MIT */
/*
 * Random schedules: requests of both lanes come, are cancelled, change adapters, guess and are
 * paused, up to 16 beside each other; each gets the text that it gets alone, or says that it
 * was cancelled. SCHEDULES and SWITCHES in the environment make it longer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/engine/front.h"
#include "util/macro.h"

enum { BESIDE = 16, REQUESTS = 24, SCHEDULES_OF_AN_ENGINE = 20 };

struct flight {
	uint64_t id;		/* 0: free */
	const struct front_case *c;
	struct buf text;
	uint32_t n_tokens;
	bool cancelled, wrong_file, started;
};

struct run {
	struct front *f;
	uint64_t state;
	struct flight flights[BESIDE];
	size_t beside, limit, begun, total;
	uint64_t other;		/* the id of LOAD, UNLOAD, PIN or COUNT that is not answered; 0 */
	uint32_t needed;	/* tokens of the text that is counted, and of its answer */
	/* What the run had to show, so that it cannot pass without it. */
	size_t done, cancelled, refused, guessed, right, loads, switches;
};

static size_t number_from(const char *name, size_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static struct flight *flight_of(struct run *r, uint64_t id)
{
	for (size_t i = 0; i < BESIDE; i++)
		if (r->flights[i].id == id)
			return &r->flights[i];
	return NULL;
}

static void land(struct run *r, struct flight *fl)
{
	buf_deinit(&fl->text);
	*fl = (struct flight){ 0 };
	r->beside--;
}

static bool is_beginning(const struct flight *fl)
{
	return fl->text.len <= fl->c->n_answer && fl->n_tokens <= fl->c->n_tokens &&
	       (fl->text.len == 0 || memcmp(fl->text.data, fl->c->answer, fl->text.len) == 0);
}

static void on_tokens(struct run *r, struct ipc_message *m)
{
	static struct engine_tokens v;

	ck_assert_int_eq(engine_get_tokens(m, &v), 0);
	for (uint32_t i = 0; i < v.n; i++) {
		struct flight *fl = flight_of(r, v.pieces[i].id);

		ck_assert_msg(fl && fl->started, "tokens for nobody");
		if (v.pieces[i].text.len)
			ck_assert_int_eq(buf_append(&fl->text, v.pieces[i].text.data,
						    v.pieces[i].text.len), 0);
		fl->n_tokens += v.pieces[i].n_tokens;
		ck_assert_msg(is_beginning(fl), "a foreign token");
	}
	engine_tokens_deinit(&v);
}

static void on_done(struct run *r, struct ipc_message *m)
{
	struct flight *fl = flight_of(r, m->id);
	struct engine_done v;

	ck_assert_int_eq(engine_get_done(m, &v), 0);
	if (m->id == r->other) {
		r->other = 0;
		return;
	}
	ck_assert_ptr_nonnull(fl);
	ck_assert(is_beginning(fl));
	ck_assert_uint_eq(fl->text.len, fl->c->n_answer);
	ck_assert_uint_eq(fl->n_tokens, fl->c->n_tokens);
	ck_assert_uint_eq(v.tokens_out, fl->c->n_tokens);
	ck_assert_uint_eq(v.finish, fl->c->ends ? ENGINE_FINISH_STOP : ENGINE_FINISH_LENGTH);
	r->guessed += v.guessed;
	r->right += v.right;
	r->done++;
	land(r, fl);
}

static void on_failed(struct run *r, struct ipc_message *m)
{
	struct flight *fl = flight_of(r, m->id);
	struct engine_failed v = { 0 };

	ck_assert_int_eq(engine_get_failed(m, &v), 0);
	if (m->id == r->other) {
		r->other = 0;
	} else {
		ck_assert_ptr_nonnull(fl);
		if (fl->cancelled && v.error == ENGINE_E_CANCELLED)
			r->cancelled++;
		else if (fl->wrong_file && v.error == ENGINE_E_DIGEST)
			r->refused++;
		else
			ck_abort_msg("%s", v.text.data);
		land(r, fl);
	}
	engine_failed_deinit(&v);
}

static void on_usage(struct run *r, struct ipc_message *m)
{
	struct engine_usage v;

	ck_assert_int_eq(engine_get_usage(m, &v), 0);
	ck_assert_uint_le(v.used, v.budget);
	r->loads++;
}

static void take_message(struct run *r, bool wait)
{
	struct engine_counted counted;
	struct ipc_message m;

	if (!front_receive(r->f, &m, wait))
		return;
	switch (m.type) {
	case ENGINE_STARTED:
		ck_assert_ptr_nonnull(flight_of(r, m.id));
		ck_assert(!flight_of(r, m.id)->started);
		flight_of(r, m.id)->started = true;
		break;
	case ENGINE_COUNTED:
		ck_assert_int_eq(engine_get_counted(&m, &counted), 0);
		ck_assert_uint_eq(counted.needed, r->needed);
		ck_assert_uint_eq(counted.limit, FRONT_CONTEXT);
		ck_assert_uint_eq(m.id, r->other);
		r->other = 0;
		break;
	case ENGINE_TOKENS:
		on_tokens(r, &m);
		break;
	case ENGINE_DONE:
		on_done(r, &m);
		break;
	case ENGINE_FAILED:
		on_failed(r, &m);
		break;
	default:
		ck_assert_uint_eq(m.type, ENGINE_USAGE);
		on_usage(r, &m);
		break;
	}
	ipc_message_deinit(&m);
}

static void start(struct run *r, const struct front_case *c, struct front_options o)
{
	struct flight *fl = flight_of(r, 0);

	fl->c = c;
	fl->wrong_file = o.wrong_file;
	fl->id = front_request(r->f, c, o, false);
	r->beside++;
	r->begun++;
}

static void start_any(struct run *r)
{
	uint32_t bits = front_below(&r->state, 256);

	start(r, &r->f->cases[front_below(&r->state, FRONT_CASES)], (struct front_options){
		.interactive = bits & 1, .draft = bits & 2, .wrong_file = bits >> 2 < 8 });
}

static void cancel_any(struct run *r)
{
	struct flight *fl = &r->flights[front_below(&r->state, BESIDE)];

	if (!fl->id || fl->cancelled)
		return;
	fl->cancelled = true;
	front_cancel(r->f, fl->id);
}

static void ask_something_else(struct run *r)
{
	static const uint32_t types[] = { ENGINE_LOAD, ENGINE_UNLOAD, ENGINE_PIN, ENGINE_COUNT };
	uint32_t type = types[front_below(&r->state, ARRAY_SIZE(types))];
	struct front_options o = { false };
	int adapter = (int)front_below(&r->state, FRONT_ADAPTERS);

	if (r->other)
		return;
	if (type == ENGINE_COUNT) {
		const struct front_case *c = &r->f->cases[front_below(&r->state, FRONT_CASES)];

		r->needed = c->n_tokens_in + c->max_tokens;
		r->other = front_request(r->f, c, o, true);
	} else {
		r->other = front_adapter(r->f, type, adapter, front_below(&r->state, 2));
	}
}

/* One schedule, to its end. */
static void run_schedule(struct run *r)
{
	r->begun = 0;
	r->total = 1 + front_below(&r->state, REQUESTS);
	r->limit = 1 + front_below(&r->state, BESIDE);
	while (r->begun < r->total || r->beside || r->other) {
		uint32_t what = front_below(&r->state, 16);
		bool more = r->begun < r->total && r->beside < r->limit;

		if (more && what < 6)
			start_any(r);
		else if (what == 6 && front_below(&r->state, 4) == 0)
			cancel_any(r);
		else if (what == 7)
			ask_something_else(r);
		else
			take_message(r, !more && (r->beside || r->other));
	}
}

START_TEST(every_schedule)
{
	size_t n = number_from("SCHEDULES", 160) / 4;
	struct run r = { .state = (uint64_t)_i + 1 };
	struct front f;

	r.f = &f;
	front_init(&f, (uint64_t)_i + 1);
	for (size_t i = 0; i < n; i++) {
		if (i % SCHEDULES_OF_AN_ENGINE == 0)
			front_start(&f, 1 + front_below(&r.state, 3), 1 + front_below(&r.state, 6));
		run_schedule(&r);
		if (i + 1 == n || (i + 1) % SCHEDULES_OF_AN_ENGINE == 0)
			front_stop(&f);
	}
	front_deinit(&f);
	printf("%zu schedules: %zu done, %zu cancelled, %zu refused, %zu of %zu guesses right\n", n,
	       r.done, r.cancelled, r.refused, r.right, r.guessed);
	ck_assert_uint_gt(r.done, n);
	ck_assert_uint_gt(r.cancelled, 0);
	ck_assert_uint_gt(r.refused, 0);
	ck_assert_uint_gt(r.right, n / 4);
	ck_assert_uint_gt(r.guessed - r.right, n);
}
END_TEST

/* Eight streams, each of which takes another adapter with every request; three fit. */
START_TEST(adapters_switch_under_streams)
{
	enum { STREAMS = 8 };
	size_t switches = number_from("SWITCHES", 400), n_cases = 0;
	struct run r = { .state = 99 };
	const struct front_case *cases[FRONT_CASES];
	struct front f;

	r.f = &f;
	front_init(&f, 77);
	for (size_t i = 0; i < FRONT_CASES; i++)
		if (f.cases[i].adapter >= 0)
			cases[n_cases++] = &f.cases[i];
	front_start(&f, 2, 3);
	while (r.switches < switches || r.beside) {
		if (r.switches < switches && r.beside < STREAMS) {
			const struct front_case *c = cases[r.switches++ % n_cases];

			start(&r, c, (struct front_options){ .interactive = true });
		} else {
			take_message(&r, true);
		}
	}
	front_stop(&f);
	front_deinit(&f);
	ck_assert_uint_eq(r.done, switches);
	/* Every one that was not resident was told as an entry that changed. */
	ck_assert_uint_gt(r.loads, switches / 4);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("scheduler");

	tcase_set_timeout(tc, 3600);
	tcase_add_loop_test(tc, every_schedule, 0, 4);
	tcase_add_test(tc, adapters_switch_under_streams);
	return run_tests("scheduler", tc);
}
