/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/suggestions-words.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/language.h"
#include "assistantd/daemon/spelling.h"
#include "assistantd/daemon/verbatim.h"
#include "util/macro.h"

void suggestions_deinit(struct suggestions *p)
{
	free(p->items);
	*p = (struct suggestions){ 0 };
}

int suggestions_apply(const char *text, size_t len, const struct suggestion *const *changes,
		      size_t n, struct buf *out)
{
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = buf_append(out, text + at, changes[i]->start - at);
		if (r == 0)
			r = buf_append_str(out, changes[i]->text);
		at = changes[i]->start + changes[i]->len;
	}
	return r == 0 ? buf_append(out, text + at, len - at) : r;
}

/* A mistake that is made twice is made by who makes it always, and rarer than a name. */
static const double more_repeated = 8;

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* Whether the word at @start stands elsewhere in the text, too, also as a part of an address. */
static bool is_repeated(const struct finding *f, size_t start, size_t len)
{
	const char *at = f->text, *end = f->text + f->len;

	for (; (at = memmem(at, (size_t)(end - at), f->text + start, len)); at++)
		if (at != f->text + start && (at == f->text || !in_word(at[-1])) &&
		    (at + len == end || !in_word(at[len])))
			return true;
	return false;
}

/* What is no slip is a name sooner, and so is what stands there twice. */
static double how_sure(const struct finding *f, size_t start, size_t len, const char *text)
{
	return spelling_unlikely(f->text + start, len, text, strlen(text)) +
	       (is_repeated(f, start, len) ? more_repeated : 0);
}

void finding_add(struct finding *f, size_t start, size_t len, const char *text,
		 enum change_kind kind)
{
	struct suggestions *p = f->found;
	struct suggestion *item;

	if (f->err < 0 || strlen(text) >= SUGGESTION_MAX)
		return;
	for (size_t i = p->n; i-- > 0 && p->items[i].start + SUGGESTION_MAX > start;)
		if (p->items[i].start == start && p->items[i].len == len &&
		    strcmp(p->items[i].text, text) == 0)
			return;
	if (p->n == p->cap) {
		size_t cap = MAX(2 * p->cap, (size_t)64);
		struct suggestion *grown = reallocarray(p->items, cap, sizeof(*grown));

		if (!grown) {
			f->err = -ENOMEM;
			return;
		}
		p->items = grown;
		p->cap = cap;
	}
	item = &p->items[p->n++];
	*item = (struct suggestion){ .start = start, .len = len, .kind = kind };
	if (kind <= CHANGE_RARE)
		item->more = how_sure(f, start, len, text);
	strcpy(item->text, text);
}

/* An apostrophe between two letters is of the word. */
static size_t word_end(const struct finding *f, size_t at)
{
	while (at < f->len && (in_word(f->text[at]) ||
			       (f->text[at] == '\'' && at + 1 < f->len &&
				isalpha((unsigned char)f->text[at + 1]))))
		at++;
	return at;
}

/* Code, quotations, parts of addresses, file names, numbers and words with hyphens are left
 * alone. */
static bool is_plain(const struct finding *f, const struct word *w)
{
	static const char odd[] = "@/\\_#&=+<>$%*~^|-{}[]`";
	size_t end = w->start + w->len;
	char before = w->start ? f->text[w->start - 1] : ' ';
	char after = end < f->len ? f->text[end] : ' ';

	if (w->len >= WORDLIST_WORD_MAX)
		return false;
	for (size_t i = w->start; i < end; i++)
		if (!isalpha((unsigned char)f->text[i]) && f->text[i] != '\'')
			return false;
	if (strchr(odd, before) || strchr(odd, after))
		return false;
	if (before == '.' && w->start > 1 && in_word(f->text[w->start - 2]))
		return false;
	if ((after == '.' || after == ':') && end + 1 < f->len && in_word(f->text[end + 1]))
		return false;
	return !verbatim_line(f->text, f->len, w->start) &&
	       !verbatim_word(f->text, f->len, w->start);
}

bool finding_spells(const struct finding *f, const struct word *w)
{
	char text[WORDLIST_WORD_MAX];
	size_t len = w->len;

	if (len >= sizeof(text))
		return false;
	memcpy(text, f->text + w->start, len);
	text[len] = '\0';
	if (dictionary_knows(f->p->dictionary, text))
		return true;
	if (len < 3 || strcmp(text + len - 2, "'s") != 0)
		return false;
	text[len - 2] = '\0';
	return wordlist_find(f->p->words, text) || dictionary_knows(f->p->dictionary, text);
}

static void read_word(struct finding *f, struct word *w)
{
	bool capitals = false;

	w->plain = is_plain(f, w);
	if (!w->plain)
		return;
	for (size_t i = 0; i < w->len; i++) {
		capitals |= i > 0 && isupper((unsigned char)f->text[w->start + i]);
		w->low[i] = (char)tolower((unsigned char)f->text[w->start + i]);
	}
	w->low[w->len] = '\0';
	/* Abbreviations and brands. */
	w->plain = !capitals && !confusions_has(f->p->confusions, CONFUSIONS_NAMES, w->low);
	w->capital = isupper((unsigned char)f->text[w->start]);
	if (!w->plain)
		return;
	w->usual = wordlist_find(f->p->words, w->low);
	w->known = w->usual || finding_spells(f, w);
}

/* Whether a sentence begins at @at; *@sentence goes along. */
static bool begins(const struct finding *f, size_t *sentence, size_t at)
{
	while (*sentence < f->sentences.n && f->sentences.items[*sentence].start < at)
		++*sentence;
	return *sentence < f->sentences.n && f->sentences.items[*sentence].start == at;
}

void finding_read(struct finding *f)
{
	size_t cap = f->len / 2 + 1, sentence = 0;

	f->err = sentences_find(f->text, f->len, &f->sentences);
	f->words = calloc(cap, sizeof(*f->words));
	if (!f->words)
		f->err = -ENOMEM;
	for (size_t at = 0; f->err == 0 && at < f->len;) {
		struct word *w;

		if (!in_word(f->text[at])) {
			at++;
			continue;
		}
		w = &f->words[f->n_words++];
		w->start = at;
		w->len = word_end(f, at) - at;
		w->first = begins(f, &sentence, at) && (at || f->around->begins);
		read_word(f, w);
		at += w->len;
	}
}

void finding_deinit(struct finding *f)
{
	free(f->words);
	spans_deinit(&f->sentences);
}

const struct word *finding_word_at(const struct finding *f, size_t start)
{
	for (size_t i = 0; i < f->n_words; i++)
		if (f->words[i].start == start)
			return &f->words[i];
	return NULL;
}

/* Whether the sentence before @at ends there, and not in an abbreviation or an ellipsis. */
static bool ends_before(const struct finding *f, size_t at)
{
	size_t letters = 0;

	while (at > 0 && f->text[at - 1] == ' ')
		at--;
	if (at == 0)
		return true;
	if (f->text[at - 1] == '!' || f->text[at - 1] == '?')
		return true;
	if (f->text[at - 1] != '.')
		return false;
	for (at--; at > 0 && isalpha((unsigned char)f->text[at - 1]); at--)
		letters++;
	return letters > 3 && (at == 0 || f->text[at - 1] == ' ');
}

/* "i", "i'm". */
static bool is_i(const struct word *w)
{
	return w->plain && !w->foreign && !w->capital && w->low[0] == 'i' &&
	       (w->len == 1 || w->low[1] == '\'');
}

static bool is_sign(char c)
{
	return c == ',' || c == ';' || c == '!' || c == '?';
}

/* A blank before signs that end there: ";)" and "!=" do not. */
static bool is_needless(const struct finding *f, size_t at)
{
	size_t end = at + 1;

	if (f->text[at] != ' ' || at == 0 || !in_word(f->text[at - 1]))
		return false;
	while (end < f->len && is_sign(f->text[end]))
		end++;
	return end > at + 1 && (end == f->len || isspace((unsigned char)f->text[end])) &&
	       !verbatim_line(f->text, f->len, at);
}

static void tidy_signs(struct finding *f, size_t from, size_t to)
{
	for (size_t at = from; at + 1 < to; at++)
		if (is_needless(f, at))
			finding_add(f, at, 1, "", CHANGE_PUNCTUATION);
}

int suggestions_certain(const struct proofreader *p, const char *text, size_t len,
			const struct surroundings *around, struct suggestions *ret)
{
	struct finding f = { .p = p, .text = text, .len = len, .around = around,
			     .found = ret };
	int foreign;

	finding_read(&f);
	foreign = language_mark(&f);
	for (size_t i = 0; f.err == 0 && i < f.n_words; i++) {
		const struct word *w = &f.words[i];
		size_t end = w->start + w->len;
		char capital[2] = { (char)toupper((unsigned char)text[w->start]), '\0' };

		if (w->foreign)
			continue;
		if ((w->first && w->plain && !w->capital && ends_before(&f, w->start)) || is_i(w))
			finding_add(&f, w->start, 1, capital, CHANGE_CAPITAL);
		tidy_signs(&f, end, i + 1 < f.n_words ? w[1].start : len);
	}
	finding_deinit(&f);
	return f.err < 0 ? f.err : foreign;
}
