/* SPDX-License-Identifier: MIT */
/* Words and phrases of a sentence exchanged, as a style has it. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/restyle-private.h"
#include "assistantd/daemon/verbatim.h"
#include "util/macro.h"

/* How often one rule may come to bear in one sentence. */
enum { TIMES_MAX = 16 };

void letter_up(char *c)
{
	*c = (char)toupper((unsigned char)*c);
}

void letter_down(char *c)
{
	*c = (char)tolower((unsigned char)*c);
}

int ways_take(struct ways *w, char *text)
{
	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->items[i], text) == 0) {
			free(text);
			return 0;
		}
	if (w->n == w->max)
		free(text);
	else
		w->items[w->n++] = text;
	return 0;
}

void ways_deinit(struct ways *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->items[i]);
	w->n = 0;
}

/* "a" before a vowel is "an", judged by letters: @at is where the next word begins. */
static int put_article(struct buf *out, const char *next)
{
	bool an = *next && strchr("aeiouAEIOU", *next);
	size_t from = out->len, word;

	while (from && isspace((unsigned char)out->data[from - 1]))
		from--;
	word = from;
	while (word && isalpha((unsigned char)out->data[word - 1]))
		word--;
	if ((from - word == 1 || (from - word == 2 && tolower((unsigned char)out->data[word + 1]) ==
				  'n')) && tolower((unsigned char)out->data[word]) == 'a' &&
	    isalpha((unsigned char)*next)) {
		out->len = word + 1;
		return buf_append_str(out, an ? "n " : " ");
	}
	return 0;
}

static size_t skip_blanks(const char *text, size_t at)
{
	while (isspace((unsigned char)text[at]))
		at++;
	return at;
}

/* Nothing stands where something stood: no blank too many, no comma that parts nothing. */
static int leave_out(struct buf *out, const char *text, size_t *end)
{
	char last;

	while (out->len && isspace((unsigned char)out->data[out->len - 1]))
		out->len--;
	last = out->len ? out->data[out->len - 1] : '.';
	*end = skip_blanks(text, *end);
	if (text[*end] == ',' && strchr(".!?,:;", last))
		*end = skip_blanks(text, *end + 1);
	if (text[*end] && strchr(".!?", text[*end]) && last == ',')
		out->len--;
	if (out->len && text[*end] && !strchr(".,!?:;)", text[*end]))
		return buf_append_char(out, ' ');
	return 0;
}

/* @text with the tokens from @from to before @to said as @as; NULL without memory. */
static char *exchanged(const struct phrase *p, size_t from, size_t to, const char *as)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	size_t start = p->tokens[from].start, at, rest;
	size_t end = p->tokens[to - 1].start + p->tokens[to - 1].len;
	bool capital = isupper((unsigned char)p->text[start]) && from == 0;
	int r = buf_append(&out, p->text, start);

	if (r == 0 && !*as)
		r = leave_out(&out, p->text, &end);
	if (r == 0)
		r = put_article(&out, *as ? as : p->text + end);
	at = out.len;
	rest = end;
	if (r == 0)
		r = buf_append_str(&out, as);
	if (r == 0)
		r = buf_append_str(&out, p->text + rest);
	if (r < 0)
		return NULL;
	if (capital && at < out.len)
		letter_up(out.data + at);
	return buf_steal(&out);
}

/* The first place from @from on where one of the rule's phrases stands, and not in an address. */
static bool find(const struct tone_swap *swap, const struct phrase *p, size_t from, size_t *at,
		 size_t *n)
{
	for (*at = from; *at < p->n; ++*at)
		for (size_t i = 0; i < swap->say.n; i++) {
			*n = phrase_find_at(p, *at, swap->say.items[i]);
			if (*n && !verbatim_word(p->text, strlen(p->text), p->tokens[*at].start))
				return true;
		}
	return false;
}

/* Words of a replacement, which are not looked at again. */
static size_t tokens_of(const char *text)
{
	struct phrase p;

	return phrase_cut(&p, text, strlen(text)) ? p.n : 0;
}

static int exchange(const struct tone_swap *swap, const char *text, size_t from, unsigned times,
		    struct ways *ret)
{
	struct phrase p;
	size_t at, n;
	int r = 0;

	if (times == TIMES_MAX || !phrase_cut(&p, text, strlen(text)) ||
	    !find(swap, &p, from, &at, &n))
		return ways_take(ret, strdup(text));
	for (size_t i = 0; r == 0 && i < swap->as.n && ret->n < ret->max; i++) {
		_cleanup_free_ char *other = exchanged(&p, at, at + n, swap->as.items[i]);

		r = other ? exchange(swap, other, at + tokens_of(swap->as.items[i]), times + 1,
				     ret) : -ENOMEM;
	}
	return r;
}

static int exchange_all(const struct tone_swap *swap, struct ways *ways)
{
	struct ways fresh = { .max = ways->max };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ways->n; i++)
		r = exchange(swap, ways->items[i], 0, 0, &fresh);
	ways_deinit(ways);
	*ways = fresh;
	return r;
}

int restyle_words(const struct tone *tone, const char *text, struct ways *ret)
{
	int r = ways_take(ret, strdup(text));

	for (size_t i = 0; i < tone->n_swaps; i++)
		for (size_t k = 0; r == 0 && k < tone->swaps[i]->n; k++)
			r = exchange_all(&tone->swaps[i]->items[k], ret);
	return r;
}
