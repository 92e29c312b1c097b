/* SPDX-License-Identifier: MIT */
#include "tests/engine/front-alone.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/engine/scoring-texts.h"
#include "util/macro.h"

/* One that acts on the token at @pos, by digest: its place among the adapters, or -1. */
static int next_acting(const struct front_alone *a, int64_t pos, int last)
{
	const float *scales = a->acting->scales;
	const int64_t *from = a->acting->from;
	const struct front *f = a->f;
	int next = -1;

	for (int i = 0; i < (int)f->n_adapters; i++)
		if (scales[i] != 0.0f && from[i] <= pos &&
		    (last < 0 || memcmp(&f->digests[i], &f->digests[last],
					sizeof(struct digest)) > 0) &&
		    (next < 0 || memcmp(&f->digests[i], &f->digests[next],
					sizeof(struct digest)) < 0))
			next = i;
	return next;
}

void front_alone_init(struct front_alone *a, const struct front *f, const struct tokenizer *t,
		      const struct front_acting *acting)
{
	*a = (struct front_alone){ .f = f, .acting = acting };
	a->n_extra = tokenizer_n_tokens(t) - bm_model_config(f->model)->n_vocab;
	a->logits = reallocarray(NULL, tokenizer_n_tokens(t), sizeof(*a->logits));
	ck_assert_ptr_nonnull(a->logits);
	ck_assert_int_eq(bm_sequence_new(&a->seq, f->model, f->context, BM_KV_F16), 0);
}

void front_alone_deinit(struct front_alone *a)
{
	bm_sequence_free(a->seq);
	free(a->logits);
}

size_t front_alone_pass(struct front_alone *a, const int32_t *tokens, size_t n)
{
	const struct front *f = a->f;
	const struct bm_delta *deltas[FRONT_ADAPTERS];
	float scales[FRONT_ADAPTERS];
	struct bm_item item = { .seq = a->seq, .tokens = tokens, .deltas = deltas,
				.scales = scales, .logits = a->logits };
	size_t pos = bm_sequence_length(a->seq), end = pos + n;

	for (size_t i = 0; i < f->n_adapters; i++)
		if (a->acting->scales[i] != 0.0f && a->acting->from[i] > (int64_t)pos)
			end = MIN(end, (size_t)a->acting->from[i]);
	for (int i = -1; (i = next_acting(a, (int64_t)pos, i)) >= 0;) {
		deltas[item.n_deltas] = adapter_delta(f->adapters[i]);
		scales[item.n_deltas++] = a->acting->scales[i];
		item.n_extra += i == f->extends ? a->n_extra : 0;
	}
	item.n_tokens = end - pos;
	ck_assert_int_eq(bm_forward(f->model, &item, 1, NULL), 0);
	return end;
}

static bool is_invoked(const struct front *f, const struct front_case *c)
{
	for (size_t i = 0; i < c->n_uses; i++)
		if (f->invocations[c->uses[i].adapter] && c->uses[i].scale != 0.0f)
			return true;
	return false;
}

/* Each goes on from a beginning of one before it, or begins anew; some are beginnings. */
void front_make_texts(const struct front *f, struct front_case *c, const struct front_words *words,
		      uint64_t *state)
{
	c->n_texts = 1 + front_below(state, FRONT_TEXTS);
	/* By themselves there is nothing that invokes an adapter. */
	c->alone = front_below(state, 2) && !is_invoked(f, c);
	c->counts_end = front_below(state, 2);
	for (size_t i = 0; i < c->n_texts; i++) {
		const char *other = c->texts[front_below(state, (uint32_t)i + 1)];
		size_t len = front_below(state, (uint32_t)strlen(other) + 1), want;

		memmove(c->texts[i], other, len);
		want = len + front_below(state, 12);
		do {
			const char *word =
				words->phrases[front_below(state, (uint32_t)words->n_phrases)];

			if (len + strlen(word) >= sizeof(c->texts[i]))
				break;
			memcpy(c->texts[i] + len, word, strlen(word));
			len += strlen(word);
		} while (len < want);
		c->texts[i][len] = '\0';
		if (len == 0)
			strcpy(c->texts[i], "a");
	}
}

static double score_alone(const struct front *f, const struct front_case *c,
			  const struct token_list *prompt, const struct token_list *text,
			  const struct front_acting *acting)
{
	const struct tokenizer *t = front_tokenizer(f, c);
	struct front_alone a;
	double score = 0;

	if (prompt->n + text->n > f->context)
		return (double)NAN;
	front_alone_init(&a, f, t, acting);
	for (size_t pos = 0; pos < prompt->n;)
		pos = front_alone_pass(&a, prompt->ids + pos, prompt->n - pos);
	for (size_t i = 0; i < text->n; i++) {
		double logit = (double)a.logits[text->ids[i]];

		score += logit - bm_log_sum(f->model, a.logits, tokenizer_n_tokens(t));
		if (i + 1 < text->n)
			front_alone_pass(&a, text->ids + i, 1);
	}
	front_alone_deinit(&a);
	return score;
}

void front_solve_texts(struct front *f, struct front_case *c, const struct token_list *prompt,
		       const struct front_acting *acting)
{
	const struct tokenizer *t = front_tokenizer(f, c);
	struct front_acting everywhere = { 0 };
	struct token_list begin = TOKEN_LIST_NULL;
	struct scoring_texts texts = { 0 };

	memcpy(everywhere.scales, acting->scales, sizeof(everywhere.scales));
	ck_assert_int_eq(scoring_texts_begin(&begin, t, NULL), 0);
	for (size_t i = 0; i < c->n_texts; i++) {
		ck_assert_int_eq(scoring_texts_add(&texts, t, c->texts[i], strlen(c->texts[i]),
						   !c->alone, c->counts_end), 0);
		c->scores[i] = score_alone(f, c, c->alone ? &begin : prompt, &texts.items[i],
					   c->alone ? &everywhere : acting);
	}
	scoring_texts_deinit(&texts);
	token_list_deinit(&begin);
}
