/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/restyle.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/faithful.h"
#include "assistantd/daemon/restyle-private.h"
#include "assistantd/daemon/verbatim.h"
#include "util/macro.h"

/* A sentence that is longer keeps its form; a line that is shorter may be a name. */
enum { SENTENCE_MAX = 1000, SIGNATURE_WORDS = 4 };
/* Ways of all sentences beyond one each, so that no text takes long. */
enum { MORE_WAYS_MAX = 1024 };

static size_t words_in(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += !isspace((unsigned char)text[i]) && (i == 0 ||
							  isspace((unsigned char)text[i - 1]));
	return n;
}

/* A line that is none: the name below a message, an item of a list, a quotation, also one in which
 * it ends. */
static bool is_sentence(const char *text, struct span s, bool alone)
{
	char last = text[s.start + s.len - 1];

	/* A sentence that goes on behind a quotation is no new one. */
	if (s.start && islower((unsigned char)text[s.start]) && strchr(" \"')", text[s.start - 1]))
		return false;
	if (s.len > SENTENCE_MAX || !isalnum((unsigned char)text[s.start]) ||
	    strchr("\"')", last) ||
	    (s.len > 3 && memcmp(text + s.start + s.len - 3, "\xe2\x80\x9d", 3) == 0))
		return false;
	return alone || strchr(".!?", last) ||
	       words_in(text + s.start, s.len) > SIGNATURE_WORDS;
}

static int shape_all(struct restyle_state *state, struct ways *ways)
{
	struct ways fresh = { .max = ways->max };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ways->n; i++)
		r = restyle_shape(state, ways->items[i], &fresh);
	ways_deinit(ways);
	*ways = fresh;
	return r;
}

/* Those that say the same; else the text as it was. Where there is more than this sentence,
 * @droppable, nothing may be left of it. */
static int keep_faithful(struct ways *ways, const char *text, bool droppable,
			 struct restyle_part *ret)
{
	size_t len = strlen(text);
	bool capital = isupper((unsigned char)*text), read = has_letters(text, len);

	ret->ways = calloc(ways->n + 1, sizeof(*ret->ways));
	if (!ret->ways)
		return -ENOMEM;
	for (size_t i = 0; i < ways->n; i++) {
		char *way = ways->items[i];
		size_t n = strlen(way);
		bool empty = read && !has_letters(way, n);

		if (empty ? !droppable : !faithful_facts(text, len, way, n))
			continue;
		if (empty)
			*way = '\0';
		if (capital)
			letter_up(way);
		ret->ways[ret->n_ways++] = TAKE(ways->items[i]);
	}
	if (ret->n_ways)
		return 0;
	ret->ways[0] = strdup(text);
	ret->n_ways = ret->ways[0] != NULL;
	return ret->n_ways ? 0 : -ENOMEM;
}

/* What is not the author's to say in another way. */
static int keep(const char *text, struct span s, struct restyle_part *ret)
{
	ret->ways = calloc(1, sizeof(*ret->ways));
	if (!ret->ways)
		return -ENOMEM;
	ret->ways[0] = strndup(text + s.start, s.len);
	ret->n_ways = ret->ways[0] != NULL;
	return ret->n_ways ? 0 : -ENOMEM;
}

static int find_ways(struct restyle_state *state, const char *text, struct span s, bool alone,
		     struct restyle_part *ret)
{
	const char *own = text + s.start;
	_cleanup_free_ char *plain = state->tone->calm ? restyle_calmed(state, own, s.len)
						       : strndup(own, s.len);
	struct ways ways = { .max = MIN((size_t)RESTYLE_WAYS_MAX, state->more_ways + 1) };
	int r = plain ? restyle_words(state->tone, plain, &ways) : -ENOMEM;

	if (r == 0 && is_sentence(text, s, alone) && !restyle_capitals(plain))
		r = shape_all(state, &ways);
	if (r == 0)
		r = keep_faithful(&ways, plain, !alone, ret);
	if (r == 0)
		state->more_ways -= ret->n_ways - 1;
	ways_deinit(&ways);
	return r;
}

/* Whether the message says already what a closing would say. */
static bool says(const char *text, size_t len, const struct strings *words)
{
	struct phrase p;

	if (!phrase_cut(&p, text, len))
		return true;
	for (size_t at = 0; at < p.n; at++)
		for (size_t i = 0; i < words->n; i++)
			if (phrase_find_at(&p, at, words->items[i]))
				return true;
	return false;
}

int restyle_find(struct restyle *ret, const struct tones *tones, const struct tone *tone,
		 const char *text, size_t len)
{
	struct restyle_state state = { .tones = tones, .tone = tone,
				       .more_ways = MORE_WAYS_MAX };
	_cleanup_free_ size_t *used = calloc(tone->n_shapes + 1, sizeof(*used));
	struct spans spans = { 0 };
	int r = used ? sentences_find(text, len, &spans) : -ENOMEM;

	state.used = used;
	if (r == 0 && tone->calm)
		r = restyle_find_capitals(&state, text, &spans);
	if (r == 0)
		ret->parts = calloc(spans.n + 1, sizeof(*ret->parts));
	if (r == 0 && !ret->parts)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < spans.n; i++) {
		struct restyle_part *part = &ret->parts[ret->n++];

		part->span = spans.items[i];
		state.sentence++;
		state.shape = NULL;
		r = verbatim_line(text, len, part->span.start) ?
		    keep(text, part->span, part) :
		    find_ways(&state, text, part->span, spans.n == 1, part);
		if (r == 0 && state.shape && state.shape->closing &&
		    !says(text, len, &state.shape->closing->unless)) {
			ret->closing = state.shape->closing->text;
			ret->closing_after = i;
		}
	}
	free(state.capitals);
	spans_deinit(&spans);
	return r;
}

int restyle_join(const struct restyle *r, const char *text, size_t len, struct buf *out)
{
	size_t at = 0;
	int e = 0;

	for (size_t i = 0; e == 0 && i < r->n; i++) {
		const struct restyle_part *p = &r->parts[i];

		e = buf_append(out, text + at, p->span.start - at);
		if (e == 0)
			e = buf_append_str(out, p->ways[p->chosen]);
		if (e == 0 && r->closing && r->closing_after == i)
			e = buf_printf(out, " %s", r->closing);
		at = p->span.start + p->span.len;
		/* Nor are there two blanks where nothing is left. */
		while (!*p->ways[p->chosen] && at < len && isspace((unsigned char)text[at]))
			at++;
	}
	return e < 0 ? e : buf_append(out, text + at, len - at);
}

void restyle_deinit(struct restyle *r)
{
	for (size_t i = 0; i < r->n; i++) {
		for (size_t k = 0; k < r->parts[i].n_ways; k++)
			free(r->parts[i].ways[k]);
		free(r->parts[i].ways);
	}
	free(r->parts);
	*r = (struct restyle){ 0 };
}
