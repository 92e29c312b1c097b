/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/corrections.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "assistantd/daemon/edits.h"
#include "assistantd/daemon/spelling.h"
#include "util/cleanup.h"
#include "util/macro.h"

enum { WORDS_MAX = 4, WORD_MAX = SPELLING_MAX };

/* Words that grammar exchanges, adds or drops without a change of what is said. */
static const char *const grammar_words[] = {
	"a", "an", "the", "this", "that", "these", "those", "there", "their", "they're", "its",
	"it's", "your", "you're", "is", "are", "am", "was", "were", "be", "been", "has", "have",
	"had", "do", "does", "did", "don't", "doesn't", "to", "too", "two", "of", "off", "than",
	"then", "in", "on", "at", "for", "who", "whom", "whose", "who's", "by", "buy", "were",
	"where", "we're", "our", "hour", "no", "know", "now", "not", "and", "will", "would", "as",
};

struct word {
	char text[WORD_MAX];	/* lower case */
	size_t len;
	bool is_name;		/* has a capital within a sentence */
};

static bool is_grammar(const struct word *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(grammar_words); i++)
		if (strcmp(w->text, grammar_words[i]) == 0)
			return true;
	return false;
}

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '\'' || (unsigned char)c >= 0x80;
}

/* Whether a sentence begins at @at. */
static bool begins_sentence(const char *text, size_t at)
{
	while (at > 0 && isspace((unsigned char)text[at - 1]))
		at--;
	return at == 0 || strchr(".!?:\"", text[at - 1]);
}

/* The words of @text from @start on; more than WORDS_MAX, or a longer one, is WORDS_MAX + 1. */
static size_t words_of(const char *s, size_t start, size_t len, struct word *words)
{
	size_t n = 0, end = start + len;

	for (size_t i = start; i < end;) {
		struct word *w = &words[n];

		if (!in_word(s[i])) {
			i++;
			continue;
		}
		if (n == WORDS_MAX)
			return WORDS_MAX + 1;
		w->is_name = isupper((unsigned char)s[i]) && !begins_sentence(s, i);
		for (w->len = 0; i < end && in_word(s[i]); i++) {
			if (w->len + 1 == WORD_MAX)
				return WORDS_MAX + 1;
			w->text[w->len++] = (char)tolower((unsigned char)s[i]);
		}
		w->text[w->len] = '\0';
		n++;
	}
	return n;
}

/* A word that only lost its end was cut, unless what went is an ending of grammar. */
static bool is_cut(const struct word *a, const struct word *b)
{
	static const char *const endings[] = { "s", "es", "d", "ed", "ing", "ly", "'s" };

	if (b->len >= a->len || strncmp(a->text, b->text, b->len) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (strcmp(a->text + b->len, endings[i]) == 0)
			return false;
	/* A letter too many at the end, as in "thankss". */
	return a->len - b->len > 1 || a->text[a->len - 1] != a->text[a->len - 2];
}

static bool similar(const struct word *a, const struct word *b)
{
	size_t longer = MAX(a->len, b->len), allowed = longer <= 4 ? 2 : longer / 3 + 1;

	if (is_grammar(a) && is_grammar(b))
		return true;
	if (is_cut(a, b))
		return false;
	/* Digits are facts. */
	if (strpbrk(a->text, "0123456789") || strpbrk(b->text, "0123456789"))
		return strcmp(a->text, b->text) == 0;
	/* A name is not another name. */
	if (a->is_name)
		allowed = MIN(allowed, (size_t)2);
	return spelling_distance(a->text, a->len, b->text, b->len) <= allowed &&
	       (a->text[0] == b->text[0] || longer > 3);
}

/* Joined or cut words: "alot", "a lot". */
static bool same_letters(const struct word *a, size_t n, const struct word *b, size_t m)
{
	char x[WORDS_MAX * WORD_MAX] = "", y[WORDS_MAX * WORD_MAX] = "";

	for (size_t i = 0; i < n; i++)
		strcat(x, a[i].text);
	for (size_t i = 0; i < m; i++)
		strcat(y, b[i].text);
	return strcmp(x, y) == 0;
}

/* A word that goes must stand beside it once more, or be one of grammar. */
static bool may_go(const struct word *w, const char *text, size_t len, size_t start, size_t end)
{
	size_t before = start, after = end;

	while (before > 0 && !in_word(text[before - 1]))
		before--;
	while (after < len && !in_word(text[after]))
		after++;
	return is_grammar(w) ||
	       (before >= w->len && strncasecmp(text + before - w->len, w->text, w->len) == 0) ||
	       (after + w->len <= len && strncasecmp(text + after, w->text, w->len) == 0);
}

static bool is_correction(const struct edit *e, const char *text, size_t len)
{
	struct word old[WORDS_MAX + 1], fresh[WORDS_MAX + 1];
	size_t n = words_of(text, e->start, e->len, old);
	size_t m = words_of(e->replacement, 0, e->replacement_len, fresh);

	if (n > WORDS_MAX || m > WORDS_MAX)
		return false;
	if (same_letters(old, n, fresh, m))
		return true;
	if (n == 1 && m == 0)
		return may_go(&old[0], text, len, e->start, e->start + e->len);
	if (n == 0)
		return m == 1 && is_grammar(&fresh[0]);
	if (n != m)
		return n == 2 && m == 1 && (similar(&old[0], &fresh[0]) ||
					    similar(&old[1], &fresh[0])) &&
		       similar(&old[0], &old[1]);
	for (size_t i = 0; i < n; i++)
		if (!similar(&old[i], &fresh[i]))
			return false;
	return true;
}

/* Two neighbours that are a correction together, as in "alot" and "a lot": one edit of both,
 * whose replacement is in @text. False when they are none. */
static bool join(const struct edit *e, const char *a, size_t a_len, struct edit *both,
		 struct buf *text)
{
	size_t end = e[0].start + e[0].len, gap = e[1].start - end;

	for (size_t i = 0; i < gap; i++)
		if (!isspace((unsigned char)a[end + i]))
			return false;
	buf_reset(text);
	if (buf_append(text, e[0].replacement, e[0].replacement_len) < 0 ||
	    buf_append(text, a + end, gap) < 0 ||
	    buf_append(text, e[1].replacement, e[1].replacement_len) < 0)
		return false;
	*both = (struct edit){ e[0].start, e[0].len + gap + e[1].len, text->data, text->len,
				NULL, 0 };
	return is_correction(both, a, a_len);
}

int corrections_apply(const char *a, size_t a_len, const char *b, size_t b_len, struct buf *out,
		      bool *rejected)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct edits edits = { 0 };
	size_t at = 0;
	int r = edits_compare(a, a_len, b, b_len, 0, &edits);

	*rejected = false;
	for (size_t i = 0; r == 0 && i < edits.n; i++) {
		struct edit e = edits.items[i];

		if (!is_correction(&e, a, a_len)) {
			if (i + 1 == edits.n || !join(&edits.items[i], a, a_len, &e, &text)) {
				*rejected = true;
				continue;
			}
			i++;
		}
		r = buf_append(out, a + at, e.start - at);
		if (r == 0)
			r = buf_append(out, e.replacement, e.replacement_len);
		at = e.start + e.len;
	}
	if (r == 0)
		r = buf_append(out, a + at, a_len - at);
	edits_deinit(&edits);
	return r;
}
