/* SPDX-License-Identifier: MIT */
/* From logits to text: sampler, stream, and the tokenizer's tables. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "base_model/base_model.h"
#include "base_model/gguf-write.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum { N = 8 };

static const float given[N] = { 0.0f, 2.0f, 1.0f, 2.0f, -1.0f, 0.5f, -3.0f, 1.5f };

static int32_t pick(struct bm_sampler *s)
{
	float logits[N];

	memcpy(logits, given, sizeof(logits));
	return bm_sampler_pick(s, logits);
}

/* How often each token comes, of 4000. */
static void draw(const struct bm_sampling *o, unsigned counts[N])
{
	struct bm_sampler *s;

	memset(counts, 0, N * sizeof(*counts));
	ck_assert_int_eq(bm_sampler_new(&s, o, N), 0);
	for (int i = 0; i < 4000; i++)
		counts[pick(s)]++;
	bm_sampler_free(s);
}

START_TEST(greedy_and_penalty)
{
	struct bm_sampling o = BM_SAMPLING_GREEDY;
	struct bm_sampler *s;

	ck_assert_int_eq(bm_sampler_new(&s, &o, N), 0);
	ck_assert_int_eq(pick(s), 1);	/* of equals the lower */
	bm_sampler_free(s);
	o.repetition_penalty = 2.0f;
	o.penalty_window = 2;
	ck_assert_int_eq(bm_sampler_new(&s, &o, N), 0);
	bm_sampler_accept(s, 1);
	ck_assert_int_eq(pick(s), 3);
	bm_sampler_accept(s, 3);
	ck_assert_int_eq(pick(s), 7);
	bm_sampler_accept(s, 7);	/* 1 leaves the window */
	ck_assert_int_eq(pick(s), 1);
	bm_sampler_free(s);
}
END_TEST

START_TEST(distribution)
{
	struct bm_sampling o = { .temperature = 1.0f, .top_p = 1.0f, .repetition_penalty = 1.0f,
				 .seed = 42 };
	unsigned counts[N], again[N];
	double sum = 0.0;

	for (int i = 0; i < N; i++)
		sum += exp(given[i]);
	draw(&o, counts);
	for (int i = 0; i < N; i++) {
		double p = exp(given[i]) / sum;

		/* Five standard deviations. */
		ck_assert_double_eq_tol(counts[i], 4000 * p, 5 * sqrt(4000 * p * (1 - p)) + 1);
	}
	draw(&o, again);
	ck_assert_int_eq(memcmp(counts, again, sizeof(counts)), 0);
	o.top_k = 3;
	draw(&o, counts);
	ck_assert_uint_eq(counts[1] + counts[3] + counts[7], 4000);
	o.top_k = 0;
	o.top_p = 0.3f;
	draw(&o, counts);
	ck_assert_uint_eq(counts[1] + counts[3], 4000);
	o.top_p = 1.0f;
	o.min_p = 0.5f;	/* within ln 2 of the best: 2, 2 and 1.5 */
	draw(&o, counts);
	ck_assert_uint_eq(counts[1] + counts[3] + counts[7], 4000);
	ck_assert_uint_gt(counts[7], 0);
}
END_TEST

START_TEST(sampling_out_of_range)
{
	const struct bm_sampling bad[] = {
		{ .temperature = NAN, .top_p = 1.0f, .repetition_penalty = 1.0f },
		{ .temperature = -1.0f, .top_p = 1.0f, .repetition_penalty = 1.0f },
		{ .top_p = 0.0f, .repetition_penalty = 1.0f },
		{ .top_p = 1.5f, .repetition_penalty = 1.0f },
		{ .top_p = 1.0f, .min_p = 2.0f, .repetition_penalty = 1.0f },
		{ .top_p = 1.0f, .repetition_penalty = 0.0f },
		{ .top_p = 1.0f, .repetition_penalty = 1.0f, .penalty_window = 1025 },
	};
	struct bm_sampler *s = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_int_eq(bm_sampler_new(&s, &bad[i], N), -EINVAL);
}
END_TEST

static const struct {
	const char *pieces[5];
	const char *stops[2];
	const char *shown[5];	/* after each piece; NULL: nothing more */
	const char *whole;
	bool stopped;
} streams[] = {
	{ { "ab", "c" }, { NULL }, { "ab", "abc" }, "abc", false },
	{ { "h\xc3", "\xa9!" }, { NULL }, { "h", "h\xc3\xa9!" }, "h\xc3\xa9!", false },
	{ { "\xf0", "\x9f", "\x98", "\x80" }, { NULL }, { "", "", "", "\xf0\x9f\x98\x80" },
	  "\xf0\x9f\x98\x80", false },
	{ { "a\xff", "b" }, { NULL }, { "a\xef\xbf\xbd", "a\xef\xbf\xbd" "b" }, "a\xef\xbf\xbd" "b",
	  false },
	{ { "a\xc3" }, { NULL }, { "a" }, "a\xef\xbf\xbd", false },
	{ { "one\n", "\ntwo" }, { "\n\n" }, { "one", "one" }, "one", true },
	{ { "one\n", "two" }, { "\n\n" }, { "one", "one\ntwo" }, "one\ntwo", false },
	{ { "x</", "s", ">y" }, { "</s>" }, { "x", "x", "x" }, "x", true },
	{ { "aab" }, { "b", "ab" }, { "a" }, "a", true },
};

START_TEST(stream)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	struct bm_stream *s;
	size_t n = 0;

	while (n < 2 && streams[_i].stops[n])
		n++;
	ck_assert_int_eq(bm_stream_new(&s, streams[_i].stops, n), 0);
	ck_assert_int_eq(buf_append_str(&out, ""), 0);
	for (int i = 0; i < 5 && streams[_i].pieces[i]; i++) {
		ck_assert_int_eq(bm_stream_push(s, streams[_i].pieces[i],
						strlen(streams[_i].pieces[i]), &out), 0);
		ck_assert_str_eq(out.data, streams[_i].shown[i]);
	}
	ck_assert(bm_stream_stopped(s) == streams[_i].stopped);
	ck_assert_int_eq(bm_stream_finish(s, &out), 0);
	ck_assert_str_eq(out.data, streams[_i].whole);
	bm_stream_free(s);
}
END_TEST

/* A SentencePiece vocabulary: three specials, 256 bytes, some pieces. */
enum { SPECIALS = 3, PIECES = 9, TOKENS = SPECIALS + 256 + PIECES };

static const char *const pieces[PIECES] = {
	"\xe2\x96\x81", "a", "b", "ab", "\xe2\x96\x81" "ab", "<", "s", ">", "[TOOL]",
};

struct tables {
	char names[256][8];
	const char *tokens[TOKENS];
	float scores[TOKENS];
	int32_t types[TOKENS];
	uint32_t n_tokens, n_scores, n_types, bos;
	const char *model, *pre;
	enum gguf_type score_type;
};

static void tables_init(struct tables *t)
{
	static const char *const specials[SPECIALS] = { "<unk>", "<s>", "</s>" };

	*t = (struct tables){ .n_tokens = TOKENS, .n_scores = TOKENS, .n_types = TOKENS, .bos = 1,
			      .model = "llama", .score_type = GGUF_TYPE_F32 };
	for (int i = 0; i < TOKENS; i++) {
		t->types[i] = i < SPECIALS ? (i ? 3 : 2) : i < SPECIALS + 256 ? 6 : 1;
		t->scores[i] = -(float)i;
		if (i >= SPECIALS && i < SPECIALS + 256)
			snprintf(t->names[i - SPECIALS], 8, "<0x%02X>", (unsigned)(i - SPECIALS));
		t->tokens[i] = i < SPECIALS ? specials[i] : i < SPECIALS + 256 ?
			       t->names[i - SPECIALS] : pieces[i - SPECIALS - 256];
	}
	t->types[TOKENS - 1] = 4;
}

static int open_tables(const struct tables *t, struct gguf **g, struct tokenizer **ret,
		       struct diag *d)
{
	struct gguf_writer *w;
	int fd = memfd_create("tables", MFD_CLOEXEC), r;

	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_str(w, "general.architecture", "llama", 5), 0);
	ck_assert_int_eq(gguf_writer_str(w, "tokenizer.ggml.model", t->model, strlen(t->model)), 0);
	if (t->pre)
		ck_assert_int_eq(gguf_writer_str(w, "tokenizer.ggml.pre", t->pre,
						 strlen(t->pre)), 0);
	if (t->n_tokens)
		ck_assert_int_eq(gguf_writer_strings(w, "tokenizer.ggml.tokens", t->tokens,
						     t->n_tokens), 0);
	if (t->n_scores)
		ck_assert_int_eq(gguf_writer_array(w, "tokenizer.ggml.scores", t->score_type,
						   t->scores, t->n_scores), 0);
	ck_assert_int_eq(gguf_writer_array(w, "tokenizer.ggml.token_type", GGUF_TYPE_I32, t->types,
					   t->n_types), 0);
	ck_assert_int_eq(gguf_writer_u32(w, "tokenizer.ggml.bos_token_id", t->bos), 0);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	gguf_writer_free(w);
	ck_assert_int_eq(gguf_open_fd(g, fd, d), 0);
	close(fd);
	r = tokenizer_new(ret, *g, d);
	return r;
}

START_TEST(text_never_becomes_control_tokens)
{
	static const char text[] = "<s>ab<0x41>[TOOL]";
	_cleanup_(token_list_deinit) struct token_list plain = TOKEN_LIST_NULL;
	_cleanup_(token_list_deinit) struct token_list special = TOKEN_LIST_NULL;
	_cleanup_(buf_deinit) struct buf back = BUF_NULL;
	struct tokenizer *t = NULL;
	struct gguf *g = NULL;
	struct tables tables;
	struct diag d = DIAG_NULL;

	tables_init(&tables);
	ck_assert_msg(open_tables(&tables, &g, &t, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_int_eq(tokenizer_encode(t, text, strlen(text), 0, &plain), 0);
	for (size_t i = 0; i < plain.n; i++)
		ck_assert_int_ge(plain.ids[i], SPECIALS);
	/* "<0x41>" is text too, not the byte. */
	ck_assert_int_eq(tokenizer_decode(t, plain.ids, plain.n, &back), 0);
	ck_assert_str_eq(back.data, text);
	ck_assert_int_eq(tokenizer_encode(t, text, strlen(text), TOKENIZE_SPECIAL | TOKENIZE_BOS,
					  &special), 0);
	ck_assert_int_eq(special.ids[0], 1);
	ck_assert_int_eq(special.ids[1], 1);
	/* Then a space and "ab" as one piece; at the end the token that the model added. */
	ck_assert_int_eq(special.ids[2], SPECIALS + 256 + 4);
	ck_assert_int_eq(special.ids[special.n - 1], TOKENS - 1);
	ck_assert(tokenizer_is_end(t, 2) && !tokenizer_is_end(t, 1));
	tokenizer_free(t);
	gguf_free(g);
}
END_TEST

static void no_tokens(struct tables *t) { t->n_tokens = 0; }
static void one_token(struct tables *t) { t->n_tokens = 1; }
static void few_scores(struct tables *t) { t->n_scores--; }
static void no_scores(struct tables *t) { t->n_scores = 0; }
static void narrow_scores(struct tables *t) { t->score_type = GGUF_TYPE_U8; }
static void endless_score(struct tables *t) { t->scores[5] = INFINITY; }
static void few_types(struct tables *t) { t->n_types--; }
static void type_zero(struct tables *t) { t->types[9] = 0; }
static void type_seven(struct tables *t) { t->types[9] = 7; }
static void type_negative(struct tables *t) { t->types[9] = -1; }
static void bos_outside(struct tables *t) { t->bos = TOKENS; }
static void bos_huge(struct tables *t) { t->bos = UINT32_MAX; }
static void doubled(struct tables *t) { t->tokens[TOKENS - 2] = "ab"; }
static void not_utf8(struct tables *t) { t->tokens[TOKENS - 2] = "\xc3"; }
static void nameless(struct tables *t) { t->tokens[TOKENS - 2] = ""; }
static void byte_minus_one(struct tables *t) { strcpy(t->names[7], "<0x-1>"); }
static void byte_no_hex(struct tables *t) { strcpy(t->names[7], "<0xZZ>"); }
static void byte_too_large(struct tables *t) { strcpy(t->names[7], "<0x100"); }
static void other_model(struct tables *t) { t->model = "t5"; }
static void other_pre(struct tables *t) { t->model = "gpt2"; t->pre = "no-such"; }

static const struct {
	void (*spoil)(struct tables *t);
	enum diag_code code;
} spoiled[] = {
	{ no_tokens, DIAG_TYPE },     { one_token, DIAG_VOCAB },   { few_scores, DIAG_VOCAB },
	{ no_scores, DIAG_VOCAB },    { narrow_scores, DIAG_TYPE }, { endless_score, DIAG_RANGE },
	{ few_types, DIAG_VOCAB },    { type_zero, DIAG_RANGE },   { type_seven, DIAG_RANGE },
	{ type_negative, DIAG_RANGE }, { bos_outside, DIAG_VOCAB }, { bos_huge, DIAG_VOCAB },
	{ doubled, DIAG_VOCAB },      { not_utf8, DIAG_VOCAB },	   { nameless, DIAG_VOCAB },
	{ byte_minus_one, DIAG_VOCAB }, { byte_no_hex, DIAG_VOCAB }, { byte_too_large, DIAG_VOCAB },
	{ other_model, DIAG_UNSUP },  { other_pre, DIAG_UNSUP },
};

START_TEST(spoiled_tables)
{
	struct tokenizer *t = NULL;
	struct gguf *g = NULL;
	struct tables tables;
	struct diag d = DIAG_NULL;

	tables_init(&tables);
	spoiled[_i].spoil(&tables);
	ck_assert_int_eq(open_tables(&tables, &g, &t, &d), -EINVAL);
	ck_assert_msg(d.code == spoiled[_i].code, "case %d: %s %s: %s", _i, diag_code_name(d.code),
		      d.field, d.text);
	gguf_free(g);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, greedy_and_penalty);
	tcase_add_test(tc, distribution);
	tcase_add_test(tc, sampling_out_of_range);
	tcase_add_loop_test(tc, stream, 0, ARRAY_SIZE(streams));
	tcase_add_test(tc, text_never_becomes_control_tokens);
	tcase_add_loop_test(tc, spoiled_tables, 0, ARRAY_SIZE(spoiled));
	return run_tests("text", tc);
}
