/* SPDX-License-Identifier: MIT */
/* Adapters on models as their files have them: every family against the engine's own logits and
 * against differences, every type of weights, and the same bits however a run goes. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "adapters/adapters.h"
#include "adapters/train/model-file.h"
#include "tests/base_model/family-samples.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum { CONTEXT = 24, ROWS = 2, N = ROWS * CONTEXT };

/* Two examples in the first row, one in the second. */
struct batch {
	int32_t x[N], y[N];
	uint32_t begins[N];
	struct train_batch b;
};

static void make_batch(struct batch *b, uint32_t vocab)
{
	for (uint32_t i = 0; i < N; i++) {
		b->x[i] = (int32_t)(i * 37 % vocab);
		b->y[i] = i % 5 == 4 ? TRAIN_IGNORE : (int32_t)(i * 91 % vocab);
		b->begins[i] = i >= 9 && i < CONTEXT ? 9 : 0;
	}
	b->b = (struct train_batch){ b->x, b->y, b->begins };
}

static double loss_of(struct trainer *t, bool backward)
{
	struct batch b;
	double loss;

	make_batch(&b, trainer_shape(t)->vocab);
	ck_assert_int_eq(trainer_loss(t, &b.b, backward, &loss), 0);
	return loss;
}

/* - log softmax(logits)[target] */
static double surprise(const float *logits, size_t n, int32_t target)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += exp((double)logits[i] - (double)logits[target]);
	return log(sum);
}

/* Of the positions @first to @first + @n - 1, summed over those that are learnt. */
static double loss_of_part(struct bm_model *m, const struct bm_delta *delta, const struct batch *b,
			   size_t first, size_t n, size_t *learnt)
{
	size_t vocab = bm_model_config(m)->n_vocab;
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	_cleanup_free_ float *logits = calloc(n * vocab, sizeof(*logits));
	const float scale = 1;
	struct bm_item item = { .tokens = b->x + first, .n_tokens = n, .logits = logits,
				.all_logits = true, .deltas = &delta, .scales = &scale,
				.n_deltas = delta ? 1 : 0 };
	double sum = 0;

	ck_assert_int_eq(bm_sequence_new(&seq, m, (uint32_t)n, BM_KV_F32), 0);
	item.seq = seq;
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	for (size_t i = 0; i < n; i++)
		if (b->y[first + i] != TRAIN_IGNORE) {
			sum += surprise(logits + i * vocab, vocab, b->y[first + i]);
			++*learnt;
		}
	return sum;
}

/* What the engine's passes come to on the batch, with an adapter or NULL. */
static double engine_loss(struct bm_model *m, const struct bm_delta *delta)
{
	size_t learnt = 0;
	struct batch b;
	double sum;

	make_batch(&b, bm_model_config(m)->n_vocab);
	sum = loss_of_part(m, delta, &b, 0, 9, &learnt);
	sum += loss_of_part(m, delta, &b, 9, CONTEXT - 9, &learnt);
	return (sum + loss_of_part(m, delta, &b, CONTEXT, CONTEXT, &learnt)) / (double)learnt;
}

static struct trainer *new_trainer(const struct bm_model *m, unsigned threads, bool adapter)
{
	struct trainer *t = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(train_from_model(&t, m, CONTEXT, ROWS, threads, &d) == 0, "%s: %s", d.field,
		      d.text);
	if (adapter)
		ck_assert_int_eq(trainer_add_lora(t, 3, 6, 3), 0);
	return t;
}

/* Far enough from nothing for A and B to matter. */
static void disturb(struct trainer *t, float by)
{
	for (size_t i = 0; i < trainer_n_trained(t); i++)
		trainer_trained(t)[i] += by * sinf((float)i * 1.7f);
}

/* Every @step-th trained weight. */
static void compare_differences(struct trainer *t, size_t step, const char *name)
{
	float *w = trainer_trained(t);
	double error = 0, size = 0, most = 0;
	const float h = 2e-3f;

	for (size_t i = 0; i < trainer_n_trained(t); i++)
		most = fmax(most, fabs((double)trainer_gradients(t)[i]));
	for (size_t i = 0; i < trainer_n_trained(t); i += step) {
		double g = (double)trainer_gradients(t)[i], up, down, want;
		float old = w[i];

		w[i] = old + h;
		up = loss_of(t, false);
		w[i] = old - h;
		down = loss_of(t, false);
		w[i] = old;
		want = (up - down) / (2 * (double)h);
		ck_assert_msg(fabs(g - want) < 0.01 * most,
			      "%s, weight %zu: %g, differences give %g", name, i, g, want);
		error += (g - want) * (g - want);
		size += want * want;
	}
	ck_assert_msg(sqrt(error / size) < 0.02, "%s: %g", name, sqrt(error / size));
}

/* Families that training refuses, and why. */
static const struct {
	const char *name, *why;
} refused[] = {
	{ "phi2", "norms that take the mean away" },
	{ "stablelm", "norms that take the mean away" },
	{ "gptneox", "norms that take the mean away" },
	{ "openelm", "layers of different widths" },
};

static bool is_refused(const struct bm_model *m)
{
	const char *name = bm_model_config(m)->architecture;
	struct trainer *t = NULL;
	struct diag d = DIAG_NULL;

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (strcmp(name, refused[i].name) != 0)
			continue;
		ck_assert_int_eq(train_from_model(&t, m, CONTEXT, ROWS, 1, &d), -EINVAL);
		ck_assert_int_eq(d.code, DIAG_UNSUP);
		ck_assert_str_eq(d.field, name);
		ck_assert_ptr_nonnull(strstr(d.text, refused[i].why));
		return true;
	}
	return false;
}

/* The file of the adapter says to the engine what the trainer means. */
static void compare_file(struct trainer *t, struct bm_model *m)
{
	_cleanup_(adapter_unrefp) struct adapter *a = NULL;
	_cleanup_close_ int fd = memfd_create("lora", MFD_CLOEXEC);
	struct diag d = DIAG_NULL;
	double with = loss_of(t, false), without = engine_loss(m, NULL);

	ck_assert_int_eq(train_write_lora(t, "test", fd), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_msg(adapter_load_fd(&a, m, fd, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_double_eq_tol(engine_loss(m, adapter_delta(a)), with,
				0.1 * fabs(with - without));
}

START_TEST(families)
{
	const struct family_case *f = &family_cases[_i];
	_cleanup_(bm_model_freep) struct bm_model *m = sample_open(&f->s, 1);
	_cleanup_(trainer_freep) struct trainer *t = NULL;
	_cleanup_free_ float *kept = NULL;
	size_t bytes;
	double want;

	if (is_refused(m))
		return;
	t = new_trainer(m, 1, true);
	trainer_set_exact(t);
	bytes = trainer_n_trained(t) * sizeof(float);
	ck_assert_double_eq_tol(loss_of(t, false), engine_loss(m, NULL),
				f->o.gelu ? 2e-3 : 1e-4);
	disturb(t, 0.1f);
	want = loss_of(t, true);
	compare_differences(t, trainer_n_trained(t) / 97, f->s.architecture);
	compare_file(t, m);
	/* Computed again, layer by layer, all is as before. */
	kept = malloc(bytes);
	ck_assert_ptr_nonnull(kept);
	memcpy(kept, trainer_gradients(t), bytes);
	trainer_step(t, 0);
	ck_assert_int_eq(trainer_set_recompute(t), 0);
	ck_assert_double_eq(loss_of(t, true), want);
	ck_assert_mem_eq(trainer_gradients(t), kept, bytes);
}
END_TEST

static const enum tensor_type types[] = {
	TENSOR_F32, TENSOR_F16, TENSOR_BF16, TENSOR_Q8_0, TENSOR_Q4_0, TENSOR_Q4_1, TENSOR_Q5_0,
	TENSOR_Q5_1, TENSOR_Q2_K, TENSOR_Q3_K, TENSOR_Q4_K, TENSOR_Q5_K, TENSOR_Q6_K,
	TENSOR_IQ4_NL, TENSOR_IQ4_XS, TENSOR_TQ2_0,
};

static struct bm_model *open_typed(enum tensor_type type)
{
	struct fixture f = FIXTURE;

	f.type = type;
	f.dim = f.ffn = 256;
	f.head_dim = 64;
	return fixture_open(&f, 1);
}

START_TEST(weight_types)
{
	_cleanup_(bm_model_freep) struct bm_model *m = open_typed(types[_i]);
	_cleanup_(trainer_freep) struct trainer *t = new_trainer(m, 2, true);

	trainer_set_exact(t);
	disturb(t, 0.02f);
	loss_of(t, true);
	compare_differences(t, trainer_n_trained(t) / 41, tensor_type_name(types[_i]));
}
END_TEST

static void train(struct trainer *t, int steps)
{
	while (steps-- > 0) {
		loss_of(t, true);
		ck_assert(isfinite(trainer_step(t, 0.003f)));
	}
}

/* With products of bf16, as runs have them. */
START_TEST(runs_are_repeatable)
{
	_cleanup_(bm_model_freep) struct bm_model *m = open_typed(TENSOR_Q4_0);
	_cleanup_(trainer_freep) struct trainer *a = new_trainer(m, 1, true);
	_cleanup_(trainer_freep) struct trainer *b = new_trainer(m, 4, true), *c = NULL;
	_cleanup_close_ int fd = memfd_create("checkpoint", MFD_CLOEXEC);
	size_t bytes = trainer_n_trained(a) * sizeof(float);
	double first = loss_of(a, false);

	train(a, 200);
	ck_assert_double_lt(loss_of(a, false), first / 2);
	train(b, 83);
	ck_assert_int_eq(trainer_save(b, fd), 0);
	c = new_trainer(m, 2, true);
	ck_assert_int_eq(trainer_set_recompute(c), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	ck_assert_int_eq(trainer_load(c, fd), 0);
	train(b, 117);
	train(c, 117);
	ck_assert_mem_eq(trainer_trained(a), trainer_trained(b), bytes);
	ck_assert_mem_eq(trainer_trained(a), trainer_trained(c), bytes);
}
END_TEST

START_TEST(nothing_to_train)
{
	_cleanup_(bm_model_freep) struct bm_model *m = open_typed(TENSOR_Q8_0);
	_cleanup_(trainer_freep) struct trainer *t = new_trainer(m, 1, false), *none = NULL;
	struct diag d = DIAG_NULL;
	double loss = loss_of(t, true);

	ck_assert_uint_eq(trainer_n_trained(t), 0);
	ck_assert_double_eq(trainer_step(t, 0.1f), 0);
	ck_assert_double_eq(loss_of(t, false), loss);
	ck_assert_ptr_null(trainer_embedding(t));
	ck_assert_int_eq(train_write_base(t, bm_model_gguf(m), "none", TENSOR_F32, -1), -EINVAL);
	ck_assert_int_eq(train_from_model(&none, m, 65, 1, 1, &d), -EINVAL);
	ck_assert_str_eq(d.field, "context");
	ck_assert_int_eq(train_from_model(&none, m, CONTEXT, 5000, 1, NULL), -EINVAL);
	ck_assert_int_eq(train_from_model(&none, m, CONTEXT, 1, 0, NULL), -EINVAL);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("train-frozen");

	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, families, 0, FAMILY_CASES);
	tcase_add_loop_test(c, weight_types, 0, ARRAY_SIZE(types));
	tcase_add_test(c, runs_are_repeatable);
	tcase_add_test(c, nothing_to_train);
	return run_tests("train-frozen", c);
}
