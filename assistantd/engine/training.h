/* SPDX-License-Identifier: MIT */
/* One run of the trainer: draws sequences, steps, reports, keeps checkpoints. */
#pragma once

#include <stdbool.h>

#include "adapters/train/dataset.h"
#include "adapters/train/train.h"

enum { TRAINING_DATA_MAX = 16 };

struct training_data {
	const char *path;
	double share;		/* of the sequences */
	struct dataset *examples;
};

struct training {
	struct training_data data[TRAINING_DATA_MAX];
	size_t n_data;
	struct training_data held_out;	/* or path NULL */
	const char *checkpoint;
	const char *start;	/* or NULL: another run's checkpoint, for its weights */
	size_t rows;
	uint32_t context;
	uint64_t tokens, seed, minutes;	/* the run ends at either; 0 minutes: no limit */
	float rate;
	double hold;		/* share of the steps, 0 to 1, at the full rate before it falls */
	struct trainer *trainer;
};

/* Loads all data with the tokenizer in @g: VERB_OK or the status after an error message. */
int training_load(struct training *t, const struct gguf *g);
/* Resumes from the checkpoint if there is one, else begins with @start or as drawn, and trains
 * to the end, or to a signal, which also leaves a checkpoint. Sets *@done false when a signal
 * ended it. */
int training_run(struct training *t, bool *done);
void training_deinit(struct training *t);
