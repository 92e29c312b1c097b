/* SPDX-License-Identifier: MIT */
/*
 * Training data: lines of JSON. {"text": …} is learnt as it stands. {"messages": [{"role": …,
 * "content": …}, …]} is a conversation as the model's chat template puts it, a system message or
 * none, user and assistant by turns, of which the last answer alone is learnt; {"prompt": …,
 * "completion": …} is one of a user's message and its answer. With "whole": true what stands
 * before the answer is learnt too, where it is worth it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base_model/base_model.h"

struct dataset;

/*
 * Reads and tokenizes the whole of @fd (not owned) with the tokenizer in @g. 0; -EINVAL with
 * the line and what was expected in @d; -ENOMEM and the system's errors. Examples longer than
 * @context are left out and counted.
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
