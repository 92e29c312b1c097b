/* SPDX-License-Identifier: MIT */
/*
 * Grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245): the heads of a group
 * share the keys and values of one head.
 *
 * A query's positions are taken in chunks that begin at multiples of KV_CHUNK. Each chunk has
 * a softmax of its own, and the chunks are merged in ascending order (Milakov and Gimelshein
 * 2018, arXiv:1805.02867). So one token's chunks can be computed by all threads, several
 * tokens can share one reading of the cache, and the sums depend on neither.
 */
#include "base_model/attention.h"

#include "base_model/attention-unit.h"
#include "base_model/heads.h"
#include "util/macro.h"

/* Rows whose chunks are kept at once, to be merged when all are there. */
#define PARTIAL_ROWS 16384
/* With this many units for each thread nothing is won by splitting them. */
#define UNITS_PER_THREAD 4

/* Consecutive tokens of one sequence. */
struct token_run {
	size_t first, n;
};

struct work {
	struct bm_model *m;
	uint32_t layer;
	const struct token_place *places;
	size_t n;
	struct token_run *runs;
	size_t n_runs;
	uint32_t heads_per_unit, units_per_head;
	uint8_t *scratch;		/* [threads] of scratch_size */
	size_t scratch_size;
	uint32_t chunks;		/* most of any unit; with split units */
	struct mixture *partial;	/* [units][chunks][rows of a unit] */
	float *partial_out;
	size_t unit_rows;
};

static uint32_t widest(const struct bm_config *c)
{
	return kv_width(BM_KV_Q8_0, c->head_dim);
}

size_t attention_scratch_size(const struct bm_config *c, uint32_t max_batch, unsigned threads)
{
	size_t row = sizeof(struct mixture) + widest(c) * sizeof(float);

	return max_batch * sizeof(struct token_run) + PARTIAL_ROWS * row +
	       threads * unit_scratch_size(widest(c));
}

/* Runs of at most @most tokens; with @tile, of none that lie in different tiles of keys. */
static void find_runs(struct work *w, size_t most, bool tile)
{
	struct token_run *run = NULL;

	w->n_runs = 0;
	for (size_t t = 0; t < w->n; t++) {
		if (!run || run->n == most || w->places[t].seq != w->places[t - 1].seq ||
		    (tile && w->places[t].pos % KV_LANES == 0)) {
			run = &w->runs[w->n_runs++];
			*run = (struct token_run){ .first = t };
		}
		run->n++;
	}
}

static void store_head(const struct work *w, const struct token_place *place, uint32_t head,
		       const float *k, const float *v)
{
	const struct bm_kv_pool *pool = place->seq->pool;
	const struct kv_kernels *kernels = &w->m->kernels->attention->types[pool->type];
	const struct kv_layer *l = &pool->layers[w->layer];
	uint8_t *keys = sequence_keys(place->seq, w->layer, head, place->pos);
	uint32_t dim = w->m->config.head_dim;

	kernels->store_key(k, dim, l->width, place->pos % KV_PAGE, keys);
	kernels->store_value(v, dim, l->width, place->pos % KV_PAGE, keys + l->half);
}

/* Task: a run of tokens in one tile, so that no two threads write to the same lines. */
static void store_task(void *arg, size_t task, unsigned thread)
{
	struct work *w = arg;
	const struct run_state *s = &w->m->state;
	const struct token_run *run = &w->runs[task];
	uint32_t heads = w->m->config.layers[w->layer].n_kv_heads, dim = w->m->config.head_dim;

	for (size_t t = run->first; t < run->first + run->n; t++)
		heads_prepare(w->m, w->layer, t);
	for (uint32_t h = 0; h < heads; h++)
		for (size_t t = run->first; t < run->first + run->n; t++)
			store_head(w, &w->places[t], h, s->k + (t * heads + h) * dim,
				   s->v + (t * heads + h) * dim);
}

/* Unit @i: heads outside, so that threads share what they read; the last runs, which see the
 * most, first. */
static struct attention_unit unit_of(const struct work *w, size_t i)
{
	const struct bm_config *c = &w->m->config;
	const struct bm_layer_config *l = &c->layers[w->layer];
	const struct token_run *run = &w->runs[w->n_runs - 1 - i % w->n_runs];
	uint32_t part = (uint32_t)(i / w->n_runs), group = l->n_heads / l->n_kv_heads;
	uint32_t key_head = part / w->units_per_head;
	uint32_t skip = part % w->units_per_head * w->heads_per_unit;
	size_t at = run->first * l->n_heads + key_head * group + skip;

	return (struct attention_unit){
		.kernels = w->m->kernels->attention,
		.quantize = w->m->kernels->quantize,
		.seq = w->places[run->first].seq,
		.layer = w->layer,
		.key_head = key_head,
		.pos = w->places[run->first].pos,
		.n_tokens = (uint32_t)run->n,
		.n_heads = MIN(w->heads_per_unit, group - skip),
		.head_dim = c->head_dim,
		.window = l->window,
		.scale = c->attention_scale,
		.cap = c->attention_cap,
		.q = w->m->state.q + at * c->head_dim,
		.out = w->m->state.attended + at * c->head_dim,
		.stride = (size_t)l->n_heads * c->head_dim,
	};
}

/* Task: a whole unit. */
static void unit_task(void *arg, size_t task, unsigned thread)
{
	struct work *w = arg;
	struct attention_unit u = unit_of(w, task);
	struct unit_scratch s;
	uint32_t first, last;

	unit_chunks(&u, &first, &last);
	unit_begin(&u, &s, w->scratch + thread * w->scratch_size);
	for (uint32_t chunk = first; chunk <= last; chunk++) {
		unit_chunk(&u, &s, chunk, s.part);
		unit_merge(&u, &s, s.part);
	}
	unit_end(&u, &s);
}

static struct mixture *partial_of(const struct work *w, size_t unit, uint32_t chunk)
{
	return w->partial + (unit * w->chunks + chunk) * w->unit_rows;
}

/* Task: one chunk of a unit. */
static void chunk_task(void *arg, size_t task, unsigned thread)
{
	struct work *w = arg;
	struct attention_unit u = unit_of(w, task / w->chunks);
	uint32_t first, last, i = (uint32_t)(task % w->chunks);
	struct mixture *to = partial_of(w, task / w->chunks, i);
	size_t slot = (size_t)(to - w->partial);
	struct unit_scratch s;

	unit_chunks(&u, &first, &last);
	if (i > last - first)
		return;
	unit_begin(&u, &s, w->scratch + thread * w->scratch_size);
	for (size_t row = 0; row < w->unit_rows; row++)
		to[row].out = w->partial_out + (slot + row) * s.queries.rows.cols;
	unit_chunk(&u, &s, first + i, to);
}

/* Task: the chunks of a unit together. */
static void merge_task(void *arg, size_t task, unsigned thread)
{
	struct work *w = arg;
	struct attention_unit u = unit_of(w, task);
	struct unit_scratch s;
	uint32_t first, last;

	unit_chunks(&u, &first, &last);
	unit_begin(&u, &s, w->scratch + thread * w->scratch_size);
	for (uint32_t i = 0; i <= last - first; i++)
		unit_merge(&u, &s, partial_of(w, task, i));
	unit_end(&u, &s);
}

static void lay_out(struct work *w)
{
	struct bm_model *m = w->m;
	uint8_t *at = m->state.attention;

	w->scratch_size = unit_scratch_size(widest(&m->config));
	w->scratch = at;
	at += pool_threads(m->pool) * w->scratch_size;
	w->partial_out = (float *)at;
	at += (size_t)PARTIAL_ROWS * widest(&m->config) * sizeof(float);
	w->partial = (struct mixture *)at;
	w->runs = (struct token_run *)(w->partial + PARTIAL_ROWS);
}

static size_t longest_run(const struct work *w)
{
	size_t most = 0;

	for (size_t i = 0; i < w->n_runs; i++)
		most = MAX(most, w->runs[i].n);
	return most;
}

static uint32_t most_chunks(const struct work *w)
{
	uint32_t most = 1, first, last;

	for (size_t i = 0; i < w->n_runs; i++) {
		struct attention_unit u = unit_of(w, i);

		unit_chunks(&u, &first, &last);
		most = MAX(most, last - first + 1);
	}
	return most;
}

static void attend(struct work *w)
{
	struct bm_model *m = w->m;
	const struct bm_layer_config *l = &m->config.layers[w->layer];
	uint32_t group = l->n_heads / l->n_kv_heads;
	size_t tokens, units, threads = pool_threads(m->pool);

	w->heads_per_unit = MIN(group, (uint32_t)UNIT_ROWS);
	w->units_per_head = (group + UNIT_ROWS - 1) / UNIT_ROWS;
	tokens = UNIT_ROWS / w->heads_per_unit;
	find_runs(w, tokens, false);
	w->unit_rows = longest_run(w) * w->heads_per_unit;
	w->chunks = most_chunks(w);
	units = w->n_runs * l->n_kv_heads * w->units_per_head;
	if (w->chunks == 1 || units >= threads * UNITS_PER_THREAD ||
	    units * w->chunks * w->unit_rows > PARTIAL_ROWS) {
		pool_run(m->pool, unit_task, w, units);
		return;
	}
	pool_run(m->pool, chunk_task, w, units * w->chunks);
	pool_run(m->pool, merge_task, w, units);
}

void attention(struct bm_model *m, uint32_t layer, const struct token_place *places, size_t n)
{
	struct work w = { .m = m, .layer = layer, .places = places, .n = n };

	lay_out(&w);
	find_runs(&w, KV_LANES, true);
	/* Every key of the pass is stored before a later token of its sequence reads it. */
	pool_run(m->pool, store_task, &w, w.n_runs);
	attend(&w);
}
