/* SPDX-License-Identifier: MIT */
/* The whole of what was read to one program, and names from outside to its lists. */
#include <errno.h>
#include <string.h>

#include "intents/compile.h"
#include "util/macro.h"
#include "util/utf8.h"

static void compile_sentences(struct compiler *c)
{
	struct intents *s = c->s;
	struct unit u = { .kind = UNIT_RULE, .names = NONE };
	_cleanup_free_ uint32_t *targets = NULL;
	size_t n = 0, i = 0;

	for (const struct sentence *e = s->sentences; e; e = e->next)
		n++;
	targets = calloc(n + 1, sizeof(*targets));
	s->by_id = calloc(n + 1, sizeof(*s->by_id));
	if (!targets || !s->by_id)
		c->error = -ENOMEM;
	for (const struct sentence *e = s->sentences; e && !c->error; e = e->next) {
		c->block = e->block;
		c->sentence = e;
		c->file = e->block->file;
		c->line = e->line;
		s->by_id[i] = e;
		targets[i] = compile_node(c, e->node, compile_state(c, OP_RET, (uint32_t)i, 0));
		i++;
	}
	if (c->error == -E2BIG) {
		i--;
		c->error = note_warning(s, c->file, c->line, "there is no room for this sentence "
					"and those behind it: more than %d states or 1024 slots",
					STATES_MAX);
	}
	c->sentence = NULL;
	u.entry = compile_choice(c, targets, i);
	u.depth = c->height + 1;
	if (!c->error)
		s->program.root = unit_add(c, u);
}

static void compile_keywords(struct compiler *c)
{
	for (struct block *b = c->s->blocks; b && !c->error; b = b->next) {
		c->block = b;
		if (b->keywords)
			b->keywords_unit = unit_of_phrases(c, b->keywords);
	}
}

/* What everything else may call. */
static void compile_common(struct compiler *c)
{
	struct program *p = &c->s->program;

	p->wildcard = unit_add(c, (struct unit){ .kind = UNIT_WILDCARD, .names = NONE,
						 .first = UINT64_MAX, .wild = true,
						 .depth = 1 });
	p->numbers = c->error ? NONE : unit_of_phrases(c, c->s->numbers);
	p->halves = c->error ? NONE : unit_of_phrases(c, c->s->halves);
	p->skip_words = c->error ? NONE : unit_of_phrases(c, c->s->skip_words);
}

static void compile_all(struct compiler *c)
{
	compile_common(c);
	if (!c->error)
		compile_keywords(c);
	if (!c->error)
		compile_sentences(c);
}

/* Lists that come from outside: there may be none yet. */
static int add_outside(struct intents *s)
{
	static const char *const lists[] = { "name", "area", "floor" };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (!def_find(s->defs, lists[i], true) &&
		    !def_add(&s->defs, NULL, lists[i], true))
			return -ENOMEM;
	for (size_t i = 0; i < s->n_entities; i++)
		if (!def_find(s->defs, s->entities[i].list, true) &&
		    !def_add(&s->defs, NULL, s->entities[i].list, true))
			return -ENOMEM;
	return 0;
}

static void forget_phrases(struct phrase *list)
{
	for (; list; list = list->next) {
		node_free(list->node);
		list->node = NULL;
	}
}

static void forget_defs(struct def *list)
{
	for (; list; list = list->next) {
		node_free(list->rule);
		list->rule = NULL;
		for (struct value *v = list->values; v; v = v->next) {
			node_free(v->in);
			v->in = NULL;
		}
	}
}

/* Templates are in the program now. */
static void forget_nodes(struct intents *s)
{
	for (struct sentence *e = s->sentences; e; e = e->next) {
		node_free(e->node);
		e->node = NULL;
	}
	for (struct block *b = s->blocks; b; b = b->next) {
		forget_phrases(b->keywords);
		forget_defs(b->locals);
	}
	forget_phrases(s->skip_words);
	forget_phrases(s->numbers);
	forget_phrases(s->halves);
	forget_defs(s->defs);
}

/* The names of @list among @entities, in order. */
static int fill_names(struct names *t, const struct entity *entities, size_t n,
		      struct script script)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		if (strcmp(entities[i].list, t->list) == 0)
			r = names_add(t, entities[i].in, (uint32_t)i, script);
	if (r == 0)
		names_sort(t);
	return r;
}

/* Names of all lists anew; those before are kept where there is no memory. */
static int make_names(struct intents *s, const struct entity *entities, size_t n)
{
	struct names *fresh = calloc(s->n_names + 1, sizeof(*fresh));
	int r = fresh ? 0 : -ENOMEM;

	for (size_t i = 0; i < s->n_names && r == 0; i++) {
		fresh[i].list = strdup(s->names[i].list);
		r = fresh[i].list ? fill_names(&fresh[i], entities, n, s->script) : -ENOMEM;
	}
	if (r == 0) {
		struct names *old = s->names;

		s->names = fresh;
		fresh = old;
	}
	for (size_t i = 0; fresh && i < s->n_names; i++)
		names_deinit(&fresh[i]);
	free(fresh);
	return r;
}

int intents_bind(struct intents *s)
{
	struct compiler c = { .s = s };
	_cleanup_free_ uint64_t *used = NULL;
	int r = s->bound ? -EINVAL : add_outside(s);

	if (r == 0)
		r = find_scoped(&c);
	if (r == 0) {
		used = calloc(c.n_bits + 1, sizeof(*used));
		r = used ? 0 : -ENOMEM;
	}
	c.used = used;
	if (r == 0) {
		compile_all(&c);
		r = c.error;
	}
	free(c.scoped);
	if (r == 0)
		r = make_names(s, s->entities, s->n_entities);
	if (r < 0)
		return r;
	forget_nodes(s);
	s->bound = true;
	return s->n_warnings > 0 ? INTENT_E_INCOMPLETE : 0;
}

static int copy_entity(struct entity *to, const struct intent_entity *from)
{
	to->list = strdup(from->list);
	to->in = strdup(from->in);
	to->out = strdup(from->out ? from->out : from->in);
	if (!to->list || !to->in || !to->out)
		return -ENOMEM;
	for (size_t i = 0; i < from->n_context; i++) {
		struct pair *p = calloc(1, sizeof(*p));

		if (!p)
			return -ENOMEM;
		p->next = to->context;
		to->context = p;
		p->key = strdup(from->context[i].key);
		p->value = strdup(from->context[i].value);
		if (!p->key || !p->value)
			return -ENOMEM;
	}
	return utf8_valid(from->in, strlen(from->in)) ? 0 : -EINVAL;
}

int intents_set_entities(struct intents *s, const struct intent_entity *entities, size_t n)
{
	struct entity *fresh = calloc(n + 1, sizeof(*fresh));
	int r = fresh ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && r == 0; i++)
		r = copy_entity(&fresh[i], &entities[i]);
	if (r == 0 && s->bound)
		r = make_names(s, fresh, n);
	if (r < 0) {
		entities_free(fresh, fresh ? n : 0);
		return r;
	}
	entities_free(s->entities, s->n_entities);
	s->entities = fresh;
	s->n_entities = n;
	return 0;
}
