/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/trim.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "util/macro.h"

/* A clause below this says too little by itself. */
enum { CLAUSE_MIN = 16 };

static size_t filler_at(const char *text, size_t len, const struct words *words)
{
	const struct word *w;
	size_t most = 0;

	for (size_t i = 0; (w = words_at(words, WORDS_FILLERS, i)); i++) {
		size_t n = strlen(w->text);

		if (n > most && n < len && strncasecmp(text, w->text, n) == 0)
			most = n;
	}
	return most;
}

struct span trim_front(const char *text, struct span sentence, const struct words *words)
{
	struct span s = sentence;
	size_t n;

	while ((n = filler_at(text + s.start, s.len, words)) && has_letters(text + s.start + n,
									    s.len - n)) {
		s.start += n;
		s.len -= n;
	}
	return s;
}

/* Whether a clause ends before byte @i of the sentence. */
static bool clause_ends(const char *s, size_t len, size_t i)
{
	static const char *const begins[] = { " because ", " so that ", " although ", " which ",
					      " whereas ", " - ", " (" };

	if (strchr(",;:", s[i]) && i + 1 < len && s[i + 1] == ' ')
		return true;
	for (size_t k = 0; k < ARRAY_SIZE(begins); k++) {
		size_t n = strlen(begins[k]);

		if (i + n < len && strncasecmp(s + i, begins[k], n) == 0)
			return true;
	}
	return false;
}

struct span trim_clause(const char *text, struct span sentence, size_t max, bool *cut)
{
	const char *s = text + sentence.start;
	size_t clause = 0, word = 0, end;

	*cut = false;
	/* The stop at its end is not part of a line. */
	for (end = sentence.len; end > 1 && s[end - 1] == '.' && s[end - 2] != '.'; end--)
		;
	if (end <= max)
		return (struct span){ sentence.start, end };
	for (size_t i = 1; i <= max; i++) {
		if (clause_ends(s, sentence.len, i))
			clause = i;
		if (isspace((unsigned char)s[i]))
			word = i;
	}
	if (clause >= CLAUSE_MIN)
		return (struct span){ sentence.start, clause };
	*cut = true;
	if (!word)
		for (word = max; word > 1 && ((unsigned char)s[word] & 0xc0) == 0x80; word--)
			;
	while (word > 1 && strchr(",;:-", s[word - 1]))
		word--;
	return (struct span){ sentence.start, word };
}
