/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/bus.h"

void thread_deinit(struct thread *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->items[i].from);
		free(t->items[i].text);
	}
	free(t->items);
	*t = (struct thread){ 0 };
}

static int take_key(struct thread_message *m, const char *key, DBusMessageIter *value,
		    size_t *bytes, struct diag *d)
{
	int type = dbus_message_iter_get_arg_type(value);
	bool from = strcmp(key, "from") == 0;
	dbus_bool_t me;
	const char *text;
	char **to = from ? &m->from : &m->text;

	/* The order tells which is newer. */
	if (strcmp(key, "time") == 0 && type == DBUS_TYPE_INT64)
		return 0;
	if (strcmp(key, "me") == 0 && type == DBUS_TYPE_BOOLEAN) {
		dbus_message_iter_get_basic(value, &me);
		m->me = me;
		return 0;
	}
	if ((!from && strcmp(key, "text") != 0) || type != DBUS_TYPE_STRING)
		return diag_set(d, -EINVAL, DIAG_UNSUP, "thread", "'%.40s' of type %c: expected "
				"from s, text s, time x, me b", key, type);
	dbus_message_iter_get_basic(value, &text);
	*bytes += strlen(text);
	if (*bytes > THREAD_BYTES_MAX)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "thread", "more than %d KiB of text",
				THREAD_BYTES_MAX / 1024);
	free(*to);
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

static int read_message(struct thread_message *m, DBusMessageIter *dict, size_t *bytes,
			struct diag *d)
{
	DBusMessageIter value;
	const char *key;
	int r = 0;

	while (r == 0 && bus_next_option(dict, &key, &value))
		r = take_key(m, key, &value, bytes, d);
	if (r == 0 && !m->text)
		return diag_set(d, -EINVAL, DIAG_PAIR, "thread", "a message has no text");
	return r;
}

int thread_read(struct thread *ret, DBusMessageIter *at, struct diag *d)
{
	DBusMessageIter list, dict;
	size_t bytes = 0;
	int r = 0;

	thread_deinit(ret);
	ret->items = calloc(THREAD_MESSAGES_MAX, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	dbus_message_iter_recurse(at, &list);
	for (; r == 0 && dbus_message_iter_get_arg_type(&list) == DBUS_TYPE_ARRAY;
	     dbus_message_iter_next(&list)) {
		if (ret->n == THREAD_MESSAGES_MAX)
			return diag_set(d, -EINVAL, DIAG_LIMIT, "thread", "more than %d messages",
					THREAD_MESSAGES_MAX);
		dbus_message_iter_recurse(&list, &dict);
		r = read_message(&ret->items[ret->n++], &dict, &bytes, d);
	}
	return r;
}
