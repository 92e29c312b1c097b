/* SPDX-License-Identifier: MIT */
/* A model with adapters, as the verbs' options name them. */
#pragma once

#include <stdint.h>

#include "adapters/adapters.h"
#include "base_model/base_model.h"

#define VERB_MAX_ADAPTERS 16

struct verb_model {
	struct bm_model *model;
	size_t n_adapters;
	struct adapter *adapters[VERB_MAX_ADAPTERS];
	const struct bm_delta *deltas[VERB_MAX_ADAPTERS];
	float scales[VERB_MAX_ADAPTERS];
};

struct verb_options {
	unsigned threads;	/* --threads N or -t N */
	uint32_t context;	/* --ctx N; 0: the model's */
	size_t n_loras;
	char *loras[VERB_MAX_ADAPTERS];	/* --lora FILE[:SCALE] */
};

/* Defaults: as many threads as CPUs, at most 64. */
void verb_options_init(struct verb_options *o);
/* Takes `--lora X`, `--threads N` and such at argv[i]: how many words it took, 0 when it is
 * none of these, -EINVAL when the value is wrong (said on stderr). */
int verb_options_take(struct verb_options *o, int argc, char **argv, int i);
/* A whole number from @min to @max; false (said on stderr) otherwise. */
bool verb_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *ret);
/* VERB_OK, or the status to exit with after saying why. */
int verb_model_init(struct verb_model *vm, const char *path, const struct verb_options *o);
void verb_model_deinit(struct verb_model *vm);
