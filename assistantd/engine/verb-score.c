/* SPDX-License-Identifier: MIT */
/* score MODEL …: how likely texts are, by themselves or as answers to a prompt. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

enum { ROWS = 64 };	/* tokens of one pass whose logits are wanted */

struct job {
	const char *model;
	struct verb_options options;
	struct verb_model vm;
	uint32_t context;
	size_t n_logits;
	float *logits;		/* [ROWS][n_logits] */
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
		return tokenizer_encode(job->vm.tokenizer, "", 0, TOKENIZE_BOS, out);
	messages = json_pack("[{s:s, s:O}]", "role", "user", "content", prompt);
	input.messages = messages;
	return messages ? chat_encode(out, bm_model_gguf(job->vm.model), job->vm.tokenizer,
				      &input, d) : -ENOMEM;
}

/* Appends @tokens to @seq; with @logits of each. */
static int append(struct job *job, struct adapter_uses *uses, struct bm_sequence *seq,
		  const int32_t *tokens, size_t n, float *logits)
{
	uint32_t until;
	size_t n_deltas = adapter_uses_at(uses, bm_sequence_length(seq), &until);
	const struct bm_item item = {
		.seq = seq, .tokens = tokens,
		.n_tokens = MIN(n, (size_t)(until - bm_sequence_length(seq))),
		.deltas = uses->deltas, .scales = uses->scales, .n_deltas = n_deltas,
		.logits = logits, .all_logits = logits != NULL, .n_extra = job->vm.n_extra,
	};
	int r = bm_forward(job->vm.model, &item, 1, NULL);

	return r < 0 ? r : (int)item.n_tokens;
}

/* ln of the share that @logits [@n] give to @token. */
static double log_share(const float *logits, size_t n, int32_t token)
{
	double most = -INFINITY, sum = 0;

	for (size_t i = 0; i < n; i++)
		most = fmax(most, (double)logits[i]);
	for (size_t i = 0; i < n; i++)
		sum += exp((double)logits[i] - most);
	return (double)logits[token] - most - log(sum);
}

/* Of all tokens behind the first @given of @tokens; @begun is a sequence of all but one of
 * these. */
static int score_tokens(struct job *job, struct adapter_uses *uses, struct bm_sequence *begun,
			const struct token_list *tokens, size_t given, double *score)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	size_t room = MIN((size_t)ROWS, bm_model_max_batch(job->vm.model)), at = given - 1;
	int r = bm_sequence_fork(&seq, begun, (uint32_t)at, (uint32_t)tokens->n);

	*score = 0;
	while (r >= 0 && at + 1 < tokens->n) {
		r = append(job, uses, seq, tokens->ids + at, MIN(room, tokens->n - 1 - at),
			   job->logits);
		for (int i = 0; i < r; i++)
			*score += log_share(job->logits + (size_t)i * job->n_logits, job->n_logits,
					    tokens->ids[at + (size_t)i + 1]);
		at += r > 0 ? (size_t)r : 0;
	}
	return r < 0 ? r : 0;
}

/* One text's tokens behind the prompt's: an answer ends, a text may go on. One that is beyond
 * the context has no score. */
static int score_text(struct job *job, struct adapter_uses *uses, struct bm_sequence *begun,
		      struct token_list *tokens, const json_t *text, bool answer, json_t *row)
{
	json_t *scores = json_object_get(row, "scores"), *counts = json_object_get(row, "tokens");
	size_t given = tokens->n;
	double score = 0;
	int r = tokenizer_encode(job->vm.tokenizer, json_string_value(text),
				 json_string_length(text), answer ? TOKENIZE_CONTINUES : 0, tokens);

	if (r == 0 && answer)
		r = token_list_add(tokens, tokenizer_eos(job->vm.tokenizer));
	if (r == 0 && tokens->n <= job->context)
		r = score_tokens(job, uses, begun, tokens, given, &score);
	if (r < 0)
		return r;
	if (json_array_append_new(scores, tokens->n <= job->context ? json_real(score)
								    : json_null()) < 0 ||
	    json_array_append_new(counts, json_integer((json_int_t)(tokens->n - given))) < 0)
		return -ENOMEM;
	tokens->n = given;
	return 0;
}

/* The prompt is read once, and every text goes on from there. */
static int score_row(struct job *job, const json_t *prompt, const json_t *texts, json_t *row,
		     struct diag *d)
{
	_cleanup_(token_list_deinit) struct token_list tokens = TOKEN_LIST_NULL;
	_cleanup_(bm_sequence_freep) struct bm_sequence *begun = NULL;
	struct adapter_uses uses;
	const json_t *text;
	size_t i, at = 0;
	int r = tokenize_prompt(job, prompt, &tokens, d);

	if (r == 0 && (tokens.n == 0 || tokens.n >= job->context))
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "expected a prompt of 1 to %u tokens "
				"by this model, got %zu", job->context - 1, tokens.n);
	if (r == 0)
		r = verb_model_uses(&job->vm, tokens.ids, tokens.n, &uses, d);
	if (r == 0)
		r = bm_sequence_new(&begun, job->vm.model, job->context, BM_KV_F32);
	while (r >= 0 && at + 1 < tokens.n) {
		r = append(job, &uses, begun, tokens.ids + at,
			   MIN(bm_model_max_batch(job->vm.model), tokens.n - 1 - at), NULL);
		at += r > 0 ? (size_t)r : 0;
	}
	r = r < 0 ? r : 0;
	json_array_foreach(texts, i, text) {
		if (r == 0)
			r = score_text(job, &uses, begun, &tokens, text, prompt != NULL, row);
	}
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
	job->n_logits = c->n_vocab + job->vm.n_extra;
	job->logits = reallocarray(NULL, ROWS * job->n_logits, sizeof(*job->logits));
	return job->logits ? verb_each_line(score_line, job) : VERB_BAD_INPUT;
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
	free(job.logits);
	verb_model_deinit(&job.vm);
	return status;
}
