/* SPDX-License-Identifier: MIT */
/*
 * Tensors of a GGUF LoRA made of the updates of checkpoints' modules: a tensor of the base
 * may have the rows of several modules, and a module those of several tensors.
 */
#pragma once

#include "adapters/peft-pairs.h"

struct peft_tensor {
	char name[GGUF_MAX_NAME + 1];
	enum tensor_type type;
	uint64_t ne[2];
	void *data;		/* its own */
};

struct peft_tensors {
	struct peft_tensor *all;
	size_t n, cap;
	uint32_t rank;		/* the largest */
	double alpha;		/* of all: adapter.lora.alpha */
};

/*
 * Where all updates have the same strength, that is alpha, and values stay as they are in
 * the folder, types too. Else a B is multiplied by what its own strength differs from alpha,
 * in float, which rounds each of its values once. 0; -EINVAL with @d for values that are not
 * finite or a tensor of more than ADAPTER_MAX_RANK; -ENOMEM. Released after any failure.
 */
int peft_tensors_make(struct peft_tensors *t, const struct bm_model *m,
		      const struct peft_pairs *pairs, struct diag *d);
/* A row of F32, F16 or BF16 values as floats; -EINVAL with @d where one is not finite. */
int peft_read_row(const struct safetensors_tensor *t, uint64_t row, float *out, struct diag *d);
/* Room of @rows rows for another tensor, zeroed; NULL: out of memory. */
struct peft_tensor *peft_tensors_add(struct peft_tensors *t, enum tensor_type type,
				     uint64_t cols, uint64_t rows);
void peft_tensors_deinit(struct peft_tensors *t);
