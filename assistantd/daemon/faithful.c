/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/faithful.h"

#include <ctype.h>
#include <string.h>

#include "assistantd/daemon/phrase.h"
#include "util/macro.h"

/* Sorted, for word_set_has(). */
static const char *no_words[] = {
	"ain't", "aren't", "can't", "cannot", "cant", "couldn't", "didn't", "didnt", "doesn't",
	"doesnt", "don't", "dont", "hadn't", "hardly", "hasn't", "haven't", "isn't", "isnt",
	"mustn't", "neither", "never", "no", "nobody", "none", "nor", "not", "nothing", "nowhere",
	"shouldn't", "unable", "wasn't", "weren't", "without", "won't", "wont", "wouldn't",
};
static const char *number_words[] = {
	"eight", "eighteen", "eighty", "eleven", "fifteen", "fifty", "five", "forty", "four",
	"fourteen", "half", "hundred", "nine", "nineteen", "ninety", "seven", "seventeen",
	"seventy", "six", "sixteen", "sixty", "ten", "thirteen", "thirty", "thousand", "three",
	"twelve", "twenty", "two",
};
static const char *owners[] = { "her", "his", "mine", "my", "our", "their", "your" };
/* "No worries" denies nothing. */
static const char *polite[] = { "hurry", "problem", "rush", "worries" };
/* Small words that stand with a capital where no sentence begins. */
static const char *no_names[] = { "i", "i'd", "i'll", "i'm", "i've" };

static bool is_in(const struct phrase *p, size_t token, const char **words, size_t n)
{
	const struct word_set set = { words, n };

	return word_set_has(&set, p->text + p->tokens[token].start, p->tokens[token].len);
}

static bool has(const struct phrase *p, const struct phrase *of, size_t token)
{
	for (size_t i = 0; i < p->n; i++)
		if (phrase_is(p, i, of->text + of->tokens[token].start, of->tokens[token].len))
			return true;
	return false;
}

/* Whether a sentence, or what is quoted, begins with the token. */
static bool begins(const struct phrase *p, size_t token)
{
	size_t before = token;

	while (before && !p->tokens[before - 1].word) {
		char sign = p->text[p->tokens[--before].start];

		if (strchr(".!?:;\"(-*", sign) || (unsigned char)sign >= 0x80)
			return true;
	}
	if (before == 0)
		return true;
	/* A line of its own. */
	return memchr(p->text + p->tokens[token - 1].start, '\n',
		      p->tokens[token].start - p->tokens[token - 1].start) != NULL;
}

static bool is_fact(const struct phrase *p, size_t token)
{
	const struct phrase_token *t = &p->tokens[token];
	unsigned char first = (unsigned char)p->text[t->start];

	if (!t->word)
		return false;
	if (isdigit(first) || is_in(p, token, number_words, ARRAY_SIZE(number_words)))
		return true;
	return isupper(first) && !begins(p, token) &&
	       !is_in(p, token, no_names, ARRAY_SIZE(no_names));
}

static bool keeps_facts(const struct phrase *a, const struct phrase *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (is_fact(a, i) && !has(b, a, i))
			return false;
	return true;
}

static bool denies(const struct phrase *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!is_in(p, i, no_words, ARRAY_SIZE(no_words)))
			continue;
		/* "Whether or not" does not either. */
		if (i && phrase_is(p, i - 1, "or", 2))
			continue;
		if (!phrase_is(p, i, "no", 2) || i + 1 == p->n ||
		    !is_in(p, i + 1, polite, ARRAY_SIZE(polite)))
			return true;
	}
	return false;
}

static bool keeps_owners(const struct phrase *a, const struct phrase *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (is_in(a, i, owners, ARRAY_SIZE(owners)) && !has(b, a, i))
			return false;
	return true;
}

bool faithful_facts(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct phrase old, fresh;

	return phrase_cut(&old, a, a_len) && phrase_cut(&fresh, b, b_len) &&
	       keeps_facts(&old, &fresh) && keeps_facts(&fresh, &old);
}

bool faithful(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct phrase old, fresh;

	return faithful_facts(a, a_len, b, b_len) && phrase_cut(&old, a, a_len) &&
	       phrase_cut(&fresh, b, b_len) && denies(&old) == denies(&fresh) &&
	       keeps_owners(&old, &fresh);
}
