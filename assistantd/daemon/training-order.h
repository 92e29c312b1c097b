/* SPDX-License-Identifier: MIT */
/*
 * What the user wants trained: an adapter's name and what its manifest is to say, the base, and
 * numbers, of which 0 leaves it to the process that trains to say what is right.
 */
#pragma once

#include <jansson.h>

#include "assistantd/ipc/ipc.h"
#include "util/diag.h"

struct training_order {
	char *name, *task, *style, *title, *prompt;
	char *languages[TRAIN_LANGUAGES_MAX];
	size_t n_languages;
	char *base;		/* path of the model */
	uint32_t sequence;
	uint32_t rank, context, rows, epochs, threads;
	double alpha, rate;
	uint64_t seed;
};

void training_order_deinit(struct training_order *o);
/*
 * Reads @object over what @o holds. 0; -EINVAL with the key in @d: unknown, of another type, or
 * out of range; -ENOMEM.
 */
int training_order_read(struct training_order *o, const json_t *object, struct diag *d);
/* All of it, to be read back; NULL without memory. */
json_t *training_order_write(const struct training_order *o);
/* Whether a manifest can say what it is to say: 0; -EINVAL with @d; -ENOMEM. */
int training_order_check(const struct training_order *o, struct diag *d);
/*
 * So large no file of a run becomes: its checkpoint, for a base whose file has @base_bytes and a
 * rank, or the usual one for 0. Of each
 * matrix that is trained, rank × (rows + columns) weights are kept 4 times in f32, in two slots.
 * By Cauchy and Schwarz, rows + columns of all of them are at most 3.2 √(T W) where none is more
 * than 8 times as long as wide, T being their number, 7 in each of up to 128 layers, and W their
 * weights, of which a file has at most 4 to a byte.
 */
uint64_t training_order_file_bytes(uint32_t rank, uint64_t base_bytes);
/* Into a message whose descriptors are not filled: 0 or -ENOMEM. */
int training_order_put(const struct training_order *o, struct train_begin *v);
