/* SPDX-License-Identifier: MIT */
#include "base_model/sampler.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "util/macro.h"

#define MAX_WINDOW 1024

struct candidate {
	int32_t token;
	float logit;
	float p;
};

struct bm_sampler {
	struct bm_sampling sampling;
	uint32_t n_vocab;
	uint64_t state;
	uint32_t n_seen;
	int32_t seen[MAX_WINDOW];	/* a ring */
	struct candidate candidates[];
};

static bool valid(const struct bm_sampling *s)
{
	return isfinite(s->temperature) && s->temperature >= 0.0f && s->top_p > 0.0f &&
	       s->top_p <= 1.0f && s->min_p >= 0.0f && s->min_p <= 1.0f &&
	       isfinite(s->repetition_penalty) && s->repetition_penalty > 0.0f &&
	       s->penalty_window <= MAX_WINDOW;
}

int bm_sampler_new(struct bm_sampler **ret, const struct bm_sampling *sampling, uint32_t n_vocab)
{
	struct bm_sampler *s;

	if (!valid(sampling) || n_vocab == 0)
		return -EINVAL;
	s = calloc(1, sizeof(*s) + (size_t)n_vocab * sizeof(s->candidates[0]));
	if (!s)
		return -ENOMEM;
	s->sampling = *sampling;
	s->n_vocab = n_vocab;
	s->state = sampling->seed;
	*ret = s;
	return 0;
}

struct bm_sampler *bm_sampler_free(struct bm_sampler *s)
{
	free(s);
	return NULL;
}

/* SplitMix64 (Steele, Lea and Flood 2014): one number in [0, 1) with 53 bits. */
static double draw(struct bm_sampler *s)
{
	uint64_t z = s->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (double)(z >> 11) * 0x1p-53;
}

void bm_sampler_accept(struct bm_sampler *s, int32_t token)
{
	s->seen[s->n_seen++ % MAX_WINDOW] = token;
}

static bool seen_before(const struct bm_sampler *s, uint32_t from, uint32_t at)
{
	for (uint32_t i = from; i < at; i++)
		if (s->seen[i % MAX_WINDOW] == s->seen[at % MAX_WINDOW])
			return true;
	return false;
}

/* Once per distinct token of the window, whichever sign its logit has. */
static void penalize(const struct bm_sampler *s, float *logits)
{
	float penalty = s->sampling.repetition_penalty;
	uint32_t from = s->n_seen - MIN(s->n_seen, s->sampling.penalty_window);

	for (uint32_t i = from; penalty != 1.0f && i < s->n_seen; i++) {
		int32_t token = s->seen[i % MAX_WINDOW];

		if (token < 0 || (uint32_t)token >= s->n_vocab || seen_before(s, from, i))
			continue;
		logits[token] = logits[token] > 0.0f ? logits[token] / penalty :
						       logits[token] * penalty;
	}
}

static int32_t most_likely(const float *logits, uint32_t n)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < n; i++)
		if (logits[i] > logits[best])
			best = i;
	return (int32_t)best;
}

/* Descending; equal ones by token, so that the order is one and the same. */
static int compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->logit != y->logit)
		return x->logit < y->logit ? 1 : -1;
	return x->token < y->token ? -1 : x->token > y->token;
}

/* Sorted candidates with their probabilities; returns how many may be drawn. */
static size_t keep(struct bm_sampler *s, const float *logits)
{
	const struct bm_sampling *o = &s->sampling;
	struct candidate *c = s->candidates;
	size_t n = s->n_vocab, kept;
	double sum = 0.0, reached = 0.0;

	for (size_t i = 0; i < n; i++)
		c[i] = (struct candidate){ (int32_t)i, logits[i] / o->temperature, 0.0f };
	qsort(c, n, sizeof(*c), compare);
	if (o->top_k && o->top_k < n)
		n = o->top_k;
	for (size_t i = 0; i < n; i++)
		sum += c[i].p = expf(c[i].logit - c[0].logit);
	for (kept = 0; kept < n; kept++) {
		if (reached >= o->top_p * sum || c[kept].p < o->min_p * c[0].p)
			break;
		reached += c[kept].p;
	}
	return MAX(kept, (size_t)1);
}

int32_t bm_sampler_pick(struct bm_sampler *s, float *logits)
{
	double sum = 0.0, at;
	size_t n, i;

	penalize(s, logits);
	if (s->sampling.temperature == 0.0f)
		return most_likely(logits, s->n_vocab);
	n = keep(s, logits);
	for (i = 0; i < n; i++)
		sum += s->candidates[i].p;
	at = draw(s) * sum;
	for (i = 0; i + 1 < n; i++) {
		at -= s->candidates[i].p;
		if (at < 0.0)
			break;
	}
	return s->candidates[i].token;
}
