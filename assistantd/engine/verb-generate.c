/* SPDX-License-Identifier: MIT */
/* generate MODEL --prompt TEXT --max N …: text that goes on from a prompt, as it comes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

struct job {
	const char *model, *prompt;
	struct verb_options options;
	struct bm_sampling sampling;
	uint64_t max;
};

static int usage(void)
{
	fputs("usage: assistant-engine generate MODEL [--lora FILE[:SCALE]]… --prompt TEXT --max N "
	      "[--temp T] [--seed S] [--ctx N] [--threads N]\n", stderr);
	return VERB_USAGE;
}

static bool parse(struct job *job, int argc, char **argv)
{
	char *end = NULL;
	int took;

	verb_options_init(&job->options);
	job->sampling = (struct bm_sampling)BM_SAMPLING_GREEDY;
	job->model = argc > 1 ? argv[1] : NULL;
	for (int i = 2; i < argc; i += took) {
		took = verb_options_take(&job->options, argc, argv, i);
		if (took < 0)
			return false;
		if (took)
			continue;
		took = 2;
		if (i + 1 >= argc)
			return false;
		if (strcmp(argv[i], "--prompt") == 0) {
			job->prompt = argv[i + 1];
		} else if (strcmp(argv[i], "--max") == 0) {
			if (!verb_number(argv[i], argv[i + 1], 1, UINT32_MAX, &job->max))
				return false;
		} else if (strcmp(argv[i], "--seed") == 0) {
			if (!verb_number(argv[i], argv[i + 1], 0, UINT64_MAX, &job->sampling.seed))
				return false;
		} else if (strcmp(argv[i], "--temp") == 0) {
			job->sampling.temperature = strtof(argv[i + 1], &end);
			if (end == argv[i + 1] || *end)
				return false;
		} else {
			return false;
		}
	}
	return job->model && job->prompt && job->max;
}

/* The prompt's passes; the logits of its last token. */
static int prefill(struct verb_model *vm, struct bm_item *item, const struct token_list *prompt)
{
	uint32_t batch = bm_model_max_batch(vm->model);
	float *logits = item->logits;
	int r = 0;

	for (size_t at = 0; r == 0 && at < prompt->n; at += item->n_tokens) {
		item->tokens = prompt->ids + at;
		item->n_tokens = MIN((size_t)batch, prompt->n - at);
		item->logits = at + item->n_tokens == prompt->n ? logits : NULL;
		r = bm_forward(vm->model, item, 1, NULL);
	}
	return r;
}

static int show(struct buf *text)
{
	fwrite(text->data, 1, text->len, stdout);
	fflush(stdout);
	buf_reset(text);
	return 0;
}

static int decode(struct job *job, struct verb_model *vm, struct bm_item *item,
		  struct bm_sampler *sampler)
{
	const struct tokenizer *t = bm_model_tokenizer(vm->model);
	_cleanup_(bm_stream_freep) struct bm_stream *stream = NULL;
	_cleanup_(buf_deinit) struct buf piece = BUF_NULL, text = BUF_NULL;
	int r = bm_stream_new(&stream, NULL, 0);

	for (uint64_t i = 0; r == 0 && i < job->max; i++) {
		int32_t token = bm_sampler_pick(sampler, item->logits);

		if (tokenizer_is_end(t, token))
			break;
		bm_sampler_accept(sampler, token);
		buf_reset(&piece);
		r = tokenizer_piece(t, token, &piece);
		if (r == 0)
			r = bm_stream_push(stream, piece.data, piece.len, &text);
		if (r == 0)
			r = show(&text);
		item->tokens = &token;
		item->n_tokens = 1;
		if (r == 0 && i + 1 < job->max)
			r = bm_forward(vm->model, item, 1, NULL);
	}
	if (r == 0 || r == -ENOSPC) {
		bm_stream_finish(stream, &text);
		buf_append_char(&text, '\n');
		show(&text);
	}
	return r;
}

static int generate(struct job *job, struct verb_model *vm)
{
	const struct bm_config *c = bm_model_config(vm->model);
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	_cleanup_(bm_sampler_freep) struct bm_sampler *sampler = NULL;
	_cleanup_(token_list_deinit) struct token_list prompt = TOKEN_LIST_NULL;
	_cleanup_free_ float *logits = reallocarray(NULL, c->n_vocab, sizeof(*logits));
	struct bm_item item = { .logits = logits, .deltas = vm->deltas, .scales = vm->scales,
				.n_deltas = vm->n_adapters };
	int r;

	if (!bm_model_tokenizer(vm->model)) {
		fprintf(stderr, "error: %s: tokenizer.ggml.model: missing\n", job->model);
		return VERB_BAD_INPUT;
	}
	if (!logits)
		return -ENOMEM;
	if ((r = bm_sequence_new(&seq, vm->model, job->options.context ? job->options.context :
				 c->context, BM_KV_F32)) < 0 ||
	    (r = bm_sampler_new(&sampler, &job->sampling, c->n_vocab)) < 0 ||
	    (r = tokenizer_encode(bm_model_tokenizer(vm->model), job->prompt, strlen(job->prompt),
				  TOKENIZE_BOS | TOKENIZE_SPECIAL, &prompt)) < 0)
		return r;
	item.seq = seq;
	r = prompt.n ? prefill(vm, &item, &prompt) : -EINVAL;
	item.logits = logits;
	return r < 0 ? r : decode(job, vm, &item, sampler);
}

int verb_generate(int argc, char **argv)
{
	struct job job = { 0 };
	struct verb_model vm;
	int status;

	if (!parse(&job, argc, argv))
		return usage();
	status = verb_model_init(&vm, job.model, &job.options);
	if (status == VERB_OK)
		status = generate(&job, &vm);
	verb_model_deinit(&vm);
	if (status < 0) {
		fprintf(stderr, "error: %s: prompt: %s\n", job.model,
			status == -ENOSPC ? "text and prompt are longer than the context" :
					    strerror(-status));
		return VERB_BAD_INPUT;
	}
	return status;
}
