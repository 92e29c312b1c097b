/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/terms.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/file.h"
#include "util/macro.h"

enum { FILE_MAX = 4 * 1024 * 1024, ROWS_MAX = 1 << 17, DIGITS_MAX = 8 };

struct terms {
	struct buf text;	/* the file, its fields ended by NULs */
	const char *columns[TERMS_COLUMNS_MAX];
	size_t n_columns;
	const char **names;	/* [n_rows] */
	float *numbers;		/* [n_rows][n_columns] */
	size_t n_rows;
	uint32_t *slots;	/* [n_slots] row + 1, 0: free; a power of two */
	size_t n_slots;
};

struct terms *terms_free(struct terms *t)
{
	if (!t)
		return NULL;
	buf_deinit(&t->text);
	free(t->names);
	free(t->numbers);
	free(t->slots);
	free(t);
	return NULL;
}

static int fault(struct diag *d, size_t line, enum diag_code code, const char *what)
{
	char field[32];

	snprintf(field, sizeof(field), "%zu", line);
	return diag_set(d, -EINVAL, code, field, "%s", what);
}

static uint32_t *slot_of(const struct terms *t, const char *term)
{
	size_t at = 5381;

	for (const char *c = term; *c; c++)
		at = at * 33 ^ (unsigned char)*c;
	for (at &= t->n_slots - 1; t->slots[at]; at = (at + 1) & (t->n_slots - 1))
		if (strcmp(t->names[t->slots[at] - 1], term) == 0)
			break;
	return &t->slots[at];
}

static int read_header(struct terms *t, char *line, size_t number, struct diag *d)
{
	char *first = strsep(&line, "\t");

	if (strcmp(first, "term") != 0 || !line)
		return fault(d, number, DIAG_SYNTAX, "expected \"term\" and names of columns");
	while (line) {
		const char *name = strsep(&line, "\t");

		if (t->n_columns == TERMS_COLUMNS_MAX)
			return fault(d, number, DIAG_LIMIT, "more than 32 columns");
		if (!*name)
			return fault(d, number, DIAG_SYNTAX, "a column has no name");
		t->columns[t->n_columns++] = name;
	}
	return 0;
}

static int read_row(struct terms *t, char *line, size_t number, struct diag *d)
{
	const char *name = strsep(&line, "\t");
	float *numbers = t->numbers + t->n_rows * t->n_columns;
	uint32_t *slot = slot_of(t, name);

	if (!*name || strlen(name) >= TERM_MAX)
		return fault(d, number, DIAG_RANGE, "expected a term of 1 to 47 bytes");
	if (*slot)
		return fault(d, number, DIAG_DUP, "the term stands in an earlier line");
	for (size_t i = 0; i < t->n_columns; i++) {
		char *end, *text = line ? strsep(&line, "\t") : NULL;

		numbers[i] = text ? strtof(text, &end) : 0;
		if (!text || end == text || *end || !isfinite(numbers[i]))
			return fault(d, number, DIAG_TYPE, "expected a number for each column");
	}
	if (line)
		return fault(d, number, DIAG_TYPE, "more numbers than columns");
	t->names[t->n_rows++] = name;
	*slot = (uint32_t)t->n_rows;
	return 0;
}

/* Room for as many rows as the text has lines. */
static int make_room(struct terms *t, struct diag *d)
{
	size_t lines = 1;

	for (size_t i = 0; i < t->text.len; i++)
		lines += t->text.data[i] == '\n';
	if (lines > ROWS_MAX)
		return fault(d, ROWS_MAX, DIAG_LIMIT, "the file has too many lines");
	for (t->n_slots = 16; t->n_slots < 2 * lines; t->n_slots *= 2)
		;
	t->names = calloc(lines, sizeof(*t->names));
	t->numbers = calloc(lines, TERMS_COLUMNS_MAX * sizeof(*t->numbers));
	t->slots = calloc(t->n_slots, sizeof(*t->slots));
	return t->names && t->numbers && t->slots ? 0 : -ENOMEM;
}

static int read_lines(struct terms *t, struct diag *d)
{
	char *rest = t->text.data;
	int r = make_room(t, d);

	for (size_t number = 1; r == 0 && rest; number++) {
		char *line = strsep(&rest, "\n");

		if (!*line || *line == '#')
			continue;
		r = t->n_columns ? read_row(t, line, number, d)
				 : read_header(t, line, number, d);
	}
	if (r == 0 && !t->n_columns)
		r = fault(d, 1, DIAG_TRUNC, "the file has no line of columns");
	return r;
}

int terms_read_fd(struct terms **ret, int fd, struct diag *d)
{
	_cleanup_(terms_freep) struct terms *t = calloc(1, sizeof(*t));
	int r = t ? file_read_all(fd, FILE_MAX, &t->text, d) : -ENOMEM;

	if (r == 0 && t->text.len > FILE_MAX)
		r = fault(d, 1, DIAG_LIMIT, "the file is longer than 4 MiB");
	if (r == 0 && memchr(t->text.data, '\0', t->text.len))
		r = fault(d, 1, DIAG_SYNTAX, "the file holds a NUL");
	if (r == 0)
		r = read_lines(t, d);
	if (r == 0)
		*ret = TAKE(t);
	return r;
}

size_t terms_columns(const struct terms *t)
{
	return t->n_columns;
}

const char *terms_column(const struct terms *t, size_t column)
{
	return t->columns[column];
}

size_t terms_rows(const struct terms *t)
{
	return t->n_rows;
}

size_t terms_find(const struct terms *t, const char *term)
{
	uint32_t slot = *slot_of(t, term);

	return slot ? slot - 1 : t->n_rows;
}

const float *terms_row(const struct terms *t, size_t row)
{
	return t->numbers + row * t->n_columns;
}

static bool in_word(unsigned char c)
{
	return isalpha(c) || c >= 0x80 || c == '\'';
}

static bool in_number(unsigned char c)
{
	return isdigit(c) || c == '.' || c == ',' || c == ':';
}

static bool is_sign(unsigned char c)
{
	return c && strchr("$%!?@", c);
}

/* The typographic apostrophe is the plain one here. */
static void copy_word(const char *from, size_t len, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < TERM_MAX; i++) {
		if (len - i >= 3 && memcmp(from + i, "\xe2\x80\x99", 3) == 0) {
			to[n++] = '\'';
			i += 2;
		} else {
			to[n++] = (char)tolower((unsigned char)from[i]);
		}
	}
	to[n] = '\0';
}

static void copy_shape(const char *from, size_t len, char *to)
{
	size_t n = 0;

	if (memchr(from, ':', len)) {
		strcpy(to, "0:00");
		return;
	}
	for (size_t i = 0; i < len && n < DIGITS_MAX; i++)
		if (isdigit((unsigned char)from[i]))
			to[n++] = '0';
	to[n] = '\0';
}

bool terms_next(const char *text, size_t len, size_t *at, struct term *ret)
{
	size_t end;

	while (*at < len && !in_word((unsigned char)text[*at]) &&
	       !isdigit((unsigned char)text[*at]) && !is_sign((unsigned char)text[*at]))
		++*at;
	if (*at == len)
		return false;
	end = *at + 1;
	ret->word = in_word((unsigned char)text[*at]);
	if (ret->word) {
		while (end < len && in_word((unsigned char)text[end]))
			end++;
		copy_word(text + *at, end - *at, ret->text);
	} else if (isdigit((unsigned char)text[*at])) {
		while (end < len && in_number((unsigned char)text[end]))
			end++;
		/* What ends a sentence is not the number's. */
		while (!isdigit((unsigned char)text[end - 1]))
			end--;
		copy_shape(text + *at, end - *at, ret->text);
	} else {
		ret->text[0] = text[*at];
		ret->text[1] = '\0';
	}
	ret->span = (struct span){ *at, end - *at };
	*at = end;
	return true;
}
