/* SPDX-License-Identifier: MIT */
/* The trainer's models as GGUF files, to start from and to hand over. */
#pragma once

#include "adapters/train/train.h"
#include "base_model/base_model.h"

/*
 * A trainer on @m, which stays as it is and is used from its mapping, whatever its types; it
 * lives at least as long. What it trains is what trainer_add_lora() adds; the pieces of a base
 * of our own are not there. @context up to the model's. 0; -EINVAL with @d for a family with
 * parts that training does not know, named there, or a range; -ENOMEM.
 */
int train_from_model(struct trainer **ret, const struct bm_model *m, uint32_t context,
		     size_t rows, unsigned threads, struct diag *d);
/*
 * Of a trainer on a model, from now on: @with in place of a matrix, borrowed and of the same
 * shape; NULL is the model's own again. The output's has layer 0; where it is the embedding,
 * too, what the first layer reads stays the model's.
 */
void trainer_replace(struct trainer *t, uint32_t layer, enum bm_matrix matrix,
		     const struct matrix *with);
/* Adds the squares of what went into a matrix in the last pass: @sums is [in]. -EINVAL where
 * the pass does not keep it (trainer_set_recompute()). */
int trainer_inputs(const struct trainer *t, uint32_t layer, enum bm_matrix matrix, double *sums);
/*
 * Writes the base with the tokenizer of @tokenizer, matrices as @type (F32, F16 or Q8_0,
 * whose rows are whole blocks), norms as F32. 0; -EINVAL, also without one; -ENOMEM; the error
 * of write().
 */
int train_write_base(struct trainer *t, const struct gguf *tokenizer, const char *name,
		     enum tensor_type type, int fd);
/* Writes the adapter as a GGUF LoRA in F16; -EINVAL without one. */
int train_write_lora(struct trainer *t, const char *name, int fd);
