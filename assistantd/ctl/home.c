/* SPDX-License-Identifier: MIT */
/* home: the devices, and where the user says that they are. */
#include <stdio.h>
#include <string.h>

#include "assistantd/ctl/ctl.h"

#define HOME "org.assistantd.Home1"

static int usage(void)
{
	fprintf(stderr, "usage: assistantctl home [list]\n"
		"       assistantctl home set DEVICE [area=A] [floor=F] [alias=NAME]… "
		"[hidden=yes|no]\n");
	return CTL_USAGE;
}

/* Names come from the devices. */
static void put(const char *text, int width)
{
	size_t len = strlen(text);

	ctl_put_plain(stdout, text);
	printf("%*s ", len < (size_t)width ? width - (int)len : 0, "");
}

static void print_device(const json_t *d)
{
	size_t i;
	json_t *alias;

	put(ctl_text(d, "entity"), 32);
	put(json_is_true(json_object_get(d, "available")) ? ctl_text(d, "state") : "away", 10);
	put(ctl_text(d, "area"), 14);
	ctl_put_plain(stdout, ctl_text(d, "name"));
	json_array_foreach(json_object_get(d, "aliases"), i, alias) {
		printf("%s", i ? ", " : "  also: ");
		ctl_put_plain(stdout, json_string_value(alias));
	}
	printf("%s\n", json_is_true(json_object_get(d, "hidden")) ? "  hidden" : "");
}

static int list(struct ctl *c)
{
	DBusMessage *m = ctl_message(HOME, "List");
	DBusMessageIter at, dict;
	json_t *arguments, *devices, *d;
	size_t i;
	int status;

	if (m) {
		dbus_message_iter_init_append(m, &at);
		ctl_open_options(&at, &dict);
		ctl_close_options(&at, &dict);
	}
	status = ctl_call(c, m, &arguments);
	devices = json_array_get(arguments, 0);
	if (status == CTL_OK && c->json)
		ctl_print_json(devices);
	else if (status == CTL_OK)
		json_array_foreach(devices, i, d)
			print_device(d);
	json_decref(arguments);
	return status;
}

/* The aliases given, as one entry of the settings. */
static void append_aliases(DBusMessageIter *dict, int argc, char **argv)
{
	DBusMessageIter entry, variant, array;
	const char *key = "aliases";

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "as", &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "s", &array);
	for (int i = 0; i < argc; i++) {
		const char *value = argv[i] + strlen("alias=");

		if (strncmp(argv[i], "alias=", strlen("alias=")) == 0 && *value)
			dbus_message_iter_append_basic(&array, DBUS_TYPE_STRING, &value);
	}
	dbus_message_iter_close_container(&variant, &array);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

static bool append_settings(DBusMessageIter *dict, int argc, char **argv)
{
	bool aliases = false;

	for (int i = 0; i < argc; i++) {
		if (!dbus_validate_utf8(argv[i], NULL))
			return false;
		if (strncmp(argv[i], "area=", 5) == 0)
			ctl_option_str(dict, "area", argv[i] + 5);
		else if (strncmp(argv[i], "floor=", 6) == 0)
			ctl_option_str(dict, "floor", argv[i] + 6);
		else if (strcmp(argv[i], "hidden=yes") == 0 || strcmp(argv[i], "hidden=no") == 0)
			ctl_option_bool(dict, "hidden", argv[i][7] == 'y');
		else if (strncmp(argv[i], "alias=", 6) == 0)
			aliases = true;
		else
			return false;
	}
	if (aliases)
		append_aliases(dict, argc, argv);
	return true;
}

static int set(struct ctl *c)
{
	DBusMessage *m = ctl_message(HOME, "Set");
	DBusMessageIter at, dict;
	json_t *ignored;
	bool known;
	int status;

	if (!m)
		return CTL_FAILED;
	if (!dbus_validate_utf8(c->argv[1], NULL)) {
		dbus_message_unref(m);
		return usage();
	}
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &c->argv[1]);
	ctl_open_options(&at, &dict);
	known = append_settings(&dict, c->argc - 2, c->argv + 2);
	ctl_close_options(&at, &dict);
	if (!known) {
		dbus_message_unref(m);
		return usage();
	}
	status = ctl_call(c, m, &ignored);
	json_decref(ignored);
	return status;
}

int ctl_home(struct ctl *c)
{
	if (c->argc == 0 || (c->argc == 1 && strcmp(c->argv[0], "list") == 0))
		return list(c);
	if (c->argc >= 3 && strcmp(c->argv[0], "set") == 0)
		return set(c);
	return usage();
}
