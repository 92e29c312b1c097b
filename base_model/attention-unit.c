/* SPDX-License-Identifier: MIT */
#include "base_model/attention-unit.h"

#include <string.h>

#include "base_model/matmul.h"
#include "util/macro.h"

/* Positions first..last-1. */
struct span {
	uint32_t first, last;
};

static struct span clip(struct span a, uint32_t first, uint32_t last)
{
	a.first = MAX(a.first, first);
	a.last = MIN(a.last, last);
	a.last = MAX(a.first, a.last);
	return a;
}

/* What token @i of the unit sees. */
static struct span visible(const struct attention_unit *u, uint32_t i)
{
	uint32_t pos = u->pos + i;

	return (struct span){ u->window && pos >= u->window ? pos + 1 - u->window : 0, pos + 1 };
}

size_t unit_scratch_size(uint32_t width)
{
	size_t floats = (size_t)UNIT_ROWS * width * sizeof(float);
	size_t size = 4 * floats + UNIT_ROWS * KV_ROW * sizeof(float) +
		      activations_size(UNIT_ROWS, width);

	return (size + 63) / 64 * 64;
}

static float *take(float **at, size_t n)
{
	*at += n;
	return *at - n;
}

static void scratch_init(struct unit_scratch *s, void *memory, uint32_t width)
{
	size_t rows = (size_t)UNIT_ROWS * width;
	float *at = memory, *vectors = take(&at, rows);

	s->queries.columns = s->columns = take(&at, rows);
	for (int i = 0; i < UNIT_ROWS; i++)
		s->part[i].out = take(&at, width);
	for (int i = 0; i < UNIT_ROWS; i++)
		s->total[i].out = take(&at, width);
	s->scores = take(&at, (size_t)UNIT_ROWS * KV_ROW);
	activations_init(&s->queries.rows, at, UNIT_ROWS, width);
	s->queries.rows.f = vectors;
}

void unit_chunks(const struct attention_unit *u, uint32_t *first, uint32_t *last)
{
	*first = visible(u, 0).first / KV_CHUNK;
	*last = (u->pos + u->n_tokens - 1) / KV_CHUNK;
}

void unit_begin(const struct attention_unit *u, struct unit_scratch *s, void *memory)
{
	uint32_t n = u->n_tokens * u->n_heads, width = u->seq->pool->layers[u->layer].width;
	float *rows = memory;

	scratch_init(s, memory, width);
	s->queries.rows.n = n;
	s->queries.rows.cols = width;
	for (uint32_t i = 0; i < n; i++) {
		const float *q = u->q + i / u->n_heads * u->stride + i % u->n_heads * u->head_dim;

		memcpy(rows + i * width, q, u->head_dim * sizeof(*q));
		memset(rows + i * width + u->head_dim, 0, (width - u->head_dim) * sizeof(*q));
		s->total[i].sum = 0.0f;
	}
	if (u->seq->pool->type == BM_KV_Q8_0)
		u->quantize(&s->queries.rows, 0, (size_t)n * (width / Q_BLOCK));
	else
		for (uint32_t i = 0; i < n; i++)
			for (uint32_t d = 0; d < width; d++)
				s->columns[d * n + i] = rows[i * width + d];
}

static const uint8_t *keys_at(const struct attention_unit *u, uint32_t pos)
{
	return sequence_keys(u->seq, u->layer, u->key_head, pos);
}

static const uint8_t *values_at(const struct attention_unit *u, uint32_t pos)
{
	return keys_at(u, pos) + u->seq->pool->layers[u->layer].half;
}

/* Scores of all rows with the positions of @all, from the chunk's first on. */
static void score_chunk(const struct attention_unit *u, struct unit_scratch *s, struct span all,
			uint32_t begin)
{
	const struct kv_kernels *k = &u->kernels->types[u->seq->pool->type];

	for (uint32_t pos = all.first / KV_PAGE * KV_PAGE; pos < all.last; pos += KV_PAGE) {
		uint32_t n = MIN(all.last - pos, (uint32_t)KV_PAGE), after = pos + KV_PAGE;
		const uint8_t *next = after < all.last ? keys_at(u, after) :
							 values_at(u, all.first);

		k->score(&s->queries, keys_at(u, pos), (n + KV_LANES - 1) / KV_LANES, next,
			 s->scores + pos - begin);
	}
}

static void weigh_rows(const struct attention_unit *u, struct unit_scratch *s, struct span chunk,
		       struct mixture *mixtures)
{
	for (uint32_t i = 0; i < u->n_tokens; i++) {
		struct span seen = clip(visible(u, i), chunk.first, chunk.last);

		for (uint32_t row = i * u->n_heads; row < (i + 1) * u->n_heads; row++)
			mixtures[row].sum = seen.first == seen.last ? 0.0f : u->kernels->weigh(
				s->scores + row * KV_ROW + seen.first - chunk.first,
				seen.last - seen.first, u->scale, u->cap, &mixtures[row].max);
	}
}

/* A page's values to the rows of tokens first..first+n-1, from positions that all of them see. */
static void mix_tokens(const struct attention_unit *u, const struct unit_scratch *s,
		       const struct mixture *mixtures, uint32_t first, uint32_t n,
		       struct span seen, uint32_t begin, const uint8_t *next)
{
	const struct kv_kernels *k = &u->kernels->types[u->seq->pool->type];
	uint32_t page = seen.first / KV_PAGE * KV_PAGE, row = first * u->n_heads;

	if (seen.first == seen.last)
		return;
	k->mix(values_at(u, page), (uint32_t)s->queries.rows.cols, seen.first - page,
	       seen.last - page, next, s->scores + (size_t)row * KV_ROW + page - begin,
	       (size_t)n * u->n_heads, mixtures[row].out);
}

/*
 * What all tokens see goes to all rows at once; before and behind it each takes its own, so
 * that no position that a token must not see meets its sums, not even with a weight of 0.
 */
static void mix_page(const struct attention_unit *u, const struct unit_scratch *s,
		     const struct mixture *mixtures, struct span page, uint32_t begin,
		     const uint8_t *next)
{
	uint32_t first = visible(u, u->n_tokens - 1).first, last = visible(u, 0).last;
	struct span common = clip((struct span){ first, last }, page.first, page.last);

	if (first >= last || common.first == common.last)
		common.first = common.last = page.last;
	for (uint32_t i = 0; i < u->n_tokens; i++)
		mix_tokens(u, s, mixtures, i, 1, clip(visible(u, i), page.first, common.first),
			   begin, next);
	mix_tokens(u, s, mixtures, 0, u->n_tokens, common, begin, next);
	for (uint32_t i = 0; i < u->n_tokens; i++)
		mix_tokens(u, s, mixtures, i, 1, clip(visible(u, i), common.last, page.last),
			   begin, next);
}

void unit_chunk(const struct attention_unit *u, struct unit_scratch *s, uint32_t chunk,
		struct mixture *mixtures)
{
	uint32_t begin = chunk * KV_CHUNK, n = u->n_tokens * u->n_heads;
	struct span whole = { begin, begin + KV_CHUNK };
	struct span all = { visible(u, 0).first, u->pos + u->n_tokens };

	all = clip(all, whole.first, whole.last);
	score_chunk(u, s, all, begin);
	weigh_rows(u, s, whole, mixtures);
	memset(mixtures[0].out, 0, n * s->queries.rows.cols * sizeof(float));
	for (uint32_t pos = all.first / KV_PAGE * KV_PAGE; pos < all.last; pos += KV_PAGE) {
		struct span page = clip(all, pos, pos + KV_PAGE);
		uint32_t after = pos + KV_PAGE < all.last ? pos + KV_PAGE : pos;

		mix_page(u, s, mixtures, page, begin, values_at(u, after));
	}
}

void unit_merge(const struct attention_unit *u, struct unit_scratch *s,
		const struct mixture *mixtures)
{
	uint32_t n = u->n_tokens * u->n_heads;

	for (uint32_t i = 0; i < n; i++)
		u->kernels->merge(&s->total[i], &mixtures[i], s->queries.rows.cols);
}

void unit_end(const struct attention_unit *u, const struct unit_scratch *s)
{
	for (uint32_t i = 0; i < u->n_tokens * u->n_heads; i++) {
		const struct mixture *m = &s->total[i];
		float *out = u->out + i / u->n_heads * u->stride + i % u->n_heads * u->head_dim;

		for (uint32_t d = 0; d < u->head_dim; d++)
			out[d] = m->out[d] / m->sum;
	}
}
