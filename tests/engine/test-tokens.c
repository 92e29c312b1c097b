/* SPDX-License-Identifier: MIT */
/* Tokens that an adapter brings, through the engine: they are written as their text, recognised in
 * what is the task's, and nowhere else. */
#include <check.h>
#include <string.h>

#include "adapters/canary.h"
#include "tests/check-main.h"
#include "tests/engine/front.h"
#include "util/macro.h"

static const char *const texts[] = FRONT_TOKENS;

struct reply {
	struct buf text;
	uint32_t type, n_tokens, needed, error;
	struct engine_done done;
};

static void take(struct reply *r, struct ipc_message *m)
{
	struct engine_tokens tokens;
	struct engine_counted counted;
	struct engine_failed failed;

	switch (m->type) {
	case ENGINE_TOKENS:
		ck_assert_int_eq(engine_get_tokens(m, &tokens), 0);
		r->n_tokens += tokens.pieces[0].n_tokens;
		ck_assert_int_eq(buf_append(&r->text, tokens.pieces[0].text.data,
					    tokens.pieces[0].text.len), 0);
		engine_tokens_deinit(&tokens);
		break;
	case ENGINE_COUNTED:
		ck_assert_int_eq(engine_get_counted(m, &counted), 0);
		r->needed = counted.needed;
		break;
	case ENGINE_DONE:
		ck_assert_int_eq(engine_get_done(m, &r->done), 0);
		break;
	case ENGINE_FAILED:
		ck_assert_int_eq(engine_get_failed(m, &failed), 0);
		r->error = failed.error;
		ck_assert_int_eq(buf_append(&r->text, failed.text.data, failed.text.len), 0);
		engine_failed_deinit(&failed);
		break;
	default:
		break;
	}
}

/* What the engine says to @c alone. */
static struct reply ask(struct front *f, const struct front_case *c, bool count)
{
	struct reply r = { .text = BUF_NULL };
	struct ipc_message m;

	front_request(f, c, (struct front_options){ .interactive = true }, count);
	while (r.type != ENGINE_DONE && r.type != ENGINE_FAILED &&
	       !(count && r.type == ENGINE_COUNTED)) {
		ck_assert(front_receive(f, &m, true));
		r.type = m.type;
		take(&r, &m);
		ipc_message_deinit(&m);
	}
	ck_assert_int_eq(buf_append_str(&r.text, ""), 0);
	return r;
}

/* Puts another file in the place of adapter @i. */
static void replace(struct front *f, int i, const struct token_fixture *tokens)
{
	struct lora_fixture l = LORA_FIXTURE;

	l.seed = 1000;
	l.tokens = tokens;
	close(f->adapter_fds[i]);
	adapter_unref(f->adapters[i]);
	f->adapters[i] = NULL;
	f->adapter_fds[i] = fixture_lora_fd(&l);
	ck_assert_int_eq(adapter_load_fd(&f->adapters[i], f->model, f->adapter_fds[i], NULL), 0);
	f->digests[i] = *adapter_digest(f->adapters[i]);
}

static struct front_case case_of(const char *prompt, int adapter, bool own)
{
	struct front_case c = { .prompt_len = strlen(prompt), .max_tokens = 20, .own = own,
				.n_uses = adapter < 0 ? 0 : 1, .uses = { { adapter, 1.0f } } };

	memcpy(c.prompt, prompt, c.prompt_len);
	return c;
}

static size_t count_texts(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
			n += strncmp(text, texts[i], strlen(texts[i])) == 0;
	return n;
}

/* Rows so long that one of them beats every other token. */
static const struct token_fixture loud = { .texts = texts, .n = 2, .size = 1000.0f };

START_TEST(written_as_their_text)
{
	static struct front f;
	struct front_case c = case_of("abcxyz", 0, true), without = case_of("abcxyz", -1, true);
	struct reply r;

	front_init(&f, 21);
	f.extends = 0;
	replace(&f, 0, &loud);
	front_start(&f, 2, (struct front_room){ .adapters = 2 });
	front_solve(&f, &c);
	front_solve(&f, &without);
	r = ask(&f, &c, false);
	ck_assert_uint_eq(r.type, ENGINE_DONE);
	ck_assert_uint_eq(r.text.len, c.answer_len);
	ck_assert_mem_eq(r.text.data, c.answer, c.answer_len);
	/* Where a product with one of them is not below 0. */
	ck_assert_uint_gt(count_texts(r.text.data), 5);
	ck_assert_uint_eq(r.n_tokens, c.n_answer);
	ck_assert_uint_lt(r.n_tokens, r.text.len);
	buf_deinit(&r.text);
	/* Without it, and with the scale of 0, as if nobody had brought any. */
	for (int i = 0; i < 2; i++) {
		c.uses[0].scale = 0.0f;
		r = ask(&f, i ? &c : &without, false);
		ck_assert_uint_eq(r.type, ENGINE_DONE);
		ck_assert_uint_eq(r.text.len, without.answer_len);
		ck_assert(!without.answer_len ||
			  memcmp(r.text.data, without.answer, without.answer_len) == 0);
		ck_assert_uint_le(r.text.len, r.n_tokens);
		buf_deinit(&r.text);
	}
	front_stop(&f);
	front_deinit(&f);
}
END_TEST

/* Counted as they are read: in the task's own text a token, in a user's one a byte. */
START_TEST(recognised_in_the_tasks_text)
{
	static struct front f;
	struct front_case own, data, part, base;
	struct reply r[4];

	front_init(&f, 21);
	own = case_of("<on>ab<off>", f.extends, true);
	data = case_of("<on>ab<off>", f.extends, false);
	base = case_of("<on>ab<off>", -1, true);
	/* The task's text ends within the second token. */
	part = own;
	part.fixed_len = 9;
	front_start(&f, 1, (struct front_room){ .adapters = 2 });
	/* Counting reads an adapter, too. */
	r[0] = ask(&f, &own, true);
	r[1] = ask(&f, &data, true);
	r[2] = ask(&f, &part, true);
	r[3] = ask(&f, &base, true);
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(r[i].type, ENGINE_COUNTED);
		buf_deinit(&r[i].text);
	}
	ck_assert_uint_eq(r[3].needed - r[0].needed, 3 + 4);
	ck_assert_uint_eq(r[3].needed, r[1].needed);
	ck_assert_uint_eq(r[3].needed - r[2].needed, 3);
	r[0] = ask(&f, &own, false);
	ck_assert_uint_eq(r[0].type, ENGINE_DONE);
	ck_assert_uint_eq(r[0].done.tokens_in + own.max_tokens, r[3].needed - 7);
	buf_deinit(&r[0].text);
	front_stop(&f);
	front_deinit(&f);
}
END_TEST

/* A package's canaries are read and answered as a request is. */
START_TEST(canaries_are_requests)
{
	struct manifest_canary canary = { .text = "ab<on>xyz", .max_tokens = 20 };
	const struct manifest manifest = { .prompt = "<on>{{ text }}", .canaries = &canary,
					   .n_canaries = 1 };
	_cleanup_(buf_deinit) struct buf answer = BUF_NULL;
	static struct front f;
	struct front_case c;
	struct diag d = DIAG_NULL;
	uint32_t first;

	front_init(&f, 21);
	f.extends = 0;
	replace(&f, 0, &loud);
	c = case_of("<on>ab<on>xyz", 0, true);
	c.fixed_len = 4;
	front_solve(&f, &c);
	ck_assert_int_eq(canaries_answer(&answer, f.model, f.adapters[0], 1.0f, &manifest, NULL,
					 &d), 0);
	ck_assert_uint_gt(count_texts(answer.data), 0);
	ck_assert_uint_eq(answer.len, c.answer_len);
	ck_assert_mem_eq(answer.data, c.answer, c.answer_len);
	canary.output = answer.data;
	ck_assert_int_eq(canaries_check(f.model, f.adapters[0], 1.0f, &manifest, NULL, &first,
					&d), 0);
	front_deinit(&f);
}
END_TEST

START_TEST(of_one_adapter_only)
{
	const struct token_fixture others = { .texts = texts, .n = 1 };
	static struct front f;
	struct front_case c;
	struct reply r;

	front_init(&f, 21);
	replace(&f, 0, &others);
	c = case_of("abc", 0, false);
	c.uses[c.n_uses++] = (struct front_use){ f.extends, 0.5f };
	front_start(&f, 1, (struct front_room){ .adapters = 3 });
	r = ask(&f, &c, false);
	ck_assert_uint_eq(r.type, ENGINE_FAILED);
	ck_assert_uint_eq(r.error, ENGINE_E_INVALID);
	ck_assert_ptr_nonnull(strstr(r.text.data, "two of them bring tokens"));
	buf_deinit(&r.text);
	/* Those of the first are not there. */
	c.uses[0].scale = 0.0f;
	r = ask(&f, &c, false);
	ck_assert_uint_eq(r.type, ENGINE_DONE);
	buf_deinit(&r.text);
	front_stop(&f);
	front_deinit(&f);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, written_as_their_text);
	tcase_add_test(tc, recognised_in_the_tasks_text);
	tcase_add_test(tc, canaries_are_requests);
	tcase_add_test(tc, of_one_adapter_only);
	return run_tests("tokens of adapters in the engine", tc);
}
