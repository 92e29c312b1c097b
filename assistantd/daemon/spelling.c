/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/spelling.h"

#include <ctype.h>
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
