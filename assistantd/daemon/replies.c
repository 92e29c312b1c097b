/* SPDX-License-Identifier: MIT */
/* Which replies are offered: by the kind of the message, or by what a hint asks for. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/replies-private.h"
#include "assistantd/daemon/sorter.h"
#include "util/buf.h"
#include "util/macro.h"

enum { NAME_BYTES = 40 };

/* How likely kinds that are grave must be together, for one of them to be taken. Below a half:
 * a cheerful answer to bad news is worse than sympathy where nothing happened. */
static const double grave_share = 0.4;

/* What slots are filled with; empty: nothing. */
struct filling {
	struct buf words[SLOT_COUNT];
	unsigned given, hinted;		/* one bit each: all, and those of the hint */
};

/* A name that stands well in a line. */
static bool is_plain_name(const char *name)
{
	size_t n = 0;

	while ((unsigned char)name[n] >= 0x20 && name[n] != 0x7f)
		n++;
	return n && !name[n] && n <= NAME_BYTES;
}

static int fill_thing(const struct replies *r, const char *text, size_t len, struct buf *to)
{
	struct thing_mention thing = mention_thing(r->mentions, text, len);

	return thing.noun.len ? buf_printf(to, "%s %.*s", thing.determiner, (int)thing.noun.len,
					   text + thing.noun.start) : 0;
}

static int fill(const struct replies *r, const struct reply_to *to, struct filling *f)
{
	struct span time = mention_time(r->mentions, to->text, to->len);
	int e = fill_thing(r, to->text, to->len, &f->words[SLOT_THING]);

	if (e == 0 && !f->words[SLOT_THING].len && to->earlier)
		e = fill_thing(r, to->earlier, strlen(to->earlier), &f->words[SLOT_THING]);
	if (e == 0)
		e = buf_append(&f->words[SLOT_TIME], to->text + time.start, time.len);
	if (e == 0 && to->name && is_plain_name(to->name))
		e = buf_append_str(&f->words[SLOT_NAME], to->name);
	for (size_t i = 0; e == 0 && to->hint && i < HINT_SLOT_COUNT; i++)
		if (to->hint->words[i]) {
			e = buf_append_str(&f->words[SLOT_HINT + i], to->hint->words[i]);
			f->hinted |= 1u << (SLOT_HINT + i);
		}
	for (size_t i = 0; i < SLOT_COUNT; i++)
		f->given |= f->words[i].len ? 1u << i : 0;
	return e;
}

/* How many slots of a template are filled, or -1 where one is not. */
static int count_filled(const struct template *t, const struct filling *f)
{
	return t->slots & ~f->given ? -1 : __builtin_popcount(t->slots);
}

/* Appends sentences in which slots are words; what these end with is not said twice. */
static int write_text(const char *text, const struct filling *f, struct buf *out)
{
	size_t from = out->len;
	int r = 0;

	while (r == 0 && *text) {
		size_t plain = strcspn(text, "{");
		enum slot s;

		r = buf_append(out, text, plain);
		text += plain;
		if (r < 0 || !*text)
			break;
		s = reply_slot_at(text);
		r = buf_append(out, f->words[s].data, f->words[s].len);
		text += strlen(reply_slot_name(s));
		if (r == 0 && *text == '.' && strchr("!?", out->data[out->len - 1]))
			text++;
	}
	if (r == 0 && out->len > from)
		out->data[from] = (char)toupper((unsigned char)out->data[from]);
	return r;
}

/* Whether the template leaves nothing unsaid that the hint has, but for what can be said behind
 * it. */
static bool says_all(const struct replies *r, const struct template *t, const struct filling *f)
{
	unsigned missing = f->hinted & ~t->slots;

	return !missing || (missing == r->more_slots && !(t->slots & r->more_slots));
}

static int write_reply(const struct replies *r, const struct template *t, const struct filling *f,
		       char **ret)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	int e = write_text(t->text, f, &out);

	if (e == 0 && (f->hinted & ~t->slots)) {
		e = buf_append_char(&out, ' ');
		if (e == 0)
			e = write_text(r->more, f, &out);
	}
	*ret = e == 0 ? buf_steal(&out) : NULL;
	return e;
}

/* The answers so far. */
struct answers {
	struct reply *items;
	size_t n, max;
};

static int add(struct answers *a, const struct replies *r, const struct kind *k,
	       const struct template *t, const struct filling *f)
{
	struct reply *reply = &a->items[a->n];
	int e;

	if (a->n == a->max)
		return 0;
	*reply = (struct reply){ .kind = k->name, .intent = t->intent->name };
	e = write_reply(r, t, f, &reply->text);
	a->n += e == 0;
	return e;
}

/* Whether an earlier template of the list has the intent of @at. */
static bool intent_before(const struct template_list *l, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (l->items[i].intent == l->items[at].intent)
			return true;
	return false;
}

/* Of the templates with the intent of @at the one with the most slots, all filled. */
static const struct template *best_of_intent(const struct template_list *l, size_t at,
					     const struct filling *f)
{
	const struct template *best = NULL;
	int most = -1;

	for (size_t i = at; i < l->n; i++) {
		int filled = count_filled(&l->items[i], f);

		if (l->items[i].intent == l->items[at].intent && filled > most) {
			most = filled;
			best = &l->items[i];
		}
	}
	return best;
}

static int choose_by_kind(const struct replies *r, const struct kind *k, const struct filling *f,
			  struct answers *a)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < k->replies.n; i++) {
		const struct template *t = intent_before(&k->replies, i) ? NULL :
					   best_of_intent(&k->replies, i, f);

		if (t)
			e = add(a, r, k, t, f);
	}
	return e;
}

static bool answers_to(const struct reply_intent *i, const char *hint)
{
	for (size_t k = 0; k < i->n_hints; k++)
		if (strcmp(i->hints[k], hint) == 0)
			return true;
	return false;
}

/* Of a list what the hint asks for, first what says most of the message's own words. */
static int choose_by_hint(const struct replies *r, const struct kind *k,
			  const struct template_list *l, const char *hint,
			  const struct filling *f, struct answers *a)
{
	int e = 0;

	for (int want = SLOT_COUNT; e == 0 && want >= 0; want--)
		for (size_t i = 0; e == 0 && i < l->n; i++) {
			const struct template *t = &l->items[i];

			if (count_filled(t, f) == want && answers_to(t->intent, hint) &&
			    !(k->grave && t->intent->light) && says_all(r, t, f))
				e = add(a, r, k, t, f);
		}
	return e;
}

/* From the first list that has something. */
static int choose_first(const struct replies *r, const struct kind *k, const char *hint,
			const struct filling *f, struct answers *a)
{
	const struct template_list *const lists[] = { &k->replies, &k->hinted, &r->hinted };
	int e = 0;

	for (size_t i = 0; e == 0 && !a->n && i < ARRAY_SIZE(lists); i++)
		e = choose_by_hint(r, k, lists[i], hint, f, a);
	return e;
}

/* The kind of a name, or the last one. */
static const struct kind *kind_named(const struct replies *r, const char *name)
{
	const struct kind *k = r->kinds;

	while (k < r->kinds + r->n_kinds - 1 && strcmp(k->name, name) != 0)
		k++;
	return k;
}

static int find_kind(const struct replies *r, const struct terms *kinds,
		     const struct reply_to *to, const struct kind **ret)
{
	double grave = 0, most = -1;
	struct sorting s;
	int e = sorter_sort(kinds, NULL, to->text, to->len, &s);

	if (e < 0)
		return e;
	for (size_t i = 0; i < terms_columns(kinds); i++)
		if (kind_named(r, terms_column(kinds, i))->grave)
			grave += s.shares[i];
	*ret = kind_named(r, terms_column(kinds, s.kind));
	for (size_t i = 0; i < terms_columns(kinds); i++) {
		const struct kind *k = kind_named(r, terms_column(kinds, i));

		if (k->grave == (grave >= grave_share) && s.shares[i] > most) {
			most = s.shares[i];
			*ret = k;
		}
	}
	return 0;
}

int replies_choose(const struct replies *r, const struct terms *kinds, const struct reply_to *to,
		   struct reply *ret, size_t max, size_t *n)
{
	struct answers a = { ret, 0, max };
	struct filling f = { 0 };
	const struct kind *k;
	int e = find_kind(r, kinds, to, &k);

	if (e == 0)
		e = fill(r, to, &f);
	if (e == 0 && !to->hint)
		e = choose_by_kind(r, k, &f, &a);
	else if (e == 0)
		e = choose_first(r, k, to->hint->intent, &f, &a);
	for (size_t i = 0; i < SLOT_COUNT; i++)
		buf_deinit(&f.words[i]);
	*n = a.n;
	return e;
}
