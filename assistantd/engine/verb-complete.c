/* SPDX-License-Identifier: MIT */
/* complete MODEL …: greedy answers to many prompts, several at a time. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

enum { SLOTS = 32 };	/* answers computed at once */

struct answer {
	struct token_list prompt;
	struct buf text;
	bool too_long;		/* the prompt leaves no room in the context */
};

/* An answer in progress. */
struct slot {
	struct bm_sequence *seq;
	struct bm_stream *stream;
	struct answer *answer;	/* NULL: free */
	size_t fed;		/* tokens of the prompt that the sequence has */
	uint64_t n;		/* tokens of the answer */
	int32_t last;
	float *logits;
};

struct job {
	const char *model;
	struct verb_options options;
	uint64_t max;
	struct verb_model vm;
	const struct tokenizer *tokenizer;
	uint32_t context;
	struct bm_sampler *sampler;
	struct answer *answers;
	size_t n_answers, cap, started;
	struct slot slots[SLOTS];
};

static int usage(void)
{
	fputs("usage: assistant-engine complete MODEL [--lora FILE[:SCALE]]… [--max N] [--ctx N] "
	      "[--threads N] < PROMPTS.jsonl > ANSWERS.jsonl\n", stderr);
	return VERB_USAGE;
}

static bool parse(struct job *job, int argc, char **argv)
{
	int took;

	verb_options_init(&job->options);
	job->max = 256;
	job->model = argc > 1 ? argv[1] : NULL;
	for (int i = 2; i < argc; i += took) {
		took = verb_options_take(&job->options, argc, argv, i);
		if (took < 0)
			return false;
		if (took)
			continue;
		took = 2;
		if (i + 1 >= argc || strcmp(argv[i], "--max") != 0 ||
		    !verb_number(argv[i], argv[i + 1], 1, UINT32_MAX, &job->max))
			return false;
	}
	return job->model;
}

static char *spelling(const struct tokenizer *t, int32_t id)
{
	const char *name;
	size_t len;

	return id >= 0 && tokenizer_name(t, id, &name, &len) ? strndup(name, len) : strdup("");
}

/* The tokens of a conversation that is one message of the user. */
static int tokenize_prompt(struct job *job, const json_t *prompt, struct token_list *out,
			   struct diag *d)
{
	_cleanup_(jinja_output_freep) struct jinja_output *text = NULL;
	_cleanup_free_ char *bos = spelling(job->tokenizer, tokenizer_bos(job->tokenizer));
	_cleanup_free_ char *eos = spelling(job->tokenizer, tokenizer_eos(job->tokenizer));
	json_auto_t *messages = json_pack("[{s:s, s:O}]", "role", "user", "content", prompt);
	struct chat_input input = { .messages = messages, .bos = bos, .eos = eos };
	const char *template = NULL;
	size_t len = 0;
	int r;

	if (!bos || !eos || !messages)
		return -ENOMEM;
	r = chat_template_of(bm_model_gguf(job->vm.model), &template, &len, d);
	if (r == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_UNSUP, "tokenizer.chat_template", "missing");
	if (r == 0)
		r = chat_render(&text, template, len, &input, d);
	return r < 0 ? r : chat_tokenize(job->tokenizer, text, out);
}

static int add_line(struct job *job, const char *line, size_t len, struct diag *d)
{
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

static int read_prompts(struct job *job)
{
	_cleanup_free_ char *line = NULL;
	struct diag d = DIAG_NULL;
	size_t cap = 0, number = 0;
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = getline(&line, &cap, stdin)) >= 0) {
		number++;
		r = add_line(job, line, (size_t)len, &d);
	}
	if (r < 0) {
		diag_set(&d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
		snprintf(d.field, sizeof(d.field), "line %zu", number);
		return verb_fail("standard input", &d);
	}
	return VERB_OK;
}

/* Gives a free slot the next prompt that fits, while there is one. */
static int take_next(struct job *job, struct slot *s)
{
	while (job->started < job->n_answers) {
		struct answer *a = &job->answers[job->started++];

		if (a->prompt.n == 0 || a->prompt.n >= job->context) {
			a->too_long = true;
			continue;
		}
		bm_sequence_truncate(s->seq, 0);
		s->answer = a;
		s->fed = 0;
		s->n = 0;
		return bm_stream_new(&s->stream, NULL, 0);
	}
	return 0;
}

static int finish(struct slot *s)
{
	int r = bm_stream_finish(s->stream, &s->answer->text);

	s->stream = bm_stream_free(s->stream);
	s->answer = NULL;
	return r;
}

/* What the pass gave a slot: the next token, or the end. */
static int advance(struct job *job, struct slot *s)
{
	_cleanup_(buf_deinit) struct buf piece = BUF_NULL;
	int r;

	s->last = bm_sampler_pick(job->sampler, s->logits);
	if (tokenizer_is_end(job->tokenizer, s->last))
		return finish(s);
	r = tokenizer_piece(job->tokenizer, s->last, &piece);
	if (r == 0)
		r = bm_stream_push(s->stream, piece.data, piece.len, &s->answer->text);
	if (r == 0 && (++s->n == job->max || bm_sequence_length(s->seq) == job->context))
		r = finish(s);
	return r;
}

/* One pass over the model for all slots: a token each for answers, what room is left for
 * prompts. */
static int pass(struct job *job, size_t active)
{
	struct bm_item items[SLOTS];
	struct slot *owners[SLOTS];
	size_t n = 0, room = bm_model_max_batch(job->vm.model) - active;
	int r;

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &job->slots[i];
		size_t left = s->answer ? s->answer->prompt.n - s->fed : 0;
		size_t take = left ? MIN(left, room + 1) : 1;

		if (!s->answer)
			continue;
		room -= take - 1;
		items[n] = (struct bm_item){
			.seq = s->seq, .tokens = left ? s->answer->prompt.ids + s->fed : &s->last,
			.n_tokens = take, .deltas = job->vm.deltas, .scales = job->vm.scales,
			.n_deltas = job->vm.n_adapters, .logits = left > take ? NULL : s->logits,
		};
		if (left)
			s->fed += take;
		owners[n++] = s;
	}
	r = bm_forward(job->vm.model, items, n, NULL);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (items[i].logits)
			r = advance(job, owners[i]);
	return r;
}

static int run(struct job *job)
{
	int r = 0;

	for (;;) {
		size_t active = 0;

		for (size_t i = 0; r == 0 && i < SLOTS; i++) {
			/* Fewer prompts than slots: the last ones have no sequence. */
			if (!job->slots[i].answer && job->slots[i].seq)
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
	const struct bm_sampling greedy = BM_SAMPLING_GREEDY;
	const struct bm_config *c = bm_model_config(job->vm.model);
	int r = bm_sampler_new(&job->sampler, &greedy, c->n_vocab);

	job->context = job->options.context ? job->options.context : c->context;
	for (size_t i = 0; r == 0 && i < MIN(job->n_answers, (size_t)SLOTS); i++) {
		struct slot *s = &job->slots[i];

		r = bm_sequence_new(&s->seq, job->vm.model, job->context, BM_KV_F32);
		s->logits = reallocarray(NULL, c->n_vocab, sizeof(*s->logits));
		if (r == 0 && !s->logits)
			r = -ENOMEM;
	}
	return r;
}

static void print(const struct job *job)
{
	for (size_t i = 0; i < job->n_answers; i++) {
		const struct answer *a = &job->answers[i];
		json_auto_t *row = a->too_long ?
			json_pack("{s:s}", "error", "prompt longer than the context") :
			json_pack("{s:s%}", "completion", a->text.data ? a->text.data : "",
				  a->text.len);

		json_dumpf(row, stdout, JSON_COMPACT);
		putchar('\n');
	}
}

static void job_deinit(struct job *job)
{
	for (size_t i = 0; i < SLOTS; i++) {
		bm_stream_free(job->slots[i].stream);
		bm_sequence_free(job->slots[i].seq);
		free(job->slots[i].logits);
	}
	for (size_t i = 0; i < job->n_answers; i++) {
		token_list_deinit(&job->answers[i].prompt);
		buf_deinit(&job->answers[i].text);
	}
	free(job->answers);
	bm_sampler_free(job->sampler);
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
		job.tokenizer = bm_model_tokenizer(job.vm.model);
		if (!job.tokenizer) {
			fprintf(stderr, "error: %s: tokenizer.ggml.model: missing\n", job.model);
			status = VERB_BAD_INPUT;
		}
	}
	if (status == VERB_OK)
		status = read_prompts(&job);
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
