/* SPDX-License-Identifier: MIT */
/* A sentence in other forms: what fits a pattern is put into the forms of a style. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/restyle-private.h"
#include "util/macro.h"

/* A greeting stands before at most so many words of a name; openings before openings. */
enum { NAME_WORDS = 3, SHAPES_MAX = 4 };

/* A sentence in its parts: "Hi Anna," - "call me" - "!" */
struct anatomy {
	struct phrase phrase;
	size_t head;	/* tokens of whom it speaks to */
	size_t body;	/* first token behind the body */
};

static bool token_is_any(const struct phrase *p, size_t token, const char *const *words)
{
	for (; *words; words++)
		if (phrase_is(p, token, *words, strlen(*words)))
			return true;
	return false;
}

static bool is_capital(const struct phrase *p, size_t token)
{
	return token < p->n && isupper((unsigned char)p->text[p->tokens[token].start]);
}

static bool is_sign(const struct phrase *p, size_t token, const char *signs)
{
	return token < p->n && !p->tokens[token].word &&
	       strchr(signs, p->text[p->tokens[token].start]);
}

bool token_in(const struct phrase *p, size_t token, const struct word_set *words)
{
	return word_set_has(words, p->text + p->tokens[token].start, p->tokens[token].len);
}

static bool is_verb(const struct restyle_state *s, const struct phrase *p, size_t token)
{
	return token_in(p, token, &s->tones->lists.verbs);
}

/* "Hi Anna," and the like; a name alone before what begins a sentence. 0: none. */
static size_t find_head(const struct restyle_state *s, const struct phrase *p)
{
	static const char *const greetings[] = { "hi", "hello", "hey", "dear", NULL };
	size_t at = 0;

	if (p->n == 0)
		return 0;
	if (token_is_any(p, 0, greetings)) {
		for (at = 1; at <= NAME_WORDS && is_capital(p, at); at++)
			;
		return is_sign(p, at, ",!:-") ? at + 1 : at == p->n ? at : 0;
	}
	if (p->n < 3 || !is_capital(p, 0) || !is_sign(p, 1, ",:") || is_verb(s, p, 0) ||
	    token_in(p, 0, &s->tones->small))
		return 0;
	return is_verb(s, p, 2) || token_in(p, 2, &s->tones->small) ||
	       token_in(p, 2, &s->tones->lists.subjects) ? 2 : 0;
}

static bool dissect(const struct restyle_state *s, const char *text, struct anatomy *ret)
{
	if (!phrase_cut(&ret->phrase, text, strlen(text)))
		return false;
	ret->head = find_head(s, &ret->phrase);
	ret->body = ret->phrase.n;
	while (ret->body > ret->head && is_sign(&ret->phrase, ret->body - 1, ".!?"))
		ret->body--;
	return ret->body > ret->head;
}

static bool is_question(const struct anatomy *a)
{
	for (size_t i = a->body; i < a->phrase.n; i++)
		if (is_sign(&a->phrase, i, "?"))
			return true;
	return false;
}

/* The first one that fits; what was said once is not said again. */
static const struct tone_shape *find_shape(const struct restyle_state *s, struct anatomy *a,
					   struct match *match)
{
	struct phrase body = a->phrase;
	bool question = is_question(a);

	body.n = a->body;
	for (size_t i = 0; i < s->tone->n_shapes; i++) {
		const struct tone_shape *shape = &s->tone->shapes[i];

		if (shape->question == question &&
		    !(shape->once && s->used[i] && s->used[i] != s->sentence) &&
		    pattern_matches(&body, a->head, shape->match, &s->tones->lists, match))
			return shape;
	}
	return NULL;
}

/* What a form becomes, and what of its last slot is a sentence of its own. */
struct writing {
	const struct restyle_state *state;
	const struct anatomy *anatomy;
	const struct match *match;
	struct buf out;
	struct span rest;
	bool lower;	/* words of which it is not known how they begin inside a sentence */
	bool unsure;	/* there were such words */
};

/* Where, behind a comma, a sentence of its own begins: "Move it, I need the room". */
static size_t own_sentence(const struct writing *w, const struct capture *slot)
{
	const struct phrase *p = &w->anatomy->phrase;

	for (size_t i = slot->from + 1; i + 2 < slot->from + slot->n; i++)
		if (is_sign(p, i, ",") &&
		    token_in(p, i + 1, &w->state->tones->lists.subjects))
			return i;
	return slot->from + slot->n;
}

/* "I", "I'm" */
static bool is_i(const char *text)
{
	return *text == 'I' && !isalpha((unsigned char)text[1]);
}

/* How a sentence's first word is written inside another one. */
static void put_inside(struct writing *w, size_t token, bool order, size_t at)
{
	const struct phrase *p = &w->anatomy->phrase;
	const struct phrase_token *t = &p->tokens[token];
	const char *word = p->text + t->start;

	if (!isupper((unsigned char)*word) || (t->len > 1 && isupper((unsigned char)word[1])) ||
	    is_i(word))
		return;
	if (order || is_verb(w->state, p, token) ||
	    token_in(p, token, &w->state->tones->small)) {
		letter_down(w->out.data + at);
		return;
	}
	w->unsure = true;
	if (w->lower)
		letter_down(w->out.data + at);
}

static int put_slot(struct writing *w, const char *name, size_t len)
{
	const struct phrase *p = &w->anatomy->phrase;
	const struct capture *slot = w->match->slots;
	size_t at = w->out.len, end, to;
	bool order;
	int r;

	if (slot->name_len != len || memcmp(slot->name, name, len) != 0)
		slot++;
	order = len == 2 && memcmp(name, "do", 2) == 0;
	end = order ? own_sentence(w, slot) : slot->from + slot->n;
	to = p->tokens[end - 1].start + p->tokens[end - 1].len;
	r = buf_append(&w->out, p->text + p->tokens[slot->from].start,
		       to - p->tokens[slot->from].start);
	if (r < 0)
		return r;
	if (end < slot->from + slot->n) {
		const struct phrase_token *last = &p->tokens[slot->from + slot->n - 1];

		w->rest = (struct span){ p->tokens[end + 1].start,
					 last->start + last->len - p->tokens[end + 1].start };
	}
	if (at == 0)
		letter_up(w->out.data);
	else if (slot->from == w->anatomy->head)
		put_inside(w, slot->from, order, at);
	return 0;
}

static int put_form(struct writing *w, const char *form)
{
	int r = 0;

	while (r == 0 && *form) {
		size_t plain = strcspn(form, "{");

		r = buf_append(&w->out, form, plain);
		form += plain;
		if (r == 0 && *form) {
			size_t len = strcspn(++form, "}");

			r = put_slot(w, form, len);
			form += len + 1;
		}
	}
	return r;
}

/* The other sentence, behind. */
static int put_rest(struct writing *w)
{
	size_t at = w->out.len + 1;
	int r;

	if (w->rest.len == 0)
		return 0;
	r = buf_append_char(&w->out, ' ');
	if (r == 0)
		r = buf_append(&w->out, w->anatomy->phrase.text + w->rest.start, w->rest.len);
	if (r == 0)
		r = buf_append_char(&w->out, '.');
	if (r == 0)
		letter_up(w->out.data + at);
	return r;
}

/* The head before it; behind its comma a sentence goes on. */
static int put_head(struct writing *w, char **ret)
{
	const struct phrase *p = &w->anatomy->phrase;
	const struct phrase_token *last;
	struct buf out = BUF_NULL;
	bool goes_on;
	int r;

	*ret = NULL;
	if (w->anatomy->head == 0) {
		*ret = buf_steal(&w->out);
		return *ret ? 0 : -ENOMEM;
	}
	last = &p->tokens[w->anatomy->head - 1];
	goes_on = is_sign(p, w->anatomy->head - 1, ",");
	r = buf_append(&out, p->text, last->start + last->len);
	if (r == 0)
		r = buf_append_char(&out, ' ');
	if (r == 0 && goes_on && !is_i(w->out.data))
		letter_down(w->out.data);
	if (r == 0)
		r = buf_append(&out, w->out.data, w->out.len);
	if (r == 0)
		*ret = buf_steal(&out);
	buf_deinit(&out);
	return r;
}

static int write_form(struct writing *w, const char *form, char **ret)
{
	int r;

	w->out = (struct buf)BUF_NULL;
	w->rest = (struct span){ 0, 0 };
	r = put_form(w, form);
	if (r == 0)
		r = put_rest(w);
	if (r == 0)
		r = put_head(w, ret);
	buf_deinit(&w->out);
	return r;
}

static int take_form(struct writing *w, struct restyle_state *s, const struct tone_shape *shape,
		     const char *form, struct ways *ret)
{
	char *text = NULL;
	int r = write_form(w, form, &text);

	if (r < 0 || !shape->again || s->depth + 1 == SHAPES_MAX)
		return r < 0 ? r : ways_take(ret, text);
	s->depth++;
	r = restyle_shape(s, text, ret);
	s->depth--;
	free(text);
	return r;
}

int restyle_shape(struct restyle_state *s, const char *text, struct ways *ret)
{
	struct anatomy anatomy;
	struct match match;
	struct writing w = { .state = s, .anatomy = &anatomy, .match = &match };
	const struct tone_shape *shape;
	int r = 0;

	shape = dissect(s, text, &anatomy) ? find_shape(s, &anatomy, &match) : NULL;
	if (shape) {
		s->shape = shape;
		if (!s->used[shape - s->tone->shapes])
			s->used[shape - s->tone->shapes] = s->sentence;
	}
	if (!shape || !shape->forms.n)
		return ways_take(ret, strdup(text));
	for (size_t i = 0; r == 0 && i < shape->forms.n; i++)
		r = take_form(&w, s, shape, shape->forms.items[i], ret);
	w.lower = true;
	for (size_t i = 0; r == 0 && w.unsure && i < shape->forms.n; i++)
		r = take_form(&w, s, shape, shape->forms.items[i], ret);
	return r;
}
