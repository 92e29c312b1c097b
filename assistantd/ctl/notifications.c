/* SPDX-License-Identifier: MIT */
/* notifications: a list of them, as JSON, sorted by how urgent they are. */
#include <stdio.h>
#include <string.h>

#include "assistantd/ctl/request.h"
#include "util/macro.h"

static const char *const texts[] = { "app", "summary", "body" };

static int fault(size_t number, const char *key, const char *expected)
{
	fprintf(stderr, "assistantctl: notification %zu: %s: expected %s\n", number, key, expected);
	return CTL_USAGE;
}

static bool is_text_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(key, texts[i]) == 0)
			return true;
	return false;
}

/* One without an id gets its place in the list, from 1 on. */
static int check_item(json_t *item, size_t number)
{
	const json_t *id = json_object_get(item, "id");
	const json_t *value;
	const char *key;

	if (!json_is_object(item))
		return fault(number, "it", "an object");
	json_object_foreach(item, key, value) {
		if (is_text_key(key) ? !json_is_string(value) : !json_is_integer(value))
			return fault(number, key, is_text_key(key) ? "a text" : "a whole number");
		if (!is_text_key(key) && strcmp(key, "id") != 0 && strcmp(key, "time") != 0)
			return fault(number, key, "id, app, summary, body or time");
	}
	if (id && (json_integer_value(id) < 0 || json_integer_value(id) > UINT32_MAX))
		return fault(number, "id", "a number from 0 to 4294967295");
	if (!id && json_object_set_new(item, "id", json_integer((json_int_t)number)) < 0)
		return CTL_FAILED;
	return CTL_OK;
}

static int check_items(const json_t *items)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item) {
		int status = check_item(item, i + 1);

		if (status != CTL_OK)
			return status;
	}
	return CTL_OK;
}

/* One dictionary for each, as the option items has them. */
static void append_item(DBusMessageIter *list, const json_t *item)
{
	DBusMessageIter dict;

	ctl_open_options(list, &dict);
	ctl_option_u32(&dict, "id", (uint32_t)ctl_number(item, "id"));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (json_object_get(item, texts[i]))
			ctl_option_str(&dict, texts[i], ctl_text(item, texts[i]));
	if (json_object_get(item, "time"))
		ctl_option_i64(&dict, "time", ctl_number(item, "time"));
	ctl_close_options(list, &dict);
}

void notifications_append(DBusMessageIter *dict, const json_t *items)
{
	DBusMessageIter entry, variant, list;
	const char *key = "items";
	const json_t *item;
	size_t i;

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "aa{sv}", &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "a{sv}", &list);
	json_array_foreach(items, i, item)
		append_item(&list, item);
	dbus_message_iter_close_container(&variant, &list);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

int ctl_notifications(struct ctl *c)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	json_auto_t *items = NULL;
	json_error_t error;
	int status;

	if (c->argc > 1) {
		fprintf(stderr, "usage: assistantctl notifications [OPTION…] [FILE|-]\n");
		return CTL_USAGE;
	}
	status = ctl_read_text(c->argc ? c->argv[0] : NULL, &text);
	if (status != CTL_OK)
		return status;
	items = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
	if (!items || !json_is_array(items)) {
		fprintf(stderr, "assistantctl: line %d: %s\n", items ? 1 : error.line,
			items ? "expected a list of notifications" : error.text);
		return CTL_USAGE;
	}
	status = check_items(items);
	if (status != CTL_OK)
		return status;
	c->items = items;
	return request_run(c, "notifications", "", 0);
}
