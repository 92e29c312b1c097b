/* SPDX-License-Identifier: MIT */
/*
 * Models that are well-formed files and no models: the numbers are those of the project's list
 * of malformed inputs, and each is a small valid model but for one thing. Every one has the
 * verdict of the table, from memory and from disk, within bounds.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/base_model/bounds.h"
#include "tests/base_model/sample.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

#define TOP "token_embd.weight:D,V output_norm.weight:D"
#define NORMS "attn_norm.weight:D ffn_norm.weight:D "
#define ATTENTION "attn_q.weight:D,Q attn_k.weight:D,K attn_v.weight:D,K attn_output.weight:Q,D "
#define FFN "ffn_gate.weight:D,F ffn_up.weight:D,F ffn_down.weight:F,D"
#define EPS "llama.attention.layer_norm_rms_epsilon"

static const struct {
	unsigned number;
	const char *keys;	/* in place of the valid ones */
	const char *top, *layer;	/* tensors, NULL: the valid ones */
	enum diag_code code;
	const char *field;
} cases[] = {
	{ 0, "", NULL, NULL, DIAG_NONE, "" },
	{ 33, "attention.head_count=U", NULL, NULL, DIAG_SHAPE, "llama.attention.head_count" },
	{ 43, "block_count=u0", NULL, NULL, DIAG_RANGE, "llama.block_count" },
	{ 43, "block_count", NULL, NULL, DIAG_RANGE, "llama.block_count" },
	{ 44, "block_count=u4294967295", NULL, NULL, DIAG_RANGE, "llama.block_count" },
	{ 45, "attention.head_count=u0", NULL, NULL, DIAG_RANGE, "llama.attention.head_count" },
	{ 45, "attention.head_count_kv=u0", NULL, NULL, DIAG_RANGE,
	  "llama.attention.head_count_kv" },
	{ 45, "attention.head_count_kv=u3", NULL, NULL, DIAG_RANGE,
	  "llama.attention.head_count_kv" },
	{ 46, "embedding_length=u0", NULL, NULL, DIAG_RANGE, "llama.embedding_length" },
	{ 46, "embedding_length=u63", NULL, NULL, DIAG_RANGE, "llama.embedding_length" },
	{ 46, "embedding_length=u2147483648", NULL, NULL, DIAG_RANGE, "llama.embedding_length" },
	{ 47, "context_length=u0", NULL, NULL, DIAG_RANGE, "llama.context_length" },
	{ 47, "context_length=u4294967295", NULL, NULL, DIAG_RANGE, "llama.context_length" },
	{ 48, "rope.freq_base=fnan", NULL, NULL, DIAG_RANGE, "llama.rope.freq_base" },
	{ 48, "rope.freq_base=finf", NULL, NULL, DIAG_RANGE, "llama.rope.freq_base" },
	{ 48, "rope.freq_base=f0", NULL, NULL, DIAG_RANGE, "llama.rope.freq_base" },
	{ 48, "rope.freq_base=f-1", NULL, NULL, DIAG_RANGE, "llama.rope.freq_base" },
	{ 49, "attention.layer_norm_rms_epsilon=fnan", NULL, NULL, DIAG_RANGE, EPS },
	{ 49, "attention.layer_norm_rms_epsilon=f-1e-5", NULL, NULL, DIAG_RANGE, EPS },
	{ 49, "attention.layer_norm_rms_epsilon", NULL, NULL, DIAG_RANGE, EPS },
	{ 50, "expert_count=u2 expert_used_count=u3", NULL, NULL, DIAG_UNSUP,
	  "llama.expert_count" },
	{ 51, "rope.freq_base=u10000", NULL, NULL, DIAG_TYPE, "llama.rope.freq_base" },
	{ 51, "attention.layer_norm_rms_epsilon=u1", NULL, NULL, DIAG_TYPE, EPS },
	{ 51, "block_count=f1", NULL, NULL, DIAG_TYPE, "llama.block_count" },
	{ 52, "attention.key_length=u8 attention.value_length=u8 rope.dimension_count=u8", NULL,
	  NULL, DIAG_SHAPE, "blk.0.attn_q.weight" },
	{ 52, "attention.head_count=u8", NULL, NULL, DIAG_SHAPE, "blk.0.attn_q.weight" },
	{ 68, "", TOP " stray.weight:D", NULL, DIAG_SHAPE, "stray.weight" },
	{ 68, "", NULL, NORMS ATTENTION FFN " attn_r.weight:D,D", DIAG_SHAPE,
	  "blk.0.attn_r.weight" },
	{ 69, "", "output_norm.weight:D", NULL, DIAG_SHAPE, "token_embd.weight" },
	{ 69, "", NULL, NORMS ATTENTION "ffn_gate.weight:D,F ffn_up.weight:D,F", DIAG_SHAPE,
	  "blk.0.ffn_down.weight" },
	{ 69, "block_count=u3", NULL, NULL, DIAG_SHAPE, "blk.2.attn_norm.weight" },
	{ 70, "", NULL, NORMS ATTENTION "ffn_gate.weight:D,F ffn_up.weight:F,D ffn_down.weight:F,D",
	  DIAG_SHAPE, "blk.0.ffn_up.weight" },
	{ 71, "", NULL, NORMS ATTENTION "ffn_gate.weight:D,F,M ffn_up.weight:D,F "
	  "ffn_down.weight:F,D", DIAG_SHAPE, "blk.0.ffn_gate.weight" },
	{ 71, "", "token_embd.weight:D,V,M output_norm.weight:D", NULL, DIAG_SHAPE,
	  "token_embd.weight" },
};

static void check_verdict(int fd, unsigned number, enum diag_code code, const char *field)
{
	struct bm_params params = { .threads = 1 };
	struct bm_model *m = NULL;
	struct diag d = DIAG_NULL;
	int r = bm_model_open_fd(&m, fd, &params, &d);

	ck_assert_msg(r == (code ? -EINVAL : 0) && (m != NULL) == (r == 0) && d.code == code &&
		      strcmp(d.field, field) == 0, "case %u: %d, %s at \"%s\" (%s)", number, r,
		      diag_code_name(d.code), d.field, d.text);
	bm_model_free(m);
}

START_TEST(listed_cases)
{
	struct sample s = { "llama", "attention.layer_norm_rms_epsilon=f1e-5",
			    cases[_i].top ? cases[_i].top : TOP,
			    cases[_i].layer ? cases[_i].layer : NORMS ATTENTION FFN, .layers = 2,
			    .first = { 4, 2, 96 }, .type = TENSOR_F32 };
	int fd = sample_fd(&s, cases[_i].keys), disk = copy_to_disk(fd);

	check_verdict(fd, cases[_i].number, cases[_i].code, cases[_i].field);
	check_verdict(disk, cases[_i].number, cases[_i].code, cases[_i].field);
	/* No descriptor stays open. */
	close(disk);
	ck_assert_int_eq(dup(fd), disk);
	close(disk);
	close(fd);
}
END_TEST

/* 95: tokens and rows of the embedding. */
START_TEST(tokens_and_rows)
{
	struct fixture f = FIXTURE;

	f.tokenizer = true;
	for (uint32_t rows = 129; rows <= 131; rows++) {
		int fd;

		f.vocab = rows;
		fd = fixture_model_fd(&f);
		check_verdict(fd, 95, rows == 130 ? DIAG_NONE : DIAG_VOCAB,
			      rows == 130 ? "" : "tokenizer.ggml.tokens");
		close(fd);
	}
}
END_TEST

/* A whole model of more than 8 KiB of metadata, tokens and weights. */
static int small_model(size_t *size)
{
	struct fixture f = FIXTURE;
	int fd;

	f.tokenizer = true;
	f.vocab = 130;
	f.dim = 16;
	f.heads = f.kv_heads = f.layers = 1;
	f.ffn = 16;
	fd = fixture_model_fd(&f);
	*size = (size_t)lseek(fd, 0, SEEK_END);
	ck_assert_uint_gt(*size, 8192);
	return fd;
}

/* Whether there is a model; where not, there is a reason. */
static bool any_verdict(int fd)
{
	struct bm_params params = { .threads = 1 };
	struct bm_model *m = NULL;
	struct diag d = DIAG_NULL;
	int r = bm_model_open_fd(&m, fd, &params, &d);

	ck_assert_msg(r == 0 || (r == -EINVAL && d.code != DIAG_NONE), "%d, %s at \"%s\" (%s)", r,
		      diag_code_name(d.code), d.field, d.text);
	ck_assert((m != NULL) == (r == 0));
	bm_model_free(m);
	return r == 0;
}

START_TEST(cut_everywhere)
{
	size_t size;
	int memory = small_model(&size), disk = copy_to_disk(memory);

	ck_assert(any_verdict(memory));
	for (size_t len = size; len--;) {
		ck_assert_int_eq(ftruncate(memory, (off_t)len), 0);
		ck_assert(!any_verdict(memory));
		if (len % 8)
			continue;
		ck_assert_int_eq(ftruncate(disk, (off_t)len), 0);
		ck_assert(!any_verdict(disk));
	}
	close(memory);
	close(disk);
}
END_TEST

enum { FLIPPED = 8192, PARTS = 8 };

START_TEST(flip_everywhere)
{
	size_t size, models = 0;
	int fd = small_model(&size);

	for (size_t bit = (size_t)_i * FLIPPED; bit < (size_t)(_i + 1) * FLIPPED; bit++) {
		off_t at = (off_t)(bit / 8);
		uint8_t byte, other;

		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		other = byte ^ (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(pwrite(fd, &other, 1, at), 1);
		models += any_verdict(fd);
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	}
	/* Flips of weights, which come last, are models of their own. */
	ck_assert(_i == 0 ? models < FLIPPED / 2 : models > 0);
	ck_assert(any_verdict(fd));
	close(fd);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 300);
	tcase_add_checked_fixture(tc, bound_verdicts, NULL);
	tcase_add_loop_test(tc, listed_cases, 0, ARRAY_SIZE(cases));
	tcase_add_test(tc, tokens_and_rows);
	tcase_add_test(tc, cut_everywhere);
	tcase_add_loop_test(tc, flip_everywhere, 0, PARTS);
	return run_tests("malformed models", tc);
}
