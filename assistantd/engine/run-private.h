/* SPDX-License-Identifier: MIT */
#pragma once

#include "adapters/adapters.h"
#include "adapters/train/dataset.h"
#include "adapters/train/model-file.h"
#include "adapters/train/packing.h"
#include "assistantd/engine/identify.h"
#include "assistantd/engine/run.h"
#include "assistantd/engine/slots.h"
#include "base_model/base_model.h"

/* What the options come to, with defaults for what was not given. */
struct run_plan {
	uint32_t rank, context, epochs;
	uint32_t rows;		/* of a step */
	uint32_t micro;		/* of them that are computed at once; divides rows */
	float alpha, rate;
	uint64_t seed, total;	/* steps, at most */
	uint64_t every;		/* steps from one measurement to the next */
};

enum { RUN_POINTS = 512 };	/* of each curve */

struct run_point {
	uint64_t step;
	double loss;
};

struct run_curve {
	uint64_t n;
	struct run_point points[RUN_POINTS];
};

/* What a checkpoint keeps beside weights, as it stands in memory. */
struct run_state {
	uint64_t step, tokens;
	uint64_t measured;		/* the step behind which it was done last */
	uint64_t best_step, stale;	/* stale: measurements that were hardly better */
	uint64_t finished;		/* not 0: trained to the end */
	double base, best, last;	/* losses of what is held out */
	double recent;			/* running mean of the steps' */
	double sum;			/* of the steps' since the last point of the curve */
	uint64_t n_sum;
	struct run_curve train, held_out;
};

/* Rows of the trainer's next batch, [micro][context] each. */
struct run_batch {
	int32_t *tokens, *targets;
	uint32_t *begins;
};

struct run_gate {
	bool better;
	double margin;		/* by which it had to be better */
	double error;		/* standard error of the difference */
};

struct run {
	const struct train_begin *begin;
	const struct run_front *front;
	struct stop stop;		/* what the front says, for who proves */
	struct diag d;
	enum train_error blame;		/* of what is done at this time */
	unsigned threads;
	struct bm_model *model;
	struct model_digests digests;
	struct dataset *rows, *own_held;	/* own_held: of a file of its own, or NULL */
	const struct dataset *held;	/* one of the two */
	size_t *train_which, n_train, *held_which, n_held;
	struct packing *train_rows, *held_rows;
	struct run_plan plan;
	struct trainer *trainer;
	struct run_batch batch;
	struct slots slots;
	struct run_state state;
	double *base_losses;		/* [n_held], sums over what is learnt of each */
	double *held_losses;		/* the same of the adapter's best weights */
	float *best;			/* weights */
	struct run_gate gate;
	double began, told, saved, per_step;
	uint64_t first_step;
};

/* Each: 0, a negative error that r->d or the number describes, or RUN_STOPPED. */
enum { RUN_STOPPED = 1 };

/* What the manifest says by @begin alone; @languages is [TRAIN_LANGUAGES_MAX]. */
void run_manifest(struct manifest *m, const char **languages, const struct train_begin *begin);
/* Tokens that an example may have. */
uint32_t run_context_most(const struct run *r);
/* Manifest and options that cannot be right, before any work. */
int run_check(struct run *r);
/* The base is open: reads the data and holds rows out. */
int run_read(struct run *r);
/* What the options come to, for these rows, and the rows packed. */
int run_make_plan(struct run *r);
/* Goes on from the checkpoint: 0, or SLOTS_E_EMPTY. */
int run_resume(struct run *r);
int run_save(struct run *r);
int run_steps(struct run *r);
/* Of every example that is held out the sum of its losses, [n_held]; @mean is over all targets. */
int run_measure(struct run *r, double *losses, double *mean);
/* Judges the best weights, which are the trainer's. */
int run_judge(struct run *r);
/* From the trainer's weights to what is told: fills @done. */
int run_finish(struct run *r, struct train_done *done);
/* Fills the rows of the next micro-batch with those at @rows [n], the others with padding;
 * returns how many targets there are. */
size_t run_fill(struct run *r, const struct packing *p, const size_t *rows, size_t n);
struct train_batch run_batch_of(const struct run *r);
bool run_stopped(const struct run *r);
void run_tell(struct run *r, enum train_stage stage);

/* A question that is held out, and what is answered to it. */
struct run_example {
	struct buf question, expected, base, adapted;
};

enum { RUN_EXAMPLES = 6 };

/* Up to RUN_EXAMPLES of what is held out, *@n; adapted with @a. */
int run_examples(struct run *r, const struct adapter *a, struct run_example *ret, size_t *n);
void run_example_deinit(struct run_example *e);
/* Appends how many rows were too long, and the first of their lines. */
int run_put_skipped(const struct dataset *s, struct buf *text);
/* Appends the page. */
int run_report(const struct run *r, const struct train_done *done,
	       const struct run_example *examples, size_t n, struct buf *html);
