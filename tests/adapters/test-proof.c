/* SPDX-License-Identifier: MIT */
/*
 * Which adapters are caught: each of those that are accepted without effect, or with another
 * than their maker saw, in one of the three ways to notice it. The model is the embedded one,
 * which knows something; random ones must not be refused for knowing nothing.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

enum change { AS_IT_IS, TRANSPOSED, ZEROS, PREFIXED, LAYERS_ROTATED };

static struct bm_model *base, *shuffled;

static int tiny_fd(const char *file)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/examples/tiny/%s", getenv("srcdir"), file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

/* The values in the order of the transposed matrix, under the same shape. */
static void transpose(const struct gguf_tensor *t, char *out)
{
	size_t rows = t->ne[1], cols = t->ne[0], size = t->size / (rows * cols);

	for (size_t row = 0; row < rows; row++)
		for (size_t col = 0; col < cols; col++)
			memcpy(out + (col * rows + row) * size,
			       (const char *)t->data + (row * cols + col) * size, size);
}

/* The tensor of the next layer that has it in the same form; behind the last comes the first. */
static const void *next_layer(const struct gguf *g, const struct gguf_tensor *t)
{
	const struct gguf_tensor *next;
	unsigned layer;
	int end = 0;

	if (sscanf(t->name, "blk.%u.%n", &layer, &end) != 1 || !end)
		return t->data;
	do {
		char name[GGUF_MAX_NAME + 1];

		snprintf(name, sizeof(name), "blk.%u.%.40s", ++layer, t->name + end);
		next = gguf_tensor(g, name);
		if (!next)
			layer = UINT_MAX;
	} while (!next || next->type != t->type || next->size != t->size);
	return next->data;
}

static void put_changed(struct gguf_writer *w, const struct gguf *g, const struct gguf_tensor *t,
			enum change change, char *room)
{
	char name[GGUF_MAX_NAME + 1];
	const void *data = t->data;
	bool is_b = strstr(t->name, ".lora_b") != NULL;

	snprintf(name, sizeof(name), change == PREFIXED ? "model.%.50s" : "%s", t->name);
	if (change == TRANSPOSED)
		transpose(t, room);
	else if (change == ZEROS && is_b)
		memset(room, 0, t->size);
	if (change == TRANSPOSED || (change == ZEROS && is_b))
		data = room;
	else if (change == LAYERS_ROTATED)
		data = next_layer(g, t);
	ck_assert_int_eq(gguf_writer_tensor(w, name, t->type, t->n_dims, t->ne, data), 0);
}

/* A file of examples/tiny with that change, in memory. */
static int changed_fd(const char *file, enum change change)
{
	int from = tiny_fd(file), to = memfd_create("changed", MFD_CLOEXEC);
	struct gguf_writer *w = NULL;
	struct diag d = DIAG_NULL;
	struct gguf *g = NULL;
	char *room, *at;

	ck_assert_msg(gguf_open_fd(&g, from, &d) == 0, "%s: %s", d.field, d.text);
	room = at = malloc(gguf_size(g));
	ck_assert_ptr_nonnull(room);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_copy(w, g, ""), 0);
	for (size_t i = 0; i < gguf_n_tensors(g); i++) {
		put_changed(w, g, gguf_tensor_at(g, i), change, at);
		at += gguf_tensor_at(g, i)->size;
	}
	ck_assert_int_eq(gguf_writer_write(w, to), 0);
	gguf_writer_free(w);
	gguf_free(g);
	free(room);
	close(from);
	return to;
}

static struct adapter *load(struct bm_model *m, const char *file, enum change change)
{
	int fd = changed_fd(file, change);
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(adapter_load_fd(&a, m, fd, &d) == 0, "%s: %s", d.field, d.text);
	close(fd);
	return a;
}

static struct bm_model *open_changed(enum change change)
{
	const struct bm_params params = { .threads = 2 };
	int fd = changed_fd("base.gguf", change);
	struct bm_model *m = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(bm_model_open_fd(&m, fd, &params, &d) == 0, "%s: %s", d.field, d.text);
	close(fd);
	return m;
}

/* What an import records with the right model. */
struct recorded {
	struct manifest manifest;
	struct canary_record canaries;
};

static void record(struct recorded *r, struct bm_model *m, const struct adapter *a)
{
	static const char *const own[] = {
		"Hi Tom, I just wanted to let you know that I can't come on Monday."
	};
	struct diag d = DIAG_NULL;

	r->manifest = (struct manifest){ .prompt = "{{ text }}" };
	ck_assert_msg(canaries_record(&r->canaries, m, a, 1.0f, &r->manifest, own, ARRAY_SIZE(own),
				      NULL, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_uint_eq(r->canaries.n_canaries, CANARIES_RECORDED);
	ck_assert_str_eq(r->canaries.canaries[0].text, own[0]);
	r->manifest.canaries = r->canaries.canaries;
	r->manifest.n_canaries = r->canaries.n_canaries;
}

static void release(struct recorded *r)
{
	canary_record_deinit(&r->canaries);
}

static struct proof prove(struct bm_model *m, const struct adapter *a, float scale,
			  const struct manifest *manifest)
{
	struct diag d = DIAG_NULL;
	struct proof p;

	ck_assert_msg(proof_run(&p, m, a, scale, manifest, NULL, &d) == 0, "%s: %s", d.field,
		      d.text);
	ck_assert_msg(*p.text, "a verdict says what it is");
	return p;
}

static void expect(struct bm_model *m, const char *file, enum change change, float scale,
		   const struct manifest *manifest, enum proof_verdict verdict)
{
	struct adapter *a = load(m, file, change);
	struct proof p = prove(m, a, scale, manifest);

	ck_assert_msg(p.verdict == verdict, "%s, change %d, at %g: verdict %d, expected %d: %s "
		      "(effect %g, loss %g, was %g)", file, change, (double)scale, p.verdict,
		      verdict, p.text, (double)p.effect, (double)p.loss_adapted,
		      (double)p.loss_base);
	adapter_unref(a);
}

/* Not the one that proofreads, which writes what the base writes nearly everywhere. */
static const char *const adapters[] = { "tone-concise.gguf", "tone-friendly.gguf",
					"tone-professional.gguf" };

START_TEST(good_ones_pass)
{
	struct adapter *a = load(base, adapters[_i], AS_IT_IS);
	struct recorded r;
	struct proof p;

	record(&r, base, a);
	p = prove(base, a, 1.0f, &r.manifest);
	ck_assert_msg(p.verdict == PROOF_GOOD, "%s: %s", adapters[_i], p.text);
	ck_assert_uint_eq(p.n_canaries, CANARIES_RECORDED);
	ck_assert_msg(p.effect >= PROOF_SURE, "%s: %g", adapters[_i], (double)p.effect);
	ck_assert(p.loss_base > 0 && p.loss_adapted > 0);
	release(&r);
	adapter_unref(a);
}
END_TEST

/* Zeros, and so little that what remains is noise of the quantised products. */
START_TEST(without_effect)
{
	static const float scales[] = { 0.0f, 1e-9f, 1e-8f, 1e-7f, 1e-6f, 1e-5f, 1e-4f, 1e-3f };

	expect(base, adapters[_i], ZEROS, 1.0f, NULL, PROOF_NO_EFFECT);
	for (size_t i = 0; i < ARRAY_SIZE(scales); i++)
		expect(base, adapters[_i], AS_IT_IS, scales[i], NULL, PROOF_NO_EFFECT);
	expect(base, adapters[_i], AS_IT_IS, 0.25f, NULL, PROOF_GOOD);
}
END_TEST

START_TEST(harmful)
{
	expect(base, adapters[_i], AS_IT_IS, 32.0f, NULL, PROOF_HARMFUL);
	expect(base, adapters[_i], TRANSPOSED, 64.0f, NULL, PROOF_HARMFUL);
}
END_TEST

/* Of the right shapes and sizes: only what they write tells them from the right one. */
START_TEST(canaries_tell)
{
	struct adapter *a = load(base, adapters[_i], AS_IT_IS);
	struct recorded r;

	record(&r, base, a);
	expect(base, adapters[_i], TRANSPOSED, 1.0f, &r.manifest, PROOF_CANARY_MISMATCH);
	expect(base, adapters[_i], LAYERS_ROTATED, 1.0f, &r.manifest, PROOF_CANARY_MISMATCH);
	expect(base, adapters[(size_t)(_i + 1) % ARRAY_SIZE(adapters)], AS_IT_IS, 1.0f,
	       &r.manifest, PROOF_CANARY_MISMATCH);
	expect(shuffled, adapters[_i], AS_IT_IS, 1.0f, &r.manifest, PROOF_CANARY_MISMATCH);
	release(&r);
	adapter_unref(a);
}
END_TEST

START_TEST(the_first_that_differs)
{
	struct adapter *a = load(base, adapters[0], AS_IT_IS);
	struct recorded r;
	struct proof p;

	record(&r, base, a);
	r.canaries.canaries[1].output = "Something else.";
	p = prove(base, a, 1.0f, &r.manifest);
	ck_assert_int_eq(p.verdict, PROOF_CANARY_MISMATCH);
	ck_assert_uint_eq(p.canary, 1);
	release(&r);
	adapter_unref(a);
}
END_TEST

/* The digests say so before anything is computed. */
START_TEST(another_base)
{
	struct identity right, wrong;
	struct manifest m = { .n_bases = 1 };

	ck_assert_int_eq(bm_identify(bm_model_gguf(base), &right, NULL), 0);
	ck_assert_int_eq(bm_identify(bm_model_gguf(shuffled), &wrong, NULL), 0);
	m.bases = &right.weights;
	m.tokenizer = right.tokenizer;
	m.template = right.template;
	ck_assert_int_eq(manifest_mismatch(&m, &right), MANIFEST_FITS);
	ck_assert_int_eq(manifest_mismatch(&m, &wrong), MANIFEST_WEIGHTS);
}
END_TEST

START_TEST(names_of_another_prefix)
{
	int fd = changed_fd(adapters[0], PREFIXED);
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(adapter_load_fd(&a, base, fd, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_SHAPE);
	ck_assert_msg(strstr(d.field, "model.blk."), "%s", d.field);
	close(fd);
}
END_TEST

/* Flat losses are no reason to refuse, and a short context is enough. */
START_TEST(random_models)
{
	static const enum tensor_type types[] = { TENSOR_F32, TENSOR_F16, TENSOR_Q8_0,
						  TENSOR_Q4_0 };
	struct fixture f = FIXTURE;
	struct bm_model *m;

	f.tokenizer = true;
	f.vocab = 130;
	f.context = f.max_batch = 32;
	f.type = types[_i];
	m = fixture_open(&f, 1);
	for (uint64_t seed = 1; seed < 9; seed++) {
		struct adapter *a = fixture_adapter(m, seed);
		struct proof p = prove(m, a, 1.0f, NULL), none = prove(m, a, 1e-6f, NULL);

		ck_assert_msg(p.verdict == PROOF_GOOD, "seed %d: %s", (int)seed, p.text);
		ck_assert_int_eq(none.verdict, PROOF_NO_EFFECT);
		adapter_unref(a);
	}
	bm_model_free(m);
}
END_TEST

/* A canary that has no room is a fault of the package, not of the adapter. */
START_TEST(no_room)
{
	struct fixture f = FIXTURE;
	const struct manifest_canary canary = {
		"More letters than the model has positions for.", "", 4 };
	const struct manifest manifest = { .prompt = "{{ text }}", .canaries = &canary,
					   .n_canaries = 1 };
	struct diag d = DIAG_NULL;
	struct bm_model *m;
	struct adapter *a;
	struct proof p;

	f.tokenizer = true;
	f.vocab = 130;
	f.context = 32;
	m = fixture_open(&f, 1);
	a = fixture_adapter(m, 1);
	ck_assert_int_eq(proof_run(&p, m, a, 1.0f, &manifest, NULL, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_LIMIT);
	ck_assert_str_eq(d.field, "canaries[0]");
	adapter_unref(a);
	bm_model_free(m);
}
END_TEST

START_TEST(no_tokenizer)
{
	struct fixture f = FIXTURE;
	struct bm_model *m = fixture_open(&f, 1);
	struct adapter *a = fixture_adapter(m, 1);
	struct diag d = DIAG_NULL;
	struct proof p;

	ck_assert_int_eq(proof_run(&p, m, a, 1.0f, NULL, NULL, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_UNSUP);
	adapter_unref(a);
	bm_model_free(m);
}
END_TEST

static void open_models(void)
{
	base = open_changed(AS_IT_IS);
	shuffled = open_changed(LAYERS_ROTATED);
}

static void close_models(void)
{
	base = bm_model_free(base);
	shuffled = bm_model_free(shuffled);
}

static const struct {
	const char *prompt, *turn, *text;	/* NULL: there is none */
} turns[] = {
	{ "{{ text }}", "a lamp", "a lamp" },
	{ "Correct: {{ text }}", "Correct: a lamp", "a lamp" },
	{ "Correct: {{ text }}\nAnswer:", "Correct: a lamp\nAnswer:", "a lamp" },
	{ "{{ text }}?", "a lamp?", "a lamp" },
	{ "{{ style }}: {{ text }}", "plain: a lamp", NULL },
	{ "{{ text }}, {{ text }}", "a, a", NULL },
	{ "{{ text | upper }}", "A LAMP", "A LAMP" },
	{ "lamp", "lamp", NULL },
	{ "Correct: {{ text }}", "Shorten: a lamp", NULL },
	{ "Correct: {{ text }}", "Correct: ", NULL },
	{ "Correct: {{ text }}.", "Correct: .", NULL },
	{ "ab{{ text }}ba", "aba", NULL },
};

START_TEST(the_text_of_a_turn)
{
	const struct manifest m = { .prompt = turns[_i].prompt, .style = "plain" };
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	int r = canary_text(&text, &m, turns[_i].turn, strlen(turns[_i].turn), NULL);

	ck_assert_int_eq(r, turns[_i].text ? 0 : CANARY_E_OTHER_PROMPT);
	if (turns[_i].text)
		ck_assert_str_eq(text.data, turns[_i].text);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("proof");

	/* Threads do not come along into a process of its own. */
	tcase_add_checked_fixture(tests, open_models, close_models);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, good_ones_pass, 0, ARRAY_SIZE(adapters));
	tcase_add_loop_test(tests, without_effect, 0, ARRAY_SIZE(adapters));
	tcase_add_loop_test(tests, harmful, 0, ARRAY_SIZE(adapters));
	tcase_add_loop_test(tests, canaries_tell, 0, ARRAY_SIZE(adapters));
	tcase_add_test(tests, the_first_that_differs);
	tcase_add_test(tests, another_base);
	tcase_add_test(tests, names_of_another_prefix);
	tcase_add_loop_test(tests, random_models, 0, 4);
	tcase_add_test(tests, no_room);
	tcase_add_test(tests, no_tokenizer);
	tcase_add_loop_test(tests, the_text_of_a_turn, 0, ARRAY_SIZE(turns));
	return run_tests("proof", tests);
}
