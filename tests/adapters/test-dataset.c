/* SPDX-License-Identifier: MIT */
/* Training data: what is learnt of a line, what is wrong with one, and how rows are packed. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "adapters/train/dataset.h"
#include "adapters/train/packing.h"
#include "adapters/train/row.h"
#include "adapters/train/train.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum { CONTEXT = 24 };

static struct gguf *model;	/* a token is a character */
static struct tokenizer *tokenizer;
static struct diag defect;	/* of the last load() */

static void setup(void)
{
	struct fixture f = FIXTURE;
	_cleanup_close_ int fd = -1;

	f.tokenizer = true;
	f.vocab = 130;
	fd = fixture_model_fd(&f);
	ck_assert_int_eq(gguf_open_fd(&model, fd, NULL), 0);
	ck_assert_int_eq(tokenizer_new(&tokenizer, model, NULL), 0);
}

static void teardown(void)
{
	tokenizer = tokenizer_free(tokenizer);
	model = gguf_free(model);
}

static int load_bytes(struct dataset **ret, const char *lines, size_t len, size_t context)
{
	_cleanup_close_ int fd = memfd_create("data", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, lines, len), len);
	defect = (struct diag)DIAG_NULL;
	return dataset_load(ret, model, fd, context, &defect);
}

static int load(struct dataset **ret, const char *lines, size_t context)
{
	return load_bytes(ret, lines, strlen(lines), context);
}

/* What the targets of an example say, the end of the turn as a dot. */
static const char *learnt(const struct dataset *s, size_t i)
{
	static char said[64];
	struct dataset_example e = dataset_example(s, i);
	int32_t x[64], y[64];
	uint32_t begins[64];
	size_t n = 0, told = dataset_put(&e, 0, x, y, begins);

	ck_assert_uint_le(e.n, ARRAY_SIZE(x));
	for (size_t k = 0; k < e.n; k++) {
		_cleanup_(buf_deinit) struct buf piece = BUF_NULL;

		ck_assert_int_eq(x[k], e.ids[k]);
		if (y[k] == TRAIN_IGNORE)
			continue;
		ck_assert_int_eq(y[k], e.ids[k + 1]);
		ck_assert_int_eq(tokenizer_piece(tokenizer, y[k], &piece), 0);
		said[n++] = tokenizer_is_end(tokenizer, y[k]) ? '.' : piece.data[0];
	}
	ck_assert_uint_eq(n, told);
	said[n] = '\0';
	return said;
}

static const struct {
	const char *line, *learnt;
} lines[] = {
	{ "{\"prompt\": \"lamp\", \"completion\": \"on\"}", "on." },
	{ "{\"messages\": [{\"role\": \"user\", \"content\": \"lamp\"},"
	  " {\"role\": \"assistant\", \"content\": \"on\"}]}", "on." },
	{ "{\"prompt\": \"lamp\", \"completion\": \"on\", \"whole\": false}", "on." },
	{ "{\"prompt\": \"lamp\", \"completion\": \"on\", \"whole\": true}", "ampon." },
	{ "{\"messages\": [{\"role\": \"system\", \"content\": \"a\"},"
	  " {\"role\": \"user\", \"content\": \"on\"},"
	  " {\"role\": \"assistant\", \"content\": \"off\"},"
	  " {\"role\": \"user\", \"content\": \"b\"},"
	  " {\"role\": \"assistant\", \"content\": \"c\"}]}", "c." },
	{ "{\"text\": \"dark\"}", "ark." },
	{ " \t{\"text\": \"dark\"}\r", "ark." },
};

START_TEST(what_is_learnt)
{
	_cleanup_(dataset_freep) struct dataset *s = NULL;
	char text[512];

	snprintf(text, sizeof(text), "\n  \r\n%s\n\n", lines[_i].line);
	ck_assert_msg(load(&s, text, CONTEXT) == 0, "%s: %s", defect.field, defect.text);
	ck_assert_uint_eq(dataset_n_examples(s), 1);
	ck_assert_uint_eq(dataset_example(s, 0).line, 3);
	ck_assert_str_eq(learnt(s, 0), lines[_i].learnt);
	ck_assert_int_eq(dataset_is_text(s), strstr(text, "\"text\"") != NULL);
}
END_TEST

#define USER "{\"role\": \"user\", \"content\": \"a\"}"
#define ANSWER "{\"role\": \"assistant\", \"content\": \"a\"}"

static const struct {
	const char *line, *field, *expected;
	enum diag_code code;
} broken[] = {
	{ "{\"prompt\": \"a\"", "line 2", "column 14: ", DIAG_SYNTAX },
	{ "{\"text\": \"a\"} {}", "line 2", "end of file expected", DIAG_SYNTAX },
	{ "nonsense", "line 2", "column 8: ", DIAG_SYNTAX },
	{ "{\"text\": \"\xff\"}", "line 2", "unable to decode byte 0xff", DIAG_SYNTAX },
	{ "{\"text\": \"\\u0000\"}", "line 2", "\\u0000 is not allowed", DIAG_SYNTAX },
	{ "{\"text\": \"\\ud800\"}", "line 2", "column", DIAG_SYNTAX },
	{ "{\"prompt\": \"a\", \"prompt\": \"a\"}", "line 2", "duplicate", DIAG_SYNTAX },
	{ "[1]", "line 2", "an object of JSON", DIAG_TYPE },
	{ "{}", "line 2", "expected \"messages\"", DIAG_TYPE },
	{ "{\"prompt\": \"a\"}", "line 2: completion", "not empty", DIAG_TYPE },
	{ "{\"completion\": \"a\"}", "line 2: prompt", "not empty", DIAG_TYPE },
	{ "{\"prompt\": \"a\", \"completion\": \"\"}", "line 2: completion", "not empty",
	  DIAG_TYPE },
	{ "{\"prompt\": \"a\", \"completion\": 7}", "line 2: completion", "a text", DIAG_TYPE },
	{ "{\"prompt\": \"a\", \"completion\": \"b\", \"whole\": 1}", "line 2: whole",
	  "true or false", DIAG_TYPE },
	{ "{\"prompt\": \"a\", \"completion\": \"b\", \"text\": \"c\"}", "line 2: text",
	  "not known", DIAG_TYPE },
	{ "{\"text\": \"a\", \"whole\": true}", "line 2: whole", "not known", DIAG_TYPE },
	{ "{\"messages\": 1}", "line 2: messages", "a list", DIAG_TYPE },
	{ "{\"messages\": []}", "line 2: messages", "its answer", DIAG_TYPE },
	{ "{\"messages\": [{\"role\": \"system\", \"content\": \"a\"}]}", "line 2: messages",
	  "its answer", DIAG_TYPE },
	{ "{\"messages\": [" USER "]}", "line 2: messages", "its answer", DIAG_TYPE },
	{ "{\"messages\": [" USER "," ANSWER "," USER "]}", "line 2: messages", "its answer",
	  DIAG_TYPE },
	{ "{\"messages\": [" ANSWER "]}", "line 2: messages[0].role",
	  "'assistant', expected user", DIAG_TYPE },
	{ "{\"messages\": [" USER "," USER "]}", "line 2: messages[1].role",
	  "'user', expected assistant", DIAG_TYPE },
	{ "{\"messages\": [" USER ", {\"role\": \"tool\", \"content\": \"a\"}]}",
	  "line 2: messages[1].role", "'tool', expected assistant", DIAG_TYPE },
	{ "{\"messages\": [" USER ", {\"role\": \"system\", \"content\": \"a\"}]}",
	  "line 2: messages[1].role", "expected assistant", DIAG_TYPE },
	{ "{\"messages\": [" USER ", {\"content\": \"a\"}]}", "line 2: messages[1].role",
	  "'', expected assistant", DIAG_TYPE },
	{ "{\"messages\": [" USER ", {\"role\": \"assistant\", \"content\": \"\"}]}",
	  "line 2: messages[1].content", "not empty", DIAG_TYPE },
	{ "{\"messages\": [" USER ", {\"role\": \"assistant\", \"content\": [\"a\"]}]}",
	  "line 2: messages[1].content", "a text", DIAG_TYPE },
	{ "{\"messages\": [" USER ", {\"role\": \"assistant\", \"content\": \"a\","
	  " \"tool_calls\": []}]}", "line 2: messages[1].tool_calls", "not known", DIAG_TYPE },
	{ "{\"messages\": [" USER ", 3]}", "line 2: messages[1]", "an object", DIAG_TYPE },
	{ "{\"messages\": [" USER "," ANSWER "], \"id\": 3}", "line 2: id", "not known",
	  DIAG_TYPE },
};

START_TEST(broken_lines)
{
	_cleanup_(dataset_freep) struct dataset *s = NULL;
	char text[512];

	snprintf(text, sizeof(text), "{\"text\": \"a\"}\n%s\n", broken[_i].line);
	ck_assert_int_eq(load(&s, text, CONTEXT), -EINVAL);
	ck_assert_msg(strcmp(defect.field, broken[_i].field) == 0, "%s: %s: %s", text,
		      defect.field, defect.text);
	ck_assert_msg(strstr(defect.text, broken[_i].expected) != NULL, "%s", defect.text);
	ck_assert_int_eq(defect.code, broken[_i].code);
}
END_TEST

START_TEST(a_byte_of_zero)
{
	static const char text[] = "{\"text\": \"a\"}\n{\"text\": \"a\0b\"}\n";
	_cleanup_(dataset_freep) struct dataset *s = NULL;

	ck_assert_int_eq(load_bytes(&s, text, sizeof(text) - 1, CONTEXT), -EINVAL);
	ck_assert_str_eq(defect.field, "line 2");
}
END_TEST

START_TEST(a_huge_line)
{
	_cleanup_free_ char *text = malloc(ROW_MAX + 100);
	_cleanup_(dataset_freep) struct dataset *s = NULL;
	int n = sprintf(text, "{\"text\": \"a\"}\n{\"text\": \"");

	memset(text + n, 'x', ROW_MAX);
	strcpy(text + n + ROW_MAX, "\"}\n");
	ck_assert_int_eq(load(&s, text, CONTEXT), -EINVAL);
	ck_assert_str_eq(defect.field, "line 2");
	ck_assert_int_eq(defect.code, DIAG_LIMIT);
}
END_TEST

START_TEST(whole_files)
{
	static const char pair[] = "{\"prompt\": \"lamp\", \"completion\": \"on\"}\n";
	_cleanup_(dataset_freep) struct dataset *s = NULL;
	char text[256];

	ck_assert_int_eq(load(&s, "", CONTEXT), -EINVAL);
	ck_assert_int_eq(defect.code, DIAG_TRUNC);
	ck_assert_int_eq(load(&s, "\n\n", CONTEXT), -EINVAL);
	ck_assert_int_eq(defect.code, DIAG_TRUNC);
	ck_assert_int_eq(load(&s, pair, 4), -EINVAL);
	ck_assert_int_eq(defect.code, DIAG_LIMIT);
	snprintf(text, sizeof(text), "%s{\"text\": \"a\"}\n", pair);
	ck_assert_int_eq(load(&s, text, CONTEXT), -EINVAL);
	ck_assert(strstr(defect.text, "two files") != NULL);
}
END_TEST

/* Rows that are too long are no error, and their lines are told. */
START_TEST(long_rows)
{
	_cleanup_(dataset_freep) struct dataset *s = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	const unsigned long *told;
	size_t n;

	for (int i = 0; i < 40; i++)
		ck_assert_int_eq(buf_printf(&text, "{\"prompt\": \"%s\", \"completion\": \"b\"}\n",
					    i % 2 ? "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" : "a"), 0);
	ck_assert_int_eq(load(&s, text.data, CONTEXT), 0);
	ck_assert_uint_eq(dataset_n_examples(s), 20);
	ck_assert_uint_eq(dataset_n_skipped(s), 20);
	told = dataset_skipped(s, &n);
	ck_assert_uint_eq(n, DATASET_SKIPPED_TOLD);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(told[i], 2 + 2 * i);
	/* The bytes of a line are where they are said to be. */
	for (size_t i = 0; i < 20; i++) {
		struct dataset_example e = dataset_example(s, i);
		_cleanup_(row_deinit) struct row row = ROW_NULL;

		ck_assert_uint_eq(e.line, 1 + 2 * i);
		ck_assert_int_eq(row_parse(&row, text.data + e.offset, e.length, NULL), 0);
		ck_assert_str_eq(json_string_value(row_question(&row)), "a");
		ck_assert_str_eq(json_string_value(row_answer(&row)), "b");
	}
}
END_TEST

enum { EXAMPLES = 200, ROW = 64 };

static struct dataset *many(void)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct dataset *s = NULL;

	for (int i = 0; i < EXAMPLES; i++)
		ck_assert_int_eq(buf_printf(&text, "{\"prompt\": \"%.*s\", \"completion\": "
					    "\"%c%c\"}\n", 1 + i * 7 % 40,
					    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
					    'a' + i % 26, 'a' + i / 26), 0);
	ck_assert_int_eq(load(&s, text.data, ROW), 0);
	ck_assert_uint_eq(dataset_n_examples(s), EXAMPLES);
	return s;
}

/* Every other one of them. */
static struct packing *pack(const struct dataset *s, uint64_t seed)
{
	size_t which[EXAMPLES / 2];
	struct packing *p = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(which); i++)
		which[i] = 2 * i;
	ck_assert_int_eq(packing_new(&p, s, which, ARRAY_SIZE(which), ROW, seed), 0);
	return p;
}

/* Each example once, whole, and with nothing of another in its stretch. */
START_TEST(rows_have_every_example)
{
	_cleanup_(dataset_freep) struct dataset *s = many();
	_cleanup_(packing_freep) struct packing *p = pack(s, 3);
	int seen[EXAMPLES] = { 0 };
	uint64_t tokens = 0;

	for (size_t row = 0; row < packing_n_rows(p); row++) {
		int32_t x[ROW], y[ROW];
		uint32_t begins[ROW];
		size_t n, at = 0, told = packing_fill(p, row, x, y, begins), targets = 0;
		const size_t *which = packing_examples(p, row, &n);

		for (size_t k = 0; k < n; k++) {
			struct dataset_example e = dataset_example(s, which[k]);
			int32_t alone_x[ROW], alone_y[ROW];
			uint32_t alone[ROW];

			seen[which[k]]++;
			dataset_put(&e, 0, alone_x, alone_y, alone);
			ck_assert_uint_le(at + e.n, ROW);
			ck_assert_mem_eq(x + at, alone_x, e.n * sizeof(*x));
			ck_assert_mem_eq(y + at, alone_y, e.n * sizeof(*y));
			for (size_t i = at; i < at + e.n; i++)
				ck_assert_uint_eq(begins[i], at);
			at += e.n;
		}
		tokens += at;
		for (; at < ROW; at++)
			ck_assert(y[at] == TRAIN_IGNORE && begins[at] == at);
		for (size_t i = 0; i < ROW; i++)
			targets += y[i] != TRAIN_IGNORE;
		ck_assert_uint_eq(targets, told);
		ck_assert_uint_eq(packing_learnt(p, row), told);
	}
	for (size_t i = 0; i < EXAMPLES; i++)
		ck_assert_int_eq(seen[i], i % 2 == 0);
	ck_assert_uint_eq(tokens, packing_n_tokens(p));
	/* Little is padding. */
	ck_assert_uint_lt(packing_n_rows(p) * ROW, tokens * 6 / 5);
}
END_TEST

static void order(struct packing *p, uint64_t epoch, size_t *ret)
{
	for (size_t i = 0; i < packing_n_rows(p); i++)
		ret[i] = packing_row_at(p, epoch * packing_n_rows(p) + i);
}

/* An epoch is all rows in its own order, whatever was asked for before. */
START_TEST(epochs_have_every_row)
{
	_cleanup_(dataset_freep) struct dataset *s = many();
	_cleanup_(packing_freep) struct packing *p = pack(s, 3), *again = pack(s, 3);
	_cleanup_(packing_freep) struct packing *other = pack(s, 4);
	size_t n = packing_n_rows(p), first[EXAMPLES], second[EXAMPLES], seen[EXAMPLES] = { 0 };

	order(p, 0, first);
	order(p, 1, second);
	for (size_t i = 0; i < n; i++) {
		seen[first[i]]++;
		seen[second[i]]++;
	}
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(seen[i], 2);
	ck_assert_mem_ne(first, second, n * sizeof(*first));
	ck_assert_uint_eq(packing_row_at(again, n + 2), second[2]);
	ck_assert_uint_eq(packing_row_at(again, 1), first[1]);
	order(other, 0, second);
	ck_assert_mem_ne(first, second, MIN(n, packing_n_rows(other)) * sizeof(*first));
}
END_TEST

/* Drawn rows stand one after the other as they would each alone. */
START_TEST(drawn_rows_are_by_themselves)
{
	_cleanup_(dataset_freep) struct dataset *s = many();
	int32_t x[ROW], y[ROW];
	uint32_t begins[ROW];
	size_t which = 1000 % EXAMPLES, at = 0;

	dataset_draw(s, 1000, x, y, begins);
	for (;; which = (which + 1) % EXAMPLES) {
		struct dataset_example e = dataset_example(s, which);

		if (at + e.n > ROW)
			break;
		ck_assert_mem_eq(x + at, e.ids, e.n * sizeof(*x));
		for (size_t end = at + e.n, begin = at; at < end; at++)
			ck_assert_uint_eq(begins[at], begin);
	}
	ck_assert_uint_gt(at, 0);
	for (; at < ROW; at++)
		ck_assert(y[at] == TRAIN_IGNORE && begins[at] == at);
}
END_TEST

START_TEST(rows_that_cannot_be)
{
	_cleanup_(dataset_freep) struct dataset *s = many();
	struct packing *p = NULL;
	const size_t longest = 17;	/* 1 + 17 * 7 % 40 characters, two and the end */

	ck_assert_int_eq(packing_new(&p, s, &longest, 0, ROW, 1), -EINVAL);
	ck_assert_int_eq(packing_new(&p, s, &longest, 1, dataset_example(s, longest).n - 1, 1),
			 -EINVAL);
	ck_assert_int_eq(packing_new(&p, s, &longest, 1, dataset_example(s, longest).n, 1), 0);
	ck_assert_uint_eq(packing_n_rows(p), 1);
	packing_free(p);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("dataset");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, what_is_learnt, 0, ARRAY_SIZE(lines));
	tcase_add_loop_test(c, broken_lines, 0, ARRAY_SIZE(broken));
	tcase_add_test(c, a_byte_of_zero);
	tcase_add_test(c, a_huge_line);
	tcase_add_test(c, whole_files);
	tcase_add_test(c, long_rows);
	tcase_add_test(c, rows_have_every_example);
	tcase_add_test(c, epochs_have_every_row);
	tcase_add_test(c, drawn_rows_are_by_themselves);
	tcase_add_test(c, rows_that_cannot_be);
	return run_tests("dataset", c);
}
