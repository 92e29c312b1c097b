/* SPDX-License-Identifier: MIT */
/*
 * A model in fewer bits. Each matrix is quantised alone, in each type, and what the model then
 * loses on rows of text is measured; the bits go where they save most (adapters/train/precision.h).
 * Squares of what goes into a matrix say which of its columns count (bm_quantize_row()).
 */
#pragma once

#include "adapters/train/dataset.h"
#include "adapters/train/precision.h"
#include "adapters/train/train.h"

enum { QUANTIZING_DATA = 8, QUANTIZING_BATCHES = 4 };	/* files; batches of each */

struct quantizing_item;

struct quantizing {
	const struct bm_model *model;
	struct trainer *trainer;
	struct dataset *data[QUANTIZING_DATA];
	size_t n_data, rows;
	uint32_t context;
	struct quantizing_item *items;
	struct precision *precisions;	/* of the items */
	size_t n_items;
	int32_t *tokens, *targets;
	uint32_t *begins;
};

/* 0; -EINVAL with @d for what training does not know, or no matrix at all; -ENOMEM. */
int quantizing_init(struct quantizing *q, const struct bm_model *m, uint32_t context, size_t rows,
		    unsigned threads, struct diag *d);
void quantizing_deinit(struct quantizing *q);
/* As dataset_load(); -E2BIG beyond QUANTIZING_DATA. */
int quantizing_add_data(struct quantizing *q, int fd, struct diag *d);
/* Mean loss of the model on the same batches of all data, in nats a token: 0 or -errno. */
int quantizing_loss(struct quantizing *q, double *ret);
/* What every type of every matrix costs; tells of each on stderr. */
int quantizing_measure(struct quantizing *q);
/* Chooses for @bits a weight of the matrices, and tells what; the bits that it comes to. */
double quantizing_choose(struct quantizing *q, double bits);
/* The model with what was chosen, everything else as it is: 0, -errno. */
int quantizing_write(struct quantizing *q, int fd);
