/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/spelling.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

size_t spelling_distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][SPELLING_MAX + 1], *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *spare = before;
		int x = tolower((unsigned char)a[i - 1]);

		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			int y = tolower((unsigned char)b[j - 1]);
			size_t least = MIN(last[j] + 1, now[j - 1] + 1);
			size_t change = last[j - 1] + (x != y);

			least = MIN(least, change);
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    tolower((unsigned char)a[i - 2]) == y)
				least = MIN(least, before[j - 2] + 1);
			now[j] = least;
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[m];
}

/* Found on names that are no words and on mistakes in sentences, so that the one stay and the
 * others do not. */
static const double cost_double = 3, cost_single = 0, cost_swap = 2, cost_drop = 8, cost_add = 12,
		    cost_key = 11, cost_vowel = 10, cost_other = 20, more_at_first = 4,
		    more_at_last = 12;

static bool are_neighbours(char x, char y)
{
	static const char keys[] = "qwertyuiop asdfghjkl  zxcvbnm   ";
	const char *a = strchr(keys, x), *b = strchr(keys, y);
	ptrdiff_t apart = a && b ? a - b : 0;

	return labs(apart) == 1 || labs(apart) == 11;
}

static double cost_of_other(char typed, char meant)
{
	static const char vowels[] = "aeiouy";

	if (typed == meant)
		return 0;
	if (strchr(vowels, typed) && strchr(vowels, meant))
		return cost_vowel;
	return are_neighbours(typed, meant) ? cost_key : cost_other;
}

/* Whether the letter of @text at @i has its like beside it. */
static bool is_doubled(const char *text, size_t len, size_t i)
{
	return (i > 0 && text[i - 1] == text[i]) || (i + 1 < len && text[i + 1] == text[i]);
}

static double cost_of_added(const char *typed, size_t n, size_t i)
{
	if (is_doubled(typed, n, i))
		return cost_double;
	if (i == 0)
		return cost_add + more_at_first;
	/* One that nobody hears. */
	return cost_add + (i + 1 == n && typed[i] != 'e' ? more_at_last : 0);
}

static double cost_of_dropped(const char *meant, size_t m, size_t j)
{
	if (meant[j] == '\'')
		return 0;
	if (is_doubled(meant, m, j))
		return cost_single;
	return cost_drop + (j == 0 ? more_at_first : 0);
}

static void lower(char *to, const char *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = (char)tolower((unsigned char)from[i]);
}

double spelling_unlikely(const char *typed, size_t n, const char *meant, size_t m)
{
	double costs[SPELLING_MAX + 1][SPELLING_MAX + 1];
	char a[SPELLING_MAX], b[SPELLING_MAX];

	lower(a, typed, n);
	lower(b, meant, m);
	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			double least = i || j ? HUGE_VAL : 0, first = i == j ? more_at_first : 0;

			if (i && j && a[i - 1] == b[j - 1])
				least = costs[i - 1][j - 1];
			else if (i && j)
				least = costs[i - 1][j - 1] + cost_of_other(a[i - 1], b[j - 1]) +
					(i == 1 ? first : 0);
			if (i)
				least = fmin(least, costs[i - 1][j] + cost_of_added(a, n, i - 1));
			if (j)
				least = fmin(least, costs[i][j - 1] +
							    cost_of_dropped(b, m, j - 1));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				least = fmin(least, costs[i - 2][j - 2] + cost_swap +
							    (i == 2 ? first : 0));
			costs[i][j] = least;
		}
	}
	return costs[n][m];
}

void spelling_mistakes(const char *word, void (*each)(void *arg, const char *text), void *arg)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz'";
	size_t len = strlen(word);
	char text[SPELLING_MAX + 1];

	if (len + 1 >= SPELLING_MAX)
		return;
	for (size_t i = 0; i <= len; i++) {
		/* One too few before the letter at @i. */
		memcpy(text, word, i);
		memcpy(text + i + 1, word + i, len - i + 1);
		for (const char *c = letters; *c; c++) {
			text[i] = *c;
			each(arg, text);
		}
		if (i == len)
			break;
		/* Another one there, one too many, or the next one first. */
		memcpy(text, word, len + 1);
		for (const char *c = letters; *c; c++) {
			text[i] = *c;
			each(arg, text);
		}
		memcpy(text + i, word + i + 1, len - i);
		each(arg, text);
		if (i + 1 < len) {
			memcpy(text, word, len + 1);
			text[i] = word[i + 1];
			text[i + 1] = word[i];
			each(arg, text);
		}
	}
}
