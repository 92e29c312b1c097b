/* SPDX-License-Identifier: MIT */
/* The trainer's models as GGUF files, to start from and to hand over. */
#pragma once

#include "adapters/train/train.h"
#include "base_model/base_model.h"

/*
 * A trainer that starts from the weights of @m, whatever their type: 0; -EINVAL with @d for a
 * model of another shape than the trainer's (scaled rotary positions, an output matrix of
 * its own, biases, …); -ENOMEM. @context up to the model's.
 */
int train_from_model(struct trainer **ret, const struct bm_model *m, uint32_t context,
		     size_t rows, unsigned threads, struct diag *d);
/*
 * Writes the base with the tokenizer of @tokenizer, matrices as @type (F32, F16 or Q8_0,
 * whose rows are whole blocks), norms as F32. 0; -EINVAL; -ENOMEM; the error of write().
 */
int train_write_base(struct trainer *t, const struct gguf *tokenizer, const char *name,
		     enum tensor_type type, int fd);
/* Writes the adapter as a GGUF LoRA in F16; -EINVAL without one. */
int train_write_lora(struct trainer *t, const char *name, int fd);
