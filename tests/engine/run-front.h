/* SPDX-License-Identifier: MIT */
/* Small training runs: a random base of characters, and rows that it can learn. */
#pragma once

#include <stdio.h>

#include "assistantd/engine/run.h"
#include "tests/fixture.h"

/* What runs_rows() asks and answers. */
enum rows { ROWS_TAUGHT, ROWS_OTHER, ROWS_COUNT };

/* A base, or rows, in a memfd that is the caller's. */
int runs_base(uint64_t seed);
/* One of more than 16 MiB. */
int runs_wide_base(void);
int runs_file(const char *text);
int runs_rows(enum rows kind, size_t n);
/* All of these, with small numbers: released by train_begin_deinit(). The checkpoint is an empty
 * memfd. */
void runs_begin(struct train_begin *b);
/* Runs @b to its end with @front, or an own one where that is NULL: what run_train() gives. */
int runs_train(const struct train_begin *b, const struct run_front *front,
	       struct train_done *done, struct train_failed *failed);
/* A run that must come to a package: its digest. */
struct digest runs_digest(const struct train_begin *b, const struct run_front *front);
/* A run that must fail so, and with what @field and @text it must be said; NULL: any. */
void runs_expect(const struct train_begin *b, const struct run_front *front, enum train_error error,
		 const char *field, const char *text);
