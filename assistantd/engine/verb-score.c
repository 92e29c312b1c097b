/* SPDX-License-Identifier: MIT */
/* score MODEL …: how likely texts are, by themselves or as answers to a prompt. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/scoring.h"
#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

enum { ROWS = 64 };	/* tokens of one pass whose logits are wanted, and items */

struct job {
	const char *model;
	struct verb_options options;
	struct verb_model vm;
	struct bm_kv_pool *pool;
	uint32_t context;
	float *logits;		/* [ROWS][n_vocab + n_extra] */
};

static int usage(void)
{
	fputs("usage: assistant-engine score MODEL [--lora FILE[:SCALE]]… [--ctx N] [--threads N] "
	      "< TEXTS.jsonl > SCORES.jsonl\n", stderr);
	return VERB_USAGE;
}

/* What stands before the texts: a message of the user, or the beginning of a text. */
static int tokenize_prompt(const struct job *job, const json_t *prompt, struct token_list *out,
			   struct diag *d)
{
	json_auto_t *messages = NULL;
	struct chat_input input = { 0 };

	if (!prompt)
		return scoring_texts_begin(out, job->vm.tokenizer, d);
	messages = json_pack("[{s:s, s:O}]", "role", "user", "content", prompt);
	input.messages = messages;
	return messages ? chat_encode(out, bm_model_gguf(job->vm.model), job->vm.tokenizer,
				      &input, d) : -ENOMEM;
}

/* All passes. */
static int run(struct job *job, struct adapter_uses *uses, struct scoring *scoring)
{
	struct bm_item items[ROWS];
	bool done = scoring_finished(scoring) == scoring_texts_count(scoring);
	int r = 0;

	while (r == 0 && !done) {
		int pending = scoring_pending(scoring, ROWS);
		size_t n, used;

		/* The pool has no limit: there is always something to go on with. */
		if (pending <= 0)
			return pending < 0 ? pending : -ENOSPC;
		n = scoring_items(scoring, uses, bm_model_max_batch(job->vm.model), ROWS,
				  job->logits, items, ROWS, &used);
		r = bm_forward(job->vm.model, items, n, NULL);
		if (r == 0)
			done = scoring_advance(scoring, items, n);
	}
	return r;
}

static int add_scores(const struct scoring *scoring, json_t *row)
{
	json_t *scores = json_object_get(row, "scores"), *counts = json_object_get(row, "tokens");

	for (size_t i = 0; i < scoring_texts_count(scoring); i++) {
		size_t tokens;
		double score = scoring_score(scoring, i, &tokens);

		if (json_array_append_new(scores, isnan(score) ? json_null() :
								 json_real(score)) < 0 ||
		    json_array_append_new(counts, json_integer((json_int_t)tokens)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* An answer ends, a text may go on. */
static int tokenize_texts(const struct job *job, const json_t *texts, bool answers,
			  struct scoring_texts *out)
{
	const json_t *text;
	size_t i;
	int r = 0;

	json_array_foreach(texts, i, text) {
		if (r == 0)
			r = scoring_texts_add(out, job->vm.tokenizer, json_string_value(text),
					      json_string_length(text), answers, answers);
	}
	return r;
}

static int score_texts(struct job *job, const struct token_list *prompt,
		       struct scoring_texts *texts, json_t *row, struct diag *d)
{
	_cleanup_(scoring_freep) struct scoring *scoring = NULL;
	struct bm_sequence *begun;
	struct adapter_uses uses;
	int r = verb_model_uses(&job->vm, prompt->ids, prompt->n, &uses, d);

	if (r == 0)
		r = scoring_new(&scoring, job->vm.model, prompt->ids, prompt->n, texts,
				job->context, job->vm.n_extra);
	if (r == 0)
		r = bm_sequence_in(&begun, job->pool, scoring_room(scoring));
	if (r < 0)
		return r;
	scoring_resume(scoring, begun);
	r = run(job, &uses, scoring);
	return r < 0 ? r : add_scores(scoring, row);
}

static int score_row(struct job *job, const json_t *prompt, const json_t *texts, json_t *row,
		     struct diag *d)
{
	_cleanup_(token_list_deinit) struct token_list tokens = TOKEN_LIST_NULL;
	struct scoring_texts list = { 0 };
	int r = tokenize_prompt(job, prompt, &tokens, d);

	if (r == 0 && (tokens.n == 0 || tokens.n >= job->context))
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "expected a prompt of 1 to %u tokens "
				"by this model, got %zu", job->context - 1, tokens.n);
	if (r == 0)
		r = tokenize_texts(job, texts, prompt != NULL, &list);
	if (r == 0)
		r = score_texts(job, &tokens, &list, row, d);
	scoring_texts_deinit(&list);
	return r;
}

static bool are_texts(const json_t *texts)
{
	const json_t *text;
	size_t i;

	json_array_foreach(texts, i, text) {
		if (json_string_length(text) == 0)
			return false;
	}
	return json_array_size(texts) > 0;
}

static int score_line(void *arg, const char *line, size_t len, struct diag *d)
{
	struct job *job = arg;
	json_auto_t *row = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL), *out = NULL;
	const json_t *prompt = json_object_get(row, "prompt");
	const json_t *texts = json_object_get(row, "texts");
	int r;

	if (!are_texts(texts) || (prompt && !json_is_string(prompt)))
		return diag_set(d, -EINVAL, DIAG_TYPE, "", "expected \"texts\", a list of texts "
				"that are not empty, and \"prompt\", a text, or none");
	out = json_pack("{s:[], s:[]}", "scores", "tokens");
	if (!out)
		return -ENOMEM;
	r = score_row(job, prompt, texts, out, d);
	if (r == 0 && (json_dumpf(out, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) < 0 ||
		       putchar('\n') < 0))
		r = -EIO;
	return r;
}

static int prepare(struct job *job)
{
	const struct bm_config *c = bm_model_config(job->vm.model);

	if (!job->vm.tokenizer || tokenizer_eos(job->vm.tokenizer) < 0) {
		fprintf(stderr, "error: %s: tokenizer.ggml.model: expected a tokenizer with an "
			"end-of-text token\n", job->model);
		return VERB_BAD_INPUT;
	}
	job->context = job->options.context ? job->options.context : c->context;
	job->logits = reallocarray(NULL, ROWS * ((size_t)c->n_vocab + job->vm.n_extra),
				   sizeof(*job->logits));
	/* As the service keeps them. */
	if (!job->logits || bm_kv_pool_new(&job->pool, job->vm.model, BM_KV_F16, SIZE_MAX) < 0)
		return VERB_BAD_INPUT;
	return verb_each_line(score_line, job);
}

int verb_score(int argc, char **argv)
{
	struct job job = { 0 };
	int status;

	if (!verb_parse(argc, argv, &job.model, &job.options, NULL, 0))
		return usage();
	status = verb_model_init(&job.vm, job.model, &job.options);
	if (status == VERB_OK)
		status = prepare(&job);
	bm_kv_pool_unref(job.pool);
	free(job.logits);
	verb_model_deinit(&job.vm);
	return status;
}
