/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/wordlist.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "assistantd/daemon/spelling.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/macro.h"

enum {
	FILE_MAX = 8 << 20,
	/* Words that two mistakes are looked for in: the usual ones, and of so many letters. */
	FAR_LEVEL = 7, FAR_LETTERS = 5,
	/* A second mistake is as unlikely as a word that stands so much less often. */
	FAR_LEVELS = 6,
};

struct wordlist {
	struct buf text;
	struct wordlist_word *words;	/* ascending, whatever their case */
	size_t n;
};

static int by_text(const void *a, const void *b)
{
	const struct wordlist_word *x = a, *y = b;

	return strcasecmp(x->text, y->text);
}

/* One line, whose blank and end become NULs. */
static int read_line(struct wordlist_word *word, char *line, size_t number, struct diag *d)
{
	char *blank = strchr(line, ' '), *end;
	unsigned long level;

	if (!blank || blank == line || blank - line >= WORDLIST_WORD_MAX)
		return diag_set(d, -EINVAL, DIAG_TYPE, "", "line %zu: expected a word of up to %d "
				"letters, a blank and a number", number, WORDLIST_WORD_MAX - 1);
	*blank = '\0';
	level = strtoul(blank + 1, &end, 10);
	if (!isdigit((unsigned char)blank[1]) || *end || level > 63)
		return diag_set(d, -EINVAL, DIAG_RANGE, "", "line %zu: expected a number from 0 to "
				"63 behind the word", number);
	for (const char *at = line; *at; at++)
		if (!isalpha((unsigned char)*at) && *at != '\'')
			return diag_set(d, -EINVAL, DIAG_RANGE, "", "line %zu: expected a word of "
					"letters and apostrophes", number);
	*word = (struct wordlist_word){ line, (unsigned)level };
	return 0;
}

static int read_lines(struct wordlist *w, struct diag *d)
{
	size_t lines = 1;
	char *next;

	for (size_t i = 0; i < w->text.len; i++)
		lines += w->text.data[i] == '\n';
	w->words = calloc(lines, sizeof(*w->words));
	if (!w->words)
		return -ENOMEM;
	for (char *line = w->text.len ? w->text.data : NULL; line && *line; line = next) {
		int r;

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r = read_line(&w->words[w->n], line, w->n + 1, d);
		if (r < 0)
			return r;
		w->n++;
	}
	qsort(w->words, w->n, sizeof(*w->words), by_text);
	return 0;
}

int wordlist_read_fd(struct wordlist **ret, int fd, struct diag *d)
{
	_cleanup_(wordlist_freep) struct wordlist *w = calloc(1, sizeof(*w));
	int r = w ? file_read_all(fd, FILE_MAX, &w->text, d) : -ENOMEM;

	if (r == 0)
		r = read_lines(w, d);
	if (r == 0)
		*ret = TAKE(w);
	return r;
}

struct wordlist *wordlist_free(struct wordlist *w)
{
	if (!w)
		return NULL;
	buf_deinit(&w->text);
	free(w->words);
	free(w);
	return NULL;
}

const struct wordlist_word *wordlist_find(const struct wordlist *w, const char *text)
{
	const struct wordlist_word key = { .text = text };

	return bsearch(&key, w->words, w->n, sizeof(*w->words), by_text);
}

/* What is looked for, the best of it, and how good each is. */
struct search {
	const struct wordlist *list;
	const char *text;
	const struct wordlist_word **best;
	unsigned levels[32];
	size_t n, max;
};

static void offer(struct search *s, const struct wordlist_word *word, unsigned level)
{
	size_t at = s->n;

	for (size_t i = 0; i < s->n; i++)
		if (s->best[i] == word)
			return;
	while (at > 0 && s->levels[at - 1] < level)
		at--;
	if (at == s->max)
		return;
	s->n = MIN(s->n + 1, s->max);
	for (size_t i = s->n - 1; i > at; i--) {
		s->best[i] = s->best[i - 1];
		s->levels[i] = s->levels[i - 1];
	}
	s->best[at] = word;
	s->levels[at] = level;
}

static void try_one(void *arg, const char *text)
{
	struct search *s = arg;
	const struct wordlist_word *word = wordlist_find(s->list, text);

	if (word && strcasecmp(word->text, s->text) != 0)
		offer(s, word, word->level + FAR_LEVELS);
}

static void try_far(struct search *s)
{
	size_t len = strlen(s->text);

	for (size_t i = 0; i < s->list->n; i++) {
		const struct wordlist_word *word = &s->list->words[i];
		size_t letters = strlen(word->text);

		if (word->level < FAR_LEVEL || letters + 2 < len || letters > len + 2 ||
		    tolower((unsigned char)*word->text) != tolower((unsigned char)*s->text))
			continue;
		if (spelling_distance(word->text, letters, s->text, len) == 2)
			offer(s, word, word->level);
	}
}

static struct search slips(const struct wordlist *w, const char *text,
			   const struct wordlist_word **ret, size_t max)
{
	struct search s = { .list = w, .text = text, .best = ret };

	s.max = MIN(max, ARRAY_SIZE(s.levels));
	spelling_mistakes(text, try_one, &s);
	return s;
}

size_t wordlist_slips(const struct wordlist *w, const char *text, const struct wordlist_word **ret,
		      size_t max)
{
	return slips(w, text, ret, max).n;
}

size_t wordlist_near(const struct wordlist *w, const char *text, const struct wordlist_word **ret,
		     size_t max)
{
	struct search s = slips(w, text, ret, max);

	if (s.n < s.max && strlen(text) >= FAR_LETTERS)
		try_far(&s);
	return s.n;
}
