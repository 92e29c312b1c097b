/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/references.h"

#include <errno.h>
#include <string.h>

#include "util/buf.h"
#include "util/macro.h"

/* Steps to the next word of letters and digits: false behind the last. */
static bool next_word(const char **at, const char *end, const char **word, size_t *len)
{
	static const char between[] = " \t\r\n.,;:!?()[]\"-";

	while (*at < end && strchr(between, **at))
		(*at)++;
	*word = *at;
	while (*at < end && !strchr(between, **at))
		(*at)++;
	*len = (size_t)(*at - *word);
	return *len > 0;
}

static bool has_word(const char *title, const char *word, size_t len)
{
	const char *at = title, *end = title + strlen(title), *w;
	size_t n;

	while (next_word(&at, end, &w, &n))
		if (words_equal(w, n, word, len))
			return true;
	return false;
}

/* How many words of weight @title has of the answer; -1 where one is missing. */
static int weigh(const struct words *w, const char *title, const char *text, size_t len)
{
	const char *at = text, *end = text + len, *word;
	size_t n;
	int found = 0;

	while (next_word(&at, end, &word, &n)) {
		if (has_word(title, word, n))
			found++;
		else if (!words_find(w, WORDS_SKIP, word, n))
			return -1;
	}
	return found;
}

/* "The second", "number two" is none of it: only words of no weight may stand beside. */
static long ordinal(const struct words *w, const char *text, size_t len)
{
	const char *at = text, *end = text + len, *word;
	long found = 0;
	size_t n;

	while (next_word(&at, end, &word, &n)) {
		const struct word *o = words_find(w, WORDS_ORDINALS, word, n);

		if (o && !found)
			found = o->number;
		else if (o || !words_find(w, WORDS_SKIP, word, n))
			return 0;
	}
	return found;
}

int reference_choice(const struct words *w, const struct choice *choices, size_t n,
		     const char *text, size_t len)
{
	long place = ordinal(w, text, len);
	int best = -1, best_weight = 0;

	/* A title may have "first" in it; it counts before the place. */
	for (size_t i = 0; i < n; i++) {
		int weight = weigh(w, choices[i].title, text, len);

		if (weight > best_weight) {
			best = (int)i;
			best_weight = weight;
		} else if (weight > 0 && weight == best_weight) {
			best = -1;
		}
	}
	if (best_weight > 0)
		return best;
	if (place == -1)
		return (int)n - 1;
	return place >= 1 && (size_t)place <= n ? (int)place - 1 : -1;
}

bool reference_is_said(const struct words *w, const char *text, size_t len)
{
	static const enum words_kind kinds[] = { WORDS_IT, WORDS_THEM, WORDS_OTHER };
	const struct word *word;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (size_t i = 0; (word = words_at(w, kinds[k], i)); i++) {
			size_t n = strlen(word->text);

			for (size_t at = 0; n <= len && at <= len - n; at++)
				if (words_equal(text + at, n, word->text, n))
					return true;
		}
	return false;
}

static bool in_focus(const struct conversation *c, const char *id)
{
	for (size_t i = 0; i < c->n_focus; i++)
		if (strcmp(c->focus[i].entity, id) == 0)
			return true;
	return false;
}

static int set_focus(const struct conversation *c, struct order *o)
{
	_cleanup_(buf_deinit) struct buf ids = BUF_NULL;
	enum policy_label label = POLICY_LABEL_NOTES;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_focus; i++) {
		r = buf_printf(&ids, "%s%s", i ? "\n" : "", c->focus[i].entity);
		if (c->focus[i].label > label)
			label = c->focus[i].label;
	}
	if (r == 0 && c->n_focus == 0)
		return REFERENCES_E_NONE;
	return r < 0 ? r : order_set(o, "name", ids.data, label);
}

static int set_other(const struct conversation *c, struct order *o)
{
	const char *found = NULL;

	for (size_t i = 0; i < c->n_others; i++) {
		if (in_focus(c, c->others[i]))
			continue;
		if (found)
			return REFERENCES_E_MANY;
		found = c->others[i];
	}
	return found ? order_set(o, "name", found, POLICY_LABEL_NOTES) : REFERENCES_E_NONE;
}

int reference_resolve(const struct conversation *c, struct order *o)
{
	const char *name = order_slot(o, "name");

	if (name && strcmp(name, REFERENCE_IT) == 0)
		return set_focus(c, o);
	if (name && strcmp(name, REFERENCE_OTHER) == 0)
		return set_other(c, o);
	return 0;
}
