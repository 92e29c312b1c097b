/* SPDX-License-Identifier: MIT */
#include "adapters/train/packing.h"

#include <errno.h>

#include "adapters/train/random.h"
#include "adapters/train/train.h"
#include "util/macro.h"

enum { OPEN_ROWS = 64 };	/* more find little more room */

struct packing {
	const struct dataset *data;
	size_t context, n, n_rows;
	uint64_t tokens, seed;
	size_t *examples;	/* [n], by row */
	size_t *first;		/* [n_rows + 1], of each row's examples */
	size_t *order;		/* [n_rows], of @epoch */
	uint64_t epoch;
};

/* Fisher and Yates. */
static void shuffle(size_t *x, size_t n, uint64_t seed)
{
	for (size_t i = n; i > 1; i--) {
		size_t other = random_next(&seed) % i, kept = x[i - 1];

		x[i - 1] = x[other];
		x[other] = kept;
	}
}

/* Rows under way: where an example goes is decided before rows have their final numbers. */
struct open_row {
	size_t row, room;
};

/* The open row that takes @len tokens; where none has room, the fullest makes way for a new one. */
static size_t place(struct packing *p, struct open_row *rows, size_t *n_rows, size_t len)
{
	size_t i, fullest = 0;

	for (i = 0; i < *n_rows && rows[i].room < len; i++)
		if (rows[i].room < rows[fullest].room)
			fullest = i;
	if (i == *n_rows) {
		i = *n_rows < OPEN_ROWS ? (*n_rows)++ : fullest;
		rows[i] = (struct open_row){ p->n_rows++, p->context };
	}
	rows[i].room -= len;
	return rows[i].row;
}

/* Sorts the examples by their @row, of which each has one, and keeps their order within. */
static int group(struct packing *p, const size_t *which, const size_t *row)
{
	_cleanup_free_ size_t *at = calloc(p->n_rows + 1, sizeof(*at));

	p->first = calloc(p->n_rows + 1, sizeof(*p->first));
	p->order = calloc(p->n_rows, sizeof(*p->order));
	if (!at || !p->first || !p->order)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		p->first[row[i] + 1]++;
	for (size_t i = 0; i < p->n_rows; i++)
		at[i + 1] = p->first[i + 1] += p->first[i];
	for (size_t i = 0; i < p->n; i++)
		p->examples[at[row[i]]++] = which[i];
	return 0;
}

static int lay_rows(struct packing *p, const size_t *which)
{
	_cleanup_free_ size_t *mixed = calloc(p->n, sizeof(*mixed));
	_cleanup_free_ size_t *row = calloc(p->n, sizeof(*row));
	struct open_row rows[OPEN_ROWS];
	size_t n_rows = 0;

	if (!mixed || !row)
		return -ENOMEM;
	for (size_t i = 0; i < p->n; i++)
		mixed[i] = which[i];
	shuffle(mixed, p->n, p->seed);
	for (size_t i = 0; i < p->n; i++) {
		size_t len = dataset_example(p->data, mixed[i]).n;

		if (len > p->context)
			return -EINVAL;
		row[i] = place(p, rows, &n_rows, len);
		p->tokens += len;
	}
	return group(p, mixed, row);
}

static void order_rows(struct packing *p, uint64_t epoch)
{
	for (size_t i = 0; i < p->n_rows; i++)
		p->order[i] = i;
	shuffle(p->order, p->n_rows, random_hash(p->seed ^ (epoch + 1) << 32));
	p->epoch = epoch;
}

int packing_new(struct packing **ret, const struct dataset *s, const size_t *which, size_t n,
		size_t context, uint64_t seed)
{
	_cleanup_(packing_freep) struct packing *p = NULL;
	int r;

	if (n == 0)
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	*p = (struct packing){ .data = s, .context = context, .n = n, .seed = seed };
	p->examples = calloc(n, sizeof(*p->examples));
	r = p->examples ? lay_rows(p, which) : -ENOMEM;
	if (r < 0)
		return r;
	order_rows(p, 0);
	*ret = TAKE(p);
	return 0;
}

struct packing *packing_free(struct packing *p)
{
	if (!p)
		return NULL;
	free(p->examples);
	free(p->first);
	free(p->order);
	free(p);
	return NULL;
}

size_t packing_n_rows(const struct packing *p)
{
	return p->n_rows;
}

uint64_t packing_n_tokens(const struct packing *p)
{
	return p->tokens;
}

size_t packing_row_at(struct packing *p, uint64_t at)
{
	if (at / p->n_rows != p->epoch)
		order_rows(p, at / p->n_rows);
	return p->order[at % p->n_rows];
}

const size_t *packing_examples(const struct packing *p, size_t row, size_t *n)
{
	*n = row < p->n_rows ? p->first[row + 1] - p->first[row] : 0;
	return *n ? p->examples + p->first[row] : NULL;
}

size_t packing_learnt(const struct packing *p, size_t row)
{
	size_t n, learnt = 0;
	const size_t *which = packing_examples(p, row, &n);

	for (size_t i = 0; i < n; i++) {
		struct dataset_example e = dataset_example(p->data, which[i]);

		learnt += e.n - MAX(e.given, (size_t)1);
	}
	return learnt;
}

size_t packing_fill(const struct packing *p, size_t row, int32_t *tokens, int32_t *targets,
		    uint32_t *begins)
{
	size_t n, at = 0, learnt = 0;
	const size_t *which = packing_examples(p, row, &n);

	for (size_t i = 0; i < n; i++) {
		struct dataset_example e = dataset_example(p->data, which[i]);

		learnt += dataset_put(&e, at, tokens, targets, begins);
		at += e.n;
	}
	dataset_pad(at, p->context, tokens, targets, begins);
	return learnt;
}
