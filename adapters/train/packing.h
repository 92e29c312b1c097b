/* SPDX-License-Identifier: MIT */
/*
 * Examples laid into rows of one length, so that little of a row is padding: each goes into the
 * first of some open rows that has room (Krell et al. 2021, arXiv:2107.02027, pack likewise).
 * Which row an example is in depends on the data and the seed alone; an epoch is all rows in an
 * order of its own.
 */
#pragma once

#include "adapters/train/dataset.h"
#include "util/cleanup.h"

struct packing;

/*
 * The examples @which [n] of @s, which must outlive it, each of at most @context tokens. 0;
 * -EINVAL for one that is longer, or none; -ENOMEM.
 */
int packing_new(struct packing **ret, const struct dataset *s, const size_t *which, size_t n,
		size_t context, uint64_t seed);
struct packing *packing_free(struct packing *p);
DEFINE_CLEANUP(struct packing *, packing_free)

size_t packing_n_rows(const struct packing *p);
/* Tokens of the examples, without padding. */
uint64_t packing_n_tokens(const struct packing *p);
/* The row that stands at place @at, from 0 on, when epoch follows epoch. */
size_t packing_row_at(struct packing *p, uint64_t at);

/* The examples of a row, as numbers of the dataset, *@n: they stand one behind the other. A row
 * beyond the last has none. */
const size_t *packing_examples(const struct packing *p, size_t row, size_t *n);
/* How many targets a row has. */
size_t packing_learnt(const struct packing *p, size_t row);
/* Writes a row as struct train_batch has it, [context] each; padding is examples of one token
 * that nothing is learnt from. Returns how many targets there are: packing_learnt(). */
size_t packing_fill(const struct packing *p, size_t row, int32_t *tokens, int32_t *targets,
		    uint32_t *begins);
