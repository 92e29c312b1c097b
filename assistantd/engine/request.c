/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/request.h"

#include <errno.h>
#include <time.h>

#include "util/macro.h"

uint64_t request_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint32_t milliseconds(uint64_t from, uint64_t to)
{
	return (uint32_t)((to - from + 500) / 1000);
}

int request_new(struct request **ret, uint64_t id, const struct bm_model *m,
		struct engine_start *start, struct adapter *adapter,
		struct engine_counted *counted, struct diag *d)
{
	const struct bm_config *c = bm_model_config(m);
	_cleanup_(request_freep) struct request *r = calloc(1, sizeof(*r));
	struct bm_sampling sampling = BM_SAMPLING_GREEDY;
	int e;

	if (!r) {
		adapter_unref(adapter);
		return -ENOMEM;
	}

	r->id = id;
	r->lane = start->lane;
	r->adapter = adapter;
	r->delta = adapter ? adapter_delta(adapter) : NULL;
	r->scale = start->scale;
	e = prompt_build(&r->prompt, m, start, d);
	*counted = r->prompt.counted;
	if (e != 0)
		return e;

	sampling.temperature = start->temperature;
	sampling.seed = start->seed;
	r->logits = reallocarray(NULL, c->n_vocab, sizeof(*r->logits));
	if (!r->logits)
		return -ENOMEM;
	if ((e = bm_sequence_new(&r->sequence, m,
				 (uint32_t)r->prompt.tokens.n + r->prompt.max_answer,
				 BM_KV_F16)) < 0 ||
	    (e = bm_sampler_new(&r->sampler, &sampling, c->n_vocab)) < 0 ||
	    (e = bm_stream_new(&r->stream, NULL, 0)) < 0)
		return e;
	r->done.tokens_in = (uint32_t)r->prompt.tokens.n;
	r->began_us = request_clock();
	*ret = TAKE(r);
	return 0;
}

struct request *request_free(struct request *r)
{
	if (!r)
		return NULL;
	prompt_deinit(&r->prompt);
	bm_sequence_free(r->sequence);
	bm_sampler_free(r->sampler);
	bm_stream_free(r->stream);
	adapter_unref(r->adapter);
	free(r->logits);
	free(r);
	return NULL;
}

bool request_reading(const struct request *r)
{
	return r->read < r->prompt.tokens.n;
}

struct bm_item request_item(struct request *r, size_t room)
{
	struct bm_item item = {
		.seq = r->sequence,
		.tokens = &r->token,
		.n_tokens = 1,
		.deltas = &r->delta,
		.scales = &r->scale,
		.n_deltas = r->delta ? 1 : 0,
		.logits = r->logits,
	};

	if (request_reading(r)) {
		item.tokens = r->prompt.tokens.ids + r->read;
		item.n_tokens = MIN(room, r->prompt.tokens.n - r->read);
		if (r->read + item.n_tokens < r->prompt.tokens.n)
			item.logits = NULL;
	}
	return item;
}

static int finish(struct request *r, enum engine_finish finish, struct engine_piece *piece)
{
	r->done.finish = finish;
	r->done.writing_ms = milliseconds(r->wrote_us, request_clock());
	return bm_stream_finish(r->stream, &piece->text) < 0 ? -ENOMEM : 1;
}

static int append_text(struct request *r, const struct tokenizer *t, struct buf *text)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_NULL;
	int e = tokenizer_piece(t, r->token, &bytes);

	if (e < 0 || bytes.len == 0)
		return e;
	return bm_stream_push(r->stream, bytes.data, bytes.len, text);
}

int request_advance(struct request *r, const struct bm_model *m, const struct bm_item *item,
		    struct engine_piece *piece)
{
	const struct tokenizer *t = bm_model_tokenizer(m);
	int e;

	piece->id = r->id;
	if (request_reading(r)) {
		r->read += item->n_tokens;
		if (request_reading(r))
			return 0;
		r->wrote_us = request_clock();
		r->done.reading_ms = milliseconds(r->began_us, r->wrote_us);
	}

	r->token = bm_sampler_pick(r->sampler, r->logits);
	if (tokenizer_is_end(t, r->token))
		return finish(r, ENGINE_FINISH_STOP, piece);

	bm_sampler_accept(r->sampler, r->token);
	r->done.tokens_out++;
	piece->n_tokens = 1;
	e = append_text(r, t, &piece->text);
	if (e < 0)
		return e;
	/* The last token needs no room of its own: nothing is computed from it. */
	if (r->done.tokens_out == r->prompt.max_answer)
		return finish(r, ENGINE_FINISH_LENGTH, piece);
	return 0;
}
