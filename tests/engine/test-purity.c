/* SPDX-License-Identifier: MIT */
/*
 * A text with some adapters, then with others, then as the first time: with everything that is
 * kept between requests, in memory and in files, with requests that are parked, cancelled and
 * refused beside it, and engines that start anew, each answer has the bits of one that was
 * computed alone. SEQUENCES in the environment makes it longer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/engine/traffic.h"
#include "util/macro.h"

enum {
	WORLDS = 4, TEXTS = 8, SETS = 20, CHAINS = 8, STEPS = 3,
	SEQUENCES_OF_AN_ENGINE = 40, TEXT_BYTES = 220, FIXED = 100, ANSWER = 12,
};

/* Texts, most of which begin like another one, under sets of adapters. */
struct world {
	struct front f;
	struct traffic t;
	struct front_case texts[TEXTS], sets[SETS];	/* of these: prompts; uses */
	struct front_case cases[TEXTS][SETS];
	bool solved[TEXTS][SETS];
	int stored[TEXTS][SETS];	/* files of fixed beginnings, or -1 */
};

/* One sequence on its way. */
struct chain {
	int text[STEPS], set[STEPS];
	int step;			/* STEPS: done */
	enum landing landing;
	bool in_flight;
};

static uint32_t below(struct world *w, uint32_t n)
{
	return front_below(&w->t.state, n);
}

/* A letter, or the text of a token that an adapter brings. */
static void put_something(struct world *w, struct front_case *c)
{
	static const char letters[] = "abcijkxyz";
	static const char *const tokens[] = FRONT_TOKENS;
	const char *token = tokens[below(w, ARRAY_SIZE(tokens))];

	if (below(w, 12) || c->prompt_len + strlen(token) > TEXT_BYTES)
		c->prompt[c->prompt_len++] = letters[below(w, sizeof(letters) - 1)];
	else
		c->prompt_len += strlen(strcpy(c->prompt + c->prompt_len, token));
}

/* Begins like an earlier one, or like what came of it; then anything, with what invokes
 * adapters among it. */
static void make_text(struct world *w, int text)
{
	struct front_case *c = &w->texts[text];
	const struct front_case *like = text ? &w->texts[below(w, (uint32_t)text)] : NULL;

	if (like && below(w, 4))
		c->prompt_len = below(w, 2) ? like->prompt_len / 2 : FIXED;
	if (c->prompt_len)
		memcpy(c->prompt, like->prompt, c->prompt_len);
	while (c->prompt_len < FIXED || below(w, 60))
		if (c->prompt_len < TEXT_BYTES)
			put_something(w, c);
	for (uint32_t i = 0; i < 5; i++) {
		size_t kept = below(w, 4) ? FIXED : 0;

		/* Each is there once at least. */
		front_invoke(&w->f, c, FRONT_ADAPTERS - 1 - (int)(i % 2),
			     kept + below(w, (uint32_t)(c->prompt_len - kept) + 1));
	}
	c->fixed_len = below(w, 2) ? FIXED : 0;
	c->own = below(w, 2);
	c->max_tokens = 1 + below(w, ANSWER);
	c->temperature = below(w, 2) ? 0.0f : 0.5f;
}

/* No adapter; one with invocation tokens, whole and without effect; both; then any. */
static void make_set(struct world *w, int set)
{
	static const struct front_case first[] = {
		{ .n_uses = 0 },
		{ .uses = { { 4, 1.0f } }, .n_uses = 1 },
		{ .uses = { { 4, 0.0f } }, .n_uses = 1 },
		{ .uses = { { 5, 1.0f }, { 4, 1.0f } }, .n_uses = 2 },
		{ .uses = { { 5, 1.0f }, { 0, 0.0f } }, .n_uses = 2 },
	};
	struct front_case *c = &w->sets[set];
	uint32_t at = below(w, FRONT_ADAPTERS);

	if (set < (int)ARRAY_SIZE(first)) {
		*c = first[set];
		return;
	}
	c->n_uses = 1 + below(w, below(w, 2) ? 1 : ENGINE_USES_MAX);
	for (size_t i = 0; i < c->n_uses; i++)
		c->uses[i] = (struct front_use){ (int)((at + i) % FRONT_ADAPTERS),
						 0.5f * (float)below(w, 4) };
}

static struct front_case *case_of(struct world *w, int text, int set)
{
	struct front_case *c = &w->cases[text][set];

	if (!w->solved[text][set]) {
		*c = w->texts[text];
		memcpy(c->uses, w->sets[set].uses, sizeof(c->uses));
		c->n_uses = w->sets[set].n_uses;
		front_solve(&w->f, c);
		ck_assert_int_lt(c->not_invoked, 0);
		w->solved[text][set] = true;
	}
	return c;
}

static void world_init(struct world *w, uint64_t seed)
{
	memset(w, 0, sizeof(*w));
	front_init(&w->f, seed);
	w->t = (struct traffic){ .f = &w->f, .state = seed };
	for (int i = 0; i < TEXTS; i++)
		make_text(w, i);
	for (int i = 0; i < SETS; i++)
		make_set(w, i);
	memset(w->stored, -1, sizeof(w->stored));
}

static void world_deinit(struct world *w)
{
	for (int i = 0; i < TEXTS; i++)
		for (int k = 0; k < SETS; k++)
			if (w->stored[i][k] >= 0)
				close(w->stored[i][k]);
	front_deinit(&w->f);
}

static void chain_init(struct world *w, struct chain *c)
{
	int text = (int)below(w, TEXTS), set = (int)below(w, SETS);

	*c = (struct chain){ .text = { text, below(w, 4) ? text : (int)below(w, TEXTS), text },
			     .set = { set, (int)below(w, SETS), set } };
}

/* The file that is offered is now and then another one's. */
static void chain_start(struct world *w, struct chain *c)
{
	int text = c->text[c->step], set = c->set[c->step];
	struct front_case *its = case_of(w, text, set);
	int *stored = its->fixed_len ? &w->stored[text][set] : NULL;
	const int *offered = stored && !below(w, 16) ? &w->stored[below(w, TEXTS)][below(w, SETS)]
						     : stored;
	struct flight *fl = traffic_start(&w->t, its, (struct front_options){
		.interactive = below(w, 2), .draft = below(w, 2), .stored = offered });

	fl->stored = stored;
	fl->landing = &c->landing;
	c->landing = LANDING_NONE;
	c->in_flight = true;
	if (below(w, 24) == 0)
		traffic_cancel(&w->t, fl);
}

/* True when the sequence has come to its end. */
static bool chain_landed(struct chain *c)
{
	if (!c->in_flight || c->landing == LANDING_NONE)
		return false;
	c->in_flight = false;
	c->step += c->landing == LANDING_DONE;
	return c->step == STEPS;
}

/* @n sequences, a few beside each other. */
static void run(struct world *w, size_t n)
{
	struct chain chains[CHAINS];
	size_t begun = 0, ended = 0;

	for (size_t i = 0; i < CHAINS; i++)
		chains[i] = (struct chain){ .step = STEPS };
	while (ended < n) {
		for (size_t i = 0; i < CHAINS; i++) {
			struct chain *c = &chains[i];

			ended += chain_landed(c);
			if (c->step == STEPS && begun < n) {
				chain_init(w, c);
				begun++;
			}
			if (c->step < STEPS && !c->in_flight && below(w, 2))
				chain_start(w, c);
		}
		if (w->t.beside)
			traffic_take(&w->t, true);
	}
}

static size_t sequences(void)
{
	const char *text = getenv("SEQUENCES");

	return text ? strtoul(text, NULL, 10) : 400;
}

START_TEST(as_computed_alone)
{
	static struct world w;
	size_t left = sequences() / WORLDS, n;
	uint64_t wanted = 3 * left;

	world_init(&w, 100 + (uint64_t)_i);
	for (; left; left -= n) {
		struct front_room room = { .adapters = 1 + below(&w, 4),
					   .contexts = 1 + below(&w, 4) };

		n = MIN(left, (size_t)SEQUENCES_OF_AN_ENGINE);
		front_start(&w.f, 1 + below(&w, 3), room);
		run(&w, n);
		front_stop(&w.f);
	}
	printf("%zu done, %zu busy, %zu cancelled, %zu tokens known, %zu files stored\n",
	       w.t.done, w.t.busy, w.t.cancelled, w.t.known, w.t.stored);
	ck_assert_uint_eq(w.t.done, wanted);
	ck_assert_uint_gt(w.t.known, 10 * wanted);
	ck_assert_uint_gt(w.t.cancelled, 0);
	ck_assert_uint_gt(w.t.busy, 0);
	ck_assert_uint_gt(w.t.stored, 0);
	world_deinit(&w);
}
END_TEST

/* Sends a case and waits for its answer, which is right: how much of it was known. */
static size_t known_of(struct traffic *t, const struct front_case *c)
{
	size_t before = t->known;

	traffic_start(t, c, (struct front_options){ .interactive = true });
	while (t->beside)
		traffic_take(t, true);
	return t->known - before;
}

/* What a check by another adapter costs: what stands behind its invocation. */
START_TEST(a_check_costs_its_own_tokens)
{
	enum { TEXT = 150 };	/* tokens */
	static const struct {
		const char *end;
		int adapter;
		size_t known;
	} steps[] = {
		{ "", -1, 0 },
		{ "!check this", 4, TEXT },
		{ "?#and this", 5, TEXT },
		{ "!check that", 4, TEXT + 9 },
		{ "!check this", 4, TEXT + 10 },
		{ "", -1, TEXT - 1 },
		/* Another kind of adapter has nothing to do with any of that. */
		{ "", 0, 0 },
		{ "!check this", 0, TEXT },
		{ "?#and this", 5, TEXT + 9 },
	};
	static struct front_case cases[ARRAY_SIZE(steps)];
	static struct front f;
	struct traffic t = { .f = &f };

	front_init(&f, 5);
	front_start(&f, 2, (struct front_room){ .adapters = FRONT_ADAPTERS });
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct front_case *c = &cases[i];

		for (c->prompt_len = 0; c->prompt_len < TEXT; c->prompt_len++)
			c->prompt[c->prompt_len] = "abcxyz"[c->prompt_len * c->prompt_len % 17 % 6];
		memcpy(c->prompt + TEXT, steps[i].end, strlen(steps[i].end));
		c->prompt_len += strlen(steps[i].end);
		c->max_tokens = 5;
		c->n_uses = steps[i].adapter >= 0;
		c->uses[0] = (struct front_use){ steps[i].adapter, 1.0f };
		front_solve(&f, c);
		ck_assert_uint_eq(known_of(&t, c), steps[i].known);
	}
	front_stop(&f);
	front_deinit(&f);
}
END_TEST

START_TEST(refused)
{
	static struct front f;
	struct traffic t = { .f = &f };
	struct front_case c = { .prompt = "abc", .prompt_len = 3, .max_tokens = 2, .n_uses = 1,
				.uses = { { 4, 1.0f } } };
	struct ipc_message m;
	struct engine_failed v;

	front_init(&f, 6);
	front_start(&f, 1, (struct front_room){ .adapters = 1 });
	/* Not invoked; of the scale 0 it need not be. */
	front_solve(&f, &c);
	ck_assert_int_eq(c.not_invoked, 4);
	known_of(&t, &c);
	ck_assert(t.refused == 1 && t.done == 0);
	c.uses[0].scale = 0.0f;
	front_solve(&f, &c);
	known_of(&t, &c);
	ck_assert(t.refused == 1 && t.done == 1);
	/* The same adapter twice. */
	c.n_uses = 2;
	c.uses[0] = c.uses[1] = (struct front_use){ 1, 0.5f };
	front_request(&f, &c, (struct front_options){ .interactive = true }, false);
	while (front_receive(&f, &m, true) && m.type != ENGINE_FAILED)
		ipc_message_deinit(&m);
	ck_assert_int_eq(engine_get_failed(&m, &v), 0);
	ck_assert_uint_eq(v.error, ENGINE_E_INVALID);
	ck_assert_str_eq(v.text.data, "the same adapter twice");
	engine_failed_deinit(&v);
	ipc_message_deinit(&m);
	front_stop(&f);
	front_deinit(&f);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 3600);
	tcase_add_loop_test(tc, as_computed_alone, 0, WORLDS);
	tcase_add_test(tc, a_check_costs_its_own_tokens);
	tcase_add_test(tc, refused);
	return run_tests("purity", tc);
}
