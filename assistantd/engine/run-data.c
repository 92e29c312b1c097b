/* SPDX-License-Identifier: MIT */
/*
 * What a run learns from, and what it is measured on. Rows with the same question stand together
 * on one side, so that nothing that is held out was learnt; which ones are held out follows from
 * their content and not from their order.
 */
#include <errno.h>

#include "adapters/train/random.h"
#include "assistantd/engine/run-private.h"
#include "util/macro.h"

enum {
	HELD_PART = 10,		/* one row in so many is held out, */
	HELD_FEW = 8,		/* of few rows a larger part, */
	HELD_MOST = 256,	/* and not more */
	OWN_HELD_MOST = 1024,	/* of a file of its own */
};

struct keyed {
	uint64_t key;
	size_t example;
};

static uint64_t key_of(const struct dataset *s, size_t i)
{
	struct dataset_example e = dataset_example(s, i);
	uint64_t key = e.prompt;

	for (size_t k = 0; k < e.prompt; k++)
		key = random_hash(key ^ (uint64_t)(uint32_t)e.ids[k]);
	return key;
}

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->example < y->example ? -1 : x->example > y->example;
}

/* The rows from @at on that ask the same. */
static size_t group_size(const struct keyed *rows, size_t n, size_t at)
{
	size_t end = at + 1;

	while (end < n && rows[end].key == rows[at].key)
		end++;
	return end - at;
}

/* Groups as they come, as long as they fit; else the smallest one. Returns how many rows are
 * taken. */
static size_t choose_groups(const struct keyed *rows, size_t n, size_t want, bool *held)
{
	size_t taken = 0, smallest = 0;

	for (size_t at = 0, size; at < n; at += size) {
		size = group_size(rows, n, at);
		if (size < group_size(rows, n, smallest))
			smallest = at;
		for (size_t i = at; taken + size <= want && i < at + size; i++)
			held[rows[i].example] = true;
		if (taken + size <= want)
			taken += size;
	}
	if (taken)
		return taken;
	taken = group_size(rows, n, smallest);
	for (size_t i = smallest; i < smallest + taken; i++)
		held[rows[i].example] = true;
	return taken;
}

static int choose(struct run *r, bool *held)
{
	size_t n = dataset_n_examples(r->rows), taken, quarter = MAX(n / 4, (size_t)1);
	size_t few = MIN(quarter, (size_t)HELD_FEW);
	size_t want = CLAMP(n / HELD_PART, few, (size_t)HELD_MOST);
	_cleanup_free_ struct keyed *rows = calloc(n, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct keyed){ key_of(r->rows, i), i };
	qsort(rows, n, sizeof(*rows), by_key);
	taken = choose_groups(rows, n, want, held);
	if (taken == n)
		return diag_set(&r->d, -EINVAL, DIAG_RANGE, "",
				"all rows ask the same: nothing can be held out to measure by; "
				"give rows that differ, or a held-out file of its own");
	return 0;
}

/* Fills the lists; @held is NULL where all is learnt. */
static int list_rows(struct run *r, const bool *held)
{
	size_t n = dataset_n_examples(r->rows);

	r->train_which = calloc(n, sizeof(*r->train_which));
	if (!r->train_which)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (!held || !held[i])
			r->train_which[r->n_train++] = i;
		else
			r->held_which[r->n_held++] = i;
	return 0;
}

static int hold_out(struct run *r)
{
	size_t n = dataset_n_examples(r->rows);
	_cleanup_free_ bool *held = calloc(n, sizeof(*held));
	int err = held ? choose(r, held) : -ENOMEM;

	if (err < 0)
		return err;
	r->held = r->rows;
	r->held_which = calloc(n, sizeof(*r->held_which));
	return r->held_which ? list_rows(r, held) : -ENOMEM;
}

static int hold_own(struct run *r)
{
	size_t n = MIN(dataset_n_examples(r->own_held), (size_t)OWN_HELD_MOST);

	r->held = r->own_held;
	r->held_which = calloc(n, sizeof(*r->held_which));
	if (!r->held_which)
		return -ENOMEM;
	while (r->n_held < n) {
		r->held_which[r->n_held] = r->n_held;
		r->n_held++;
	}
	return list_rows(r, NULL);
}

static int load(struct run *r, struct dataset **ret, int fd, enum train_error blame)
{
	int err;

	r->blame = blame;
	err = dataset_load(ret, bm_model_gguf(r->model), fd, run_context_most(r), &r->d);
	if (err == 0 && dataset_is_text(*ret))
		err = diag_set(&r->d, -EINVAL, DIAG_TYPE, "line 1: text", "an adapter learns from "
			       "\"messages\", or \"prompt\" and \"completion\"");
	return err;
}

int run_read(struct run *r)
{
	uint32_t context = bm_model_config(r->model)->context;
	int own = r->begin->held_out_fd, err;

	r->blame = TRAIN_E_OPTIONS;
	if (r->begin->context > context)
		return diag_set(&r->d, -EINVAL, DIAG_RANGE, "context", "%u, the model has %u",
				r->begin->context, context);
	err = load(r, &r->rows, r->begin->data_fd, TRAIN_E_DATA);
	if (err == 0 && own >= 0)
		err = load(r, &r->own_held, own, TRAIN_E_HELD_OUT);
	if (err < 0)
		return err;
	r->blame = TRAIN_E_DATA;
	return own >= 0 ? hold_own(r) : hold_out(r);
}

size_t run_fill(struct run *r, const struct packing *p, const size_t *rows, size_t n)
{
	size_t context = r->plan.context, learnt = 0;

	for (size_t i = 0; i < r->plan.micro; i++)
		learnt += packing_fill(p, i < n ? rows[i] : packing_n_rows(p),
				       r->batch.tokens + i * context,
				       r->batch.targets + i * context,
				       r->batch.begins + i * context);
	return learnt;
}

struct train_batch run_batch_of(const struct run *r)
{
	return (struct train_batch){ .tokens = r->batch.tokens, .targets = r->batch.targets,
				     .begins = r->batch.begins };
}
