/* SPDX-License-Identifier: MIT */
#include "base_model/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/tokenizer.h"
#include "util/macro.h"

struct bm_writer {
	const struct bm_model *model;
	struct bm_sequence *sequence;	/* what was computed of the tokens; NULL: parked */
	struct bm_sampler *sampler;
	struct bm_draft *draft;		/* NULL: it does not guess */
	const int32_t *forced;
	size_t n_prompt, n, n_end;	/* n_end: prompt and the longest answer */
	uint32_t n_extra;
	struct bm_writer_counts counts;
	int32_t tokens[];		/* [n_end + BM_DRAFT_MAX]: prompt, answer, guesses */
};

static int check(const struct bm_writer_params *p)
{
	return p->n_prompt >= 1 && p->max_tokens >= 1 && p->n_prompt < p->context &&
	       p->n_extra <= TOKENIZER_MAX_EXTRA ? 0 : -EINVAL;
}

/* Only the prompt is guessed from, so it stays where it is. */
static int init(struct bm_writer *w, const struct bm_writer_params *p)
{
	const struct bm_config *c = bm_model_config(w->model);
	int r;

	r = bm_sampler_new(&w->sampler, &p->sampling, c->n_vocab + p->n_extra);
	if (r == 0 && p->draft)
		r = bm_draft_new(&w->draft, w->tokens, w->n_prompt);
	if (r < 0)
		return r;
	w->sequence = p->sequence;
	return w->sequence ? 0 : bm_sequence_new(&w->sequence, w->model, (uint32_t)w->n_end, p->kv);
}

int bm_writer_new(struct bm_writer **ret, struct bm_model *m, const struct bm_writer_params *p)
{
	_cleanup_(bm_writer_freep) struct bm_writer *w = NULL;
	int r = check(p);
	size_t n_end;

	if (r < 0)
		return r;
	n_end = MIN((size_t)p->n_prompt + p->max_tokens, (size_t)p->context);
	w = calloc(1, sizeof(*w) + (n_end + BM_DRAFT_MAX) * sizeof(w->tokens[0]));
	if (!w)
		return -ENOMEM;
	w->model = m;
	w->forced = p->forced;
	w->n_extra = p->n_extra;
	w->n = w->n_prompt = p->n_prompt;
	w->n_end = n_end;
	memcpy(w->tokens, p->prompt, p->n_prompt * sizeof(w->tokens[0]));
	r = init(w, p);
	if (r < 0)
		return r;
	*ret = TAKE(w);
	return 0;
}

struct bm_writer *bm_writer_free(struct bm_writer *w)
{
	if (!w)
		return NULL;
	bm_sequence_free(w->sequence);
	bm_sampler_free(w->sampler);
	bm_draft_free(w->draft);
	free(w);
	return NULL;
}

size_t bm_writer_pending(const struct bm_writer *w)
{
	return w->n - bm_sequence_length(w->sequence);
}

/* Guesses behind the last token; the answer's last token is never computed from. */
static size_t guess(struct bm_writer *w, size_t room)
{
	room = MIN(room, w->n_end - w->n - 1);
	return w->draft && room ? bm_draft_propose(w->draft, w->tokens + w->n, room) : 0;
}

size_t bm_writer_wishes(struct bm_writer *w)
{
	return bm_writer_pending(w) == 1 ? guess(w, BM_DRAFT_MAX) : 0;
}

size_t bm_writer_item(struct bm_writer *w, size_t room, size_t guesses, struct bm_item *item)
{
	size_t pending = bm_writer_pending(w), take = MIN(room, pending);

	*item = (struct bm_item){
		.seq = w->sequence,
		.tokens = w->tokens + bm_sequence_length(w->sequence),
		.n_tokens = take,
		.n_extra = w->n_extra,
	};
	if (take < pending)
		return 0;
	if (pending > 1)
		return 1;
	item->n_tokens += guess(w, MIN(room - 1, guesses));
	item->all_logits = true;
	return item->n_tokens;
}

static int32_t choose(struct bm_writer *w, float *logits)
{
	size_t at = w->n - w->n_prompt;

	return w->forced ? w->forced[at] : bm_sampler_pick(w->sampler, logits);
}

/* What is forced never ends early, nor does what a model without a tokenizer writes. */
static bool is_end(const struct bm_writer *w, int32_t token)
{
	const struct tokenizer *t = bm_model_tokenizer(w->model);

	return t && !w->forced && tokenizer_is_end(t, token);
}

/* Takes the next token: the state afterwards. */
static int take(struct bm_writer *w, int32_t token)
{
	if (is_end(w, token))
		return BM_WRITER_ENDED;
	bm_sampler_accept(w->sampler, token);
	if (w->draft)
		bm_draft_written(w->draft, token);
	w->tokens[w->n++] = token;
	return w->n == w->n_end ? BM_WRITER_FULL : BM_WRITER_GOES_ON;
}

int bm_writer_advance(struct bm_writer *w, const struct bm_item *item, const int32_t **tokens,
		      size_t *n)
{
	size_t n_logits = bm_model_config(w->model)->n_vocab + w->n_extra, first = w->n, rows;
	size_t behind = bm_sequence_length(w->sequence);
	int state = BM_WRITER_GOES_ON;

	*tokens = w->tokens + first;
	*n = 0;
	if (behind < w->n)
		return state;
	rows = behind - w->n + 1;
	w->counts.passes++;
	w->counts.guessed += rows - 1;
	for (size_t i = 0; i < rows; i++) {
		int32_t guessed = w->tokens[w->n];
		int32_t token = choose(w, item->logits + i * n_logits);

		state = take(w, token);
		if (state != BM_WRITER_GOES_ON || i + 1 == rows || token != guessed)
			break;
		w->counts.right++;
	}
	/* The last token is computed by the next pass; guesses behind it never were. */
	bm_sequence_truncate(w->sequence, (uint32_t)w->n - 1);
	*n = w->n - first;
	w->counts.written += *n;
	return state;
}

const int32_t *bm_writer_tokens(const struct bm_writer *w, size_t *n, size_t *n_end)
{
	*n = w->n;
	*n_end = w->n_end;
	return w->tokens;
}

struct bm_sequence *bm_writer_park(struct bm_writer *w)
{
	return TAKE(w->sequence);
}

bool bm_writer_parked(const struct bm_writer *w)
{
	return !w->sequence;
}

void bm_writer_resume(struct bm_writer *w, struct bm_sequence *sequence)
{
	w->sequence = sequence;
}

struct bm_writer_counts bm_writer_counts(const struct bm_writer *w)
{
	return w->counts;
}
