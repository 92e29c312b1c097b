/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/edits.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/macro.h"

/* Longer texts than this many tokens differ as a whole: the table is quadratic. */
enum { TOKENS_MAX = 2048 };

struct token {
	const char *at;
	size_t len;
};

static bool in_word(unsigned char c)
{
	return isalnum(c) || c == '\'' || c >= 0x80;
}

/* A word, a run of blanks, or one other character. */
static size_t token_end(const char *s, size_t len)
{
	size_t n = 1;

	if (in_word((unsigned char)s[0]))
		while (n < len && in_word((unsigned char)s[n]))
			n++;
	else if (isspace((unsigned char)s[0]))
		while (n < len && isspace((unsigned char)s[n]))
			n++;
	return n;
}

static int tokenize(const char *s, size_t len, struct token **ret, size_t *n)
{
	*n = 0;
	*ret = reallocarray(NULL, len + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < len; (*n)++) {
		size_t size = token_end(s + i, len - i);

		(*ret)[*n] = (struct token){ s + i, size };
		i += size;
	}
	return 0;
}

static bool same(const struct token *a, const struct token *b)
{
	return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

/* The longest common subsequence of what follows i and j, in @table [n + 1][m + 1]. */
static void fill_table(const struct token *a, size_t n, const struct token *b, size_t m,
		       uint16_t *table)
{
	for (size_t i = n + 1; i-- > 0;)
		for (size_t j = m + 1; j-- > 0;) {
			uint16_t *cell = &table[i * (m + 1) + j];

			if (i == n || j == m)
				*cell = 0;
			else if (same(&a[i], &b[j]))
				*cell = (uint16_t)(table[(i + 1) * (m + 1) + j + 1] + 1);
			else
				*cell = MAX(table[(i + 1) * (m + 1) + j], cell[1]);
		}
}

static int add(struct edits *e, const struct token *from, const struct token *to,
	       const char *text, size_t text_len, const char *origin, size_t offset)
{
	struct edit *grown = reallocarray(e->items, e->n + 1, sizeof(*grown));
	char *copy;

	if (!grown)
		return -ENOMEM;
	e->items = grown;
	copy = strndup(text, text_len);
	if (!copy)
		return -ENOMEM;
	e->items[e->n++] = (struct edit){ (size_t)(from->at - origin) + offset,
					  (size_t)(to->at - from->at), copy, text_len, NULL, 0 };
	for (const struct token *t = from; t < to; t++)
		e->changed += in_word((unsigned char)t->at[0]);
	return 0;
}

static int walk(const struct token *a, size_t n, const struct token *b, size_t m,
		const uint16_t *table, const char *origin, size_t offset, struct edits *ret)
{
	for (size_t i = 0, j = 0; i < n || j < m;) {
		size_t from_a = i, from_b = j;
		int r;

		if (i < n && j < m && same(&a[i], &b[j])) {
			i++;
			j++;
			continue;
		}
		while ((i < n || j < m) && !(i < n && j < m && same(&a[i], &b[j]))) {
			bool down = j == m || (i < n && table[(i + 1) * (m + 1) + j] >=
								table[i * (m + 1) + j + 1]);

			i += down;
			j += !down;
		}
		r = add(ret, &a[from_a], &a[i], b[from_b].at,
			(size_t)(b[j].at - b[from_b].at), origin, offset);
		if (r < 0)
			return r;
	}
	return 0;
}

int edits_compare(const char *a, size_t a_len, const char *b, size_t b_len, size_t offset,
		  struct edits *ret)
{
	_cleanup_free_ struct token *x = NULL, *y = NULL;
	_cleanup_free_ uint16_t *table = NULL;
	size_t n, m;

	if (tokenize(a, a_len, &x, &n) < 0 || tokenize(b, b_len, &y, &m) < 0)
		return -ENOMEM;
	/* The ends serve as tokens, so that a span may reach them. */
	x[n] = (struct token){ a + a_len, 0 };
	y[m] = (struct token){ b + b_len, 0 };
	for (size_t i = 0; i < n; i++)
		ret->words += in_word((unsigned char)x[i].at[0]);
	/* Most of a long text. */
	if (a_len == b_len && memcmp(a, b, a_len) == 0)
		return 0;
	if (n > TOKENS_MAX || m > TOKENS_MAX)
		return add(ret, &x[0], &x[n], b, b_len, a, offset);
	table = reallocarray(NULL, (n + 1) * (m + 1), sizeof(*table));
	if (!table)
		return -ENOMEM;
	fill_table(x, n, y, m, table);
	return walk(x, n, y, m, table, a, offset, ret);
}

void edits_deinit(struct edits *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->items[i].replacement);
	free(e->items);
	*e = (struct edits){ 0 };
}
