/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/phrase.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/macro.h"

enum { NP_MAX = 6, WORD_MAX = 64 };

static bool is_letter(unsigned char c)
{
	return isalnum(c) || c >= 0x80;
}

/* Bytes of an apostrophe, straight or curved. */
static size_t apostrophe(const char *text, size_t len)
{
	if (len >= 1 && *text == '\'')
		return 1;
	return len >= 3 && memcmp(text, "\xe2\x80\x99", 3) == 0 ? 3 : 0;
}

static bool is_curved_sign(const char *text, size_t len)
{
	/* General punctuation, U+2000 to U+203F: dashes, quotes, the ellipsis. */
	return len >= 3 && text[0] == '\xe2' && text[1] == '\x80';
}

static size_t word_length(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t mark = apostrophe(text + at, len - at);

		if (mark && at && at + mark < len && is_letter((unsigned char)text[at + mark]))
			at += mark;
		else if (at && at + 1 < len && strchr(".,:", text[at]) &&
			 isdigit((unsigned char)text[at - 1]) &&
			 isdigit((unsigned char)text[at + 1]))
			at++;
		else if (is_letter((unsigned char)text[at]) &&
			 !is_curved_sign(text + at, len - at))
			at++;
		else
			break;
	}
	return at;
}

static size_t sign_length(const char *text, size_t len)
{
	return is_curved_sign(text, len) ? 3 : 1;
}

/* The token at or after *@at, and *@at behind it; false at the end. */
static bool next_token(const char *text, size_t len, size_t *at, struct phrase_token *ret)
{
	size_t from = *at;

	while (*at < len && isspace((unsigned char)text[*at]))
		++*at;
	if (*at == len)
		return false;
	ret->glued = *at == from && from > 0;
	ret->start = *at;
	ret->len = word_length(text + *at, len - *at);
	ret->word = ret->len > 0;
	if (!ret->word)
		ret->len = sign_length(text + *at, len - *at);
	*at += ret->len;
	return true;
}

bool phrase_cut(struct phrase *ret, const char *text, size_t len)
{
	struct phrase_token token;
	size_t at = 0;

	ret->text = text;
	ret->n = 0;
	while (next_token(text, len, &at, &token)) {
		if (ret->n == PHRASE_TOKENS_MAX)
			return false;
		ret->tokens[ret->n++] = token;
	}
	return true;
}

bool phrase_is(const struct phrase *p, size_t token, const char *word, size_t len)
{
	const struct phrase_token *t = &p->tokens[token];
	const char *have = p->text + t->start, *end = have + t->len;
	size_t i = 0;

	while (have < end && i < len) {
		size_t mark = apostrophe(have, (size_t)(end - have));

		/* A curved apostrophe is as good as the straight one of rules. */
		if (word[i] == '\'' ? !mark : tolower((unsigned char)*have) !=
					      tolower((unsigned char)word[i]))
			return false;
		have += mark ? mark : 1;
		i++;
	}
	return have == end && i == len;
}

size_t phrase_find_at(const struct phrase *p, size_t at, const char *say)
{
	size_t len = strlen(say), pos = 0, n = 0;
	struct phrase_token token;

	/* Most words end here; a curved apostrophe is no first letter of a word. */
	if (tolower((unsigned char)p->text[p->tokens[at].start]) != *say)
		return 0;
	while (next_token(say, len, &pos, &token)) {
		const struct phrase_token *have = &p->tokens[at + n];

		if (at + n >= p->n || !phrase_is(p, at + n, say + token.start, token.len) ||
		    (n && !have->word && have->glued != token.glued))
			return 0;
		n++;
	}
	return n;
}

static int by_word(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

bool word_set_has(const struct word_set *s, const char *word, size_t len)
{
	char low[WORD_MAX];
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		size_t mark = apostrophe(word + i, len - i);

		if (n + 1 >= sizeof(low))
			return false;
		low[n] = mark ? '\'' : (char)tolower((unsigned char)word[i]);
		i += mark ? mark : 1;
	}
	low[n] = '\0';
	return s->n && bsearch(low, s->items, s->n, sizeof(*s->items), by_word);
}

static bool token_in(const struct phrase *p, size_t token, const struct word_set *s)
{
	return word_set_has(s, p->text + p->tokens[token].start, p->tokens[token].len);
}

/* An item of a pattern: a slot, or words to choose from. */
struct item {
	const char *text;
	size_t len;
	bool slot, optional;
};

static const char *next_item(const char *pattern, struct item *ret)
{
	while (*pattern == ' ')
		pattern++;
	if (!*pattern)
		return NULL;
	ret->text = pattern;
	ret->len = strcspn(pattern, " ");
	pattern += ret->len;
	ret->slot = *ret->text == '{';
	ret->optional = !ret->slot && ret->len > 1 && ret->text[ret->len - 1] == '?';
	if (ret->slot) {
		ret->text++;
		ret->len = ret->len > 2 ? ret->len - 2 : 0;
	} else if (ret->optional) {
		ret->len--;
	}
	return pattern;
}

static bool is_one_of(const struct phrase *p, size_t token, const struct item *words)
{
	for (size_t at = 0; at < words->len;) {
		const char *bar = memchr(words->text + at, '|', words->len - at);
		size_t end = bar ? (size_t)(bar - words->text) : words->len;

		if (phrase_is(p, token, words->text + at, end - at))
			return true;
		at = end + 1;
	}
	return false;
}

static bool item_is(const struct item *i, const char *name)
{
	return i->len == strlen(name) && memcmp(i->text, name, i->len) == 0;
}

static bool is_clause(const struct phrase *p, size_t from, size_t n,
		      const struct phrase_lists *lists)
{
	if (n > 1 && token_in(p, from, &lists->subjects))
		return true;
	for (size_t i = from + 1; i < from + n; i++)
		if (token_in(p, i, &lists->finite))
			return true;
	return false;
}

static bool may_hold(const struct phrase *p, const struct item *slot, size_t from, size_t n,
		     const struct phrase_lists *lists)
{
	if (!p->tokens[from].word)
		return false;
	if (item_is(slot, "do"))
		return token_in(p, from, &lists->verbs) &&
		       (from + 1 == p->n || !token_in(p, from + 1, &lists->finite));
	if (item_is(slot, "clause"))
		return is_clause(p, from, n, lists);
	if (!item_is(slot, "np"))
		return true;
	for (size_t i = from; i < from + n; i++)
		if (!p->tokens[i].word)
			return false;
	return n <= NP_MAX;
}

/* Patterns are short and name two slots at most, so few ways are tried. */
static bool match_from(const struct phrase *p, size_t at, const char *pattern,
		       const struct phrase_lists *lists, struct match *ret, size_t n_slots)
{
	struct item item;
	const char *rest = next_item(pattern, &item);

	if (!rest)
		return at == p->n;
	if (!item.slot)
		return (at < p->n && is_one_of(p, at, &item) &&
			match_from(p, at + 1, rest, lists, ret, n_slots)) ||
		       (item.optional && match_from(p, at, rest, lists, ret, n_slots));
	for (size_t n = 1; n_slots < PATTERN_SLOTS_MAX && at + n <= p->n; n++) {
		if (!may_hold(p, &item, at, n, lists))
			continue;
		ret->slots[n_slots] = (struct capture){ item.text, item.len, at, n };
		if (match_from(p, at + n, rest, lists, ret, n_slots + 1))
			return true;
	}
	return false;
}

bool pattern_matches(const struct phrase *p, size_t from, const char *pattern,
		     const struct phrase_lists *lists, struct match *ret)
{
	*ret = (struct match){ 0 };
	return match_from(p, from, pattern, lists, ret, 0);
}

const char *pattern_defect(const char *pattern)
{
	size_t slots = 0;
	struct item item;

	while ((pattern = next_item(pattern, &item))) {
		if (!item.slot)
			continue;
		if (item.text[item.len] != '}')
			return "a slot ends with }";
		if (!item_is(&item, "do") && !item_is(&item, "clause") && !item_is(&item, "np") &&
		    !item_is(&item, "rest"))
			return "slots are {do}, {clause}, {np} and {rest}";
		if (++slots > PATTERN_SLOTS_MAX)
			return "at most two slots";
	}
	return NULL;
}

bool pattern_has(const char *pattern, const char *name, size_t len)
{
	struct item item;

	while ((pattern = next_item(pattern, &item)))
		if (item.slot && item.len == len && memcmp(item.text, name, len) == 0)
			return true;
	return false;
}
