/* SPDX-License-Identifier: MIT */
/*
 * What is known of the words of a language, as numbers: a table in a file, of lines with tabs
 * between. The first line says "term" and names the columns, the others give a term its number
 * in each; "#" begins a comment. A text is cut into terms by terms_next(), and recipe/terms.py
 * cuts alike what the numbers are learnt from.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "assistantd/daemon/sentences.h"
#include "util/cleanup.h"
#include "util/diag.h"

enum { TERM_MAX = 48, TERMS_COLUMNS_MAX = 32 };

/* Names of rows that are no words; the file may lack any. */
#define TERM_ALWAYS "<always>"		/* what every text has */
#define TERM_OTHER "<other>"		/* words that the table does not have */

struct terms;

/* 0; -EINVAL with the line in @d; -ENOMEM; the system's errors. */
int terms_read_fd(struct terms **ret, int fd, struct diag *d);
struct terms *terms_free(struct terms *t);
DEFINE_CLEANUP(struct terms *, terms_free)

size_t terms_columns(const struct terms *t);
/* Owned by the table; @column is one of it. */
const char *terms_column(const struct terms *t, size_t column);
size_t terms_rows(const struct terms *t);
/* The row of a term, or terms_rows() for one that the table does not have. */
size_t terms_find(const struct terms *t, const char *term);
/* A number for each column; @row is one of the table. */
const float *terms_row(const struct terms *t, size_t row);

struct term {
	struct span span;	/* in the text */
	char text[TERM_MAX];	/* cut to its size */
	bool word;		/* letters, and no number or sign */
};

/*
 * The next term at *@at, which is moved behind it; false at the end. Terms are words (letters,
 * apostrophes, whatever is not ASCII) with ASCII letters lower; numbers, of which only the
 * shape counts: a 0 for each digit, eight at most, or "0:00" for one with a colon; and each of
 * the signs $ % ! ? @.
 */
bool terms_next(const char *text, size_t len, size_t *at, struct term *ret);
