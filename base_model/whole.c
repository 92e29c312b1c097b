/* SPDX-License-Identifier: MIT */
#include "base_model/whole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

bool token_is_whole(const struct token *t)
{
	return t->type == TOKEN_CONTROL || t->type == TOKEN_USER_DEFINED ||
	       t->type == TOKEN_UNKNOWN;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct token *tokens = arg, *x = &tokens[*(const uint32_t *)a],
			   *y = &tokens[*(const uint32_t *)b];
	int c = memcmp(x->text, y->text, MIN(x->len, y->len));

	return c ? c : (x->len > y->len) - (x->len < y->len);
}

int whole_init(struct whole *w, const struct vocab *v)
{
	size_t n = 0, at = 0;

	for (uint32_t i = 0; i < v->n; i++)
		n += token_is_whole(&v->tokens[i]);
	*w = (struct whole){ .ids = reallocarray(NULL, n + 1, sizeof(*w->ids)) };
	if (!w->ids)
		return -ENOMEM;
	for (uint32_t i = 0; i < v->n; i++)
		if (token_is_whole(&v->tokens[i]))
			w->ids[w->n++] = i;
	qsort_r(w->ids, n, sizeof(*w->ids), compare, v->tokens);
	for (size_t byte = 0; byte <= 256; byte++) {
		while (at < n && (unsigned char)v->tokens[w->ids[at]].text[0] < byte)
			at++;
		w->begins[byte] = at;
	}
	return 0;
}

void whole_deinit(struct whole *w)
{
	free(w->ids);
	*w = (struct whole){ 0 };
}

/* The first of the tokens from @low to @high, longer than @depth and equal up to there, whose
 * byte at @depth is not below @byte. */
static size_t bound(const struct whole *w, const struct vocab *v, size_t low, size_t high,
		    size_t depth, unsigned byte)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((unsigned char)v->tokens[w->ids[middle]].text[depth] < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int32_t whole_find(const struct whole *w, const struct vocab *v, const char *text, size_t len,
		   bool special, uint64_t *n_steps)
{
	unsigned byte = (unsigned char)text[0];
	size_t low = w->begins[byte], high = w->begins[byte + 1], depth = 1;
	int32_t found = -1;

	for (; low < high; depth++) {
		const struct token *t = &v->tokens[w->ids[low]];

		if (t->len == depth) {
			if (special || t->type == TOKEN_USER_DEFINED)
				found = (int32_t)w->ids[low];
			low++;
		}
		if (depth == len)
			break;
		byte = (unsigned char)text[depth];
		low = bound(w, v, low, high, depth, byte);
		high = bound(w, v, low, high, depth, byte + 1);
	}
	*n_steps += depth;
	return found;
}
