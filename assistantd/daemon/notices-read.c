/* SPDX-License-Identifier: MIT */
/* Notifications as a caller hands them over. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/bus.h"
#include "assistantd/daemon/notices.h"
#include "util/macro.h"

void notices_deinit(struct notice_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].app);
		free(l->items[i].summary);
		free(l->items[i].body);
	}
	free(l->items);
	*l = (struct notice_list){ 0 };
}

enum { KEY_ID = 1, KEY_TIME = 2, KEY_APP = 4, KEY_SUMMARY = 8, KEY_BODY = 16 };

static const struct {
	const char *name;
	int type;
	unsigned bit;
} keys[] = {
	{ "id", DBUS_TYPE_UINT32, KEY_ID },
	{ "time", DBUS_TYPE_INT64, KEY_TIME },
	{ "app", DBUS_TYPE_STRING, KEY_APP },
	{ "summary", DBUS_TYPE_STRING, KEY_SUMMARY },
	{ "body", DBUS_TYPE_STRING, KEY_BODY },
};

static int take_text(struct notice *n, unsigned key, const char *text, size_t *bytes,
		     struct diag *d)
{
	char **to = key == KEY_APP ? &n->app : key == KEY_SUMMARY ? &n->summary : &n->body;

	*bytes += strlen(text);
	if (*bytes > NOTICES_BYTES_MAX)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "items", "more than %d KiB of text",
				NOTICES_BYTES_MAX / 1024);
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

static int take_key(struct notice *n, const char *key, DBusMessageIter *value, unsigned *seen,
		    size_t *bytes, struct diag *d)
{
	dbus_int64_t time;
	const char *text;
	size_t i = 0;

	while (i < ARRAY_SIZE(keys) && strcmp(keys[i].name, key) != 0)
		i++;
	if (i == ARRAY_SIZE(keys))
		return diag_set(d, -EINVAL, DIAG_UNSUP, "items", "unknown key '%.40s', expected "
				"id, app, summary, body, time", key);
	if (dbus_message_iter_get_arg_type(value) != keys[i].type)
		return diag_set(d, -EINVAL, DIAG_TYPE, "items", "%s: expected the type %c", key,
				keys[i].type);
	if (*seen & keys[i].bit)
		return diag_set(d, -EINVAL, DIAG_DUP, "items", "%s: given twice", key);
	*seen |= keys[i].bit;
	if (keys[i].bit == KEY_ID) {
		dbus_message_iter_get_basic(value, &n->id);
	} else if (keys[i].bit == KEY_TIME) {
		dbus_message_iter_get_basic(value, &time);
		n->time = time;
	} else {
		dbus_message_iter_get_basic(value, &text);
		return take_text(n, keys[i].bit, text, bytes, d);
	}
	return 0;
}

static int add_missing(struct notice *n)
{
	char **texts[] = { &n->app, &n->summary, &n->body };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!*texts[i] && !(*texts[i] = strdup("")))
			return -ENOMEM;
	return 0;
}

static int read_notice(struct notice_list *l, DBusMessageIter *dict, size_t *bytes,
		       struct diag *d)
{
	struct notice *n = &l->items[l->n++];
	DBusMessageIter value;
	unsigned seen = 0;
	const char *key;
	int r = 0;

	while (r == 0 && bus_next_option(dict, &key, &value))
		r = take_key(n, key, &value, &seen, bytes, d);
	if (r == 0)
		r = add_missing(n);
	if (r < 0)
		return r;
	if (!(seen & KEY_ID))
		return diag_set(d, -EINVAL, DIAG_PAIR, "items", "number %zu has no id", l->n);
	if (!*n->summary && !*n->body)
		return diag_set(d, -EINVAL, DIAG_PAIR, "items", "%u has neither summary nor body",
				n->id);
	for (struct notice *other = l->items; other < n; other++)
		if (other->id == n->id)
			return diag_set(d, -EINVAL, DIAG_DUP, "items", "two have the id %u",
					n->id);
	return 0;
}

int notices_read(struct notice_list *ret, DBusMessageIter *at, struct diag *d)
{
	DBusMessageIter list, dict;
	size_t bytes = 0;
	int r = 0;

	notices_deinit(ret);
	ret->items = calloc(NOTICES_MAX, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	dbus_message_iter_recurse(at, &list);
	for (; r == 0 && dbus_message_iter_get_arg_type(&list) == DBUS_TYPE_ARRAY;
	     dbus_message_iter_next(&list)) {
		if (ret->n == NOTICES_MAX)
			return diag_set(d, -EINVAL, DIAG_LIMIT, "items", "more than %d",
					NOTICES_MAX);
		dbus_message_iter_recurse(&list, &dict);
		r = read_notice(ret, &dict, &bytes, d);
	}
	if (r == 0 && !ret->n)
		r = diag_set(d, -EINVAL, DIAG_RANGE, "items", "there are none");
	return r;
}
