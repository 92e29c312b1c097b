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
	bool draft;
};

static int usage(void)
{
	fputs("usage: assistant-engine generate MODEL [--lora FILE[:SCALE]]… --prompt TEXT --max N "
	      "[--temp T] [--seed S] [--draft] [--ctx N] [--threads N]\n", stderr);
	return VERB_USAGE;
}

static bool parse(struct job *job, int argc, char **argv)
{
	const struct verb_option own[] = {
		{ .name = "--prompt", .text = &job->prompt },
		{ .name = "--max", .number = &job->max, .min = 1, .max = UINT32_MAX },
		{ .name = "--temp", .real = &job->sampling.temperature },
		{ .name = "--seed", .number = &job->sampling.seed, .max = UINT64_MAX },
		{ .name = "--draft", .flag = &job->draft },
	};

	job->sampling = (struct bm_sampling)BM_SAMPLING_GREEDY;
	return verb_parse(argc, argv, &job->model, &job->options, own, ARRAY_SIZE(own)) &&
	       job->prompt && job->max;
}

static void show(struct buf *text)
{
	fwrite(text->data, 1, text->len, stdout);
	fflush(stdout);
	buf_reset(text);
}

/* The passes from the prompt's first token to the answer's last. */
static int write_text(struct job *job, struct verb_model *vm, struct adapter_uses *uses,
		      struct bm_writer *w, float *logits)
{
	_cleanup_(bm_stream_freep) struct bm_stream *stream = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	int r = bm_stream_new(&stream, NULL, 0), state = BM_WRITER_GOES_ON;

	while (r == 0 && state == BM_WRITER_GOES_ON) {
		const int32_t *tokens;
		struct bm_item item;
		size_t n;

		r = verb_model_pass(vm, uses, w, logits, &item);
		if (r == 0)
			state = r = bm_writer_advance(w, &item, &tokens, &n);
		if (r >= 0)
			r = bm_stream_push_tokens(stream, vm->tokenizer, tokens, n, &text);
		show(&text);
	}
	if (r == 0 && bm_stream_finish(stream, &text) == 0)
		r = buf_append_char(&text, '\n');
	show(&text);
	/* Full before the answer is as long as it may be: the context was too small. */
	return state == BM_WRITER_FULL && bm_writer_counts(w).written < job->max ? -ENOSPC : r;
}

static int generate(struct job *job, struct verb_model *vm)
{
	const struct bm_config *c = bm_model_config(vm->model);
	_cleanup_(bm_writer_freep) struct bm_writer *w = NULL;
	_cleanup_(token_list_deinit) struct token_list prompt = TOKEN_LIST_NULL;
	_cleanup_free_ float *logits = verb_model_logits(vm);
	struct bm_writer_params params = {
		.max_tokens = (uint32_t)job->max, .kv = BM_KV_F32, .sampling = job->sampling,
		.context = job->options.context ? job->options.context : c->context,
		.draft = job->draft, .n_extra = vm->n_extra,
	};
	struct bm_writer_counts counts;
	struct adapter_uses uses;
	struct diag d = DIAG_NULL;
	int r;

	if (!vm->tokenizer) {
		fprintf(stderr, "error: %s: tokenizer.ggml.model: missing\n", job->model);
		return VERB_BAD_INPUT;
	}
	r = logits ? tokenizer_encode(vm->tokenizer, job->prompt, strlen(job->prompt),
				      TOKENIZE_BOS | TOKENIZE_SPECIAL, &prompt) : -ENOMEM;
	if (r == 0 && verb_model_uses(vm, prompt.ids, prompt.n, &uses, &d) < 0)
		return verb_fail(job->model, &d);
	params.prompt = prompt.ids;
	params.n_prompt = prompt.n;
	if (r == 0)
		r = prompt.n < params.context ? bm_writer_new(&w, vm->model, &params) : -ENOSPC;
	if (r == 0)
		r = write_text(job, vm, &uses, w, logits);
	if (r < 0)
		return r;
	counts = bm_writer_counts(w);
	if (job->draft)
		fprintf(stderr, "%llu tokens in %llu passes; %llu of %llu guesses came true\n",
			(unsigned long long)counts.written, (unsigned long long)counts.passes,
			(unsigned long long)counts.right, (unsigned long long)counts.guessed);
	return VERB_OK;
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
