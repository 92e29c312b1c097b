/* SPDX-License-Identifier: MIT */
/* Values, text with origins, and their conversions. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/jinja-private.h"
#include "util/macro.h"

#define BLOCK ((size_t)64 << 10)

struct arena_block {
	struct arena_block *next;
	size_t size, used;
	_Alignas(16) uint8_t data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;
	void *p;

	if (size > a->limit - a->used)
		return NULL;
	size = (size + 15) & ~(size_t)15;
	if (!b || size > b->size - b->used) {
		size_t capacity = MAX(size, BLOCK);

		b = calloc(1, sizeof(*b) + capacity);
		if (!b)
			return NULL;
		b->size = capacity;
		b->next = a->blocks;
		a->blocks = b;
	}
	p = b->data + b->used;
	b->used += size;
	a->used = MIN(a->limit, a->used + size);
	return p;
}

void arena_deinit(struct arena *a)
{
	struct arena_block *next;

	for (struct arena_block *b = a->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	a->blocks = NULL;
}

struct text text_of(const char *literal)
{
	static const uint8_t zeros[64];

	return (struct text){ .s = literal, .len = MIN(strlen(literal), sizeof(zeros)),
			      .labels = zeros };
}

bool text_equal(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.s, b.s, a.len) == 0);
}

bool text_is(struct text t, const char *literal)
{
	return t.len == strlen(literal) && memcmp(t.s, literal, t.len) == 0;
}

struct text text_slice(struct text t, size_t from, size_t to)
{
	return (struct text){ .s = t.s + from, .labels = t.labels + from, .len = to - from };
}

int text_concat(struct render *r, struct text a, struct text b, struct text *ret)
{
	char *s = arena_alloc(&r->arena, a.len + b.len);
	uint8_t *labels = arena_alloc(&r->arena, a.len + b.len);

	if (!s || !labels)
		return -ENOMEM;
	if (a.len) {
		memcpy(s, a.s, a.len);
		memcpy(labels, a.labels, a.len);
	}
	if (b.len) {
		memcpy(s + a.len, b.s, b.len);
		memcpy(labels + a.len, b.labels, b.len);
	}
	*ret = (struct text){ .s = s, .labels = labels, .len = a.len + b.len };
	return 0;
}

int text_new(struct render *r, const char *s, size_t len, uint8_t label, struct text *ret)
{
	char *copy = arena_alloc(&r->arena, len + 1);
	uint8_t *labels = arena_alloc(&r->arena, len + 1);

	if (!copy || !labels)
		return -ENOMEM;
	if (len)
		memcpy(copy, s, len);
	memset(labels, label, len);
	*ret = (struct text){ .s = copy, .labels = labels, .len = len };
	return 0;
}

struct list *list_new(struct render *r, size_t n)
{
	struct list *list = NULL;
	size_t size;

	if (!mul_overflow(n, sizeof(list->items[0]), &size) &&
	    !add_overflow(size, sizeof(*list), &size))
		list = arena_alloc(&r->arena, size);
	if (list)
		list->n = n;
	return list;
}

static int dict_of_json(struct render *r, const struct jinja_variable *v, const json_t *json,
			struct value *ret, unsigned depth)
{
	const char *key;
	json_t *child;
	struct text name;
	struct value value;
	int e = 0;

	ret->kind = DICT;
	ret->dict = arena_alloc(&r->arena, sizeof(*ret->dict));
	if (!ret->dict)
		return -ENOMEM;
	/* Its keys are different already; to look each up among the others takes time. */
	json_object_foreach((json_t *)json, key, child) {
		if ((e = text_new(r, key, strlen(key), v->label, &name)) < 0 ||
		    (e = value_of_json(r, v, child, key, &value, depth + 1)) < 0 ||
		    (e = dict_append(&r->arena, ret->dict,
				     &(struct value){ .kind = STRING, .text = name },
				     &value)) < 0)
			return e;
	}
	return 0;
}

static int text_of_json(struct render *r, const struct jinja_variable *v, const json_t *json,
			const char *key, struct text *ret)
{
	int e = text_new(r, json_string_value(json), json_string_length(json), v->label, ret);

	if (e == 0 && v->labelling)
		v->labelling->fn(v->labelling->arg, key, json, (uint8_t *)ret->labels);
	return e;
}

int value_of_json(struct render *r, const struct jinja_variable *v, const json_t *json,
		  const char *key, struct value *ret, unsigned depth)
{
	int e = 0;

	*ret = (struct value){ .kind = NONE, .label = v->label };
	if (depth > JINJA_MAX_DEPTH)
		return diag_set(r->d, -EINVAL, DIAG_LIMIT, v->name, "nested deeper than %d",
				JINJA_MAX_DEPTH);
	switch (json_typeof(json)) {
	case JSON_NULL:
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		ret->kind = BOOL;
		ret->b = json_is_true(json);
		break;
	case JSON_INTEGER:
		ret->kind = INT;
		ret->i = json_integer_value(json);
		break;
	case JSON_REAL:
		ret->kind = FLOAT;
		ret->f = json_real_value(json);
		break;
	case JSON_STRING:
		ret->kind = STRING;
		return text_of_json(r, v, json, key, &ret->text);
	case JSON_ARRAY:
		ret->kind = LIST;
		ret->list = list_new(r, json_array_size(json));
		if (!ret->list)
			return -ENOMEM;
		for (size_t i = 0; e == 0 && i < ret->list->n; i++)
			e = value_of_json(r, v, json_array_get(json, i), key, &ret->list->items[i],
					  depth + 1);
		return e;
	case JSON_OBJECT:
		return dict_of_json(r, v, json, ret, depth);
	}
	return 0;
}

bool value_truth(const struct value *v)
{
	switch (v->kind) {
	case UNDEFINED:
	case NONE:
		return false;
	case BOOL:
		return v->b;
	case INT:
		return v->i != 0;
	case FLOAT:
		return v->f != 0.0;
	case STRING:
		return v->text.len != 0;
	case LIST:
		return v->list->n != 0;
	case DICT:
		return v->dict->n != 0;
	case NAMESPACE:
	case MACRO:
	case BUILTIN:
		break;
	}
	return true;
}

static bool number_of(const struct value *v, double *ret)
{
	if (v->kind == INT || v->kind == BOOL)
		*ret = v->kind == INT ? (double)v->i : v->b;
	else if (v->kind == FLOAT)
		*ret = v->f;
	else
		return false;
	return true;
}

/* Lists and dictionaries come from inputs of bounded depth, so this recursion is bounded. */
bool value_equal(const struct value *a, const struct value *b)
{
	double x, y;

	if (number_of(a, &x) && number_of(b, &y))
		return x == y;
	if (a->kind != b->kind)
		return false;
	if (a->kind == STRING)
		return text_equal(a->text, b->text);
	if (a->kind == LIST) {
		if (a->list->n != b->list->n)
			return false;
		for (size_t i = 0; i < a->list->n; i++)
			if (!value_equal(&a->list->items[i], &b->list->items[i]))
				return false;
		return true;
	}
	if (a->kind == DICT) {
		if (a->dict->n != b->dict->n)
			return false;
		for (const struct entry *e = a->dict->first; e; e = e->next) {
			const struct value *other = dict_find(b->dict, &e->key);

			if (!other || !value_equal(&e->value, other))
				return false;
		}
		return true;
	}
	return a->kind == NONE || a->kind == UNDEFINED;
}

/* The shortest digits that read back as the same number, with a point, as Python. */
static void print_float(double f, char out[40])
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(out, 40, "%.*g", digits, f);
		if (strtod(out, NULL) == f)
			break;
	}
	if (isfinite(f) && !strpbrk(out, ".e"))
		strcat(out, ".0");
}

int value_to_text(struct render *r, const struct node *at, const struct value *v, struct text *ret)
{
	char number[40];

	switch (v->kind) {
	case STRING:
		*ret = v->text;
		return 0;
	case UNDEFINED:
		*ret = text_of("");
		return 0;
	case NONE:
		*ret = text_of("None");
		return 0;
	case BOOL:
		return text_new(r, v->b ? "True" : "False", v->b ? 4 : 5, v->label, ret);
	case INT:
		snprintf(number, sizeof(number), "%lld", (long long)v->i);
		return text_new(r, number, strlen(number), v->label, ret);
	case FLOAT:
		print_float(v->f, number);
		return text_new(r, number, strlen(number), v->label, ret);
	case LIST:
	case DICT:
		return value_to_json(r, at, v, -1, ret);
	case NAMESPACE:
	case MACRO:
	case BUILTIN:
		break;
	}
	return node_error(at, r->d, "a function or namespace is not text");
}

/* Text that grows: written once, in the arena, when it is done. */
struct writer {
	struct render *r;
	char *s;
	uint8_t *labels;
	size_t len, cap;
	int error;
};

static void put(struct writer *w, const char *s, const uint8_t *labels, uint8_t label, size_t len)
{
	size_t cap = w->cap ? w->cap : 256;

	while (cap < w->len + len)
		cap *= 2;
	if (cap > w->cap && !w->error) {
		char *grown = arena_alloc(&w->r->arena, cap);
		uint8_t *grown_labels = arena_alloc(&w->r->arena, cap);

		if (!grown || !grown_labels) {
			w->error = -ENOMEM;
			return;
		}
		if (w->len) {
			memcpy(grown, w->s, w->len);
			memcpy(grown_labels, w->labels, w->len);
		}
		w->s = grown;
		w->labels = grown_labels;
		w->cap = cap;
	}
	if (w->error || !len)
		return;
	memcpy(w->s + w->len, s, len);
	if (labels)
		memcpy(w->labels + w->len, labels, len);
	else
		memset(w->labels + w->len, label, len);
	w->len += len;
}

static void put_string(struct writer *w, struct text t)
{
	put(w, "\"", NULL, 0, 1);
	for (size_t i = 0; i < t.len; i++) {
		unsigned char c = (unsigned char)t.s[i];
		char escape[8];

		if (c == '"' || c == '\\')
			snprintf(escape, sizeof(escape), "\\%c", c);
		else if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f')
			snprintf(escape, sizeof(escape), "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' :
				 c == '\t' ? 't' : c == '\b' ? 'b' : 'f');
		else if (c < 0x20)
			snprintf(escape, sizeof(escape), "\\u%04x", c);
		else
			escape[0] = '\0';
		if (*escape)
			put(w, escape, NULL, t.labels[i], strlen(escape));
		else
			put(w, t.s + i, t.labels + i, 0, 1);
	}
	put(w, "\"", NULL, 0, 1);
}

static void put_break(struct writer *w, int indent, unsigned depth)
{
	if (indent < 0)
		return;
	put(w, "\n", NULL, 0, 1);
	for (unsigned i = 0; i < depth * (unsigned)indent; i++)
		put(w, " ", NULL, 0, 1);
}

static int put_value(struct writer *w, const struct node *at, const struct value *v, int indent,
		     unsigned depth);

/* What is no text becomes one, as json.dumps does. */
static void put_key(struct writer *w, const struct node *at, const struct value *key, int indent,
		    unsigned depth)
{
	if (key->kind != STRING)
		put(w, "\"", NULL, 0, 1);
	put_value(w, at, key, indent, depth);
	if (key->kind != STRING)
		put(w, "\"", NULL, 0, 1);
}

/* Items of a list or dictionary between brackets, separated as json.dumps does. */
static int put_items(struct writer *w, const struct node *at, const struct value *v, int indent,
		     unsigned depth)
{
	bool dict = v->kind == DICT;
	const struct entry *e = dict ? v->dict->first : NULL;
	size_t n = dict ? v->dict->n : v->list->n;
	int r = 0;

	put(w, dict ? "{" : "[", NULL, 0, 1);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (i)
			put(w, indent < 0 ? ", " : ",", NULL, 0, indent < 0 ? 2 : 1);
		put_break(w, indent, depth + 1);
		if (dict) {
			put_key(w, at, &e->key, indent, depth);
			put(w, ": ", NULL, 0, 2);
		}
		r = put_value(w, at, dict ? &e->value : &v->list->items[i], indent, depth + 1);
		e = dict ? e->next : NULL;
	}
	if (n)
		put_break(w, indent, depth);
	put(w, dict ? "}" : "]", NULL, 0, 1);
	return r;
}

static int put_value(struct writer *w, const struct node *at, const struct value *v, int indent,
		     unsigned depth)
{
	struct text t;
	int r;

	if (depth > JINJA_MAX_DEPTH)
		return node_error(at, w->r->d, "nested deeper than %d", JINJA_MAX_DEPTH);
	switch (v->kind) {
	case STRING:
		put_string(w, v->text);
		return w->error;
	case LIST:
	case DICT:
		r = put_items(w, at, v, indent, depth);
		return r < 0 ? r : w->error;
	case NONE:
		put(w, "null", NULL, 0, 4);
		return w->error;
	case BOOL:
		put(w, v->b ? "true" : "false", NULL, v->label, v->b ? 4 : 5);
		return w->error;
	case INT:
	case FLOAT:
		r = value_to_text(w->r, at, v, &t);
		if (r == 0)
			put(w, t.s, t.labels, 0, t.len);
		return r < 0 ? r : w->error;
	case UNDEFINED:
	case NAMESPACE:
	case MACRO:
	case BUILTIN:
		break;
	}
	return node_error(at, w->r->d, "tojson: an undefined value or a function");
}

int value_to_json(struct render *r, const struct node *at, const struct value *v, int indent,
		  struct text *ret)
{
	struct writer w = { .r = r };
	int e = put_value(&w, at, v, indent, 0);

	*ret = (struct text){ .s = w.s, .labels = w.labels, .len = w.len };
	return e;
}
