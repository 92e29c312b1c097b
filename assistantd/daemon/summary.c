/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/summary.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/macro.h"

enum { SENTENCES_MAX = 4096, WORD_MAX = 48 };

/* Words of the language's frame, which say nothing of the content. */
static const char frame_words[] =
	" a about after all also an and any are as at be because been before but by can could did "
	"do does for from had has have he her his how i if in into is it its just like me more my "
	"no not of on one or our out over said she so some such than that the their them then "
	"there they this to too up us very was we were what when where which who will with would "
	"you your ";

struct word {
	char text[WORD_MAX];
	double weight;		/* how often it occurs, then: how likely it is to tell something */
};

struct words {
	struct word *slots;
	size_t n_slots, n, total;
};

static size_t hash(const char *s)
{
	size_t h = 5381;

	while (*s)
		h = h * 33 ^ (unsigned char)*s++;
	return h;
}

static struct word *find(struct words *w, const char *text)
{
	size_t at = hash(text) & (w->n_slots - 1);

	while (w->slots[at].text[0] && strcmp(w->slots[at].text, text) != 0)
		at = (at + 1) & (w->n_slots - 1);
	return &w->slots[at];
}

/* The next word of content at *@at, lower case, cut to WORD_MAX; false at the end. */
static bool next_word(const char *text, size_t end, size_t *at, char *word)
{
	char padded[WORD_MAX + 2];

	for (;;) {
		size_t n = 0;

		while (*at < end && !isalnum((unsigned char)text[*at]) &&
		       (unsigned char)text[*at] < 0x80)
			++*at;
		if (*at == end)
			return false;
		for (; *at < end && (isalnum((unsigned char)text[*at]) ||
				     (unsigned char)text[*at] >= 0x80 || text[*at] == '\'');
		     ++*at)
			if (n + 1 < WORD_MAX)
				word[n++] = (char)tolower((unsigned char)text[*at]);
		word[n] = '\0';
		padded[0] = ' ';
		memcpy(padded + 1, word, n);
		memcpy(padded + 1 + n, " ", 2);
		if (n > 1 && !strstr(frame_words, padded))
			return true;
	}
}

static int count_words(const char *text, size_t len, struct words *w)
{
	char word[WORD_MAX];
	size_t at = 0, slots = 1024;

	while (slots < len / 2)
		slots *= 2;
	w->slots = calloc(slots, sizeof(*w->slots));
	if (!w->slots)
		return -ENOMEM;
	w->n_slots = slots;
	while (w->n < slots / 2 && next_word(text, len, &at, word)) {
		struct word *entry = find(w, word);

		w->n += !entry->text[0];
		memcpy(entry->text, word, sizeof(word));
		entry->weight++;
		w->total++;
	}
	for (size_t i = 0; w->total && i < slots; i++)
		w->slots[i].weight /= (double)w->total;
	return 0;
}

static double score(const char *text, const struct span *s, size_t index, struct words *w)
{
	size_t at = s->start, n = 0;
	char word[WORD_MAX];
	double sum = 0;

	while (next_word(text, s->start + s->len, &at, word)) {
		sum += find(w, word)->weight;
		n++;
	}
	/* The mean favours short sentences and the sum long ones; the opening tells most. */
	return n < 3 ? 0 : sum / (double)MAX(n, (size_t)8) * (index == 0 ? 1.5 : 1);
}

/* What has been said once is worth little the second time. */
static void discount(const char *text, const struct span *s, struct words *w)
{
	size_t at = s->start;
	char word[WORD_MAX];

	while (next_word(text, s->start + s->len, &at, word)) {
		struct word *entry = find(w, word);

		entry->weight *= entry->weight;
	}
}

static int choose(const char *text, const struct spans *all, size_t want, struct words *w,
		  bool *chosen, size_t *first)
{
	for (size_t k = 0; k < want; k++) {
		size_t best = all->n;
		double top = 0;

		for (size_t i = 0; i < all->n; i++) {
			double value = chosen[i] ? 0 : score(text, &all->items[i], i, w);

			if (value > top) {
				top = value;
				best = i;
			}
		}
		if (best == all->n)
			break;
		if (k == 0)
			*first = best;
		chosen[best] = true;
		discount(text, &all->items[best], w);
	}
	return 0;
}

int summary_extract(const char *text, size_t len, size_t want, struct spans *ret, size_t *best)
{
	_cleanup_free_ bool *chosen = NULL;
	struct words words = { 0 };
	struct spans all = { 0 };
	size_t first = 0, place = 0;
	int r = sentences_find(text, len, &all);

	if (r == 0)
		r = count_words(text, len, &words);
	all.n = MIN(all.n, (size_t)SENTENCES_MAX);
	chosen = calloc(all.n + 1, sizeof(*chosen));
	if (r == 0 && !chosen)
		r = -ENOMEM;
	if (r == 0) {
		if (want == 0)
			want = CLAMP(all.n / 4, (size_t)1, (size_t)5);
		choose(text, &all, MIN(want, all.n), &words, chosen, &first);
		/* A text of names and numbers only: its beginning stands for it. */
		if (all.n && !chosen[first])
			chosen[first = 0] = true;
	}
	ret->items = r == 0 ? calloc(all.n + 1, sizeof(*ret->items)) : NULL;
	if (r == 0 && !ret->items)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		if (!chosen[i])
			continue;
		if (i == first)
			place = ret->n;
		ret->items[ret->n++] = all.items[i];
	}
	if (best)
		*best = place;
	free(words.slots);
	spans_deinit(&all);
	return r;
}
