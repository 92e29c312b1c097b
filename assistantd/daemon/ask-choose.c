/* SPDX-License-Identifier: MIT */
/* One of several is meant: which, and the question where that is not known. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/ask-private.h"
#include "assistantd/daemon/states.h"
#include "util/macro.h"

int ask_take_order(struct asking *a, struct order *o)
{
	if (a->n_orders == COMMANDS_MAX) {
		order_deinit(o);
		return -E2BIG;
	}
	a->orders[a->n_orders++] = *o;
	*o = (struct order)ORDER_NULL;
	return 0;
}

int ask_copy_order(struct asking *a, const struct order *from)
{
	struct order o;
	int r = order_copy(&o, from);

	return r < 0 ? r : ask_take_order(a, &o);
}

/* The choices for the results: the conversation may change before they go out. */
static int show_choices(struct asking *a)
{
	const struct pending *p = &a->conversation->pending;
	struct ask *ask = a->job->ask;

	for (size_t i = 0; i < p->n_choices; i++) {
		struct choice *c = &ask->choices[ask->n_choices++];

		*c = (struct choice){ strdup(p->choices[i].id), strdup(p->choices[i].title) };
		if (!c->id || !c->title)
			return -ENOMEM;
	}
	return 0;
}

static int add_choices(struct asking *a, char *const *ids, size_t n, struct buf *question)
{
	struct thing t;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct buf title = BUF_NULL;

		if (!thing_find(a->job, ids[i], &t))
			continue;
		r = thing_title(a->job, &t, &title);
		if (r == 0)
			r = conversation_choice(a->conversation, t.id, title.data);
		if (r == 0)
			r = buf_printf(question, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ",
				       title.data);
		buf_deinit(&title);
	}
	return r;
}

int ask_suspend(struct asking *a, size_t at)
{
	struct pending *p = &a->conversation->pending;
	int r = 0;

	conversation_drop_pending(a->conversation);
	for (size_t i = 0; r == 0 && i < a->n_orders; i++) {
		r = order_copy(&p->orders[i], &a->orders[i]);
		p->n_orders += r == 0;
	}
	p->at = at;
	return r;
}

int ask_which(struct asking *a, size_t at, char *const *ids, size_t n)
{
	struct buf question = BUF_NULL;
	int r = ask_suspend(a, at);

	if (r == 0)
		r = buf_append_str(&question, "Which one: ");
	if (r == 0 && n > CONVERSATION_CHOICES_MAX) {
		buf_reset(&question);
		r = buf_printf(&question, "There are %zu. Which one? Say its name.", n);
	} else if (r == 0) {
		r = add_choices(a, ids, n, &question);
		if (r == 0)
			r = buf_append_char(&question, '?');
	}
	if (r == 0)
		r = show_choices(a);
	if (r == 0)
		ask_back(a->job, question.data);
	buf_deinit(&question);
	return r < 0 ? r : ASK_DONE;
}

int ask_resume(struct asking *a, const char *id)
{
	struct pending *p = &a->conversation->pending;
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->n_orders; i++) {
		r = ask_copy_order(a, &p->orders[i]);
		/* It is still the request that the user made, and the pick is the user's. */
		if (r == 0 && i == p->at)
			r = order_set(&a->orders[i], "name", id, POLICY_LABEL_USER);
		if (r == 0 && i == p->at)
			order_unset(&a->orders[i], "quantity");
	}
	if (r == 0 && p->unknown)
		r = ask_add_alias(a, id, p->unknown, &a->orders[p->at]);
	if (r == 0)
		conversation_drop_pending(a->conversation);
	a->answered = true;
	return r;
}

static int take_choice(struct asking *a, const char *id)
{
	const struct pending *p = &a->conversation->pending;

	for (size_t i = 0; i < p->n_choices; i++)
		if (strcmp(p->choices[i].id, id) == 0)
			return ask_resume(a, id);
	ask_back(a->job, p->n_choices ? "That was not among the choices."
				      : "There is nothing to choose from any more.");
	return ASK_DONE;
}

/* The words in the place of those that nobody knew: what they name may be asked for in another
 * way than the unknown was thought to be. A whole command is none, but a command of its own. */
static int take_name(struct asking *a, struct pending *p)
{
	struct commands *found = calloc(1, sizeof(*found));
	struct commands_input in = ask_input(a, &p->orders[p->at]);
	const struct buf *text = &a->job->input;
	enum policy_label label = p->orders[p->at].label;
	int r = found ? things_bind(a->job, a->conversation, THINGS_NO_IT) : -ENOMEM;
	struct order *o = found ? &found->items[0].meanings[0] : NULL;

	if (r == 0)
		r = commands_short(&in, text->data, text->len, found);
	if (r == 0 && found->items[0].n == 1 && order_slot(o, "name") &&
	    strcmp(order_slot(o, "name"), COMMANDS_UNKNOWN) != 0) {
		_cleanup_free_ char *name = strdup(order_slot(o, "name"));

		order_deinit(&p->orders[p->at]);
		p->orders[p->at] = *o;
		*o = (struct order)ORDER_NULL;
		p->orders[p->at].label = label;
		r = name ? ask_resume(a, name) : -ENOMEM;
	} else {
		r = MIN(r, 0);
	}
	if (found)
		commands_deinit(found);
	free(found);
	return r;
}

int ask_take_answer(struct asking *a)
{
	struct pending *p = &a->conversation->pending;
	const struct buf *text = &a->job->input;
	int i;

	if (a->job->options.choose)
		return take_choice(a, a->job->options.choose);
	if (!p->n_orders)
		return 0;
	i = reference_choice(a->job->d->words, p->choices, p->n_choices, text->data, text->len);
	if (i >= 0)
		return ask_resume(a, p->choices[i].id);
	return p->unknown ? take_name(a, p) : 0;
}

bool ask_leads(const struct asking *a, const struct order *o)
{
	struct plan *p = calloc(1, sizeof(*p));
	struct buf text = BUF_NULL;
	const char *ids[1];
	size_t n;
	bool does;

	if (!p)
		return false;
	does = state_answer(a->job, o, &text, ids, 1, &n) == 0 ? n > 0 :
	       plan_add(p, a->job, o) != PLAN_E_NONE;
	plan_deinit(p);
	free(p);
	buf_deinit(&text);
	return does;
}

static bool is_here(const struct asking *a, const struct order *o)
{
	const char *name = order_slot(o, "name"), *area = a->job->options.area;
	struct thing t;

	return name && area && thing_find(a->job, name, &t) && strcasecmp(t.area, area) == 0;
}

static void keep(struct command *c, const bool *wanted)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct order o = c->meanings[i];

		if (wanted[i])
			c->meanings[n++] = o;
		else
			order_deinit(&o);
	}
	c->n = n;
}

/* Leaves those of several meanings that lead anywhere, and of them those that are here. */
static void narrow(struct asking *a, struct command *c)
{
	bool lead[COMMANDS_MAX], here[COMMANDS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += lead[i] = ask_leads(a, &c->meanings[i]);
	if (n)
		keep(c, lead);
	n = 0;
	for (size_t i = 0; i < c->n; i++)
		n += here[i] = is_here(a, &c->meanings[i]);
	if (n)
		keep(c, here);
}

static bool only_names_differ(const struct command *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->meanings[i].intent, c->meanings[0].intent) != 0 ||
		    !order_slot(&c->meanings[i], "name"))
			return false;
	return true;
}

/* "It" is what the command before names, or what was meant in the conversation. */
static int resolve(struct asking *a, struct order *o)
{
	const struct order_slot *before = a->n_orders
		? order_slot_find(&a->orders[a->n_orders - 1], "name") : NULL;
	const char *name = order_slot(o, "name");
	int r;

	if (before && name && strcmp(name, REFERENCE_IT) == 0)
		return order_set(o, "name", before->value, before->label);
	r = reference_resolve(a->conversation, o);

	if (r == REFERENCES_E_NONE)
		ask_back(a->job, "What do you mean?");
	else if (r == REFERENCES_E_MANY)
		ask_back(a->job, "Which one? There are several others.");
	return r > 0 ? ASK_DONE : r;
}

int ask_pick(struct asking *a)
{
	char *ids[COMMANDS_MAX];
	size_t open = COMMANDS_MAX;
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->commands->n; i++) {
		struct command *c = &a->commands->items[i];

		for (size_t k = 0; r == 0 && k < c->n; k++)
			r = resolve(a, &c->meanings[k]);
		if (r == 0 && c->n > 1)
			narrow(a, c);
		if (r == 0 && c->n > 1 && !only_names_differ(c)) {
			ask_back(a->job, "That could mean several things. Say it with the full "
				 "name of what you mean, please.");
			return ASK_DONE;
		}
		if (c->n > 1 && open == COMMANDS_MAX)
			open = i;
		if (r == 0)
			r = ask_copy_order(a, &c->meanings[0]);
	}
	if (r || open == COMMANDS_MAX)
		return r;
	for (size_t k = 0; k < a->commands->items[open].n; k++)
		ids[k] = (char *)order_slot(&a->commands->items[open].meanings[k], "name");
	return ask_which(a, open, ids, a->commands->items[open].n);
}
