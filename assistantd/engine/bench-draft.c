/* SPDX-License-Identifier: MIT */
/* Copy drafting: a text is written again with a few words changed. */
#include <errno.h>

#include "assistantd/engine/bench.h"
#include "util/macro.h"

#define TEXT 300	/* tokens */
#define CHANGES 10
#define WORDS 150	/* that the text is made of, the first ones most often */
#define OTHER_WORD 299	/* stands nowhere in the text */

struct pair {
	int32_t text[TEXT];
	int32_t answer[TEXT + CHANGES];
	size_t n;		/* tokens of the answer */
};

/* As in a real text some words come again and again, so that a place is not found by one. */
static void make_text(struct pair *p)
{
	uint32_t state = 1;

	for (size_t i = 0; i < TEXT; i++) {
		uint32_t x;

		state = state * 1664525u + 1013904223u;
		x = state >> 16;
		p->text[i] = OTHER_WORD + 1 + (int32_t)((uint64_t)x * x * WORDS >> 32);
	}
}

/* One word replaced, one inserted, one dropped, and so on, at even distances. */
static void make_answer(struct pair *p)
{
	size_t changes = 0;

	p->n = 0;
	for (size_t i = 0; i < TEXT; i++) {
		bool here = i % (TEXT / CHANGES) == TEXT / CHANGES / 2;
		size_t kind = here ? changes++ % 3 : 3;

		if (kind < 2)
			p->answer[p->n++] = OTHER_WORD;
		if (kind == 1 || kind == 3)
			p->answer[p->n++] = p->text[i];
	}
}

/* Until all is written; the clock runs from the first token on. */
static int write_answer(struct bench *b, struct adapter_uses *uses, struct bm_writer *w,
			float *logits, double *seconds)
{
	int state = BM_WRITER_GOES_ON;
	double begin = 0.0;

	while (state == BM_WRITER_GOES_ON) {
		struct bm_item item;
		const int32_t *tokens;
		size_t n;
		int r = verb_model_pass(&b->vm, uses, w, logits, &item);

		if (r < 0)
			return r;
		state = bm_writer_advance(w, &item, &tokens, &n);
		if (begin == 0.0 && n)
			begin = bench_clock();
	}
	*seconds = bench_clock() - begin;
	return state < 0 ? state : 0;
}

static int one(struct bench *b, const struct pair *p, bool draft, float *logits)
{
	_cleanup_(bm_writer_freep) struct bm_writer *w = NULL;
	const struct bm_writer_params params = {
		.prompt = p->text, .n_prompt = TEXT, .max_tokens = (uint32_t)p->n,
		.context = bm_model_config(b->vm.model)->context, .kv = BM_KV_F16,
		.sampling = BM_SAMPLING_GREEDY, .draft = draft, .forced = p->answer,
	};
	struct bm_writer_counts counts;
	struct adapter_uses uses;
	double seconds = 0.0;
	int r = verb_model_uses(&b->vm, p->text, TEXT, &uses, NULL);

	if (r == 0)
		r = bm_writer_new(&w, b->vm.model, &params);
	if (r == 0)
		r = write_answer(b, &uses, w, logits, &seconds);
	if (r < 0)
		return r;
	counts = bm_writer_counts(w);
	return bench_sample(b, "draft", draft ? "drafted" : "plain",
			    (double)(counts.written - 1) / seconds, "tokens/s",
			    json_pack("{s:I, s:I, s:I, s:I}", "passes", (json_int_t)counts.passes,
				      "written", (json_int_t)counts.written, "guessed",
				      (json_int_t)counts.guessed, "right",
				      (json_int_t)counts.right));
}

int bench_draft(struct bench *b)
{
	_cleanup_free_ float *logits = verb_model_logits(&b->vm);
	struct pair p;
	int r;

	if (!logits)
		return -ENOMEM;
	make_text(&p);
	make_answer(&p);
	r = one(b, &p, false, logits);
	return r < 0 ? r : one(b, &p, true, logits);
}
