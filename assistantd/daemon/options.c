/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/options.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/bus.h"
#include "util/macro.h"

enum { TEXT_MAX = 256 * 1024, SHORT_MAX = 256, OPTIONS_MAX = 64 };

struct option {
	const char *name, *signature;
	unsigned task;
	size_t offset;		/* of the field, for plain ones */
	double min, max;	/* of numbers; bytes of texts */
	int (*take)(struct options *o, DBusMessageIter *value, const struct option *option,
		    struct diag *d);
};

static int bad(const struct option *option, struct diag *d, const char *what)
{
	return diag_set(d, -EINVAL, DIAG_RANGE, option->name, "%s", what);
}

static int take_text(struct options *o, DBusMessageIter *value, const struct option *option,
		     struct diag *d)
{
	char **field = (char **)((char *)o + option->offset);
	const char *text;

	dbus_message_iter_get_basic(value, &text);
	if (strlen(text) > (size_t)option->max)
		return bad(option, d, "it is too long");
	free(*field);
	*field = strdup(text);
	return *field ? 0 : -ENOMEM;
}

static int take_u32(struct options *o, DBusMessageIter *value, const struct option *option,
		    struct diag *d)
{
	uint32_t number;

	dbus_message_iter_get_basic(value, &number);
	if (number < option->min || number > option->max)
		return diag_set(d, -EINVAL, DIAG_RANGE, option->name, "%u, expected %.0f to %.0f",
				number, option->min, option->max);
	*(uint32_t *)((char *)o + option->offset) = number;
	return 0;
}

static int take_bool(struct options *o, DBusMessageIter *value, const struct option *option,
		     struct diag *d)
{
	dbus_bool_t flag;

	(void)d;
	dbus_message_iter_get_basic(value, &flag);
	*(bool *)((char *)o + option->offset) = flag;
	return 0;
}

static int get_double(double *ret, DBusMessageIter *value, const struct option *option,
		      struct diag *d)
{
	dbus_message_iter_get_basic(value, ret);
	if (!(*ret >= option->min && *ret <= option->max))
		return diag_set(d, -EINVAL, DIAG_RANGE, option->name, "%g, expected %g to %g",
				*ret, option->min, option->max);
	return 0;
}

static int take_double(struct options *o, DBusMessageIter *value, const struct option *option,
		       struct diag *d)
{
	return get_double((double *)((char *)o + option->offset), value, option, d);
}

static int add_adapter(struct options *o, const char *name, double factor,
		       const struct option *option, struct diag *d)
{
	size_t at = 0;
	int order = 1;

	while (at < o->n_adapters && (order = strcmp(o->adapters[at].name, name)) < 0)
		at++;
	if (at < o->n_adapters && order == 0)
		return diag_set(d, -EINVAL, DIAG_DUP, option->name, "'%.64s' is given twice", name);
	if (o->n_adapters == ADAPTERS_MAX)
		return bad(option, d, "more than 4 adapters");
	if (strlen(name) > SHORT_MAX)
		return bad(option, d, "a name is too long");
	memmove(&o->adapters[at + 1], &o->adapters[at],
		(o->n_adapters - at) * sizeof(o->adapters[0]));
	o->adapters[at] = (struct named_adapter){ strdup(name), factor };
	o->n_adapters++;
	return o->adapters[at].name ? 0 : -ENOMEM;
}

static int take_adapter(struct options *o, DBusMessageIter *value, const struct option *option,
			struct diag *d)
{
	const char *name;

	dbus_message_iter_get_basic(value, &name);
	return add_adapter(o, name, 1.0, option, d);
}

/* A dictionary of names and factors. */
static int take_adapters(struct options *o, DBusMessageIter *value, const struct option *option,
			 struct diag *d)
{
	DBusMessageIter dict, entry;
	double factor;
	const char *name;
	int r = 0;

	dbus_message_iter_recurse(value, &dict);
	for (; r == 0 && dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&dict)) {
		dbus_message_iter_recurse(&dict, &entry);
		dbus_message_iter_get_basic(&entry, &name);
		dbus_message_iter_next(&entry);
		r = get_double(&factor, &entry, option, d);
		if (r == 0)
			r = add_adapter(o, name, factor, option, d);
	}
	return r;
}

/* One of a NULL-ended list: its place, or -EINVAL. */
static int take_word(DBusMessageIter *value, const struct option *option,
		     const char *const *words, struct diag *d)
{
	const char *text;

	dbus_message_iter_get_basic(value, &text);
	for (int i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	return diag_set(d, -EINVAL, DIAG_RANGE, option->name, "'%.40s' is not one of them", text);
}

static int take_unit(struct options *o, DBusMessageIter *value, const struct option *option,
		     struct diag *d)
{
	static const char *const words[] = { "utf-8", "utf-16", "utf-32", NULL };
	int i = take_word(value, option, words, d);

	o->unit = i < 0 ? UNIT_UTF32 : (enum offset_unit)i;
	return MIN(i, 0);
}

static int take_format(struct options *o, DBusMessageIter *value, const struct option *option,
		       struct diag *d)
{
	static const char *const words[] = { "plain", "markdown", NULL };

	(void)o;
	return MIN(take_word(value, option, words, d), 0);
}

static int take_kind(struct options *o, DBusMessageIter *value, const struct option *option,
		     struct diag *d)
{
	static const char *const words[] = { "paragraph", "headline", "keypoints", NULL };
	int i = take_word(value, option, words, d);

	o->summary = i < 0 ? SUMMARY_PARAGRAPH : (enum summary_kind)i;
	return MIN(i, 0);
}

static int take_length(struct options *o, DBusMessageIter *value, const struct option *option,
		       struct diag *d)
{
	static const char *const words[] = { "short", "medium", "long", NULL };
	int i = take_word(value, option, words, d);

	o->sentences = i < 0 ? 0 : (unsigned)(1 + 2 * i);
	return MIN(i, 0);
}

/* Part of an object path: what the caller watches before it calls. */
static int take_token(struct options *o, DBusMessageIter *value, const struct option *option,
		      struct diag *d)
{
	int r = take_text(o, value, option, d);

	for (const char *c = r == 0 ? o->handle_token : ""; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			return bad(option, d, "expected letters, digits and _");
	return r == 0 && !*o->handle_token ? bad(option, d, "it is empty") : r;
}

static int take_attachment(struct options *o, DBusMessageIter *dict, const struct option *option,
			   struct diag *d)
{
	struct attachment *a = &o->attachments[o->n_attachments];
	const char *key, *text;
	DBusMessageIter value;
	char **field;

	if (o->n_attachments == ATTACHMENTS_MAX)
		return bad(option, d, "there are too many");
	o->n_attachments++;
	while (bus_next_option(dict, &key, &value)) {
		field = strcmp(key, "text") == 0 ? &a->text :
			strcmp(key, "origin") == 0 ? &a->origin :
			strcmp(key, "title") == 0 ? &a->title : NULL;
		if (!field || dbus_message_iter_get_arg_type(&value) != DBUS_TYPE_STRING)
			return bad(option, d, "expected text, origin and title, all texts");
		dbus_message_iter_get_basic(&value, &text);
		free(*field);
		*field = strdup(text);
		if (!*field)
			return -ENOMEM;
	}
	return a->text ? 0 : bad(option, d, "one has no text");
}

static int take_attachments(struct options *o, DBusMessageIter *value,
			    const struct option *option, struct diag *d)
{
	DBusMessageIter list, dict;
	int r = 0;

	dbus_message_iter_recurse(value, &list);
	for (; r == 0 && dbus_message_iter_get_arg_type(&list) == DBUS_TYPE_ARRAY;
	     dbus_message_iter_next(&list)) {
		dbus_message_iter_recurse(&list, &dict);
		r = take_attachment(o, &dict, option, d);
	}
	return r;
}

static int take_entities(struct options *o, DBusMessageIter *value, const struct option *option,
			 struct diag *d)
{
	struct diag why = DIAG_NULL;
	int r = offer_read(&o->entities, value, &why);

	return r == -EINVAL ? diag_set(d, r, why.code, option->name, "%s: %s", why.field, why.text)
			    : r;
}

static int take_notices(struct options *o, DBusMessageIter *value, const struct option *option,
			struct diag *d)
{
	(void)option;
	return notices_read(&o->notices, value, d);
}

static int take_thread(struct options *o, DBusMessageIter *value, const struct option *option,
		       struct diag *d)
{
	(void)option;
	return thread_read(&o->thread, value, d);
}

#define FIELD(name) offsetof(struct options, name)

static const struct option table[] = {
	{ "handle_token", "s", OPTION_COMMON, FIELD(handle_token), 0, 64, take_token },
	{ "language", "s", OPTION_COMMON, FIELD(language), 0, 35, take_text },
	{ "format", "s", OPTION_COMMON, 0, 0, 0, take_format },
	{ "offset_unit", "s", OPTION_COMMON, 0, 0, 0, take_unit },
	{ "priority", "u", OPTION_COMMON, FIELD(priority), 0, 1, take_u32 },
	{ "timeout_ms", "u", OPTION_COMMON, FIELD(timeout_ms), 1, 3600000, take_u32 },
	{ "private", "b", OPTION_COMMON, FIELD(is_private), 0, 0, take_bool },
	{ "detach", "b", OPTION_COMMON, FIELD(detach), 0, 0, take_bool },
	{ "adapter", "s", OPTION_MODEL, 0, 0, 0, take_adapter },
	{ "adapters", "a{sd}", OPTION_MODEL, 0, 0, 8, take_adapters },
	{ "scale", "d", OPTION_MODEL, FIELD(scale), 0, 8, take_double },
	{ "max_tokens", "u", OPTION_MODEL, FIELD(max_tokens), 1, 1 << 20, take_u32 },
	{ "temperature", "d", OPTION_MODEL, FIELD(temperature), 0, 2, take_double },
	{ "seed", "u", OPTION_MODEL, FIELD(seed), 0, UINT32_MAX, take_u32 },
	{ "style", "s", OPTION_STYLE, FIELD(style), 0, SHORT_MAX, take_text },
	{ "length", "s", OPTION_SUMMARY, 0, 0, 0, take_length },
	{ "kind", "s", OPTION_SUMMARY, 0, 0, 0, take_kind },
	{ "hint", "s", OPTION_REPLY, FIELD(hint), 0, TEXT_MAX, take_text },
	{ "thread", "aa{sv}", OPTION_REPLY, 0, 0, 0, take_thread },
	{ "count", "u", OPTION_REPLY, FIELD(count), 1, 5, take_u32 },
	{ "attachments", "aa{sv}", OPTION_ASK, 0, 0, 0, take_attachments },
	{ "area", "s", OPTION_ASK, FIELD(area), 0, SHORT_MAX, take_text },
	{ "entities", "aa{sv}", OPTION_ASK, 0, 0, 0, take_entities },
	{ "explain", "b", OPTION_ASK, FIELD(explain), 0, 0, take_bool },
	{ "dry_run", "b", OPTION_ASK, FIELD(dry_run), 0, 0, take_bool },
	{ "whole", "b", OPTION_ASK, FIELD(whole), 0, 0, take_bool },
	{ "conversation", "s", OPTION_ASK, FIELD(conversation), 0, SHORT_MAX, take_text },
	{ "items", "aa{sv}", OPTION_NOTICES, 0, 0, 0, take_notices },
	{ "choose", "s", OPTION_ASK, FIELD(choose), 0, SHORT_MAX, take_text },
};

static const struct option *find(const char *name, unsigned accepts)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if ((table[i].task & accepts) && strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

static int read_entry(struct options *o, DBusMessageIter *entry, unsigned accepts, struct diag *d)
{
	const struct option *option;
	DBusMessageIter value;
	char *signature;
	const char *key;
	bool fits;

	dbus_message_iter_get_basic(entry, &key);
	dbus_message_iter_next(entry);
	dbus_message_iter_recurse(entry, &value);
	option = find(key, accepts);
	if (!option)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "unknown option of this task");
	signature = dbus_message_iter_get_signature(&value);
	if (!signature)
		return -ENOMEM;
	fits = strcmp(signature, option->signature) == 0;
	if (!fits)
		diag_set(d, -EINVAL, DIAG_TYPE, key, "has type %.20s, expected %s", signature,
			 option->signature);
	dbus_free(signature);
	return fits ? option->take(o, &value, option, d) : -EINVAL;
}

int options_read(struct options *o, DBusMessageIter *at, unsigned accepts, struct diag *d)
{
	DBusMessageIter dict, entry;
	int r = 0;

	*o = (struct options){ .unit = UNIT_UTF32, .priority = 1, .count = 3, .scale = 1.0 };
	dbus_message_iter_recurse(at, &dict);
	for (int n = 0; r == 0 && dbus_message_iter_get_arg_type(&dict) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&dict)) {
		if (++n > OPTIONS_MAX)
			return diag_set(d, -EINVAL, DIAG_LIMIT, "options", "there are too many");
		dbus_message_iter_recurse(&dict, &entry);
		r = read_entry(o, &entry, accepts, d);
	}
	return r;
}

void options_deinit(struct options *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].take == take_text || table[i].take == take_token)
			free(*(char **)((char *)o + table[i].offset));
	while (o->n_adapters)
		free(o->adapters[--o->n_adapters].name);
	while (o->n_attachments) {
		struct attachment *a = &o->attachments[--o->n_attachments];

		free(a->text);
		free(a->origin);
		free(a->title);
	}
	offer_deinit(&o->entities);
	notices_deinit(&o->notices);
	thread_deinit(&o->thread);
	*o = (struct options){ 0 };
}

size_t options_names(unsigned accepts, const char **names, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table) && n < max; i++)
		if (table[i].task & accepts)
			names[n++] = table[i].name;
	return n;
}
