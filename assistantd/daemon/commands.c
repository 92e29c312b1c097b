/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/macro.h"

enum { CUTS_MAX = 16, STRIP_MAX = 2, NAME_WORDS_MAX = 4, UNKNOWN_NAME_MAX = 3,
       UNKNOWN_WORDS_MAX = 20 };

struct cut {
	size_t at, len;
};

struct reader {
	const struct commands_input *in;
	const char *text;
	size_t len;
	struct cut cuts[CUTS_MAX];
	size_t n_cuts;
	unsigned tries;
	struct commands *ret;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool loose(char c)
{
	return blank(c) || c == ',' || c == ';';
}

static void trim(const char **text, size_t *len)
{
	while (*len && loose(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len && loose((*text)[*len - 1]))
		(*len)--;
}

static void command_deinit(struct command *c)
{
	while (c->n)
		order_deinit(&c->meanings[--c->n]);
}

void commands_deinit(struct commands *c)
{
	while (c->n)
		command_deinit(&c->items[--c->n]);
}

/* All meanings of @m that won; 0 or -errno with @c empty. */
static int take(struct command *c, const char *text, size_t len, const struct intent_matches *m)
{
	int r = 0;

	c->n = 0;
	for (size_t i = 0; r == 0 && i < m->n_best && c->n < COMMANDS_MAX; i++) {
		r = order_init(&c->meanings[c->n], text, len, &m->items[i]);
		c->n += r == 0;
	}
	if (r < 0)
		command_deinit(c);
	return r;
}

/* One text as one command; @strict: a wildcard may not have taken any of it. */
static int match(struct reader *r, const char *text, size_t len, bool strict, struct command *c)
{
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	int err;

	c->n = 0;
	if (++r->tries > COMMANDS_TRIES_MAX)
		return COMMANDS_E_NONE;
	err = r->in->match(r->in->arg, text, len, &m);
	if (err < 0)
		return err;
	if (err == INTENT_E_NONE || !m || m->n_best == 0 || (strict && m->items[0].wildcard))
		return COMMANDS_E_NONE;
	return take(c, text, len, m);
}

/* Steps over one word and the blanks behind it. */
static void skip_word(const char **text, size_t *len)
{
	while (*len && !blank(**text)) {
		(*text)++;
		(*len)--;
	}
	trim(text, len);
}

/* The text of @from with @fragment in the place of the words of a slot, with or without what
 * stands behind them there. */
static int complete_at(struct reader *r, const struct order *from, const struct order_slot *slot,
		       const char *fragment, size_t len, struct command *c)
{
	const char *rest = from->text + slot->end;
	int err = COMMANDS_E_NONE;

	for (int with_rest = *rest ? 1 : 0; err == COMMANDS_E_NONE && with_rest >= 0;
	     with_rest--) {
		_cleanup_(buf_deinit) struct buf text = BUF_NULL;

		if (buf_append(&text, from->text, slot->start) < 0 ||
		    buf_append(&text, fragment, len) < 0 ||
		    (with_rest && buf_append_str(&text, rest) < 0))
			return -ENOMEM;
		err = match(r, text.data, text.len, true, c);
	}
	return err;
}

/* Steps over a first word of no weight, as an article: false where it has any ("not", "don't"). */
static bool skip_small_word(const struct words *w, const char **text, size_t *len)
{
	const char *word = *text;
	size_t n = MIN(strcspn(word, " \t\r\n,;"), *len);

	skip_word(text, len);
	return words_find(w, WORDS_SKIP, word, n) != NULL;
}

/* A part that says only what is new: the rest of it is the command before. An article may
 * stand in both. */
static int complete(struct reader *r, const struct order *from, const char *fragment, size_t len,
		    struct command *c)
{
	static const char *const slots[] = { "name", "area", "floor" };
	int err = COMMANDS_E_NONE;

	for (int strip = 0; strip <= STRIP_MAX && len && err == COMMANDS_E_NONE; strip++) {
		for (size_t i = 0; i < ARRAY_SIZE(slots) && err == COMMANDS_E_NONE; i++) {
			const struct order_slot *s = order_slot_find(from, slots[i]);

			if (s && s->start < s->end)
				err = complete_at(r, from, s, fragment, len, c);
		}
		if (err == COMMANDS_E_NONE &&
		    !skip_small_word(r->in->words, &fragment, &len))
			break;
	}
	return err;
}

static void find_cuts(struct reader *r)
{
	const struct word *w;

	for (size_t at = 1; at < r->len && r->n_cuts < CUTS_MAX; at++)
		for (size_t i = 0; (w = words_at(r->in->words, WORDS_BETWEEN, i)); i++) {
			size_t len = strlen(w->text);

			if (len <= r->len - at &&
			    words_equal(r->text + at, len, w->text, len)) {
				r->cuts[r->n_cuts++] = (struct cut){ at, len };
				break;
			}
		}
}

static int read_part(struct reader *r, size_t start, size_t end)
{
	struct commands *all = r->ret;
	const char *text = r->text + start;
	size_t len = end - start;
	int err;

	trim(&text, &len);
	if (!len || all->n == COMMANDS_MAX)
		return COMMANDS_E_NONE;
	err = match(r, text, len, false, &all->items[all->n]);
	if (err == COMMANDS_E_NONE && all->n)
		err = complete(r, &all->items[all->n - 1].meanings[0], text, len,
			       &all->items[all->n]);
	all->n += err == 0;
	return err;
}

/* From @start on, the longest part first. At most COMMANDS_MAX deep. */
static int read_from(struct reader *r, size_t start)
{
	bool whole = start == 0 && r->in->apart;
	int err = whole ? COMMANDS_E_NONE : read_part(r, start, r->len);

	for (size_t i = r->n_cuts; i-- > 0 && err == COMMANDS_E_NONE;) {
		const struct cut *cut = &r->cuts[i];

		if (cut->at <= start)
			break;
		err = read_part(r, start, cut->at);
		if (err != 0)
			continue;
		err = read_from(r, cut->at + cut->len);
		if (err)
			command_deinit(&r->ret->items[--r->ret->n]);
	}
	return err;
}

/* "Turn the lamp and the fan on": the words before the cut, up to so many, belong to what is
 * named behind it. */
static int read_joined(struct reader *r, const struct cut *cut)
{
	const char *behind = r->text + cut->at + cut->len;
	size_t end = cut->at, behind_len = r->len - cut->at - cut->len;
	int err = COMMANDS_E_NONE;

	for (int words = 0; words < NAME_WORDS_MAX && err == COMMANDS_E_NONE; words++) {
		_cleanup_(buf_deinit) struct buf text = BUF_NULL;

		while (end && blank(r->text[end - 1]))
			end--;
		while (end && !blank(r->text[end - 1]))
			end--;
		if (!end)
			break;
		if (buf_append(&text, r->text, end) < 0 ||
		    buf_append(&text, behind, behind_len) < 0)
			return -ENOMEM;
		err = match(r, text.data, text.len, true, &r->ret->items[1]);
		if (err)
			continue;
		err = complete(r, &r->ret->items[1].meanings[0], r->text + end, cut->at - end,
			       &r->ret->items[0]);
		if (err)
			command_deinit(&r->ret->items[1]);
		else
			r->ret->n = 2;
	}
	return err;
}

void commands_fragment(const struct words *w, const char *text, size_t len, size_t *start,
		       size_t *end)
{
	const char *at = text;
	const struct word *word;
	size_t longest = 0;

	trim(&at, &len);
	while (len && (strchr("?!.", at[len - 1]) || loose(at[len - 1])))
		len--;
	for (size_t i = 0; (word = words_at(w, WORDS_ALSO, i)); i++) {
		size_t n = strlen(word->text);

		if (n > longest && n < len && loose(at[n]) && words_equal(at, n, word->text, n))
			longest = n;
	}
	at += longest;
	len -= longest;
	trim(&at, &len);
	*start = (size_t)(at - text);
	*end = *start + len;
}

int commands_short(const struct commands_input *in, const char *text, size_t len,
		   struct commands *ret)
{
	struct reader r = { .in = in, .text = text, .len = len, .ret = ret };
	enum policy_label label = POLICY_LABEL_NOTES;
	size_t start, end;
	int err;

	ret->n = 0;
	commands_fragment(in->words, text, len, &start, &end);
	if (!in->last || !in->last->intent || start == end)
		return COMMANDS_E_NONE;
	err = complete(&r, in->last, text + start, end - start, &ret->items[0]);
	if (err)
		return err;
	ret->n = 1;
	/* What it does was said in another request. */
	if (order_label(in->last) > label)
		label = order_label(in->last);
	for (size_t i = 0; i < ret->items[0].n; i++)
		ret->items[0].meanings[i].label = label;
	return 0;
}

int commands_read(const struct commands_input *in, const char *text, size_t len,
		  struct commands *ret)
{
	struct reader r = { .in = in, .text = text, .len = len, .ret = ret };
	int err;

	ret->n = 0;
	find_cuts(&r);
	err = read_from(&r, 0);
	for (size_t i = 0; i < r.n_cuts && err == COMMANDS_E_NONE; i++)
		err = read_joined(&r, &r.cuts[i]);
	return err == COMMANDS_E_NONE ? commands_short(in, text, len, ret) : err;
}

/* Where the words of a text stand; how many. */
static size_t find_words(const char *text, size_t len, struct cut *ret, size_t max)
{
	size_t n = 0, at = 0;

	while (at < len) {
		size_t start;

		while (at < len && loose(text[at]))
			at++;
		start = at;
		while (at < len && !loose(text[at]) && !strchr("?!.", text[at]))
			at++;
		if (at > start && n == max)
			return max + 1;
		if (at > start)
			ret[n++] = (struct cut){ start, at - start };
		at += at < len;
	}
	return n;
}

static int try_unknown(struct reader *r, size_t start, size_t end, struct order *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct command c = { .n = 0 };
	const char *name;
	int err;

	if (buf_append(&text, r->text, start) < 0 ||
	    buf_append_str(&text, COMMANDS_UNKNOWN) < 0 ||
	    buf_append(&text, r->text + end, r->len - end) < 0)
		return -ENOMEM;
	err = match(r, text.data, text.len, true, &c);
	name = err == 0 ? order_slot(&c.meanings[0], "name") : NULL;
	if (err == 0 && name && strcmp(name, COMMANDS_UNKNOWN) == 0) {
		*ret = c.meanings[0];
		c.meanings[0] = (struct order)ORDER_NULL;
	} else if (err == 0) {
		err = COMMANDS_E_NONE;
	}
	command_deinit(&c);
	return err;
}

/* "In the" is no name of anything. */
static bool only_small_words(const struct reader *r, const struct cut *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!words_find(r->in->words, WORDS_SKIP, r->text + words[i].at, words[i].len))
			return false;
	return true;
}

int commands_unknown(const struct commands_input *in, const char *text, size_t len,
		     struct order *ret, size_t *start, size_t *end)
{
	struct reader r = { .in = in, .text = text, .len = len };
	struct cut words[UNKNOWN_WORDS_MAX];
	size_t n = find_words(text, len, words, ARRAY_SIZE(words));
	int err = COMMANDS_E_NONE;

	if (n > ARRAY_SIZE(words))
		return err;
	/* The shortest name leaves most of the sentence to be understood; where a name would be
	 * most of it, it is not the name that is not known. */
	for (size_t count = 1; count <= MIN(n / 2, (size_t)UNKNOWN_NAME_MAX) &&
	     err == COMMANDS_E_NONE; count++)
		for (size_t i = 0; i + count < n + 1 && err == COMMANDS_E_NONE; i++) {
			if (only_small_words(&r, words + i, count))
				continue;
			*start = words[i].at;
			*end = words[i + count - 1].at + words[i + count - 1].len;
			err = try_unknown(&r, *start, *end, ret);
		}
	return err;
}
