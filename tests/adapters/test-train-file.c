/* SPDX-License-Identifier: MIT */
/* What the trainer writes, the model computes alike: bases and adapters through files. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "adapters/adapters.h"
#include "adapters/train/bpe.h"
#include "adapters/train/model-file.h"
#include "tests/check-main.h"

enum { ROWS = 2, CONTEXT = 24, N = ROWS * CONTEXT };

static const char text[] = "the lamp in the living room is on; the lamp in the kitchen is off. "
			   "turn the lamp on, turn the lamp off, and turn the heating down.";

static struct gguf *new_tokenizer(void)
{
	_cleanup_(bpe_freep) struct bpe *b = NULL;
	_cleanup_close_ int fd = memfd_create("tokenizer", MFD_CLOEXEC);
	struct gguf *g = NULL;

	ck_assert_int_eq(bpe_new(&b), 0);
	ck_assert_int_eq(bpe_count(b, text, strlen(text)), 0);
	ck_assert_int_eq(bpe_learn(b, 352), 0);
	ck_assert_int_eq(bpe_write(b, fd), 0);
	ck_assert_int_eq(gguf_open_fd(&g, fd, NULL), 0);
	return g;
}

static size_t count_of(const struct token_list *l, int32_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->ids[i] == id;
	return n;
}

static void make_batch(uint32_t vocab, int32_t *tokens, int32_t *targets)
{
	for (int i = 0; i < N; i++) {
		tokens[i] = (int32_t)((uint32_t)i * 37 % vocab);
		targets[i] = (int32_t)((uint32_t)i * 91 % vocab);
	}
}

/* Far from the start, so that attention and gates have something to say. */
static void train(struct trainer *t, int steps)
{
	int32_t x[N], y[N];
	double loss;

	make_batch(trainer_shape(t)->vocab, x, y);
	while (steps-- > 0) {
		ck_assert_int_eq(trainer_loss(t, &(struct train_batch){ x, y }, true, &loss), 0);
		trainer_step(t, 0.01f);
	}
}

static struct trainer *new_base(const struct gguf *tokenizer)
{
	_cleanup_(tokenizer_freep) struct tokenizer *tok = NULL;
	struct train_shape shape = { .width = 64, .layers = 2, .heads = 4, .kv_heads = 2,
				     .ffn = 96, .context = CONTEXT, .rope_base = 10000,
				     .eps = 1e-5f };
	struct trainer *t = NULL;

	ck_assert_int_eq(tokenizer_new(&tok, tokenizer, NULL), 0);
	shape.vocab = tokenizer_n_tokens(tok);
	ck_assert_int_eq(trainer_new(&t, &shape, ROWS, 1, 5), 0);
	trainer_set_exact(t);
	train(t, 20);
	return t;
}

static struct bm_model *open_base(struct trainer *t, const struct gguf *tokenizer,
				  enum tensor_type type)
{
	const struct bm_params params = { .threads = 1 };
	_cleanup_close_ int fd = memfd_create("base", MFD_CLOEXEC);
	struct bm_model *m = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(train_write_base(t, tokenizer, "test", type, fd), 0);
	ck_assert_msg(bm_model_open_fd(&m, fd, &params, &d) == 0, "%s: %s", d.field, d.text);
	return m;
}

/* The negative logarithm of the softmax, at one logit. */
static double surprise(const float *logits, size_t n, int32_t at)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += exp((double)logits[i] - (double)logits[at]);
	return log(sum);
}

/* The trainer tells no logits, but its loss with a single target is one of the logarithms
 * that they make: many of those are compared. Returns the largest difference. */
static double compare(struct trainer *t, struct bm_model *m, const struct bm_delta *delta)
{
	size_t vocab = trainer_shape(t)->vocab;
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	_cleanup_free_ float *logits = calloc(CONTEXT * vocab, sizeof(*logits));
	int32_t x[N], y[N];
	const float scale = 1;
	struct bm_item item = { .tokens = x, .n_tokens = CONTEXT, .deltas = &delta,
				.scales = &scale, .n_deltas = delta ? 1 : 0, .logits = logits,
				.all_logits = true };
	struct train_batch batch = { x, y };
	double worst = 0, loss;

	make_batch((uint32_t)vocab, x, y);
	ck_assert_int_eq(bm_sequence_new(&seq, m, CONTEXT, BM_KV_F32), 0);
	item.seq = seq;
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	for (size_t i = 0; i < CONTEXT; i += 5)
		for (size_t v = i; v < vocab; v += 29) {
			memset(y, 0xff, sizeof(y));
			y[i] = (int32_t)v;
			ck_assert_int_eq(trainer_loss(t, &batch, false, &loss), 0);
			loss -= surprise(logits + i * vocab, vocab, y[i]);
			worst = fmax(worst, fabs(loss));
		}
	return worst;
}

START_TEST(vocabulary)
{
	static const char numbers[] = "in 2024, 12 lamps";
	_cleanup_(gguf_freep) struct gguf *g = new_tokenizer();
	_cleanup_(tokenizer_freep) struct tokenizer *t = NULL;
	_cleanup_(token_list_deinit) struct token_list all = TOKEN_LIST_NULL,
							  one = TOKEN_LIST_NULL,
							  said = TOKEN_LIST_NULL;

	ck_assert_int_eq(tokenizer_new(&t, g, NULL), 0);
	ck_assert_uint_gt(tokenizer_n_tokens(t), BPE_CONTROLS + 256);
	ck_assert_int_eq(tokenizer_encode(t, numbers, strlen(numbers), 0, &all), 0);
	/* Equal figures are equal tokens, wherever they stand. */
	ck_assert_int_eq(tokenizer_encode(t, "2", 1, TOKENIZE_CONTINUES, &one), 0);
	ck_assert_uint_eq(one.n, 1);
	ck_assert_uint_eq(count_of(&all, one.ids[0]), 3);
	ck_assert_int_eq(tokenizer_encode(t, "<|function_63|>", 15, TOKENIZE_SPECIAL, &said), 0);
	ck_assert_uint_eq(said.n, 1);
	ck_assert_int_eq(said.ids[0], BPE_FUNCTION + 63);
}
END_TEST

START_TEST(base)
{
	_cleanup_(gguf_freep) struct gguf *tokenizer = new_tokenizer();
	_cleanup_(trainer_freep) struct trainer *t = new_base(tokenizer), *back = NULL;
	_cleanup_(bm_model_freep) struct bm_model *exact = open_base(t, tokenizer, TENSOR_F32);
	_cleanup_(bm_model_freep) struct bm_model *rounded = open_base(t, tokenizer, TENSOR_Q8_0);
	double worst = compare(t, exact, NULL), worst_q8 = compare(t, rounded, NULL);

	ck_assert_msg(worst < 1e-4, "F32 differs by %g", worst);
	ck_assert_msg(worst_q8 > worst && worst_q8 < 0.1, "Q8_0 differs by %g", worst_q8);
	ck_assert_ptr_nonnull(bm_model_tokenizer(exact));
	/* As it is in the file, the trainer computes with it as the model does. */
	ck_assert_int_eq(train_from_model(&back, rounded, CONTEXT, ROWS, 1, NULL), 0);
	trainer_set_exact(back);
	ck_assert_double_lt(fabs(compare(back, rounded, NULL)), 0.1);
	ck_assert_int_eq(train_write_base(back, tokenizer, "none", TENSOR_F32, -1), -EINVAL);
	ck_assert_int_eq(train_write_lora(t, "none", -1), -EINVAL);
}
END_TEST

START_TEST(lora)
{
	_cleanup_(gguf_freep) struct gguf *tokenizer = new_tokenizer();
	_cleanup_(trainer_freep) struct trainer *base_of = new_base(tokenizer), *t = NULL;
	_cleanup_(bm_model_freep) struct bm_model *m = open_base(base_of, tokenizer, TENSOR_F32);
	_cleanup_(adapter_unrefp) struct adapter *a = NULL;
	_cleanup_close_ int fd = memfd_create("lora", MFD_CLOEXEC);
	struct diag d = DIAG_NULL;
	double with, without;

	ck_assert_int_eq(train_from_model(&t, m, CONTEXT, ROWS, 1, NULL), 0);
	trainer_set_exact(t);
	ck_assert_int_eq(trainer_add_lora(t, 4, 8, 3), 0);
	train(t, 10);
	ck_assert_int_eq(train_write_lora(t, "test", fd), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_msg(adapter_load_fd(&a, m, fd, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_uint_eq(adapter_rank(a), 4);
	ck_assert_uint_eq(adapter_matrix_count(a), 2 * TRAIN_MATRICES);
	with = compare(t, m, adapter_delta(a));
	without = compare(t, m, NULL);
	/* Its numbers are written in half precision, eleven bits. */
	ck_assert_msg(with < 0.02, "differs by %g", with);
	ck_assert_msg(without > 0.5, "without the adapter: %g", without);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("train-file");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, vocabulary);
	tcase_add_test(c, base);
	tcase_add_test(c, lora);
	return run_tests("train-file", c);
}
