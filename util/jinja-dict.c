/* SPDX-License-Identifier: MIT */
/* Dictionaries: in the order in which their keys came, which are few. */
#include <errno.h>

#include "util/jinja-private.h"

const struct value *dict_find(const struct dict *dict, const struct value *key)
{
	for (const struct entry *e = dict->first; e; e = e->next)
		if (value_equal(&e->key, key))
			return &e->value;
	return NULL;
}

const struct value *dict_get(const struct dict *dict, struct text key)
{
	return dict_find(dict, &(struct value){ .kind = STRING, .text = key });
}

int dict_append(struct arena *a, struct dict *dict, const struct value *key,
		const struct value *v)
{
	struct entry *e = arena_alloc(a, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->key = *key;
	e->value = *v;
	if (!dict->last)
		dict->last = &dict->first;
	*dict->last = e;
	dict->last = &e->next;
	dict->n++;
	return 0;
}

int dict_put(struct arena *a, struct dict *dict, const struct value *key, const struct value *v)
{
	struct value *old = (struct value *)dict_find(dict, key);

	if (!old)
		return dict_append(a, dict, key, v);
	*old = *v;
	return 0;
}

int dict_set(struct arena *a, struct dict *dict, struct text key, const struct value *v)
{
	return dict_put(a, dict, &(struct value){ .kind = STRING, .text = key }, v);
}
