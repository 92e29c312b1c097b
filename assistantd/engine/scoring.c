/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/scoring.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

/* Texts that are read at once; each has pages of its own. */
enum { LIVE_MAX = 64 };
/* In place of a text: the prompt. */
#define PROMPT SIZE_MAX

struct text {
	struct token_list tokens;
	size_t from, shared;	/* a text before it, or PROMPT, and the tokens of it that it has */
	size_t at;		/* tokens that are in the score; 0: what is before is not read */
	double score;
	struct bm_sequence *seq;	/* while it, or what goes on from it, is read */
	float logit;		/* of the token that a row of logits is asked for */
};

struct scoring {
	const struct bm_model *model;
	struct text *texts;
	size_t n, finished, live;
	int32_t *prompt;
	size_t n_prompt, longest;
	uint32_t context, n_extra;
	struct bm_sequence *begun;	/* of the prompt; NULL: parked */
	uint64_t computed;
	/* The texts of the items of the pass, PROMPT for the prompt. */
	size_t planned[LIVE_MAX];
};

static bool fits(const struct scoring *s, const struct text *t)
{
	return t->tokens.n <= s->context - s->n_prompt;
}

static bool is_finished(const struct scoring *s, const struct text *t)
{
	return t->at == t->tokens.n || !fits(s, t);
}

static size_t common(const struct token_list *a, const struct token_list *b)
{
	size_t n = 0;

	while (n < a->n && n < b->n && a->ids[n] == b->ids[n])
		n++;
	return n;
}

/* Whose rows begin it: of those before it that begin at the prompt, what it shares most with. The
 * last token of a text is never computed. */
static void find_beginning(struct scoring *s, size_t i)
{
	struct text *t = &s->texts[i];

	t->from = PROMPT;
	for (size_t k = 0; k < i; k++) {
		const struct text *other = &s->texts[k];
		size_t shared = common(&other->tokens, &t->tokens);

		if (shared && shared == MIN(t->tokens.n, other->tokens.n))
			shared--;
		if (other->from == PROMPT && fits(s, other) && shared > t->shared) {
			t->from = k;
			t->shared = shared;
		}
	}
}

static int init(struct scoring *s, const int32_t *prompt, struct scoring_texts *texts)
{
	s->prompt = reallocarray(NULL, s->n_prompt, sizeof(*prompt));
	s->texts = calloc(texts->n + 1, sizeof(*s->texts));
	if (!s->prompt || !s->texts)
		return -ENOMEM;
	memcpy(s->prompt, prompt, s->n_prompt * sizeof(*prompt));
	s->n = texts->n;
	for (size_t i = 0; i < s->n; i++) {
		struct text *t = &s->texts[i];

		t->tokens = texts->items[i];
		texts->items[i] = (struct token_list)TOKEN_LIST_NULL;
		find_beginning(s, i);
		s->finished += is_finished(s, t);
		if (fits(s, t))
			s->longest = MAX(s->longest, t->tokens.n);
	}
	return 0;
}

int scoring_new(struct scoring **ret, const struct bm_model *m, const int32_t *prompt,
		size_t n_prompt, struct scoring_texts *texts, uint32_t context, uint32_t n_extra)
{
	_cleanup_(scoring_freep) struct scoring *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct scoring){ .model = m, .n_prompt = n_prompt, .context = context,
			       .n_extra = n_extra };
	r = init(s, prompt, texts);
	if (r == 0)
		*ret = TAKE(s);
	return r;
}

struct scoring *scoring_free(struct scoring *s)
{
	if (!s)
		return NULL;
	bm_sequence_free(scoring_park(s));
	for (size_t i = 0; i < s->n; i++)
		token_list_deinit(&s->texts[i].tokens);
	free(s->texts);
	free(s->prompt);
	free(s);
	return NULL;
}

const int32_t *scoring_prompt(const struct scoring *s, size_t *n)
{
	*n = s->n_prompt;
	return s->prompt;
}

/* A fork writes to a page of its own from its first token on. */
uint32_t scoring_room(const struct scoring *s)
{
	return (uint32_t)MIN(s->n_prompt + s->longest + BM_SEQUENCE_PAGE, (size_t)s->context);
}

void scoring_resume(struct scoring *s, struct bm_sequence *begun)
{
	s->begun = begun;
}

struct bm_sequence *scoring_park(struct scoring *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct text *t = &s->texts[i];

		t->seq = bm_sequence_free(t->seq);
		/* What it has its beginning of is gone. */
		t->from = PROMPT;
		t->shared = 0;
	}
	s->live = 0;
	return TAKE(s->begun);
}

bool scoring_parked(const struct scoring *s)
{
	return !s->begun;
}

static uint32_t length_of(const struct scoring *s, const struct text *t)
{
	return bm_sequence_length(t->seq) - (uint32_t)s->n_prompt;
}

/* Tokens that are still to be computed, of a text that is being read. */
static size_t left_of(const struct scoring *s, const struct text *t)
{
	return t->seq && !is_finished(s, t) ? t->tokens.n - 1 - length_of(s, t) : 0;
}

static int fork_text(struct scoring *s, struct text *t)
{
	uint32_t end = (uint32_t)(s->n_prompt + t->tokens.n);
	int r = -ERANGE;

	if (t->from != PROMPT)
		r = bm_sequence_fork(&t->seq, s->texts[t->from].seq,
				     (uint32_t)(s->n_prompt + t->shared), end);
	/* Where windows do not reach so far back, what it shares is read once more. */
	if (r == -ERANGE) {
		t->from = PROMPT;
		r = bm_sequence_fork(&t->seq, s->begun, (uint32_t)s->n_prompt, end);
	}
	return r;
}

/* All is read before it; and nobody writes to pages any more that it would share. */
static bool can_begin(const struct scoring *s, const struct text *t)
{
	return t->at && !t->seq && !is_finished(s, t) &&
	       (t->from == PROMPT || is_finished(s, &s->texts[t->from]));
}

/* Begins what can, as far as there is room. */
static int begin_texts(struct scoring *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n && s->live < LIVE_MAX; i++) {
		struct text *t = &s->texts[i];

		if (!can_begin(s, t))
			continue;
		r = fork_text(s, t);
		s->live += r == 0;
	}
	return r == -ENOSPC ? 0 : r;
}

int scoring_pending(struct scoring *s, size_t rows)
{
	size_t pending = 0, behind = s->n_prompt - bm_sequence_length(s->begun);
	int r;

	if (behind)
		return (int)behind;
	r = begin_texts(s);
	for (size_t i = 0; r == 0 && i < s->n && pending < rows; i++)
		pending += left_of(s, &s->texts[i]);
	return r < 0 ? r : (int)MIN(pending, rows);
}

/* At most @most of @tokens, on all of which the same adapters act. */
static void fill_item(const struct scoring *s, struct adapter_uses *uses, struct bm_sequence *seq,
		      const int32_t *tokens, size_t most, struct bm_item *item)
{
	uint32_t at = bm_sequence_length(seq), until;
	size_t n_deltas = adapter_uses_at(uses, at, &until);

	*item = (struct bm_item){
		.seq = seq, .tokens = tokens, .n_tokens = MIN(most, (size_t)(until - at)),
		.deltas = uses->deltas, .scales = uses->scales, .n_deltas = n_deltas,
		.n_extra = s->n_extra,
	};
}

static size_t prompt_item(struct scoring *s, struct adapter_uses *uses, size_t room, size_t rows,
			  float *logits, struct bm_item *item, size_t *used)
{
	uint32_t at = bm_sequence_length(s->begun);
	size_t left = s->n_prompt - at;

	room = MIN(room, rows ? left : left - 1);
	if (room == 0)
		return 0;
	fill_item(s, uses, s->begun, s->prompt + at, room, item);
	*used = item->n_tokens == left;
	item->logits = *used ? logits : NULL;
	s->planned[0] = PROMPT;
	return 1;
}

size_t scoring_items(struct scoring *s, struct adapter_uses *uses, size_t room, size_t rows,
		     float *logits, struct bm_item *items, size_t max, size_t *used)
{
	size_t n = 0, n_logits = bm_model_config(s->model)->n_vocab + s->n_extra;

	*used = 0;
	if (bm_sequence_length(s->begun) < s->n_prompt)
		return prompt_item(s, uses, room, rows, logits, items, used);
	room = MIN(room, rows);
	max = MIN(max, (size_t)LIVE_MAX);
	for (size_t i = 0; i < s->n && n < max && *used < room; i++) {
		const struct text *t = &s->texts[i];
		size_t left = left_of(s, t);

		if (left == 0)
			continue;
		fill_item(s, uses, t->seq, t->tokens.ids + length_of(s, t),
			  MIN(left, room - *used), &items[n]);
		items[n].logits = logits + *used * n_logits;
		items[n].all_logits = true;
		*used += items[n].n_tokens;
		s->planned[n++] = i;
	}
	return n;
}

/* Whether a row of text @i (or PROMPT) that tells its token @k tells one of @t. */
static bool hears(const struct text *t, const struct text *all, size_t i, size_t k)
{
	if (i != PROMPT && t == &all[i])
		return true;
	return t->from == i && t->at == 0 && t->shared == k;
}

/* The row behind the first @k tokens of text @i: it tells its next one, and those of all that go
 * on from there. */
static void take_row(struct scoring *s, size_t i, size_t k, float *row)
{
	double before = i == PROMPT ? 0.0 : s->texts[i].score, sum;

	for (size_t j = 0; j < s->n; j++)
		if (!is_finished(s, &s->texts[j]) && hears(&s->texts[j], s->texts, i, k))
			s->texts[j].logit = row[s->texts[j].tokens.ids[k]];
	sum = bm_log_sum(s->model, row, bm_model_config(s->model)->n_vocab + s->n_extra);
	for (size_t j = 0; j < s->n; j++) {
		struct text *t = &s->texts[j];

		if (is_finished(s, t) || !hears(t, s->texts, i, k))
			continue;
		t->score = before + ((double)t->logit - sum);
		t->at = k + 1;
		s->finished += is_finished(s, t);
	}
}

/* What nothing goes on from any more is let go. */
static void free_finished(struct scoring *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct text *t = &s->texts[i];
		bool needed = !t->seq || !is_finished(s, t);

		for (size_t k = i + 1; !needed && k < s->n; k++)
			needed = s->texts[k].from == i && !s->texts[k].seq &&
				 !is_finished(s, &s->texts[k]);
		if (!needed)
			t->seq = bm_sequence_free(t->seq);
	}
}

static void take_rows(struct scoring *s, size_t i, const struct bm_item *item)
{
	struct text *t = &s->texts[i];
	size_t n_logits = bm_model_config(s->model)->n_vocab + s->n_extra;
	size_t first = length_of(s, t) - item->n_tokens + 1;

	for (size_t r = 0; r < item->n_tokens; r++)
		if (first + r == t->at)
			take_row(s, i, t->at, item->logits + r * n_logits);
	s->live -= is_finished(s, t);
}

bool scoring_advance(struct scoring *s, const struct bm_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s->computed += items[i].n_tokens;
		if (s->planned[i] != PROMPT) {
			take_rows(s, s->planned[i], &items[i]);
		} else if (items[i].logits) {
			take_row(s, PROMPT, 0, items[i].logits);
			/* What it was made with room for is the texts'. */
			bm_sequence_seal(s->begun);
		}
	}
	free_finished(s);
	return s->finished == s->n;
}

size_t scoring_texts_count(const struct scoring *s)
{
	return s->n;
}

double scoring_score(const struct scoring *s, size_t i, size_t *tokens)
{
	const struct text *t = &s->texts[i];

	*tokens = t->tokens.n;
	return fits(s, t) ? t->score : (double)NAN;
}

size_t scoring_finished(const struct scoring *s)
{
	return s->finished;
}

uint64_t scoring_computed(const struct scoring *s)
{
	return s->computed;
}
