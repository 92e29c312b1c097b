/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/request.h"

#include <errno.h>
#include <time.h>

#include "util/clock.h"
#include "util/macro.h"

uint64_t request_clock(void)
{
	return (uint64_t)clock_us(CLOCK_MONOTONIC);
}

static uint32_t milliseconds(uint64_t from, uint64_t to)
{
	return (uint32_t)((to - from + 500) / 1000);
}

struct prefix_key request_key(const struct preparation *p)
{
	struct prefix_key key = { .n_uses = (uint32_t)p->uses.n };

	for (size_t i = 0; i < p->uses.n; i++) {
		const struct adapter_use *use = &p->uses.items[i];

		key.uses[i] = (struct prefix_use){ *adapter_digest(use->adapter), use->scale,
						   use->from };
	}
	return key;
}

/* Memory has what was offered and not read: that was valid, or will be found out later. */
static bool keeps_prefix(const struct preparation *p)
{
	bool valid = p->start->prefix_fd >= 0 && (p->pages || !p->reads_prefix);

	return p->start->keeps_prefix && p->prefix.bytes && !valid;
}

static int new_writer(struct request *r, struct bm_model *m, struct preparation *p)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *sequence = NULL;
	struct bm_writer_params params = {
		.prompt = p->prompt.tokens.ids,
		.n_prompt = p->prompt.tokens.n,
		.max_tokens = p->prompt.max_answer,
		.context = p->context,
		.sampling = BM_SAMPLING_GREEDY,
		.draft = p->start->draft,
		.n_extra = p->n_extra,
	};
	int e;

	params.sampling.temperature = p->start->temperature;
	params.sampling.seed = p->start->seed;
	e = residents_begin(r->residents, &r->key, params.prompt, params.n_prompt,
			    (uint32_t)params.n_prompt + params.max_tokens, &sequence);
	if (e < 0)
		return e;
	r->done.known = bm_sequence_length(sequence);
	params.sequence = sequence;
	e = bm_writer_new(&r->writer, m, &params);
	if (e < 0)
		return e;
	sequence = NULL;
	return bm_stream_new(&r->stream, NULL, 0);
}

static int new_scoring(struct request *r, struct bm_model *m, struct preparation *p)
{
	int e = 0;

	/* Of a try that had no room the texts are still there. */
	if (!p->scoring)
		e = scoring_new(&p->scoring, m, p->prompt.tokens.ids, p->prompt.tokens.n,
				&p->texts, p->context, p->n_extra);
	if (e < 0)
		return e;
	r->scoring = p->scoring;
	e = request_resume(r);
	if (e < 0) {
		r->scoring = NULL;
		return e;
	}
	p->scoring = NULL;
	return 0;
}

int request_new(struct request **ret, struct bm_model *m, struct residents *residents,
		struct preparation *p)
{
	_cleanup_(request_freep) struct request *r = calloc(1, sizeof(*r));
	int e;

	if (!r)
		return -ENOMEM;
	r->residents = residents;
	r->key = request_key(p);
	e = p->score ? new_scoring(r, m, p) : new_writer(r, m, p);
	if (e < 0)
		return e;
	r->id = p->id;
	r->lane = p->start->lane;
	r->n_prompt = (uint32_t)p->prompt.tokens.n;
	r->keeps_prefix = keeps_prefix(p);
	r->prefix = p->prefix;
	for (size_t i = 0; i < p->n_wanted; i++)
		r->adapters[i] = TAKE(p->wanted[i].adapter);
	r->uses = p->uses;
	r->tokenizer = p->tokenizer;
	r->done.tokens_in = r->n_prompt;
	r->began_us = request_clock();
	r->done.loading_ms = milliseconds(p->began_us, r->began_us);
	*ret = TAKE(r);
	return 0;
}

struct request *request_free(struct request *r)
{
	if (!r)
		return NULL;
	if ((r->writer || r->scoring) && !request_parked(r))
		request_park(r);
	scoring_free(r->scoring);
	bm_writer_free(r->writer);
	bm_stream_free(r->stream);
	for (size_t i = 0; i < ENGINE_USES_MAX; i++)
		adapter_unref(r->adapters[i]);
	free(r);
	return NULL;
}

int request_prefix(struct request *r)
{
	size_t n, n_end;
	const int32_t *tokens;
	int fd = -1;

	if (!r->keeps_prefix)
		return -1;
	tokens = bm_writer_tokens(r->writer, &n, &n_end);
	request_park(r);
	return residents_save(r->residents, &r->key, tokens, &r->prefix, &fd) < 0 ? -1 : fd;
}

/* Of what texts are scored by themselves, nothing is worth a place among the beginnings. */
static void park_scoring(struct request *r)
{
	size_t n;
	const int32_t *tokens = scoring_prompt(r->scoring, &n);
	struct bm_sequence *begun = scoring_park(r->scoring);

	if (n > 1)
		residents_keep(r->residents, &r->key, tokens, begun);
	else
		bm_sequence_free(begun);
}

void request_park(struct request *r)
{
	const int32_t *tokens;
	size_t n, n_end;

	if (r->scoring) {
		park_scoring(r);
		return;
	}
	tokens = bm_writer_tokens(r->writer, &n, &n_end);
	residents_keep(r->residents, &r->key, tokens, bm_writer_park(r->writer));
}

int request_resume(struct request *r)
{
	struct bm_sequence *sequence;
	const int32_t *tokens;
	size_t n, n_end;
	int e;

	if (r->scoring) {
		tokens = scoring_prompt(r->scoring, &n);
		n_end = scoring_room(r->scoring);
	} else {
		tokens = bm_writer_tokens(r->writer, &n, &n_end);
	}
	e = residents_begin(r->residents, &r->key, tokens, n, (uint32_t)n_end, &sequence);
	if (e < 0)
		return e;
	if (!r->scoring) {
		bm_writer_resume(r->writer, sequence);
		return 0;
	}
	r->done.known = MAX(r->done.known, bm_sequence_length(sequence));
	r->finished = scoring_finished(r->scoring);
	scoring_resume(r->scoring, sequence);
	return 0;
}

bool request_parked(const struct request *r)
{
	return r->scoring ? scoring_parked(r->scoring) : bm_writer_parked(r->writer);
}

bool request_has_come_on(const struct request *r)
{
	return !r->scoring || scoring_finished(r->scoring) > r->finished;
}

int request_entry(struct request *r, struct batch_entry *ret)
{
	int pending;

	*ret = (struct batch_entry){ .interactive = r->lane != 0, .served = r->served };
	if (!r->scoring) {
		ret->pending = bm_writer_pending(r->writer);
		ret->wishes = bm_writer_wishes(r->writer);
		return 0;
	}
	pending = scoring_pending(r->scoring, BATCH_SCORES);
	ret->pending = (size_t)MAX(pending, 0);
	return pending == 0 ? -ENOSPC : MIN(pending, 0);
}

size_t request_items(struct request *r, const struct batch_entry *plan, size_t scores,
		     float *logits, struct bm_item *items, size_t *used)
{
	if (r->scoring)
		return scoring_items(r->scoring, &r->uses, plan->tokens, scores, logits, items,
				     BATCH_SCORES, used);
	*used = adapter_uses_item(&r->uses, r->writer, plan->tokens + plan->guesses,
				  plan->guesses, items);
	items->logits = *used ? logits : NULL;
	return 1;
}

static int finish(struct request *r, int state, struct engine_piece *piece)
{
	struct bm_writer_counts counts = bm_writer_counts(r->writer);

	r->done.finish = state == BM_WRITER_ENDED ? ENGINE_FINISH_STOP : ENGINE_FINISH_LENGTH;
	r->done.writing_ms = milliseconds(r->wrote_us, request_clock());
	r->done.tokens_out = (uint32_t)counts.written;
	r->done.guessed = (uint32_t)counts.guessed;
	r->done.right = (uint32_t)counts.right;
	return bm_stream_finish(r->stream, &piece->text) < 0 ? -ENOMEM : 1;
}

static int advance_scoring(struct request *r, const struct bm_item *items, size_t n)
{
	bool done = scoring_advance(r->scoring, items, n);

	r->done.reading_ms = milliseconds(r->began_us, request_clock());
	return done;
}

int request_advance(struct request *r, const struct bm_item *items, size_t n_items,
		    struct engine_piece *piece)
{
	const int32_t *tokens;
	size_t n;
	int state, e;

	if (r->scoring)
		return advance_scoring(r, items, n_items);
	state = bm_writer_advance(r->writer, items, &tokens, &n);
	piece->id = r->id;
	piece->n_tokens = (uint32_t)n;
	if (!items->logits)
		return 0;
	if (!r->wrote_us) {
		r->wrote_us = request_clock();
		r->done.reading_ms = milliseconds(r->began_us, r->wrote_us);
	}
	e = bm_stream_push_tokens(r->stream, r->tokenizer, tokens, n, &piece->text);
	if (e < 0 || state == BM_WRITER_GOES_ON)
		return e;
	return finish(r, state, piece);
}

void request_scored(const struct request *r, struct engine_scored *ret)
{
	*ret = (struct engine_scored){
		.n = (uint32_t)scoring_texts_count(r->scoring),
		.tokens_in = (uint32_t)scoring_computed(r->scoring),
		.known = r->done.known,
		.loading_ms = r->done.loading_ms, .reading_ms = r->done.reading_ms,
	};
	for (uint32_t i = 0; i < ret->n; i++) {
		size_t tokens;

		ret->scores[i] = scoring_score(r->scoring, i, &tokens);
		ret->tokens[i] = (uint32_t)tokens;
	}
}
