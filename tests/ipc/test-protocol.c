/* SPDX-License-Identifier: MIT */
/* Messages of the processes: what goes in comes out, and what is cut or odd is refused whole. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/ipc/ipc.h"
#include "tests/check-main.h"
#include "util/macro.h"

static struct ipc_message m;

static void setup(void)
{
	ipc_message_init(&m, 1, 7);
}

static void teardown(void)
{
	ipc_message_deinit(&m);
}

static int free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static struct engine_start *make_start(void)
{
	struct engine_start *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	*s = (struct engine_start)ENGINE_START_NULL;
	for (s->n_uses = 0; s->n_uses < ENGINE_USES_MAX; s->n_uses++) {
		struct engine_use *use = &s->uses[s->n_uses];

		use->fd = dup(0);
		memset(use->digest.bytes, 0xab + (int)s->n_uses, sizeof(use->digest.bytes));
		use->scale = 0.5f - (float)s->n_uses;
	}
	s->max_tokens = 9;
	s->answer_share = 1.25f;
	s->seed = UINT64_MAX;
	s->lane = 1;
	ck_assert_int_eq(engine_start_add(s, ENGINE_ROLE_SYSTEM, 0, ENGINE_CUT_NEVER, 3, "be", 2),
			 0);
	ck_assert_int_eq(engine_start_add(s, ENGINE_ROLE_USER, 1, ENGINE_CUT_TAIL, 1, "a\0b", 3),
			 0);
	s->n_fixed = 1;
	s->segments[0].own = true;
	s->keeps_prefix = true;
	return s;
}

static void free_start(struct engine_start *s)
{
	engine_start_deinit(s);
	free(s);
}

START_TEST(a_request_arrives)
{
	struct engine_start *out = make_start(), *in = calloc(1, sizeof(*in));

	ck_assert_int_eq(engine_put_start(&m, out), 0);
	ck_assert_int_eq(engine_get_start(&m, in), 0);
	ck_assert_uint_eq(in->n_uses, ENGINE_USES_MAX);
	for (uint32_t i = 0; i < in->n_uses; i++) {
		ck_assert(in->uses[i].fd >= 0 && in->uses[i].fd != out->uses[i].fd);
		ck_assert(digest_equal(&in->uses[i].digest, &out->uses[i].digest));
		ck_assert(in->uses[i].scale == out->uses[i].scale);
	}
	ck_assert(in->answer_share == 1.25f);
	ck_assert_uint_eq(in->max_tokens, 9);
	ck_assert(in->seed == UINT64_MAX && in->lane == 1);
	ck_assert_uint_eq(in->n_segments, 2);
	ck_assert_uint_eq(in->segments[1].text.len, 3);
	ck_assert_mem_eq(in->segments[1].text.data, "a\0b", 3);
	ck_assert_uint_eq(in->segments[1].cut, ENGINE_CUT_TAIL);
	ck_assert_uint_eq(in->segments[0].priority, 3);
	ck_assert(in->n_fixed == 1 && in->prefix_fd == -1 && in->keeps_prefix);
	ck_assert(in->segments[0].own && !in->segments[1].own);
	free_start(in);
	free_start(out);
}
END_TEST

/* Cut at every byte: refused, and neither memory nor a descriptor stays behind. */
START_TEST(a_cut_request_is_refused)
{
	int before = free_fd();
	struct engine_start *out = make_start(), *in = calloc(1, sizeof(*in));
	size_t len;

	ck_assert_int_eq(engine_put_start(&m, out), 0);
	len = m.body.len;
	for (size_t n = 0; n < len; n++) {
		struct ipc_message cut;

		ipc_message_init(&cut, 1, 7);
		ck_assert_int_eq(buf_append(&cut.body, m.body.data, n), 0);
		cut.fds[cut.n_fds++] = dup(0);
		ck_assert_int_eq(engine_get_start(&cut, in), -EBADMSG);
		ipc_message_deinit(&cut);
	}
	free(in);
	free_start(out);
	ipc_message_deinit(&m);
	ck_assert_int_eq(free_fd(), before);
}
END_TEST

static int put_again(const struct engine_start *s)
{
	ipc_message_deinit(&m);
	ipc_message_init(&m, 1, 7);
	return engine_put_start(&m, s);
}

START_TEST(odd_values_are_refused)
{
	struct engine_start *s = make_start(), *in = calloc(1, sizeof(*in));

	s->lane = 2;
	ck_assert_int_eq(put_again(s), -EBADMSG);
	s->lane = 1;
	s->uses[3].scale = NAN;
	ck_assert_int_eq(put_again(s), -EBADMSG);
	s->uses[3].scale = -8.5f;
	ck_assert_int_eq(put_again(s), -EBADMSG);
	s->uses[3].scale = 1;
	s->n_uses = ENGINE_USES_MAX + 1;
	ck_assert_int_eq(put_again(s), -EBADMSG);
	s->n_uses = ENGINE_USES_MAX;
	s->segments[1].turn = 0;
	s->segments[0].turn = 1;
	ck_assert_int_eq(put_again(s), -EBADMSG);
	for (uint32_t i = s->n_segments; i < ENGINE_SEGMENTS_MAX; i++)
		ck_assert_int_eq(engine_start_add(s, ENGINE_ROLE_USER, 1, 0, 0, "", 0), 0);
	ck_assert_int_eq(engine_start_add(s, ENGINE_ROLE_USER, 1, 0, 0, "", 0), -E2BIG);
	free(in);
	free_start(s);
}
END_TEST

START_TEST(tokens_of_many_arrive)
{
	struct engine_tokens *out = calloc(1, sizeof(*out)), *in = calloc(1, sizeof(*in));

	out->n = ENGINE_REQUESTS_MAX;
	for (uint32_t i = 0; i < out->n; i++) {
		out->pieces[i].id = i;
		out->pieces[i].n_tokens = 1;
		ck_assert_int_eq(buf_printf(&out->pieces[i].text, "piece %u", i), 0);
	}
	ck_assert_int_eq(engine_put_tokens(&m, out), 0);
	ck_assert_int_eq(engine_get_tokens(&m, in), 0);
	ck_assert_uint_eq(in->n, out->n);
	ck_assert_str_eq(in->pieces[31].text.data, "piece 31");
	engine_tokens_deinit(in);
	engine_tokens_deinit(out);
	free(in);
	free(out);
}
END_TEST

START_TEST(texts_and_scores_arrive)
{
	struct engine_score *out = calloc(1, sizeof(*out)), *in = calloc(1, sizeof(*in));
	struct engine_scored scored = { .n = 2, .scores = { -1.5, (double)NAN },
					.tokens = { 3, 900 }, .tokens_in = 7 }, back;

	*out = (struct engine_score)ENGINE_SCORE_NULL;
	out->prompt.lane = 1;
	out->ends = true;
	ck_assert_int_eq(engine_start_add(&out->prompt, ENGINE_ROLE_USER, 0, ENGINE_CUT_NEVER, 0,
					  "why", 3), 0);
	ck_assert_int_eq(engine_score_add(out, "a text", 6), 0);
	ck_assert_int_eq(engine_score_add(out, "", 0), -EINVAL);
	ck_assert_int_eq(engine_score_add(out, "a\0b", 3), -EINVAL);
	ck_assert_int_eq(engine_score_add(out, "another", 7), 0);
	ck_assert_int_eq(engine_put_score(&m, out), 0);
	ck_assert_int_eq(engine_get_score(&m, in), 0);
	ck_assert_uint_eq(in->n_texts, 2);
	ck_assert_uint_eq(in->texts.len, 15);
	ck_assert_mem_eq(in->texts.data, "a text\0another", 15);
	ck_assert(in->ends && in->prompt.lane == 1 && in->prompt.n_segments == 1);
	engine_score_deinit(in);
	engine_score_deinit(out);
	free(in);
	free(out);

	ipc_message_deinit(&m);
	ck_assert_int_eq(engine_put_scored(&m, &scored), 0);
	ck_assert_int_eq(engine_get_scored(&m, &back), 0);
	ck_assert_uint_eq(back.n, 2);
	ck_assert(back.scores[0] == -1.5 && isnan(back.scores[1]));
	ck_assert_uint_eq(back.tokens[1], 900);
	ck_assert_uint_eq(back.tokens_in, 7);
}
END_TEST

/* How many texts there are is said twice: as a number, and by their ends. */
START_TEST(texts_are_counted)
{
	static const struct {
		const char *texts;
		size_t len;
		uint32_t n;
	} wrong[] = { { "a", 2, 2 }, { "a\0b", 4, 1 }, { "a", 1, 1 }, { "", 0, 0 },
		      { "a\0\0", 4, 2 }, { "\0", 2, 1 } };
	struct engine_score *out = calloc(1, sizeof(*out)), *in = calloc(1, sizeof(*in));

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct ipc_message again;
		int r;

		*out = (struct engine_score)ENGINE_SCORE_NULL;
		ck_assert_int_eq(buf_append(&out->texts, wrong[i].texts, wrong[i].len), 0);
		out->n_texts = wrong[i].n;
		ipc_message_init(&again, ENGINE_SCORE, 1);
		r = engine_put_score(&again, out);
		ck_assert_msg(r == -EBADMSG || engine_get_score(&again, in) == -EBADMSG, "%zu", i);
		ipc_message_deinit(&again);
		engine_score_deinit(out);
	}
	free(in);
	free(out);
}
END_TEST

START_TEST(a_device_and_a_result_arrive)
{
	struct tools_entity e = { .available = true }, e2;
	struct tools_result r = { .outcome = OUTCOME_SENT, .verified = true }, r2;
	struct ipc_message other;

	ck_assert_int_eq(buf_append_str(&e.id, "light.a"), 0);
	ck_assert_int_eq(buf_append_str(&e.attributes, "{\"brightness\":40}"), 0);
	ck_assert_int_eq(tools_put_entity(&m, &e), 0);
	ck_assert_int_eq(tools_get_entity(&m, &e2), 0);
	ck_assert_str_eq(e2.id.data, "light.a");
	ck_assert_str_eq(e2.attributes.data, "{\"brightness\":40}");
	ck_assert(e2.available && e2.services.len == 0);
	tools_entity_deinit(&e);
	tools_entity_deinit(&e2);
	ipc_message_init(&other, TOOLS_RESULT, 9);
	ck_assert_int_eq(tools_put_result(&other, &r), 0);
	ck_assert_int_eq(tools_get_result(&other, &r2), 0);
	ck_assert_uint_eq(r2.outcome, OUTCOME_SENT);
	ck_assert_str_eq(tools_outcome_name(OUTCOME_NOT_RUN), "not_run");
	tools_result_deinit(&r2);
	r.outcome = OUTCOME_COUNT;
	ck_assert_int_eq(tools_put_result(&other, &r), -EBADMSG);
	ipc_message_deinit(&other);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("protocol");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_request_arrives);
	tcase_add_test(c, a_cut_request_is_refused);
	tcase_add_test(c, odd_values_are_refused);
	tcase_add_test(c, tokens_of_many_arrive);
	tcase_add_test(c, texts_and_scores_arrive);
	tcase_add_test(c, texts_are_counted);
	tcase_add_test(c, a_device_and_a_result_arrive);
	return run_tests("protocol", c);
}
