/* SPDX-License-Identifier: MIT */
/*
 * Beginnings as files: what continues one that was read has the bits of a text computed
 * alone; the file of another request, and one that is cut or changed anywhere, is not read;
 * the engine asks for no more than it was given, and stores nothing of the user's text.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "assistantd/engine/prefix-file.h"
#include "assistantd/engine/residents.h"
#include "base_model/model-private.h"
#include "tests/check-main.h"
#include "tests/engine/front.h"
#include "tests/fixture.h"
#include "util/file.h"
#include "util/macro.h"

enum { VOCAB = 50, CONTEXT = 192, LENGTH = 100, SAVED = 64 };

static const struct digest base = { { 1 } };
static const struct prefix_key none;

struct world {
	struct bm_model *m;
	struct residents *residents;
	struct prefix_head head;
	int32_t tokens[LENGTH];
	int fd;			/* the file */
};

/* Logits of the last token of all. */
static void compute(struct world *w, struct bm_sequence *seq, float *logits)
{
	uint32_t at = bm_sequence_length(seq);

	while (at < LENGTH) {
		uint32_t n = LENGTH - at < 50 ? LENGTH - at : 50;
		struct bm_item item = { .seq = seq, .tokens = w->tokens + at, .n_tokens = n,
					.logits = logits };

		ck_assert_int_eq(bm_forward(w->m, &item, 1, NULL), 0);
		at += n;
	}
}

static void start_anew(struct world *w, enum bm_kv_type type)
{
	residents_free(w->residents);
	ck_assert_int_eq(residents_new(&w->residents, w->m, type, SIZE_MAX, 0), 0);
}

static struct bm_sequence *begin(struct world *w, uint32_t known)
{
	struct bm_sequence *seq;

	ck_assert_int_eq(residents_begin(w->residents, &none, w->tokens, LENGTH, LENGTH, &seq), 0);
	ck_assert_uint_eq(bm_sequence_length(seq), known);
	return seq;
}

/* Computes it all; the first tokens of it become the file where no window has left them. */
static void world_init(struct world *w, enum bm_kv_type type, uint32_t window, int result)
{
	struct fixture f = FIXTURE;
	struct bm_sequence *seq;
	uint64_t seed = 5;
	float logits[VOCAB];

	f.context = CONTEXT;
	*w = (struct world){ .m = fixture_open(&f, 2), .fd = -1 };
	w->m->config.layers[1].window = window;
	for (int i = 0; i < LENGTH; i++) {
		fixture_random(&seed);
		w->tokens[i] = (int32_t)((seed >> 33) % VOCAB);
	}
	start_anew(w, type);
	seq = begin(w, 0);
	compute(w, seq, logits);
	residents_keep(w->residents, &none, w->tokens, seq);
	w->head = residents_head(w->residents, &base, &none, SAVED);
	ck_assert_int_eq(residents_save(w->residents, &none, w->tokens, &w->head, &w->fd), result);
}

static void world_deinit(struct world *w)
{
	closep(&w->fd);
	residents_free(w->residents);
	bm_model_free(w->m);
}

START_TEST(continued_as_computed_alone)
{
	static const enum bm_kv_type types[] = { BM_KV_F16, BM_KV_Q8_0 };
	static const uint32_t windows[] = { 0, 60 };
	float want[VOCAB], have[VOCAB];
	struct bm_sequence *seq;
	struct world w;
	void *pages = NULL;

	world_init(&w, types[_i % 2], windows[_i / 2], 0);
	start_anew(&w, types[_i % 2]);
	seq = begin(&w, 0);
	compute(&w, seq, want);
	bm_sequence_free(seq);
	ck_assert(!residents_know(w.residents, &none, w.tokens, SAVED));
	ck_assert_int_eq(prefix_file_read(w.fd, &w.head, w.tokens, &pages), 0);
	residents_restore(w.residents, &none, w.tokens, &w.head, pages);
	ck_assert(residents_know(w.residents, &none, w.tokens, SAVED));
	seq = begin(&w, SAVED);
	compute(&w, seq, have);
	ck_assert_mem_eq(want, have, sizeof(want));
	bm_sequence_free(seq);
	free(pages);
	world_deinit(&w);
}
END_TEST

START_TEST(what_a_window_left_is_not_saved)
{
	struct world w;

	world_init(&w, BM_KV_F16, 4, -ERANGE);
	ck_assert_int_eq(w.fd, -1);
	world_deinit(&w);
}
END_TEST

/* No room: nothing happens, and the text is computed. */
START_TEST(restored_within_the_budget)
{
	struct world w;
	void *pages = NULL;

	world_init(&w, BM_KV_F16, 0, 0);
	residents_free(w.residents);
	ck_assert_int_eq(residents_new(&w.residents, w.m, BM_KV_F16, w.head.bytes - 1, 0), 0);
	ck_assert_int_eq(prefix_file_read(w.fd, &w.head, w.tokens, &pages), 0);
	residents_restore(w.residents, &none, w.tokens, &w.head, pages);
	ck_assert(!residents_know(w.residents, &none, w.tokens, SAVED));
	free(pages);
	world_deinit(&w);
}
END_TEST

static int read_as(const struct world *w, int fd, const struct prefix_head *head,
		   const int32_t *tokens)
{
	void *pages = NULL;
	int r = prefix_file_read(fd, head, tokens, &pages);

	(void)w;
	ck_assert(r == 0 || !pages);
	free(pages);
	return r;
}

START_TEST(another_requests_file_is_not_read)
{
	const struct prefix_key adapter = { { { { { 1 } }, 1.0f, 0 } }, 1 };
	const struct prefix_key scaled = { { { { { 1 } }, 0.5f, 0 } }, 1 };
	const struct prefix_key within = { { { { { 1 } }, 1.0f, SAVED - 1 } }, 1 };
	const struct prefix_key behind = { { { { { 1 } }, 1.0f, SAVED } }, 1 };
	const struct digest other_base = { { 2 } };
	struct prefix_head heads[6];
	int32_t tokens[LENGTH];
	struct world w;

	world_init(&w, BM_KV_F16, 0, 0);
	ck_assert_int_eq(read_as(&w, w.fd, &w.head, w.tokens), 0);
	heads[0] = prefix_head(&other_base, &none, BM_KV_F16, SAVED, w.head.bytes);
	heads[1] = prefix_head(&base, &adapter, BM_KV_F16, SAVED, w.head.bytes);
	heads[2] = prefix_head(&base, &scaled, BM_KV_F16, SAVED, w.head.bytes);
	heads[3] = prefix_head(&base, &none, BM_KV_Q8_0, SAVED, w.head.bytes);
	heads[4] = residents_head(w.residents, &base, &none, SAVED / 2);
	heads[5] = prefix_head(&base, &within, BM_KV_F16, SAVED, w.head.bytes);
	for (size_t i = 0; i < ARRAY_SIZE(heads); i++)
		ck_assert_int_eq(read_as(&w, w.fd, &heads[i], w.tokens), -EINVAL);
	/* An adapter that acts behind it changes nothing of it. */
	heads[0] = prefix_head(&base, &behind, BM_KV_F16, SAVED, w.head.bytes);
	ck_assert_int_eq(read_as(&w, w.fd, &heads[0], w.tokens), 0);
	memcpy(tokens, w.tokens, sizeof(tokens));
	tokens[SAVED - 1] = (tokens[SAVED - 1] + 1) % VOCAB;
	ck_assert_int_eq(read_as(&w, w.fd, &w.head, tokens), -EINVAL);
	world_deinit(&w);
}
END_TEST

/* A file of these bytes, written over the one before. */
static void rewrite(int fd, const struct buf *bytes, size_t len)
{
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(pwrite(fd, bytes->data, len, 0), (ssize_t)len);
}

START_TEST(a_damaged_file_is_not_read)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_NULL;
	_cleanup_close_ int fd = memfd_create("damaged", MFD_CLOEXEC);
	struct world w;

	world_init(&w, BM_KV_Q8_0, 0, 0);
	ck_assert_int_eq(file_read_all(w.fd, SIZE_MAX - 1, &bytes, NULL), 0);
	rewrite(fd, &bytes, bytes.len);
	ck_assert_int_eq(read_as(&w, fd, &w.head, w.tokens), 0);
	for (size_t i = 0; i < bytes.len; i++) {
		bool near = i < 4096 || bytes.len - i <= 64;

		if (near) {
			char flipped = (char)(bytes.data[i] ^ (1 << i % 8));

			ck_assert_int_eq(pwrite(fd, &flipped, 1, (off_t)i), 1);
			ck_assert_int_eq(read_as(&w, fd, &w.head, w.tokens), -EINVAL);
			ck_assert_int_eq(pwrite(fd, &bytes.data[i], 1, (off_t)i), 1);
		}
	}
	ck_assert_int_eq(read_as(&w, fd, &w.head, w.tokens), 0);
	ck_assert_int_eq(pwrite(fd, "", 1, (off_t)bytes.len), 1);
	ck_assert_int_eq(read_as(&w, fd, &w.head, w.tokens), -EINVAL);
	for (size_t n = bytes.len; n-- > 0;) {
		ck_assert_int_eq(ftruncate(fd, (off_t)n), 0);
		ck_assert_int_eq(read_as(&w, fd, &w.head, w.tokens), -EINVAL);
	}
	world_deinit(&w);
}
END_TEST

/* What one request came to. */
struct outcome {
	struct buf text;
	uint32_t known;
	int stored;	/* what the engine has sent to be kept, or -1 */
};

static struct outcome ask(struct front *f, const char *fixed, const char *text, int prefix_fd,
			  bool keeps)
{
	struct engine_start s = ENGINE_START_NULL;
	struct outcome o = { .stored = -1 };
	struct engine_tokens *tokens = calloc(1, sizeof(*tokens));
	struct ipc_message m;
	bool done = false;

	s.max_tokens = 8;
	s.n_fixed = 1;
	s.prefix_fd = prefix_fd;
	s.keeps_prefix = keeps;
	ck_assert_int_eq(engine_start_add(&s, ENGINE_ROLE_USER, 0, ENGINE_CUT_NEVER, 0, fixed,
					  strlen(fixed)), 0);
	ck_assert_int_eq(engine_start_add(&s, ENGINE_ROLE_USER, 0, ENGINE_CUT_TAIL, 0, text,
					  strlen(text)), 0);
	ipc_message_init(&m, ENGINE_START, ++f->next_id);
	ck_assert_int_eq(engine_put_start(&m, &s), 0);
	ck_assert_int_eq(ipc_send(f->sock, &m), 0);
	ipc_message_deinit(&m);
	s.prefix_fd = -1;
	engine_start_deinit(&s);
	while (!done) {
		ck_assert(front_receive(f, &m, true));
		ck_assert_uint_ne(m.type, ENGINE_FAILED);
		if (m.type == ENGINE_TOKENS) {
			ck_assert_int_eq(engine_get_tokens(&m, tokens), 0);
			for (uint32_t i = 0; i < tokens->n; i++)
				buf_append(&o.text, tokens->pieces[i].text.data,
					   tokens->pieces[i].text.len);
			engine_tokens_deinit(tokens);
		} else if (m.type == ENGINE_PREFIX) {
			struct engine_prefix v;

			ck_assert_int_eq(engine_get_prefix(&m, &v), 0);
			ck_assert_int_eq(o.stored, -1);
			o.stored = v.fd;
		} else if (m.type == ENGINE_DONE) {
			struct engine_done v;

			ck_assert_int_eq(engine_get_done(&m, &v), 0);
			o.known = v.known;
			done = true;
		}
		ipc_message_deinit(&m);
	}
	free(tokens);
	return o;
}

static void same_text(struct outcome *a, struct outcome *b)
{
	ck_assert_uint_eq(a->text.len, b->text.len);
	ck_assert(a->text.len == 0 || memcmp(a->text.data, b->text.data, a->text.len) == 0);
	buf_deinit(&b->text);
}

START_TEST(an_engine_that_starts_anew_reads_it)
{
	static const char fixed[] = "correct the spelling of the text below and nothing else: ";
	static const struct front_room room;
	static struct front f;
	struct outcome first, second, with, alike;
	int bad = memfd_create("bad", MFD_CLOEXEC), stored;

	front_init(&f, 3);
	front_start(&f, 2, room);
	first = ask(&f, fixed, "xyzzy", -1, true);
	ck_assert_uint_eq(first.known, 0);
	stored = first.stored;
	ck_assert_int_ge(stored, 0);
	ck_assert_int_lt(pwrite(stored, "", 1, 0), 0);
	/* Who does not ask for it, or has it, gets none. */
	second = ask(&f, fixed, "xyzzy", -1, false);
	ck_assert(second.stored < 0 && second.known > 32);
	same_text(&first, &second);
	front_stop(&f);

	front_start(&f, 2, room);
	with = ask(&f, fixed, "xyzzy", stored, true);
	ck_assert_uint_eq(with.known, 32);
	ck_assert_int_eq(with.stored, -1);
	same_text(&first, &with);
	front_stop(&f);

	/* Of another text it has the same bytes: nothing of a text is in it. */
	front_start(&f, 2, room);
	alike = ask(&f, fixed, "and", -1, true);
	ck_assert_int_ge(alike.stored, 0);
	buf_deinit(&alike.text);
	front_stop(&f);
	{
		_cleanup_(buf_deinit) struct buf one = BUF_NULL, other = BUF_NULL;

		ck_assert_int_eq(file_read_all(stored, SIZE_MAX - 1, &one, NULL), 0);
		ck_assert_int_eq(file_read_all(alike.stored, SIZE_MAX - 1, &other, NULL), 0);
		ck_assert_uint_eq(one.len, other.len);
		ck_assert_mem_eq(one.data, other.data, one.len);
	}
	close(alike.stored);

	/* What is no such file is computed and given back. */
	front_start(&f, 2, room);
	ck_assert_int_eq(pwrite(bad, fixed, sizeof(fixed), 0), sizeof(fixed));
	with = ask(&f, fixed, "xyzzy", bad, true);
	ck_assert(with.known == 0 && with.stored >= 0);
	same_text(&first, &with);
	close(with.stored);
	front_stop(&f);
	front_deinit(&f);
	buf_deinit(&first.text);
	close(stored);
	close(bad);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, continued_as_computed_alone, 0, 4);
	tcase_add_test(tc, what_a_window_left_is_not_saved);
	tcase_add_test(tc, restored_within_the_budget);
	tcase_add_test(tc, another_requests_file_is_not_read);
	tcase_add_test(tc, a_damaged_file_is_not_read);
	tcase_add_test(tc, an_engine_that_starts_anew_reads_it);
	return run_tests("prefix files", tc);
}
