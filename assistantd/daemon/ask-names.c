/* SPDX-License-Identifier: MIT */
/* Names that the user gives: for what nobody knew, and for what was not meant. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/ask-private.h"
#include "util/macro.h"

int ask_add_alias(struct asking *a, const char *id, const char *alias, const struct order *o)
{
	json_t *arguments = json_pack("{s:s, s:s}", "entity", id, "alias", alias);
	struct plan_call *c = &a->plan.calls[a->plan.n];
	int r = plan_call(&a->plan, "alias/add", "", arguments, o);
	struct buf done = BUF_NULL;
	struct thing t;

	if (r)
		return r == PLAN_E_MANY ? -E2BIG : r;
	if (!thing_find(a->job, id, &t))
		return 0;
	r = buf_printf(&done, "%s is called %s, too", t.name, alias);
	free(c->title);
	free(c->target);
	c->title = strdup(t.name);
	c->target = strdup(id);
	c->done = buf_steal(&done);
	return r == 0 && c->title && c->target && c->done ? 0 : -ENOMEM;
}

/* What @from's name was called in its text, where no thing has that for its real name: the
 * user's own word for it, or NULL. The caller's. */
static char *said_name(const struct asking *a, const struct order *from)
{
	const struct order_slot *s = order_slot_find(from, "name");
	struct things at = { 0 };
	struct thing t;

	if (!s || s->start == s->end || s->end > strlen(from->text) || strchr(s->value, '\n') ||
	    *s->value == '=')
		return NULL;
	while (things_next(a->job, &at, &t))
		if (words_equal(t.name, strlen(t.name), from->text + s->start, s->end - s->start))
			return NULL;
	return strndup(from->text + s->start, s->end - s->start);
}

/* The wrong thing does not keep the name that the user gave to another. */
static int drop_alias(struct asking *a, const char *id, const char *alias, const struct order *o)
{
	const struct home_names *names = &home_settings(a->job->d->home, id)->aliases;
	int r;

	for (size_t i = 0; i < names->n; i++) {
		if (!words_equal(names->names[i], strlen(names->names[i]), alias, strlen(alias)))
			continue;
		r = plan_call(&a->plan, "alias/remove", "", json_pack("{s:s, s:s}", "entity", id,
				  "alias", names->names[i]), o);
		if (r == 0 && !(a->plan.calls[a->plan.n - 1].done = strdup("")))
			r = -ENOMEM;
		return r == PLAN_E_MANY ? -E2BIG : r;
	}
	return 0;
}

static bool is_reference(const struct words *w, const char *text)
{
	return words_find(w, WORDS_IT, text, strlen(text)) ||
	       words_find(w, WORDS_THEM, text, strlen(text)) ||
	       words_find(w, WORDS_OTHER, text, strlen(text));
}

int ask_take_correction(struct asking *a, const struct order *o)
{
	static const char *const places[] = { "area", "floor", "domain", "device_class",
					      "quantity" };
	const struct pending *p = &a->conversation->pending;
	const char *id = order_slot(o, "name"), *old;
	_cleanup_free_ char *said = NULL;
	int r;

	if (!id || strchr(id, '\n')) {
		ask_back(a->job, "Which one?");
		return ASK_DONE;
	}
	if (p->n_orders)
		return ask_resume(a, id);
	if (!a->conversation->last.intent) {
		ask_back(a->job, "I do not know what that is about.");
		return ASK_DONE;
	}
	said = said_name(a, &a->conversation->last);
	old = order_slot(&a->conversation->last, "name");
	r = ask_copy_order(a, &a->conversation->last);
	if (r == 0 && said && !is_reference(a->job->d->words, said)) {
		r = old ? drop_alias(a, old, said, o) : 0;
		if (r == 0)
			r = ask_add_alias(a, id, said, o);
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(places); i++)
		order_unset(&a->orders[0], places[i]);
	/* What is done with it was said before. */
	if (r == 0 && a->orders[0].label == POLICY_LABEL_USER)
		a->orders[0].label = POLICY_LABEL_NOTES;
	return r < 0 ? r : order_set(&a->orders[0], "name", id, POLICY_LABEL_USER);
}

/* A place is known, though not as a thing. */
static bool is_place(const struct asking *a, const char *text, size_t len)
{
	struct things at = { 0 };
	struct thing t;

	while (things_next(a->job, &at, &t))
		if (words_equal(t.area, strlen(t.area), text, len) ||
		    words_equal(t.floor, strlen(t.floor), text, len))
			return true;
	return false;
}

/* The text as it was said in the place of the one with COMMANDS_UNKNOWN in it, so that an answer
 * takes the place of the name: from @start to @end. */
static int as_said(struct order *o, const struct buf *text, size_t start, size_t end)
{
	struct order_slot *name = (struct order_slot *)order_slot_find(o, "name");
	size_t behind = name->end;

	for (size_t i = 0; i < o->n_slots; i++) {
		struct order_slot *s = &o->slots[i];

		if (s == name || s->start < behind)
			continue;
		s->start = s->start - behind + end;
		s->end = s->end - behind + end;
	}
	name->start = start;
	name->end = end;
	free(o->text);
	o->text = strndup(text->data, text->len);
	return o->text ? 0 : -ENOMEM;
}

int ask_unknown(struct asking *a)
{
	const struct buf *text = &a->job->input;
	struct commands_input in = ask_input(a, NULL);
	struct buf question = BUF_NULL;
	struct order o = ORDER_NULL;
	size_t start, end;
	int r = commands_unknown(&in, text->data, text->len, &o, &start, &end);

	if (r)
		return MIN(r, 0);
	/* "The lamp not" is no name, and must never become one. */
	if (is_place(a, text->data + start, end - start) ||
	    words_has(a->job->d->words, WORDS_NOT, text->data + start, end - start)) {
		order_deinit(&o);
		return 0;
	}
	r = as_said(&o, text, start, end);
	if (r == 0)
		r = ask_take_order(a, &o);
	if (r == 0)
		r = ask_suspend(a, 0);
	if (r == 0 && !(a->conversation->pending.unknown = strndup(text->data + start,
								   end - start)))
		r = -ENOMEM;
	if (r == 0)
		r = buf_printf(&question, "I know nothing that is called %s. What do you mean?",
			       a->conversation->pending.unknown);
	if (r == 0)
		ask_back(a->job, question.data);
	order_deinit(&o);
	buf_deinit(&question);
	return r < 0 ? r : ASK_DONE;
}
