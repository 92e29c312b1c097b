/* SPDX-License-Identifier: MIT */
/* complete MODEL …: greedy answers to many prompts, several at a time. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

enum {
	SLOTS = 32,	/* answers computed at once */
	ROWS = 64,	/* logits of one pass: tokens to choose, and guesses to judge */
};

struct answer {
	struct token_list prompt;
	struct buf text;
	const char *error;	/* why the prompt has no answer, or NULL */
};

/* An answer in progress. */
struct slot {
	struct answer *answer;	/* NULL: free */
	struct adapter_uses uses;
	struct bm_writer *writer;
	struct bm_stream *stream;
};

struct job {
	const char *model;
	struct verb_options options;
	uint64_t max;
	bool draft;
	struct verb_model vm;
	const struct tokenizer *tokenizer;
	uint32_t context;
	float *logits;		/* [ROWS][n_vocab, and what an adapter brings] */
	struct answer *answers;
	size_t n_answers, cap, started;
	struct slot slots[SLOTS];
	struct bm_writer_counts counts;
};

static int usage(void)
{
	fputs("usage: assistant-engine complete MODEL [--lora FILE[:SCALE]]… [--max N] "
	      "[--draft] [--ctx N] [--threads N] < PROMPTS.jsonl > ANSWERS.jsonl\n", stderr);
	return VERB_USAGE;
}

static bool parse(struct job *job, int argc, char **argv)
{
	const struct verb_option own[] = {
		{ .name = "--max", .number = &job->max, .min = 1, .max = UINT32_MAX },
		{ .name = "--draft", .flag = &job->draft },
	};

	job->max = 256;
	return verb_parse(argc, argv, &job->model, &job->options, own, ARRAY_SIZE(own));
}

/* The tokens of a conversation that is one message of the user. */
static int tokenize_prompt(struct job *job, const json_t *prompt, struct token_list *out,
			   struct diag *d)
{
	json_auto_t *messages = json_pack("[{s:s, s:O}]", "role", "user", "content", prompt);
	const struct chat_input input = { .messages = messages };

	return messages ? chat_encode(out, bm_model_gguf(job->vm.model), job->tokenizer, &input,
				      d) : -ENOMEM;
}

static int add_line(void *arg, const char *line, size_t len, struct diag *d)
{
	struct job *job = arg;
	json_auto_t *row = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *prompt = json_object_get(row, "prompt");
	size_t cap = job->cap ? 2 * job->cap : 256;
	struct answer *bigger;

	if (!json_is_string(prompt))
		return diag_set(d, -EINVAL, DIAG_TYPE, "", "expected {\"prompt\": …}");
	if (job->n_answers == job->cap) {
		bigger = reallocarray(job->answers, cap, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		job->answers = bigger;
		job->cap = cap;
	}
	job->answers[job->n_answers] = (struct answer){ 0 };
	return tokenize_prompt(job, prompt, &job->answers[job->n_answers++].prompt, d);
}

/* Gives a free slot the next prompt that fits, while there is one. */
static int take_next(struct job *job, struct slot *s)
{
	while (job->started < job->n_answers) {
		struct answer *a = &job->answers[job->started++];
		const struct bm_writer_params params = {
			.prompt = a->prompt.ids, .n_prompt = a->prompt.n,
			.max_tokens = (uint32_t)job->max, .context = job->context,
			.kv = BM_KV_F32, .sampling = BM_SAMPLING_GREEDY, .draft = job->draft,
			.n_extra = job->vm.n_extra,
		};
		int r;

		if (a->prompt.n == 0 || a->prompt.n >= job->context)
			a->error = "prompt longer than the context";
		else if (verb_model_uses(&job->vm, a->prompt.ids, a->prompt.n, &s->uses, NULL) < 0)
			a->error = "an adapter is given twice, or not invoked by the prompt";
		if (a->error)
			continue;
		s->answer = a;
		r = bm_writer_new(&s->writer, job->vm.model, &params);
		return r < 0 ? r : bm_stream_new(&s->stream, NULL, 0);
	}
	return 0;
}

static void slot_clear(struct slot *s)
{
	s->writer = bm_writer_free(s->writer);
	s->stream = bm_stream_free(s->stream);
	s->answer = NULL;
}

static int finish(struct job *job, struct slot *s)
{
	struct bm_writer_counts counts = bm_writer_counts(s->writer);
	int r = bm_stream_finish(s->stream, &s->answer->text);

	job->counts.passes += counts.passes;
	job->counts.written += counts.written;
	job->counts.guessed += counts.guessed;
	job->counts.right += counts.right;
	slot_clear(s);
	return r;
}

/* What the pass gave a slot: the next tokens, or the end. */
static int advance(struct job *job, struct slot *s, const struct bm_item *item)
{
	const int32_t *tokens;
	size_t n;
	int state = bm_writer_advance(s->writer, item, &tokens, &n), r = state;

	if (r >= 0)
		r = bm_stream_push_tokens(s->stream, job->tokenizer, tokens, n, &s->answer->text);
	return r == 0 && state != BM_WRITER_GOES_ON ? finish(job, s) : r;
}

/* One pass over the model for all slots: a token and guesses each for answers, what room is
 * left for prompts. */
static int pass(struct job *job, size_t active)
{
	size_t n_logits = bm_model_config(job->vm.model)->n_vocab + job->vm.n_extra;
	size_t n = 0, rows = 0, room = bm_model_max_batch(job->vm.model) - active;
	struct bm_item items[SLOTS];
	struct slot *owners[SLOTS];
	int r;

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &job->slots[i];
		size_t wanted;

		if (!s->answer)
			continue;
		wanted = adapter_uses_item(&s->uses, s->writer, room + 1, ROWS / active - 1,
					   &items[n]);
		room -= items[n].n_tokens - 1;
		items[n].logits = wanted ? job->logits + rows * n_logits : NULL;
		rows += wanted;
		owners[n++] = s;
	}
	r = bm_forward(job->vm.model, items, n, NULL);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = advance(job, owners[i], &items[i]);
	return r;
}

static int run(struct job *job)
{
	int r = 0;

	for (;;) {
		size_t active = 0;

		for (size_t i = 0; r == 0 && i < SLOTS; i++) {
			if (!job->slots[i].answer)
				r = take_next(job, &job->slots[i]);
			active += job->slots[i].answer != NULL;
		}
		if (r < 0 || active == 0)
			return r;
		r = pass(job, active);
	}
}

static int prepare(struct job *job)
{
	const struct bm_config *c = bm_model_config(job->vm.model);

	job->context = job->options.context ? job->options.context : c->context;
	job->logits = reallocarray(NULL, ROWS * ((size_t)c->n_vocab + job->vm.n_extra),
				    sizeof(*job->logits));
	return job->logits ? 0 : -ENOMEM;
}

static void print(const struct job *job)
{
	for (size_t i = 0; i < job->n_answers; i++) {
		const struct answer *a = &job->answers[i];
		json_auto_t *row = a->error ? json_pack("{s:s}", "error", a->error) :
			json_pack("{s:s%}", "completion", a->text.data ? a->text.data : "",
				  a->text.len);

		json_dumpf(row, stdout, JSON_COMPACT);
		putchar('\n');
	}
	if (job->draft)
		fprintf(stderr, "%llu tokens by %llu choices of a pass; "
			"%llu of %llu guesses came true\n",
			(unsigned long long)job->counts.written,
			(unsigned long long)job->counts.passes,
			(unsigned long long)job->counts.right,
			(unsigned long long)job->counts.guessed);
}

static void job_deinit(struct job *job)
{
	for (size_t i = 0; i < SLOTS; i++)
		slot_clear(&job->slots[i]);
	for (size_t i = 0; i < job->n_answers; i++) {
		token_list_deinit(&job->answers[i].prompt);
		buf_deinit(&job->answers[i].text);
	}
	free(job->answers);
	free(job->logits);
	verb_model_deinit(&job->vm);
}

int verb_complete(int argc, char **argv)
{
	struct job job = { 0 };
	int status, r;

	if (!parse(&job, argc, argv))
		return usage();
	status = verb_model_init(&job.vm, job.model, &job.options);
	if (status == VERB_OK) {
		job.tokenizer = job.vm.tokenizer;
		if (!job.tokenizer) {
			fprintf(stderr, "error: %s: tokenizer.ggml.model: missing\n", job.model);
			status = VERB_BAD_INPUT;
		}
	}
	if (status == VERB_OK)
		status = verb_each_line(add_line, &job);
	if (status == VERB_OK) {
		r = prepare(&job);
		if (r == 0)
			r = run(&job);
		if (r < 0) {
			fprintf(stderr, "error: %s: %s\n", job.model, r == -EINVAL ?
				"a context beyond the model's" : strerror(-r));
			status = VERB_BAD_INPUT;
		} else {
			print(&job);
		}
	}
	job_deinit(&job);
	return status;
}
