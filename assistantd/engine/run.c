/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/run-private.h"

#include <errno.h>
#include <string.h>

#include "util/macro.h"

static int open_base(struct run *r)
{
	const struct train_begin *b = r->begin;
	const struct bm_params params = { .threads = r->threads };
	int err;

	r->blame = TRAIN_E_BASE;
	err = bm_model_open_fd(&r->model, b->base_fd, &params, &r->d);
	if (err == 0 && !bm_model_tokenizer(r->model))
		err = diag_set(&r->d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.model", "missing");
	if (err < 0)
		return err;
	r->digests.file = b->digest;
	r->digests.identity.weights = b->weights;
	return identify_model(&r->digests, b->has_digests, bm_model_gguf(r->model), b->base_fd,
			      &r->d);
}

static int make_trainer(struct run *r)
{
	const struct run_plan *p = &r->plan;
	size_t n = (size_t)p->micro * p->context;
	int err;

	r->blame = TRAIN_E_BASE;
	err = train_from_model(&r->trainer, r->model, p->context, p->micro, r->threads, &r->d);
	if (err == 0)
		err = trainer_add_lora(r->trainer, p->rank, p->alpha, p->seed);
	if (err < 0)
		return err;
	r->batch.tokens = calloc(n, sizeof(*r->batch.tokens));
	r->batch.targets = calloc(n, sizeof(*r->batch.targets));
	r->batch.begins = calloc(n, sizeof(*r->batch.begins));
	return r->batch.tokens && r->batch.targets && r->batch.begins ? 0 : -ENOMEM;
}

/* The base alone: what B, which is zero, adds to it is nothing. Both slots are written, so that
 * a lack of room shows now. */
static int begin_anew(struct run *r)
{
	struct run_state *s = &r->state;
	int err;

	r->blame = TRAIN_E_BASE;
	run_tell(r, TRAIN_MEASURING);
	err = run_measure(r, r->base_losses, &s->base);
	if (err != 0)
		return err;
	if (!(s->base < 1e6))
		return diag_set(&r->d, -EINVAL, DIAG_RANGE, "loss", "of the base alone is %g: it "
				"cannot be trained", s->base);
	s->best = s->last = s->base;
	s->held_out.points[s->held_out.n++] = (struct run_point){ 0, s->base };
	err = run_save(r);
	return err < 0 ? err : run_save(r);
}

static int train(struct run *r)
{
	int err = run_resume(r);

	if (err == SLOTS_E_EMPTY)
		err = begin_anew(r);
	if (err != 0)
		return err;
	run_tell(r, TRAIN_TRAINING);
	return run_steps(r);
}

static int run_all(struct run *r, struct train_done *done)
{
	int err;

	r->blame = TRAIN_E_OPTIONS;
	err = run_check(r);
	if (err < 0)
		return err;
	run_tell(r, TRAIN_READING);
	if ((err = open_base(r)) != 0 || (err = run_read(r)) != 0 ||
	    (err = run_make_plan(r)) != 0 || (err = make_trainer(r)) != 0 ||
	    (err = train(r)) != 0)
		return err;
	r->blame = TRAIN_E_INTERNAL;
	run_tell(r, TRAIN_PROVING);
	err = run_judge(r);
	return err != 0 ? err : run_finish(r, done);
}

static void release(struct run *r)
{
	trainer_free(r->trainer);
	packing_free(r->train_rows);
	packing_free(r->held_rows);
	dataset_free(r->rows);
	dataset_free(r->own_held);
	free(r->train_which);
	free(r->held_which);
	free(r->base_losses);
	free(r->held_losses);
	free(r->best);
	free(r->batch.tokens);
	free(r->batch.targets);
	free(r->batch.begins);
	bm_model_free(r->model);
}

/* What the system lacks comes before whose fault something else would be. */
static enum train_error error_of(const struct run *r, int err)
{
	switch (err) {
	case RUN_STOPPED:
		return TRAIN_E_STOPPED;
	case -ENOMEM:
		return TRAIN_E_MEMORY;
	case -ENOSPC:
	case -EDQUOT:
	case -EFBIG:
		return TRAIN_E_SPACE;
	default:
		return r->blame;
	}
}

static int fail(struct run *r, int err, struct train_failed *failed)
{
	failed->error = (uint32_t)error_of(r, err);
	if (err == RUN_STOPPED)
		diag_set(&r->d, 0, DIAG_SYSTEM, "", "stopped, as was asked for");
	err = ipc_defect_set(&failed->defect, MIN(err, 0), &r->d);
	return err < 0 ? err : RUN_E_FAILED;
}

int run_train(const struct train_begin *begin, const struct run_front *front,
	      struct train_done *done, struct train_failed *failed)
{
	struct run *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	*r = (struct run){ .begin = begin, .front = front,
			   .threads = begin->threads ? begin->threads : front->threads,
			   .stop = { front->stopped, front->arg } };
	err = run_all(r, done);
	if (err != 0) {
		train_done_deinit(done);
		*done = (struct train_done)TRAIN_DONE_NULL;
		err = fail(r, err, failed);
	}
	release(r);
	free(r);
	return err;
}
