/* SPDX-License-Identifier: MIT */
/* The updates of a PEFT folder, checked against its configuration and against the base. */
#pragma once

#include "adapters/peft-config.h"
#include "adapters/peft-names.h"
#include "adapters/safetensors.h"

struct peft_pair {
	const struct safetensors_tensor *a, *b;	/* [rank][columns], [rows][rank] */
	struct peft_module module;
	uint32_t layer;		/* 0 for the output */
	uint32_t rank;
	double strength;	/* the update is strength / rank · B·A */
};

struct peft_pairs {
	struct peft_pair *all;
	size_t n;
	const struct peft_pair **of;	/* [layers][BM_OUTPUT], then the output's; or NULL */
	size_t n_of;
	/* All rows of the base's tokens and of new ones, or NULL. */
	const struct safetensors_tensor *embedding, *output;
};

/* 0; -EINVAL with @d, whose field is "FILE: tensor, module or key"; -ENOMEM. Borrows @f; may be
 * released after any failure. */
int peft_pairs_read(struct peft_pairs *p, const struct bm_model *m, struct peft_config *c,
		    const struct safetensors *f, struct diag *d);
void peft_pairs_deinit(struct peft_pairs *p);
/* The update that changes a matrix, or NULL. */
const struct peft_pair *peft_pairs_find(const struct peft_pairs *p, uint32_t layer,
					enum bm_matrix matrix);
/* F32, F16 or BF16; false for another. */
bool peft_tensor_type(const struct safetensors_tensor *t, enum tensor_type *ret);
