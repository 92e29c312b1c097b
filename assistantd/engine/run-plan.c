/* SPDX-License-Identifier: MIT */
/* The options of a run: what cannot be right is said before any work, what is not given follows
 * from the base and the data. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "assistantd/engine/run-private.h"
#include "util/macro.h"

enum {
	CONTEXT = 512,		/* tokens of a row, more only where an example needs them */
	CONTEXT_MOST = 1024,
	CONTEXT_STEP = 128,
	EPOCHS = 3, EPOCHS_MOST = 20,	/* by default */
	STEPS = 200,		/* that a small set of data is read for, in several epochs */
	EPOCH_STEPS = 32,	/* a step has more rows where an epoch has more steps than this */
	ROWS_MOST = 8,
	MEASURES = 4,		/* in an epoch */
	MEASURE_PART = 8,	/* measuring takes at most one part in so many of the time */
};

/* Learning rate of a model of WIDTH; narrower ones take larger steps, by the square root, as 8e-4
 * and 2e-3 were right for the adapters of a model of 256. */
#define RATE 2e-4f
#define RATE_MOST 2e-3f
#define WIDTH 3072.0f

static int refuse(struct run *r, const char *field, const char *expected)
{
	return diag_set(&r->d, -EINVAL, DIAG_RANGE, field, "expected %s", expected);
}

/* That a manifest can be made of it: the digests come later. */
static int check_manifest(struct run *r)
{
	_cleanup_(manifest_file_freep) struct manifest_file *parsed = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	const char *languages[TRAIN_LANGUAGES_MAX];
	const struct digest nothing = { .bytes = { 0 } };
	struct manifest m;
	int err;

	run_manifest(&m, languages, r->begin);
	m.bases = &nothing;
	m.n_bases = 1;
	m.rank = 1;
	err = manifest_write(&m, &text);
	return err < 0 ? err : manifest_parse(&parsed, text.data, text.len, &r->d);
}

int run_check(struct run *r)
{
	const struct train_begin *b = r->begin;

	if (b->rank > ADAPTER_MAX_RANK)
		return refuse(r, "rank", "1 to 256");
	if (!(b->alpha >= 0 && b->alpha <= 4096))
		return refuse(r, "alpha", "a number above 0, up to 4096");
	if (!(b->rate >= 0 && b->rate <= 1))
		return refuse(r, "rate", "a number above 0, up to 1");
	if (b->context && b->context < 8)
		return refuse(r, "context", "8 tokens or more");
	if (b->rows > 4096)
		return refuse(r, "rows", "1 to 4096");
	if (b->epochs > 1000)
		return refuse(r, "epochs", "1 to 1000");
	if (b->threads > 64)
		return refuse(r, "threads", "1 to 64");
	return check_manifest(r);
}

static size_t longest(const struct dataset *s, const size_t *which, size_t n)
{
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		most = MAX(most, dataset_example(s, which[i]).n);
	return most;
}

uint32_t run_context_most(const struct run *r)
{
	uint32_t model = bm_model_config(r->model)->context;

	return r->begin->context ? r->begin->context : MIN(model, (uint32_t)CONTEXT_MOST);
}

static uint32_t choose_context(const struct run *r)
{
	size_t learnt = longest(r->rows, r->train_which, r->n_train);
	size_t held = longest(r->held, r->held_which, r->n_held), need = MAX(learnt, held);
	size_t steps = (need + CONTEXT_STEP - 1) / CONTEXT_STEP;

	if (r->begin->context)
		return r->begin->context;
	need = MAX(steps * CONTEXT_STEP, (size_t)CONTEXT);
	return (uint32_t)MIN(need, (size_t)run_context_most(r));
}

/* Rows that are computed at once: enough of them to keep products large, and of a wide model few,
 * for their memory. */
static uint32_t choose_micro(const struct run *r, uint32_t rows, uint32_t context)
{
	uint32_t tokens = CLAMP((1u << 20) / bm_model_config(r->model)->dim, 512u, 4096u);
	uint32_t micro = CLAMP(tokens / context, 1u, rows);

	while (rows % micro)
		micro--;
	return micro;
}

static uint64_t rounded_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

static uint64_t choose_total(const struct run *r, uint64_t n_rows)
{
	const struct train_begin *b = r->begin;
	const struct run_plan *p = &r->plan;
	uint64_t by_epochs = rounded_up(n_rows * p->epochs, p->rows);
	uint64_t by_tokens = b->tokens / ((uint64_t)p->rows * p->context);

	if (!b->tokens)
		return by_epochs;
	by_tokens = MAX(by_tokens, (uint64_t)1);
	return b->epochs ? MIN(by_epochs, by_tokens) : by_tokens;
}

/* The rows are packed. */
static void plan_steps(struct run *r)
{
	uint64_t n_rows = packing_n_rows(r->train_rows), held = packing_n_rows(r->held_rows);
	const struct train_begin *b = r->begin;
	struct run_plan *p = &r->plan;
	uint64_t epoch, steps;

	p->rows = b->rows ? b->rows : (uint32_t)CLAMP(n_rows / EPOCH_STEPS, (uint64_t)1,
						      (uint64_t)ROWS_MOST);
	p->micro = choose_micro(r, p->rows, p->context);
	epoch = rounded_up(n_rows, p->rows);
	p->epochs = (uint32_t)CLAMP(rounded_up(STEPS, epoch), (uint64_t)EPOCHS,
				    (uint64_t)EPOCHS_MOST);
	if (b->epochs)
		p->epochs = b->epochs;
	p->total = choose_total(r, n_rows);
	/* A row forwards alone is a third of one forwards and back. */
	steps = rounded_up(MEASURE_PART * held, 3 * (uint64_t)p->rows);
	steps = MAX(steps, epoch / MEASURES);
	p->every = MAX(steps, p->total / (RUN_POINTS - 2) + 1);
}

int run_make_plan(struct run *r)
{
	const struct train_begin *b = r->begin;
	struct run_plan *p = &r->plan;
	int err;

	/* Its bytes are compared with those of the run that a checkpoint is of. */
	memset(p, 0, sizeof(*p));
	p->rank = b->rank ? b->rank : TRAIN_USUAL_RANK;
	p->alpha = b->alpha > 0 ? b->alpha : 2 * (float)p->rank;
	p->rate = b->rate > 0 ? b->rate
		: fminf(RATE * sqrtf(WIDTH / (float)bm_model_config(r->model)->dim), RATE_MOST);
	p->seed = b->seed;
	p->context = choose_context(r);
	err = packing_new(&r->train_rows, r->rows, r->train_which, r->n_train, p->context, p->seed);
	if (err == 0)
		err = packing_new(&r->held_rows, r->held, r->held_which, r->n_held, p->context, 0);
	if (err == 0)
		plan_steps(r);
	return err;
}
