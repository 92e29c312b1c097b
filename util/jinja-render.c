/* SPDX-License-Identifier: MIT */
/* Statements to output. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/jinja-private.h"
#include "util/macro.h"

struct jinja_output {
	char *text;
	uint8_t *labels;
	size_t n;
	struct jinja_segment *segments;
};

static int write_text(struct render *r, const struct node *n, struct text t)
{
	size_t need = r->out_len + t.len, cap = MAX(2 * r->out_cap, need + 256);
	uint8_t *labels;
	char *out;

	if (need > r->max_output)
		return node_error(n, r->d, "more than %zu bytes of output", r->max_output);
	if (need > r->out_cap) {
		out = realloc(r->out, cap);
		if (!out)
			return -ENOMEM;
		r->out = out;
		labels = realloc(r->out_labels, cap);
		if (!labels)
			return -ENOMEM;
		r->out_labels = labels;
		r->out_cap = cap;
	}
	if (t.len) {
		memcpy(r->out + r->out_len, t.s, t.len);
		memcpy(r->out_labels + r->out_len, t.labels, t.len);
	}
	r->out_len = need;
	return 0;
}

static int run_output(struct render *r, const struct node *n)
{
	struct value v;
	struct text t;
	int e;

	if ((e = eval(r, n->a, &v)) < 0 || (e = value_to_text(r, n, &v, &t)) < 0)
		return e;
	return write_text(r, n, t);
}

static int assign(struct render *r, struct text name, const struct value *v)
{
	return dict_set(&r->arena, &r->scope->variables, name, v);
}

static int run_set(struct render *r, const struct node *n)
{
	struct value v, object;
	int e = eval(r, n->b, &v);

	if (e < 0)
		return e;
	if (n->a->kind == N_NAME)
		return assign(r, n->a->name, &v);
	e = eval(r, n->a->a, &object);
	if (e < 0)
		return e;
	if (object.kind != NAMESPACE)
		return node_error(n, r->d, "only attributes of a namespace can be set");
	return dict_set(&r->arena, object.dict, n->a->name, &v);
}

static int run_if(struct render *r, const struct node *n)
{
	struct value condition;
	int e = eval(r, n->a, &condition);

	if (e < 0)
		return e;
	return run_block(r, value_truth(&condition) ? n->b : n->c);
}

/* What a loop goes over, as a list: of a dictionary its keys. */
static int iterate(struct render *r, const struct node *n, const struct value *v,
		   struct list **ret)
{
	size_t i = 0;

	if (v->kind == LIST) {
		*ret = v->list;
		return 0;
	}
	if (v->kind != DICT && v->kind != UNDEFINED)
		return node_error(n, r->d, "this value cannot be iterated");
	*ret = list_new(r, v->kind == DICT ? v->dict->n : 0);
	if (!*ret)
		return -ENOMEM;
	for (const struct entry *e = v->kind == DICT ? v->dict->first : NULL; e; e = e->next)
		(*ret)->items[i++] = e->key;
	return 0;
}

/* The item to the loop's names: one name takes it whole, several its parts. */
static int bind_item(struct render *r, const struct node *n, const struct value *item)
{
	size_t i = 0;
	int e = 0;

	if (!n->list->next)
		return assign(r, n->list->name, item);
	for (const struct node *name = n->list; e == 0 && name; name = name->next, i++) {
		if (item->kind != LIST || i >= item->list->n)
			return node_error(n, r->d, "an item has too few parts");
		e = assign(r, name->name, &item->list->items[i]);
	}
	return e;
}

static int set_loop(struct render *r, const struct list *items, size_t i)
{
	int64_t n = (int64_t)items->n, k = (int64_t)i;
	const struct {
		const char *name;
		struct value value;
	} members[] = {
		{ "index", { .kind = INT, .i = k + 1 } },
		{ "index0", { .kind = INT, .i = k } },
		{ "revindex", { .kind = INT, .i = n - k } },
		{ "revindex0", { .kind = INT, .i = n - k - 1 } },
		{ "length", { .kind = INT, .i = n } },
		{ "first", { .kind = BOOL, .b = i == 0 } },
		{ "last", { .kind = BOOL, .b = k + 1 == n } },
	};
	struct value loop = { .kind = DICT, .dict = arena_alloc(&r->arena, sizeof(*loop.dict)) };
	int e = loop.dict ? 0 : -ENOMEM;

	for (size_t m = 0; e == 0 && m < ARRAY_SIZE(members); m++)
		e = dict_set(&r->arena, loop.dict, text_of(members[m].name), &members[m].value);
	if (e == 0 && i > 0)
		e = dict_set(&r->arena, loop.dict, text_of("previtem"), &items->items[i - 1]);
	if (e == 0 && i + 1 < items->n)
		e = dict_set(&r->arena, loop.dict, text_of("nextitem"), &items->items[i + 1]);
	return e < 0 ? e : assign(r, text_of("loop"), &loop);
}

/* The items for which the loop's condition holds. */
static int filter_items(struct render *r, const struct node *n, struct list **items)
{
	struct list *kept;
	struct value holds;
	size_t count = 0;
	int e = 0;

	if (!n->a->next)
		return 0;
	kept = list_new(r, (*items)->n);
	if (!kept)
		return -ENOMEM;
	for (size_t i = 0; e == 0 && i < (*items)->n; i++) {
		if ((e = bind_item(r, n, &(*items)->items[i])) < 0 ||
		    (e = eval(r, n->a->next, &holds)) < 0)
			return e;
		if (value_truth(&holds))
			kept->items[count++] = (*items)->items[i];
	}
	kept->n = count;
	*items = kept;
	return e;
}

static int run_iterations(struct render *r, const struct node *n, struct list *items)
{
	struct scope scope = { .parent = r->scope };
	int e;

	r->scope = &scope;
	e = filter_items(r, n, &items);
	for (size_t i = 0; e == 0 && i < items->n; i++) {
		/* What an iteration sets is gone in the next one. */
		scope.variables = (struct dict){ 0 };
		if ((e = bind_item(r, n, &items->items[i])) == 0 &&
		    (e = set_loop(r, items, i)) == 0)
			e = run_block(r, n->b);
		if (r->flow == FLOW_BREAK) {
			r->flow = FLOW_NORMAL;
			break;
		}
		r->flow = FLOW_NORMAL;
	}
	r->scope = scope.parent;
	return e < 0 || items->n ? e : run_block(r, n->c);
}

static int run_for(struct render *r, const struct node *n)
{
	struct list *items = NULL;
	struct value v;
	int e;

	if ((e = eval(r, n->a, &v)) < 0 || (e = iterate(r, n, &v, &items)) < 0)
		return e;
	return run_iterations(r, n, items);
}

static int run_statement(struct render *r, const struct node *n)
{
	struct value macro = { .kind = MACRO, .macro = n };

	switch (n->kind) {
	case N_TEXT:
		return write_text(r, n, n->literal.text);
	case N_OUTPUT:
		return run_output(r, n);
	case N_IF:
		return run_if(r, n);
	case N_FOR:
		return run_for(r, n);
	case N_SET:
		return run_set(r, n);
	case N_MACRO:
		return assign(r, n->name, &macro);
	case N_BREAK:
		r->flow = FLOW_BREAK;
		return 0;
	case N_CONTINUE:
		r->flow = FLOW_CONTINUE;
		return 0;
	default:
		return node_error(n, r->d, "a value where a statement was expected");
	}
}

int run_block(struct render *r, const struct node *block)
{
	int e = 0;

	if (++r->depth > JINJA_MAX_DEPTH) {
		r->depth--;
		return block ? node_error(block, r->d, "nested deeper than %d", JINJA_MAX_DEPTH) :
			       0;
	}
	for (const struct node *n = block; e == 0 && n && r->flow == FLOW_NORMAL; n = n->next) {
		if (++r->steps > r->max_steps)
			e = node_error(n, r->d, "more than %u steps", r->max_steps);
		else
			e = run_statement(r, n);
	}
	r->depth--;
	return e;
}

static int bind_parameters(struct render *r, const struct node *macro,
			   const struct arguments *args)
{
	size_t i = 0;
	int e = 0;

	for (const struct node *p = macro->list; e == 0 && p; p = p->next, i++) {
		char name[64];
		const struct value *given = NULL;
		struct value v = { .kind = UNDEFINED };

		if (p->name.len < sizeof(name)) {
			memcpy(name, p->name.s, p->name.len);
			name[p->name.len] = '\0';
			given = argument(args, i, name);
		}
		if (given)
			v = *given;
		else if (p->a)
			e = eval(r, p->a, &v);
		if (e == 0)
			e = assign(r, p->name, &v);
	}
	return e;
}

/* A macro's output is its value; it sees its parameters and the globals. */
int call_macro(struct render *r, const struct node *call, const struct node *macro,
	       struct value *ret)
{
	struct scope scope = { .parent = &r->global }, *outer = r->scope;
	size_t begin = r->out_len;
	struct arguments args;
	int e = eval_arguments(r, call, &args);

	if (e < 0)
		return e;
	r->scope = &scope;
	e = bind_parameters(r, macro, &args);
	if (e == 0)
		e = run_block(r, macro->b);
	r->scope = outer;
	if (e < 0)
		return e;
	ret->kind = STRING;
	e = text_new(r, r->out ? r->out + begin : "", r->out_len - begin, 0, &ret->text);
	if (e == 0 && r->out_len > begin)
		memcpy((uint8_t *)ret->text.labels, r->out_labels + begin, r->out_len - begin);
	r->out_len = begin;
	return e;
}

static int cut_segments(struct jinja_output *o, size_t len)
{
	size_t n = 0, begin = 0;

	for (size_t i = 0; i < len; i++)
		n += i == 0 || o->labels[i] != o->labels[i - 1];
	o->segments = calloc(MAX(n, (size_t)1), sizeof(*o->segments));
	if (!o->segments)
		return -ENOMEM;
	for (size_t i = 1; i <= len; i++)
		if (i == len || o->labels[i] != o->labels[begin]) {
			o->segments[o->n++] = (struct jinja_segment){ o->text + begin, i - begin,
								      o->labels[begin] };
			begin = i;
		}
	return 0;
}

static int set_variables(struct render *r, const struct jinja_variable *variables, size_t n)
{
	struct value value;
	struct text name;
	int e = 0;

	for (size_t i = 0; e == 0 && i < n; i++) {
		e = text_new(r, variables[i].name, strlen(variables[i].name), 0, &name);
		if (e == 0)
			e = value_of_json(r, &variables[i], variables[i].value, NULL, &value, 0);
		if (e == 0)
			e = assign(r, name, &value);
	}
	return e;
}

int jinja_render(struct jinja_output **ret, const struct jinja *t,
		 const struct jinja_variable *variables, size_t n, const char *date,
		 struct diag *d)
{
	static const struct jinja_limits most = { JINJA_MAX_STEPS, JINJA_MAX_MEMORY,
						  JINJA_MAX_OUTPUT };

	return jinja_render_within(ret, t, variables, n, date, &most, d);
}

int jinja_render_within(struct jinja_output **ret, const struct jinja *t,
			const struct jinja_variable *variables, size_t n, const char *date,
			const struct jinja_limits *limits, struct diag *d)
{
	_cleanup_(jinja_output_freep) struct jinja_output *o = calloc(1, sizeof(*o));
	struct render r = {
		.d = d,
		.date = date,
		.max_steps = MIN(limits->steps, JINJA_MAX_STEPS),
		.max_output = MIN(limits->output, JINJA_MAX_OUTPUT),
		.arena.limit = MIN(limits->memory, JINJA_MAX_MEMORY),
	};
	int e;

	if (!o)
		return -ENOMEM;
	r.scope = &r.global;
	e = set_variables(&r, variables, n);
	if (e == 0)
		e = run_block(&r, t->body);
	o->text = r.out;
	o->labels = r.out_labels;
	if (e == 0)
		e = cut_segments(o, r.out_len);
	arena_deinit(&r.arena);
	if (e == -ENOMEM)
		diag_set(d, e, DIAG_LIMIT, "", "the rendering needs more than %zu bytes of memory",
			 r.arena.limit);
	if (e < 0)
		return e;
	*ret = TAKE(o);
	return 0;
}

struct jinja_output *jinja_output_free(struct jinja_output *o)
{
	if (!o)
		return NULL;
	free(o->text);
	free(o->labels);
	free(o->segments);
	free(o);
	return NULL;
}

size_t jinja_output_count(const struct jinja_output *o)
{
	return o->n;
}

struct jinja_segment jinja_output_at(const struct jinja_output *o, size_t index)
{
	return index < o->n ? o->segments[index] : (struct jinja_segment){ .text = "" };
}
