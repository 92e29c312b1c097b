/* SPDX-License-Identifier: MIT */
/* Shouting taken out of a sentence: capitals and rows of signs. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/restyle-private.h"
#include "util/macro.h"

/* Words in capitals that are kept of a message. */
enum { CAPITALS_MAX = 128 };

bool restyle_capitals(const char *text)
{
	size_t upper = 0, lower = 0, words = 0;

	for (const char *c = text; *c; c++) {
		upper += isupper((unsigned char)*c) != 0;
		lower += islower((unsigned char)*c) != 0;
		words += isupper((unsigned char)*c) && isupper((unsigned char)c[1]) &&
			 (c == text || !isalpha((unsigned char)c[-1]));
	}
	return upper > 7 && lower == 0 && words > 1;
}

static bool has_small_letters(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && !islower((unsigned char)text[i]))
		i++;
	return i < len;
}

static bool is_capitals(const char *word, size_t len)
{
	size_t i = 0;

	while (i < len && !islower((unsigned char)word[i]))
		i++;
	return len > 1 && i == len && isupper((unsigned char)*word);
}

static void add_capitals(struct restyle_state *s, const char *sentence, size_t len)
{
	struct phrase p;

	if (!phrase_cut(&p, sentence, len))
		return;
	for (size_t i = 0; i < p.n && s->n_capitals < CAPITALS_MAX; i++) {
		const char *word = sentence + p.tokens[i].start;
		size_t n = p.tokens[i].len;

		if (p.tokens[i].word && is_capitals(word, n))
			s->capitals[s->n_capitals++] = (struct restyle_word){ word, n };
	}
}

int restyle_find_capitals(struct restyle_state *s, const char *text, const struct spans *sentences)
{
	s->capitals = calloc(CAPITALS_MAX, sizeof(*s->capitals));
	if (!s->capitals)
		return -ENOMEM;
	for (size_t i = 0; i < sentences->n; i++) {
		const struct span *sentence = &sentences->items[i];

		if (has_small_letters(text + sentence->start, sentence->len))
			add_capitals(s, text + sentence->start, sentence->len);
	}
	return 0;
}

/* Whether a word stands in capitals among others that do not. */
static bool is_abbreviation(const struct restyle_state *s, const char *word, size_t len)
{
	size_t i = 0;

	while (i < s->n_capitals && (s->capitals[i].len != len ||
				     memcmp(s->capitals[i].text, word, len) != 0))
		i++;
	return i < s->n_capitals;
}

/* Whether the sentence has words that nobody writes in capitals but to shout: a list of
 * abbreviations has none. */
static bool has_usual_words(const struct tones *t, const struct phrase *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (token_in(p, i, &t->small) || token_in(p, i, &t->lists.verbs) ||
		    token_in(p, i, &t->lists.finite) || token_in(p, i, &t->lists.subjects))
			return true;
	return false;
}

/* All but the first letter of the sentence, "I", and abbreviations. */
static void lower_words(const struct restyle_state *s, const struct phrase *p, char *text)
{
	bool first = true;

	for (size_t i = 0; i < p->n; i++) {
		char *word = text + p->tokens[i].start;
		bool i_alone = *word == 'I' && !isalnum((unsigned char)word[1]);
		size_t from = first || i_alone;

		if (!p->tokens[i].word)
			continue;
		first = false;
		if (is_abbreviation(s, word, p->tokens[i].len))
			continue;
		for (size_t k = from; k < p->tokens[i].len; k++)
			letter_down(word + k);
	}
}

/* Whether what stands behind signs shows that they end a sentence: those of "x != y" do not. */
static bool ends_there(char behind)
{
	return !behind || isspace((unsigned char)behind) || strchr("\"')", behind) ||
	       (unsigned char)behind >= 0x80;
}

/* A row of "!" and "?" becomes one sign, and "!" a full stop. */
static void calm_signs(char *text)
{
	char *to = text;

	for (char *from = text; *from;) {
		size_t n = strspn(from, "!?");

		if (n && ends_there(from[n])) {
			*to++ = memchr(from, '?', n) ? '?' : '.';
			from += n;
			continue;
		}
		n = MAX(n, (size_t)1);
		memmove(to, from, n);
		to += n;
		from += n;
	}
	*to = '\0';
}

char *restyle_calmed(const struct restyle_state *s, const char *text, size_t len)
{
	char *copy = strndup(text, len);
	struct phrase p;

	if (!copy)
		return NULL;
	if (restyle_capitals(copy) && phrase_cut(&p, copy, strlen(copy)) &&
	    has_usual_words(s->tones, &p))
		lower_words(s, &p, copy);
	calm_signs(copy);
	return copy;
}
