/* SPDX-License-Identifier: MIT */
/* Checkpoints: the state, what the base alone came to, the best weights, and the trainer. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/engine/run-private.h"
#include "util/file.h"
#include "util/macro.h"

/* What a run is of. Another one's checkpoint is refused. */
static int identify(const struct run *r, struct slots_id *id)
{
	const struct train_begin *b = r->begin;
	int err = digest_of(&r->digests.identity, sizeof(r->digests.identity), &id->base);

	if (err == 0)
		err = digest_of_fd(b->data_fd, &id->data);
	if (err == 0 && b->held_out_fd >= 0)
		err = digest_of_fd(b->held_out_fd, &id->held_out);
	return err < 0 ? err : digest_of(&r->plan, sizeof(r->plan), &id->options);
}

static int allocate(struct run *r)
{
	size_t n = trainer_n_trained(r->trainer);

	r->base_losses = calloc(r->n_held, sizeof(*r->base_losses));
	r->held_losses = calloc(r->n_held, sizeof(*r->held_losses));
	r->best = calloc(n, sizeof(*r->best));
	if (!r->base_losses || !r->held_losses || !r->best)
		return -ENOMEM;
	memcpy(r->best, trainer_trained(r->trainer), n * sizeof(*r->best));
	return 0;
}

/* Weights four times: the trainer's with two moments, and the best ones. */
static uint64_t slot_length(const struct run *r)
{
	return sizeof(r->state) + r->n_held * sizeof(*r->base_losses) +
	       trainer_n_trained(r->trainer) * sizeof(*r->best) + trainer_save_size(r->trainer);
}

/* Less than is needed does not become more by waiting, as room on a disk does. */
static int check_limit(struct run *r, uint64_t need)
{
	uint64_t most = r->begin->file_bytes;

	if (!most || need <= most)
		return 0;
	return diag_set(&r->d, -EINVAL, DIAG_LIMIT, "checkpoint", "rank %u of this base needs "
			"%llu MiB, and the service allows %llu; expected a smaller rank",
			r->plan.rank, (unsigned long long)(need >> 20) + 1,
			(unsigned long long)(most >> 20));
}

/* Pieces that stand one behind the other before what the trainer writes. */
static int each_piece(struct run *r, int (*each)(struct run *r, void *data, size_t len))
{
	int err = each(r, &r->state, sizeof(r->state));

	if (err == 0)
		err = each(r, r->base_losses, r->n_held * sizeof(*r->base_losses));
	return err < 0 ? err : each(r, r->best, trainer_n_trained(r->trainer) * sizeof(*r->best));
}

static int write_piece(struct run *r, void *data, size_t len)
{
	return file_write(r->slots.fd, data, len);
}

static int read_piece(struct run *r, void *data, size_t len)
{
	off_t at = lseek(r->slots.fd, 0, SEEK_CUR);
	int err = at < 0 ? -errno : file_read_at(r->slots.fd, data, len, (uint64_t)at, NULL);

	return err == 0 && lseek(r->slots.fd, (off_t)len, SEEK_CUR) < 0 ? -errno : err;
}

static int load(struct run *r)
{
	int err = each_piece(r, read_piece);

	if (err == 0)
		err = trainer_load(r->trainer, r->slots.fd);
	if (err == 0 && (r->state.train.n > RUN_POINTS || r->state.held_out.n > RUN_POINTS ||
			 r->state.step != trainer_steps(r->trainer)))
		err = -EINVAL;
	return err == -EINVAL ? diag_set(&r->d, err, DIAG_LAYOUT, "checkpoint",
					 "is of another version of this program") : err;
}

int run_resume(struct run *r)
{
	struct slots_id id = { .options = { .bytes = { 0 } } };
	int err;

	r->blame = TRAIN_E_CHECKPOINT;
	err = identify(r, &id);
	if (err == 0)
		err = allocate(r);
	if (err == 0)
		err = check_limit(r, slots_file_size(slot_length(r)));
	if (err == 0)
		err = slots_open(&r->slots, r->begin->checkpoint_fd, &id, slot_length(r), &r->d);
	if (err == 0)
		err = load(r);
	r->first_step = r->state.step;
	return err;
}

int run_save(struct run *r)
{
	int err;

	r->blame = TRAIN_E_CHECKPOINT;
	r->saved = run_seconds();
	err = slots_begin(&r->slots);
	if (err == 0)
		err = each_piece(r, write_piece);
	if (err == 0)
		err = trainer_save(r->trainer, r->slots.fd);
	if (err == 0)
		err = slots_commit(&r->slots);
	return err < 0 ? diag_set(&r->d, err, DIAG_SYSTEM, "checkpoint", "%s", strerror(-err)) : 0;
}
