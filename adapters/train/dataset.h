/* SPDX-License-Identifier: MIT */
/* Training data: lines of JSON (row.h), read once and cut into tokens. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_model/base_model.h"

struct dataset;

/*
 * Reads and tokenizes all of the file @fd (not owned) with the tokenizer and the chat template in
 * @g. Lines of nothing but blanks are passed over; a file has either texts or conversations.
 * Examples longer than @context are left out, and told by dataset_skipped().
 * 0; -EINVAL with "line 17" or "line 17: messages[2].role" and what was expected in @d; -ENOMEM
 * and the system's errors.
 */
int dataset_load(struct dataset **ret, const struct gguf *g, int fd, size_t context,
		 struct diag *d);
struct dataset *dataset_free(struct dataset *s);
DEFINE_CLEANUP(struct dataset *, dataset_free)

size_t dataset_n_tokens(const struct dataset *s);
size_t dataset_n_examples(const struct dataset *s);
size_t dataset_n_skipped(const struct dataset *s);
bool dataset_is_text(const struct dataset *s);

enum { DATASET_SKIPPED_TOLD = 16 };

/* The lines of the first DATASET_SKIPPED_TOLD that were too long; *@n of them. */
const unsigned long *dataset_skipped(const struct dataset *s, size_t *n);

/* An example, borrowed. Token i + 1 is learnt at i where it is not given. */
struct dataset_example {
	const int32_t *ids;
	size_t n;		/* up to the end of the answer, at least 2 of a conversation */
	size_t given;		/* tokens that stand before what is learnt */
	size_t prompt;		/* tokens that stand before the answer; 0 of a text */
	unsigned long line;
	uint64_t offset;	/* of the line in the file, of @length bytes */
	size_t length;
};

struct dataset_example dataset_example(const struct dataset *s, size_t i);

/* The example as one stretch of a sequence, of which @tokens, @targets and @begins are (struct
 * train_batch): writes n of them from @at on, and returns how many are learnt. */
size_t dataset_put(const struct dataset_example *e, size_t at, int32_t *tokens, int32_t *targets,
		   uint32_t *begins);
/* What no example fills: nothing is learnt there. */
void dataset_pad(size_t from, size_t to, int32_t *tokens, int32_t *targets, uint32_t *begins);

/*
 * One sequence [context], drawn by @random: a stretch of the texts, or whole examples one after
 * the other, each by itself.
 */
void dataset_draw(const struct dataset *s, uint64_t random, int32_t *tokens, int32_t *targets,
		  uint32_t *begins);
