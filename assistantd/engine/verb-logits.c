/* SPDX-License-Identifier: MIT */
/* logits MODEL --tokens FILE …: raw float32 [positions][n_vocab] of a list of token ids; with an
 * adapter that brings tokens, [n_vocab + n], of them -inf where it does not act. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

struct job {
	const char *model, *tokens_path, *out_path, *rows_of;
	struct verb_options options;
	int32_t *tokens;
	size_t n_tokens;
};

static int usage(void)
{
	fputs("usage: assistant-engine logits MODEL --tokens FILE [--lora FILE[:SCALE]]… [--ctx N] "
	      "[--threads N] --out FILE\n"
	      "       assistant-engine logits MODEL --rows TENSOR --out FILE\n", stderr);
	return VERB_USAGE;
}

static int read_tokens(struct job *job)
{
	FILE *f = fopen(job->tokens_path, "re");
	size_t capacity = 0;
	long long id;
	int got;

	if (!f) {
		fprintf(stderr, "error: %s: file: %s\n", job->tokens_path, strerror(errno));
		return VERB_BAD_INPUT;
	}
	while ((got = fscanf(f, "%lld", &id)) == 1 && id >= 0 && id <= INT32_MAX) {
		if (job->n_tokens == capacity) {
			int32_t *grown;

			capacity = capacity ? 2 * capacity : 256;
			grown = reallocarray(job->tokens, capacity, sizeof(*grown));
			if (!grown)
				break;
			job->tokens = grown;
		}
		job->tokens[job->n_tokens++] = (int32_t)id;
	}
	fclose(f);
	if (got == EOF && job->n_tokens)
		return VERB_OK;
	fprintf(stderr, "error: %s: token %zu: expected a token id\n", job->tokens_path,
		job->n_tokens);
	return VERB_BAD_INPUT;
}

/* True where the one that brings tokens does. */
static bool acts(const struct bm_item *item)
{
	for (size_t i = 0; i < item->n_deltas; i++)
		if (bm_delta_tokens(item->deltas[i]))
			return true;
	return false;
}

static int put(const struct bm_item *item, uint32_t n_vocab, uint32_t n_extra, FILE *out)
{
	static const float none = -INFINITY;
	size_t n = n_vocab + item->n_extra;

	for (size_t i = 0; i < item->n_tokens; i++) {
		if (fwrite(item->logits + i * n, sizeof(float), n, out) != n)
			return -EIO;
		for (uint32_t k = item->n_extra; k < n_extra; k++)
			if (fwrite(&none, sizeof(none), 1, out) != 1)
				return -EIO;
	}
	return 0;
}

/* In as many passes as the batch needs. */
static int compute(struct job *job, struct verb_model *vm, FILE *out)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	const struct bm_config *c = bm_model_config(vm->model);
	uint32_t batch = bm_model_max_batch(vm->model);
	_cleanup_free_ float *logits = NULL;
	struct adapter_uses uses;
	struct diag d = DIAG_NULL;
	uint32_t until, context = job->options.context ? job->options.context : c->context;
	int r = bm_sequence_new(&seq, vm->model, context, BM_KV_F32);

	if (verb_model_uses(vm, job->tokens, job->n_tokens, &uses, &d) < 0)
		return verb_fail(job->model, &d);
	logits = reallocarray(NULL, (size_t)batch * (c->n_vocab + vm->n_extra), sizeof(float));
	if (!logits)
		r = -ENOMEM;
	for (size_t at = 0, n; r == 0 && at < job->n_tokens; at += n) {
		size_t n_deltas = adapter_uses_at(&uses, (uint32_t)at, &until);
		size_t end = MIN(job->n_tokens, (size_t)until);
		struct bm_item item = {
			.seq = seq, .tokens = job->tokens + at,
			.logits = logits, .all_logits = true,
			.n_tokens = MIN((size_t)batch, end - at),
			.deltas = uses.deltas, .scales = uses.scales, .n_deltas = n_deltas,
		};

		item.n_extra = acts(&item) ? vm->n_extra : 0;
		n = item.n_tokens;
		r = bm_forward(vm->model, &item, 1, NULL);
		if (r == 0)
			r = put(&item, c->n_vocab, vm->n_extra, out);
	}
	if (r == 0)
		return VERB_OK;
	fprintf(stderr, "error: %s: tokens: %s\n", job->model,
		r == -ENOSPC ? "more than the context holds" :
		r == -EINVAL ? "an id outside the vocabulary, or a context beyond the model's" :
			       strerror(-r));
	return VERB_BAD_INPUT;
}

/* The rows of one tensor as floats: what the stored weights mean. */
static int dump_rows(struct job *job, FILE *out)
{
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	_cleanup_free_ float *row = NULL;
	_cleanup_close_ int fd = -1;
	const struct gguf_tensor *t;
	struct diag d = DIAG_NULL;

	fd = verb_open(job->model, &d);
	if (fd < 0 || gguf_open_fd(&g, fd, &d) < 0)
		return verb_fail(job->model, &d);
	t = gguf_tensor(g, job->rows_of);
	row = t ? reallocarray(NULL, t->ne[0], sizeof(*row)) : NULL;
	for (uint64_t i = 0; t && i < t->ne[1]; i++)
		if (!row || !bm_tensor_row(t, i, row) ||
		    fwrite(row, sizeof(*row), t->ne[0], out) != t->ne[0])
			t = NULL;
	if (t)
		return VERB_OK;
	diag_set(&d, -EINVAL, DIAG_UNSUP, job->rows_of, "not there, or of a type we do not run");
	return verb_fail(job->model, &d);
}

static bool parse(struct job *job, int argc, char **argv)
{
	const struct verb_option own[] = {
		{ .name = "--tokens", .text = &job->tokens_path },
		{ .name = "--out", .text = &job->out_path },
		{ .name = "--rows", .text = &job->rows_of },
	};

	return verb_parse(argc, argv, &job->model, &job->options, own, ARRAY_SIZE(own)) &&
	       job->out_path && !job->tokens_path != !job->rows_of;
}

static int run(struct job *job, FILE *out)
{
	struct verb_model vm;
	int status;

	if (job->rows_of)
		return dump_rows(job, out);
	status = read_tokens(job);
	if (status != VERB_OK)
		return status;
	status = verb_model_init(&vm, job->model, &job->options);
	if (status == VERB_OK)
		status = compute(job, &vm, out);
	verb_model_deinit(&vm);
	return status;
}

int verb_logits(int argc, char **argv)
{
	struct job job = { 0 };
	int status;
	FILE *out;

	if (!parse(&job, argc, argv))
		return usage();
	out = fopen(job.out_path, "we");
	if (!out) {
		fprintf(stderr, "error: %s: file: %s\n", job.out_path, strerror(errno));
		return VERB_BAD_INPUT;
	}
	status = run(&job, out);
	free(job.tokens);
	if (fclose(out) != 0 && status == VERB_OK) {
		fprintf(stderr, "error: %s: file: %s\n", job.out_path, strerror(errno));
		status = VERB_BAD_INPUT;
	}
	return status;
}
