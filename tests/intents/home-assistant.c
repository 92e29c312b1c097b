/* SPDX-License-Identifier: MIT */
/*
 * The sentence files of Home Assistant, where they are: HOME_ASSISTANT_SENTENCES names the
 * folder of one language. Every file is loaded; from every template sentences are drawn at
 * random and understood again. A template's own intent must be found, or a better match.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "intents/intents-private.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/macro.h"

enum { SKIPPED = 77, SAMPLES = 8, ENTITIES_MAX = 512, DEPTH_MAX = 60 };

struct entity {
	char name[32], id[32];
	const char *domain, *device_class;
};

static struct intents *set;
static struct entity entities[ENTITIES_MAX];
static size_t n_entities, n_files, n_refused;
static uint64_t seed = 1;
static const struct entity *named_one;	/* the device that the sentence being said names */

static unsigned draw(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static void load_file(const char *path, const char *intent)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct diag d = DIAG_NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	n_files++;
	if (file_read_all(fd, SIZE_MAX, &text, &d) == 0 &&
	    intents_load_for(set, intent, text.data, text.len, &d) == 0)
		return;
	printf("%s:%s: %s\n", path, d.field, d.text);
	n_refused++;
}

/* Files of the older form, and folders that name the intent of theirs. */
static bool load_folder(const char *path, const char *intent)
{
	struct dirent *e;
	DIR *dir = opendir(path);

	if (!dir)
		return false;
	while ((e = readdir(dir))) {
		char name[4096];

		if (*e->d_name == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (intent || !load_folder(name, e->d_name))
			load_file(name, intent);
	}
	closedir(dir);
	return true;
}

static const struct condition *condition_of(const struct block *b, const char *key, bool excludes)
{
	const struct condition *c = b->conditions;

	while (c && (c->excludes != excludes || strcmp(c->key, key) != 0))
		c = c->next;
	return c;
}

static bool allowed(const struct block *b, const char *key, const char *value)
{
	const struct condition *must = condition_of(b, key, false);
	const struct condition *may_not = condition_of(b, key, true);
	bool found = !must || !must->values;

	for (const struct word *w = must ? must->values : NULL; w; w = w->next)
		found = found || (value && strcmp(w->text, value) == 0);
	for (const struct word *w = may_not ? may_not->values : NULL; w; w = w->next)
		found = found && (!value || strcmp(w->text, value) != 0);
	return found;
}

static const struct entity *entity_for(const struct block *b)
{
	for (size_t i = 0; i < n_entities; i++)
		if (allowed(b, "domain", entities[i].domain) &&
		    allowed(b, "device_class", entities[i].device_class))
			return &entities[i];
	return NULL;
}

/* One device for each kind that some block asks for, with a name that is no word. */
static void add_entities(void)
{
	for (const struct block *b = set->blocks; b && n_entities < ENTITIES_MAX; b = b->next) {
		const struct condition *domain = condition_of(b, "domain", false);
		const struct condition *class = condition_of(b, "device_class", false);
		struct entity *e = &entities[n_entities];
		struct intent_context context[2] = { { "domain", "light" } };

		if (entity_for(b))
			continue;
		e->domain = domain && domain->values ? domain->values->text : "light";
		e->device_class = class && class->values ? class->values->text : NULL;
		snprintf(e->name, sizeof(e->name), "gizmo %c%c", (char)('a' + n_entities / 26),
			 (char)('a' + n_entities % 26));
		snprintf(e->id, sizeof(e->id), "id%zu", n_entities);
		context[0].value = e->domain;
		context[1] = (struct intent_context){ "device_class", e->device_class };
		if (intents_add_entity(set, "name", e->name, e->id, context,
				       e->device_class ? 2 : 1) < 0)
			abort();
		n_entities++;
	}
	intents_add_value(set, "area", "kitchen", "kitchen");
	intents_add_value(set, "area", "living room", "living_room");
	intents_add_value(set, "floor", "first", "first");
	printf("%zu kinds of devices\n", n_entities);
}

static bool say(struct buf *out, const struct node *n, const struct block *b, unsigned depth);

static bool say_list(struct buf *out, const struct node *n, const struct block *b, unsigned depth)
{
	const struct named *l = n->target;
	const struct value *v = l ? l->values : NULL;
	const struct entity *e;
	unsigned count = 0;

	if (!l)
		return false;
	if (l->wildcard)
		return buf_append_str(out, draw(2) ? "xylophone" : "blue suede shoes") == 0;
	if (l->range)
		return buf_printf(out, "%d", (int)l->from +
				  (int)draw((unsigned)(l->to - l->from) + 1)) == 0;
	if (strcmp(l->name, "name") == 0) {
		e = entity_for(b);
		named_one = e;
		return e && buf_append_str(out, e->name) == 0;
	}
	for (; v; v = v->next)
		count++;
	if (count == 0)
		return false;
	v = l->values;
	for (unsigned k = draw(count); k > 0; k--)
		v = v->next;
	return say(out, v->in, b, depth + 1);
}

static bool say_members(struct buf *out, const struct node *n, const struct block *b,
			unsigned depth)
{
	unsigned first = draw(n->n_children), i = 0;

	/* Any order: here the rotations. */
	for (unsigned k = 0; k < n->n_children; k++) {
		const struct node *c = n->first;

		for (i = (first + k) % n->n_children; i > 0; i--)
			c = c->next;
		if (buf_append_char(out, ' ') < 0 || !say(out, c, b, depth + 1))
			return false;
	}
	return buf_append_char(out, ' ') == 0;
}

/* False for what cannot be said: a rule or list that is missing. */
static bool say(struct buf *out, const struct node *n, const struct block *b, unsigned depth)
{
	const struct node *c = n->first;
	const struct named *rule;

	if (depth > DEPTH_MAX)
		return false;
	switch (n->kind) {
	case NODE_TEXT:
		return buf_append_str(out, n->text) == 0;
	case NODE_SEQ:
		for (; c; c = c->next)
			if (!say(out, c, b, depth + 1))
				return false;
		return true;
	case NODE_ALT:
		for (unsigned k = draw(n->n_children); k > 0; k--)
			c = c->next;
		return say(out, c, b, depth + 1);
	case NODE_OPT:
		return draw(2) || say(out, c, b, depth + 1);
	case NODE_PERM:
		return say_members(out, n, b, depth);
	case NODE_RULE:
		rule = n->scoped ? named_find(b->rules, n->text, false) : NULL;
		rule = rule ? rule : n->target;
		return rule && say(out, rule->rule, b, depth + 1);
	case NODE_LIST:
		return say_list(out, n, b, depth);
	}
	return false;
}

/* Of the words that the block asks for, one was said. */
static bool has_keyword(const struct block *b, const char *text)
{
	for (const struct word *w = b->keywords; w; w = w->next)
		if (strcasestr(text, w->text))
			return true;
	return !b->keywords;
}

struct score {
	unsigned said, right, asked, other, none, long_ones;
	double worst_ms, total_ms;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool is_right(const struct intent_match *m, const struct sentence *e)
{
	const char *name = intent_slot(m, "name");

	return strcmp(m->intent, e->block->intent) == 0 &&
	       (!named_one || (name && strcmp(name, named_one->id) == 0));
}

static void understand(const struct sentence *e, const struct buf *text, struct score *s)
{
	static const struct intent_context here = { "area", "kitchen" };
	struct intent_match m;
	double before = now_ms(), took;
	int r = intents_match(set, text->data, text->len, &here, 1, &m);

	took = now_ms() - before;
	s->total_ms += took;
	s->worst_ms = MAX(s->worst_ms, took);
	s->said++;
	s->right += r == 0 && is_right(&m, e);
	s->other += r == 0 && !is_right(&m, e);
	s->asked += r == INTENT_E_AMBIGUOUS;
	s->none += r == INTENT_E_NONE;
	s->long_ones += r < 0;
	if (r != 0 || !is_right(&m, e))
		printf("%s, line %u: '%s': %s\n", e->block->intent, e->line, text->data,
		       r < 0 ? strerror(-r) : r == INTENT_E_NONE ? "not understood" : m.intent);
	intent_match_deinit(&m);
}

/* One sentence of the template, perhaps with a word before it; false for one that cannot be
 * said, or not without what is said elsewhere. */
static bool say_and_understand(const struct sentence *e, struct score *s)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	const struct word *polite = draw(4) == 0 ? set->skip_words : NULL;

	named_one = NULL;
	if (polite && (buf_append_str(&text, polite->text) < 0 || buf_append_char(&text, ' ') < 0))
		return false;
	if (!say(&text, e->node, e->block, 0) || !text.len || !has_keyword(e->block, text.data))
		return false;
	if (!named_one && condition_of(e->block, "domain", false))
		return false;
	understand(e, &text, s);
	return true;
}

int main(void)
{
	const char *folder = getenv("HOME_ASSISTANT_SENTENCES");
	struct diag d = DIAG_NULL;
	struct score s = { 0 };
	unsigned n = 0, mute = 0;

	if (!folder || !*folder)
		return SKIPPED;
	if (intents_new(&set) < 0 || !load_folder(folder, NULL))
		return EXIT_FAILURE;
	add_entities();
	if (intents_bind(set, &d) != 0)
		printf("%s: %s\n", d.field, d.text);
	for (const struct sentence *e = set->sentences; e; e = e->next, n++) {
		unsigned said = 0;

		for (unsigned k = 0; k < SAMPLES; k++)
			said += say_and_understand(e, &s);
		mute += said == 0;
	}
	printf("%zu files, %zu refused; %u templates, %u that cannot be said\n", n_files,
	       n_refused, n, mute);
	printf("%u sentences: %u right, %u ambiguous, %u otherwise, %u not understood, "
	       "%u too long\n", s.said, s.right, s.asked, s.other, s.none, s.long_ones);
	printf("mean %.3f ms, worst %.3f ms\n", s.total_ms / MAX(s.said, 1u), s.worst_ms);
	intents_free(set);
	/* Some sentences mean two things in their own language. */
	return n_refused || s.none || s.long_ones || s.right * 100 < s.said * 95 ? EXIT_FAILURE :
										   EXIT_SUCCESS;
}
