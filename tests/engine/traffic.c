/* SPDX-License-Identifier: MIT */
#include "tests/engine/traffic.h"

#include <check.h>
#include <string.h>

#include "util/macro.h"

static struct flight *flight_of(struct traffic *t, uint64_t id)
{
	for (size_t i = 0; i < TRAFFIC_BESIDE; i++)
		if (t->flights[i].id == id)
			return &t->flights[i];
	return NULL;
}

static void land(struct traffic *t, struct flight *fl, enum landing how)
{
	if (fl->landing)
		*fl->landing = how;
	buf_deinit(&fl->text);
	*fl = (struct flight){ 0 };
	t->beside--;
}

static bool is_beginning(const struct flight *fl)
{
	return fl->text.len <= fl->c->answer_len && fl->n_tokens <= fl->c->n_answer &&
	       (fl->text.len == 0 || memcmp(fl->text.data, fl->c->answer, fl->text.len) == 0);
}

static void on_tokens(struct traffic *t, struct ipc_message *m)
{
	static struct engine_tokens v;

	ck_assert_int_eq(engine_get_tokens(m, &v), 0);
	for (uint32_t i = 0; i < v.n; i++) {
		struct flight *fl = flight_of(t, v.pieces[i].id);

		ck_assert_msg(fl && fl->started, "tokens for nobody");
		if (v.pieces[i].text.len)
			ck_assert_int_eq(buf_append(&fl->text, v.pieces[i].text.data,
						    v.pieces[i].text.len), 0);
		fl->n_tokens += v.pieces[i].n_tokens;
		ck_assert_msg(is_beginning(fl), "a foreign token");
	}
	engine_tokens_deinit(&v);
}

static void on_done(struct traffic *t, struct ipc_message *m)
{
	struct flight *fl = flight_of(t, m->id);
	struct engine_done v;

	ck_assert_int_eq(engine_get_done(m, &v), 0);
	if (m->id == t->other) {
		t->other = 0;
		return;
	}
	ck_assert_ptr_nonnull(fl);
	ck_assert_int_lt(fl->c->not_invoked, 0);
	ck_assert(is_beginning(fl));
	ck_assert_uint_eq(fl->text.len, fl->c->answer_len);
	ck_assert_uint_eq(fl->n_tokens, fl->c->n_answer);
	ck_assert_uint_eq(v.tokens_out, fl->c->n_answer);
	ck_assert_uint_eq(v.finish, fl->c->ends ? ENGINE_FINISH_STOP : ENGINE_FINISH_LENGTH);
	t->known += v.known;
	t->guessed += v.guessed;
	t->right += v.right;
	t->tokens += v.tokens_out;
	t->done++;
	land(t, fl, LANDING_DONE);
}

static void on_scored(struct traffic *t, struct ipc_message *m)
{
	struct flight *fl = flight_of(t, m->id);
	struct engine_scored v;

	ck_assert_int_eq(engine_get_scored(m, &v), 0);
	ck_assert(fl && fl->scores);
	ck_assert_int_lt(fl->c->not_invoked, 0);
	ck_assert_uint_eq(v.n, fl->c->n_texts);
	for (uint32_t i = 0; i < v.n; i++)
		ck_assert_msg(memcmp(&v.scores[i], &fl->c->scores[i], sizeof(v.scores[i])) == 0,
			      "text %u of %u, \"%s\": %.17g, alone %.17g", i, v.n, fl->c->texts[i],
			      v.scores[i], fl->c->scores[i]);
	t->known += v.known;
	t->done++;
	t->scored++;
	land(t, fl, LANDING_DONE);
}

/* Whether it had to fail, and in this way. */
static bool is_right(const struct traffic *t, const struct flight *fl,
		     const struct engine_failed *v)
{
	if (fl->wrong_file && v->error == ENGINE_E_DIGEST)
		return true;
	return fl->c->not_invoked >= 0 && v->error == ENGINE_E_INVALID &&
	       digest_equal(&v->adapter, &t->f->digests[fl->c->not_invoked]);
}

static void on_failed(struct traffic *t, struct ipc_message *m)
{
	struct flight *fl = flight_of(t, m->id);
	struct engine_failed v = { 0 };

	ck_assert_int_eq(engine_get_failed(m, &v), 0);
	if (m->id == t->other) {
		t->other = 0;
	} else {
		enum landing how = LANDING_NONE;

		ck_assert_ptr_nonnull(fl);
		if (fl->cancelled && v.error == ENGINE_E_CANCELLED)
			how = LANDING_CANCELLED;
		else if (is_right(t, fl, &v))
			how = LANDING_REFUSED;
		else if (v.error == ENGINE_E_BUSY)
			how = LANDING_BUSY;
		else
			ck_abort_msg("%s", v.text.data);
		t->cancelled += how == LANDING_CANCELLED;
		t->refused += how == LANDING_REFUSED;
		t->busy += how == LANDING_BUSY;
		land(t, fl, how);
	}
	engine_failed_deinit(&v);
}

static void on_prefix(struct traffic *t, struct ipc_message *m)
{
	struct flight *fl = flight_of(t, m->id);
	struct engine_prefix v;

	ck_assert_int_eq(engine_get_prefix(m, &v), 0);
	ck_assert(fl && fl->stored);
	if (*fl->stored >= 0)
		close(*fl->stored);
	*fl->stored = v.fd;
	t->stored++;
}

static void on_usage(struct traffic *t, struct ipc_message *m)
{
	struct engine_usage v;

	ck_assert_int_eq(engine_get_usage(m, &v), 0);
	ck_assert(t->shrinks || v.used <= v.budget);
	t->changes++;
}

void traffic_take(struct traffic *t, bool wait)
{
	struct engine_counted counted;
	struct ipc_message m;

	if (!front_receive(t->f, &m, wait))
		return;
	switch (m.type) {
	case ENGINE_STARTED:
		ck_assert_ptr_nonnull(flight_of(t, m.id));
		ck_assert(!flight_of(t, m.id)->started);
		flight_of(t, m.id)->started = true;
		break;
	case ENGINE_COUNTED:
		ck_assert_int_eq(engine_get_counted(&m, &counted), 0);
		ck_assert_uint_eq(counted.needed, t->needed);
		ck_assert_uint_eq(counted.limit, t->f->context);
		ck_assert_uint_eq(m.id, t->other);
		t->other = 0;
		break;
	case ENGINE_TOKENS:
		on_tokens(t, &m);
		break;
	case ENGINE_DONE:
		on_done(t, &m);
		break;
	case ENGINE_SCORED:
		on_scored(t, &m);
		break;
	case ENGINE_FAILED:
		on_failed(t, &m);
		break;
	case ENGINE_PREFIX:
		on_prefix(t, &m);
		break;
	default:
		ck_assert_uint_eq(m.type, ENGINE_USAGE);
		on_usage(t, &m);
		break;
	}
	ipc_message_deinit(&m);
}

struct flight *traffic_start(struct traffic *t, const struct front_case *c,
			     struct front_options o)
{
	struct flight *fl = flight_of(t, 0);

	fl->c = c;
	fl->wrong_file = o.wrong_file;
	fl->id = front_request(t->f, c, o, false);
	t->beside++;
	t->begun++;
	return fl;
}

void traffic_score(struct traffic *t, const struct front_case *c, struct front_options o)
{
	struct flight *fl = flight_of(t, 0);

	fl->c = c;
	fl->wrong_file = o.wrong_file;
	fl->scores = true;
	fl->id = front_score(t->f, c, o);
	t->beside++;
	t->begun++;
}

void traffic_cancel(struct traffic *t, struct flight *fl)
{
	if (!fl->id || fl->cancelled)
		return;
	fl->cancelled = true;
	front_cancel(t->f, fl->id);
}

static void start_any(struct traffic *t)
{
	uint32_t bits = front_below(&t->state, 256);
	const struct front_case *c = &t->f->cases[front_below(&t->state, FRONT_CASES)];
	struct front_options o = { .interactive = bits & 1, .draft = bits & 2,
				   .wrong_file = bits >> 2 < 8 };

	if (front_below(&t->state, 4) == 0)
		traffic_score(t, c, o);
	else
		traffic_start(t, c, o);
}

static void cancel_any(struct traffic *t)
{
	traffic_cancel(t, &t->flights[front_below(&t->state, TRAFFIC_BESIDE)]);
}

static void ask_something_else(struct traffic *t)
{
	static const uint32_t types[] = { ENGINE_LOAD, ENGINE_UNLOAD, ENGINE_PIN, ENGINE_COUNT };
	uint32_t type = types[front_below(&t->state, ARRAY_SIZE(types))];
	struct front_options o = { false };
	int adapter = (int)front_below(&t->state, (uint32_t)t->f->n_adapters);

	if (t->other)
		return;
	if (type == ENGINE_COUNT) {
		const struct front_case *c = &t->f->cases[front_below(&t->state, FRONT_CASES)];

		t->needed = c->n_prompt + c->max_tokens;
		t->other = front_request(t->f, c, o, true);
	} else {
		t->other = front_adapter(t->f, type, adapter, front_below(&t->state, 2));
	}
}

void traffic_run(struct traffic *t)
{
	t->begun = 0;
	t->total = 1 + front_below(&t->state, TRAFFIC_REQUESTS);
	t->limit = 1 + front_below(&t->state, TRAFFIC_BESIDE);
	while (t->begun < t->total || t->beside || t->other) {
		uint32_t what = front_below(&t->state, 16);
		bool more = t->begun < t->total && t->beside < t->limit;

		if (more && what < 6)
			start_any(t);
		else if (what == 6 && front_below(&t->state, 4) == 0)
			cancel_any(t);
		else if (what == 7)
			ask_something_else(t);
		else
			traffic_take(t, !more && (t->beside || t->other));
	}
}
