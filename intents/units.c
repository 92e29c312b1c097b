/* SPDX-License-Identifier: MIT */
/*
 * Rules and lists to units. A block's own rules count wherever its sentences lead, also inside
 * the rules of all. So a rule may be several units; but blocks that agree on every name that
 * it leads to share one.
 */
#include <errno.h>
#include <string.h>

#include "intents/compile.h"
#include "util/macro.h"

static size_t scoped_find(const struct compiler *c, const char *name, bool is_list)
{
	size_t i = 0;

	while (i < c->n_scoped && (c->scoped[i].is_list != is_list ||
				   strcmp(c->scoped[i].name, name) != 0))
		i++;
	return i;
}

static int scoped_add(struct compiler *c, const struct def *t)
{
	struct scoped *grown;

	if (scoped_find(c, t->name, t->is_list) < c->n_scoped)
		return 0;
	grown = reallocarray(c->scoped, c->n_scoped + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	c->scoped = grown;
	c->scoped[c->n_scoped++] = (struct scoped){ t->name, t->is_list };
	return 0;
}

/* Blocks often say the same: a rule that stood before with the same text stands for it. */
static void find_same(const struct intents *s, const struct block *b, struct def *t)
{
	t->same = t;
	for (const struct block *o = s->blocks; o != b && !t->is_list; o = o->next) {
		struct def *other = def_find(o->locals, t->name, false);

		if (other && strcmp(other->text, t->text) == 0) {
			t->same = other;
			return;
		}
	}
}

int find_scoped(struct compiler *c)
{
	int r = 0;

	for (struct block *b = c->s->blocks; b; b = b->next)
		for (struct def *t = b->locals; t && r == 0; t = t->next) {
			find_same(c->s, b, t);
			r = scoped_add(c, t);
		}
	c->n_bits = (c->n_scoped + 63) / 64;
	return r;
}

/* What a name is for a block. */
static struct def *resolve(const struct compiler *c, const struct block *b, const char *name,
			   bool is_list)
{
	struct def *own = b ? def_find(b->locals, name, is_list) : NULL;

	return own ? own->same : def_find(c->s->defs, name, is_list);
}

static bool agree(const struct compiler *c, const struct instance *i)
{
	for (size_t n = 0; n < c->n_scoped && i->block != c->block; n++) {
		const struct scoped *name = &c->scoped[n];

		if (i->names[n / 64] >> n % 64 & 1 &&
		    resolve(c, i->block, name->name, name->is_list) !=
		    resolve(c, c->block, name->name, name->is_list))
			return false;
	}
	return true;
}

uint32_t unit_add(struct compiler *c, struct unit u)
{
	uint32_t at;

	if (u.kind <= UNIT_LIST) {
		u.first = c->s->program.code[u.entry].first;
		u.nullable = c->s->program.code[u.entry].nullable;
		u.wild = c->s->program.code[u.entry].wild;
	}
	/* Names from outside can begin with anything. */
	if (u.names != NONE)
		u.first = UINT64_MAX;
	at = program_unit(&c->s->program, u);
	if (at == NONE)
		c->error = -ENOMEM;
	return at;
}

uint32_t unit_of_node(struct compiler *c, const struct node *n)
{
	struct unit u = { .kind = UNIT_RULE, .names = NONE };
	unsigned height = c->height;
	uint32_t end;

	c->height = 0;
	end = compile_state(c, OP_RET, 0, 0);
	u.entry = compile_node(c, n, end);
	u.depth = c->height + 1;
	c->height = MAX(height, u.depth);
	return c->error ? NONE : unit_add(c, u);
}

uint32_t unit_of_phrases(struct compiler *c, const struct phrase *list)
{
	struct unit u = { .kind = UNIT_PHRASE, .names = NONE };
	_cleanup_free_ uint32_t *targets = NULL;
	size_t n = 0, i = 0;

	for (const struct phrase *p = list; p; p = p->next)
		n++;
	targets = calloc(n + 1, sizeof(*targets));
	if (!targets)
		c->error = -ENOMEM;
	c->height = 0;
	for (const struct phrase *p = list; p && !c->error; p = p->next) {
		c->file = p->file;
		c->line = p->line;
		targets[i++] = compile_node(c, p->node, compile_state(c, OP_RET,
					    (uint32_t)(10 * p->number), 0));
	}
	u.entry = compile_choice(c, targets, i);
	u.depth = c->height + 1;
	return c->error ? NONE : unit_add(c, u);
}

static uint32_t names_of(struct compiler *c, const char *list)
{
	struct intents *s = c->s;
	struct names *grown;
	uint32_t i = 0;

	while (i < s->n_names && strcmp(s->names[i].list, list) != 0)
		i++;
	if (i < s->n_names)
		return i;
	grown = reallocarray(s->names, s->n_names + 1, sizeof(*grown));
	if (!grown) {
		c->error = -ENOMEM;
		return NONE;
	}
	s->names = grown;
	grown[i] = (struct names){ .list = strdup(list) };
	if (!grown[i].list) {
		c->error = -ENOMEM;
		return NONE;
	}
	s->n_names++;
	return i;
}

static void note_value(struct compiler *c, struct value *v)
{
	struct intents *s = c->s;
	const struct value **grown;

	if (v->id != NONE)
		return;
	grown = reallocarray(s->values, s->n_values + 1, sizeof(*grown));
	if (!grown) {
		c->error = -ENOMEM;
		return;
	}
	s->values = grown;
	v->id = (uint32_t)s->n_values;
	s->values[s->n_values++] = v;
}

static uint32_t unit_of_values(struct compiler *c, struct def *t)
{
	struct unit u = { .kind = UNIT_LIST, .names = NONE };
	_cleanup_free_ uint32_t *targets = NULL;
	size_t n = 0, i = 0;

	for (const struct value *v = t->values; v; v = v->next)
		n++;
	targets = calloc(n + 1, sizeof(*targets));
	if (!targets)
		c->error = -ENOMEM;
	for (struct value *v = t->values; v && !c->error; v = v->next) {
		c->file = v->file;
		c->line = v->line;
		note_value(c, v);
		if (!c->error)
			targets[i++] = compile_node(c, v->in,
						    compile_state(c, OP_RET, v->id, 0));
	}
	u.entry = compile_choice(c, targets, i);
	/* A block's own list is all that it has. */
	if (!c->error && def_find(c->s->defs, t->name, true) == t)
		u.names = names_of(c, t->name);
	u.depth = c->height + 1;
	return c->error ? NONE : unit_add(c, u);
}

static uint32_t unit_of_range(struct compiler *c, const struct range *range)
{
	const struct program *p = &c->s->program;
	struct unit u = { .kind = UNIT_RANGE, .names = NONE, .range = *range };

	u.first = first_bit('-') | p->units[p->numbers].first;
	for (uint32_t digit = '0'; digit <= '9'; digit++)
		u.first |= first_bit(digit);
	c->height = MAX(p->units[p->numbers].depth, p->units[p->halves].depth);
	u.depth = c->height + 1;
	return unit_add(c, u);
}

static uint32_t unit_of_rule(struct compiler *c, const struct def *t)
{
	struct unit u = { .kind = UNIT_RULE, .names = NONE };
	uint32_t end = compile_state(c, OP_RET, 0, 0);

	u.entry = compile_node(c, t->rule, end);
	u.depth = c->height + 1;
	return c->error ? NONE : unit_add(c, u);
}

static uint32_t unit_new(struct compiler *c, struct def *t)
{
	if (t->wildcard)
		return c->s->program.wildcard;
	if (t->ranged)
		return unit_of_range(c, &t->range);
	return t->is_list ? unit_of_values(c, t) : unit_of_rule(c, t);
}

/* Compiles @t for this block, as a frame of its own: what it uses and how high it is. */
static struct instance *instance_new(struct compiler *c, struct def *t)
{
	struct instance *i = calloc(1, sizeof(*i) + c->n_bits * sizeof(i->names[0]));
	const char *file = c->file;
	uint32_t line = c->line;
	uint64_t *used = c->used;
	unsigned height = c->height;

	if (!i) {
		c->error = -ENOMEM;
		return NULL;
	}
	c->used = i->names;
	c->height = 0;
	if (t->file) {
		c->file = t->file;
		c->line = t->line;
	}
	t->open = true;
	c->depth++;
	i->unit = unit_new(c, t);
	i->block = c->block;
	c->depth--;
	t->open = false;
	c->file = file;
	c->line = line;
	c->used = used;
	c->height = height;
	i->next = t->instances;
	t->instances = i;
	return i;
}

static uint32_t refuse(struct compiler *c, const char *name, bool is_list, const char *why)
{
	const struct sentence *e = c->sentence;
	const char *open = is_list ? "{" : "<", *close = is_list ? "}" : ">";
	bool elsewhere = e && (e->line != c->line || e->block->file != c->file);
	int r;

	r = elsewhere ? note_warning(c->s, c->file, c->line, "%s%s%s: %s; a sentence in %s, "
				     "line %u, needs it", open, name, close, why,
				     e->block->file, e->line) :
			note_warning(c->s, c->file, c->line, "%s%s%s: %s", open, name, close, why);
	if (r < 0)
		c->error = r;
	return NONE;
}

uint32_t unit_named(struct compiler *c, const char *name, bool is_list)
{
	size_t scoped = scoped_find(c, name, is_list);
	struct def *t = resolve(c, c->block, name, is_list);
	struct instance *i;
	unsigned depth;

	if (scoped < c->n_scoped)
		c->used[scoped / 64] |= (uint64_t)1 << scoped % 64;
	if (!t)
		return refuse(c, name, is_list, is_list ? "there is no list of this name" :
							  "there is no rule of this name");
	if (t->open)
		return refuse(c, name, is_list, "calls itself in a circle");
	i = t->instances;
	while (i && !agree(c, i))
		i = i->next;
	if (!i && c->depth == UNIT_DEPTH_MAX)
		return refuse(c, name, is_list, "more than 64 rules inside each other");
	if (!i)
		i = instance_new(c, t);
	if (c->error || i->unit == NONE)
		return NONE;
	for (size_t n = 0; n < c->n_bits; n++)
		c->used[n] |= i->names[n];
	depth = c->s->program.units[i->unit].depth;
	if (depth >= UNIT_DEPTH_MAX)
		return refuse(c, name, is_list, "more than 64 rules inside each other");
	c->height = MAX(c->height, depth);
	return i->unit;
}

