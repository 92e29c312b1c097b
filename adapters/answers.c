/* SPDX-License-Identifier: MIT */
#include "adapters/answers.h"

#include <errno.h>
#include <string.h>

#include "adapters/adapters.h"
#include "adapters/stop.h"
#include "base_model/base_model.h"
#include "util/macro.h"

/* One answer in progress. */
struct item {
	struct bm_writer *writer;	/* NULL: answered */
	struct bm_stream *stream;
	struct adapter_uses uses;
	struct buf *answer;
};

struct answers {
	struct bm_model *model;
	struct adapter_uses uses;	/* not placed */
	struct item items[ANSWERS_MAX];
	size_t n;
	const struct tokenizer *tokenizer;	/* with the tokens that the adapter brings, */
	uint32_t n_extra;			/* so many */
	float *logits;			/* [n][n_vocab + n_extra] */
	const struct stop *stop;
};

/* The adapter, from where it is invoked on. */
static int place(struct item *c, const struct answers *all, const struct answer_prompt *prompt,
		 struct diag *d)
{
	size_t at;
	int r;

	c->uses = all->uses;
	r = adapter_uses_place(&c->uses, prompt->tokens, prompt->n, &at, d);
	return r == -ENOENT ? -EINVAL : r;
}

static int begin(struct item *c, const struct answers *all, const struct answer_prompt *prompt,
		 struct diag *d)
{
	uint32_t context = bm_model_config(all->model)->context;
	const struct bm_writer_params params = {
		.kv = BM_KV_F16, .sampling = BM_SAMPLING_GREEDY,
		.max_tokens = prompt->max_tokens, .n_extra = all->n_extra,
		.prompt = prompt->tokens, .n_prompt = prompt->n,
		.context = (uint32_t)MIN((uint64_t)context,
					 prompt->n + (uint64_t)prompt->max_tokens),
	};
	int r = place(c, all, prompt, d);

	if (r == 0)
		r = bm_writer_new(&c->writer, all->model, &params);
	return r < 0 ? r : bm_stream_new(&c->stream, NULL, 0);
}

static int end(struct item *c)
{
	c->writer = bm_writer_free(c->writer);
	return bm_stream_finish(c->stream, c->answer);
}

static int advance(const struct answers *all, struct item *c, const struct bm_item *item)
{
	const int32_t *tokens;
	size_t n;
	int state = bm_writer_advance(c->writer, item, &tokens, &n), r = state;

	if (r >= 0)
		r = bm_stream_push_tokens(c->stream, all->tokenizer, tokens, n, c->answer);
	return r == 0 && state != BM_WRITER_GOES_ON ? end(c) : r;
}

/* A token for each that writes, and of prompts what room is left. */
static int pass(struct answers *all, size_t active)
{
	size_t n_logits = bm_model_config(all->model)->n_vocab + all->n_extra;
	size_t room = bm_model_max_batch(all->model) - active, n = 0;
	struct bm_item items[ANSWERS_MAX];
	struct item *owners[ANSWERS_MAX];
	int r;

	for (size_t i = 0; i < all->n; i++) {
		struct item *c = &all->items[i];
		struct bm_item *item = &items[n];
		size_t wanted;

		if (!c->writer)
			continue;
		wanted = adapter_uses_item(&c->uses, c->writer, room + 1, 0, item);
		room -= item->n_tokens - 1;
		item->logits = wanted ? all->logits + n * n_logits : NULL;
		owners[n++] = c;
	}
	r = bm_forward(all->model, items, n, NULL);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = advance(all, owners[i], &items[i]);
	return r;
}

static int run(struct answers *all)
{
	int r = 0;

	while (r == 0) {
		size_t active = 0;

		for (size_t i = 0; i < all->n; i++)
			active += all->items[i].writer != NULL;
		if (active == 0)
			break;
		r = stop_asked(all->stop) ? -ECANCELED : pass(all, active);
	}
	return r;
}

static int begin_all(struct answers *all, struct buf *texts, const struct answer_prompt *prompts,
		     size_t n, struct diag *d)
{
	size_t n_logits = (size_t)bm_model_config(all->model)->n_vocab + all->n_extra;
	int r = 0;

	for (all->n = 0; r == 0 && all->n < n; all->n++) {
		struct item *c = &all->items[all->n];

		buf_reset(&texts[all->n]);
		c->answer = &texts[all->n];
		r = begin(c, all, &prompts[all->n], d);
	}
	if (r < 0)
		return r;
	all->logits = reallocarray(NULL, n * sizeof(float), n_logits);
	return all->logits ? 0 : -ENOMEM;
}

int answers_write(struct buf *answers, struct bm_model *m, const struct adapter *a, float scale,
		  const struct answer_prompt *prompts, size_t n, const struct stop *stop,
		  struct diag *d)
{
	struct answers all = { .model = m, .stop = stop };
	int r;

	if (n > MIN((size_t)ANSWERS_MAX, (size_t)bm_model_max_batch(m)))
		return diag_set(d, -EINVAL, DIAG_LIMIT, "answers", "%zu at once, expected at most "
				"%d", n, ANSWERS_MAX);
	if (n == 0)
		return 0;
	r = adapter_uses_add(&all.uses, a, scale);
	all.tokenizer = adapter_uses_tokenizer(&all.uses, bm_model_tokenizer(m), &all.n_extra);
	if (r == 0)
		r = begin_all(&all, answers, prompts, n, d);
	if (r == 0)
		r = run(&all);
	for (size_t i = 0; i < all.n; i++) {
		bm_writer_free(all.items[i].writer);
		bm_stream_free(all.items[i].stream);
	}
	free(all.logits);
	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, "answers", "%s", strerror(-r)) : 0;
}
