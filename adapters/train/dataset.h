/* SPDX-License-Identifier: MIT */
/*
 * Training data: lines of JSON, {"text": …} to learn as it stands or {"prompt": …,
 * "completion": …}, of which the completion alone is learnt, after the prompt as the model's
 * chat template puts it. With "whole": true the prompt is learnt too, where it is worth it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base_model/base_model.h"

struct dataset;

/*
 * Reads and tokenizes the whole of @fd (not owned) with the tokenizer in @g. 0; -EINVAL with
 * the line in @d; -ENOMEM and the system's errors. Examples longer than @context are left
 * out and counted.
 */
int dataset_load(struct dataset **ret, const struct gguf *g, int fd, size_t context,
		 struct diag *d);
struct dataset *dataset_free(struct dataset *s);
DEFINE_CLEANUP(struct dataset *, dataset_free)

size_t dataset_n_tokens(const struct dataset *s);
size_t dataset_n_examples(const struct dataset *s);
size_t dataset_n_skipped(const struct dataset *s);

/*
 * One sequence, drawn by @random: a stretch of the texts, or whole examples one after the
 * other. @tokens and @targets are [context]; a target that is not learnt is TRAIN_IGNORE.
 */
void dataset_draw(const struct dataset *s, uint64_t random, int32_t *tokens, int32_t *targets);
