/* SPDX-License-Identifier: MIT */
/* adapter import, update and info FILE: files are opened here, and looked at elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/ctl/adapter.h"
#include "util/macro.h"

int adapter_open_file(const char *path)
{
	/* A pipe that nobody writes to would be waited for otherwise. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		fprintf(stderr, "assistantctl: %s: %s\n", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		fprintf(stderr, "assistantctl: %s: expected a regular file\n", path);
	else
		return TAKE_FD(fd);
	return -1;
}

static void append_fd(DBusMessageIter *files, const char *name, int fd)
{
	DBusMessageIter entry;

	dbus_message_iter_open_container(files, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &name);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_UNIX_FD, &fd);
	dbus_message_iter_close_container(files, &entry);
}

static int append_file(DBusMessageIter *files, const char *name, const char *path)
{
	_cleanup_close_ int fd = adapter_open_file(path);

	if (fd < 0)
		return CTL_USAGE;
	append_fd(files, name, fd);
	return CTL_OK;
}

/* What a PEFT folder may hold that an import needs; the first two are always there. */
static int append_folder(DBusMessageIter *files, const char *folder)
{
	static const char *const names[] = { "adapter_config.json", "adapter_model.safetensors",
					     "tokenizer.json", "added_tokens.json",
					     "tokenizer_config.json" };
	int status = CTL_OK;

	for (size_t i = 0; status == CTL_OK && i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, names[i]) < 0)
			return CTL_FAILED;
		if (i < 2 || access(path, F_OK) == 0)
			status = append_file(files, names[i], path);
	}
	return status;
}

static int append_files(const struct ctl *c, DBusMessageIter *at, const char *path)
{
	const char *slash = strrchr(path, '/');
	DBusMessageIter files;
	struct stat st;
	int status;

	dbus_message_iter_open_container(at, DBUS_TYPE_ARRAY, "{sh}", &files);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		status = append_folder(&files, path);
	else
		status = append_file(&files, slash ? slash + 1 : path, path);
	if (status == CTL_OK && c->signature)
		status = append_file(&files, "signature", c->signature);
	dbus_message_iter_close_container(at, &files);
	return status;
}

int adapter_read_prompt(const char *prompt, struct buf *ret)
{
	if (!prompt)
		return CTL_OK;
	if (strstr(prompt, "{{"))
		return buf_append_str(ret, prompt) < 0 ? CTL_FAILED : CTL_OK;
	return ctl_read_text(prompt, ret);
}

void adapter_option_languages(DBusMessageIter *dict, const char *languages)
{
	_cleanup_free_ char *copy = languages ? strdup(languages) : NULL;
	DBusMessageIter entry, variant, list;
	const char *key = "languages";
	char *rest = NULL;

	if (!copy)
		return;
	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "as", &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "s", &list);
	for (char *one = strtok_r(copy, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
		dbus_message_iter_append_basic(&list, DBUS_TYPE_STRING, &one);
	dbus_message_iter_close_container(&variant, &list);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

static int append_options(const struct ctl *c, DBusMessageIter *at)
{
	_cleanup_(buf_deinit) struct buf prompt = BUF_NULL;
	DBusMessageIter dict;
	char *end = NULL;
	int status = adapter_read_prompt(c->prompt, &prompt);
	double scale = c->scale ? strtod(c->scale, &end) : 1;

	if (status != CTL_OK)
		return status;
	if (c->scale && (!*c->scale || *end)) {
		fprintf(stderr, "assistantctl: --scale: '%s', expected a number\n", c->scale);
		return CTL_USAGE;
	}
	ctl_open_options(at, &dict);
	ctl_option_str(&dict, "name", c->name);
	ctl_option_str(&dict, "task", c->task);
	ctl_option_str(&dict, "style", c->style);
	ctl_option_str(&dict, "title", c->title);
	ctl_option_str(&dict, "prompt", prompt.data);
	adapter_option_languages(&dict, c->languages);
	if (c->scale)
		ctl_option_double(&dict, "scale", scale);
	ctl_option_bool(&dict, "commit", true);
	ctl_close_options(at, &dict);
	return CTL_OK;
}

/* What was found on the way in, a line for each step. */
static void print_steps(const json_t *digest, const json_t *facts)
{
	printf("read       ");
	ctl_put_plain(stdout, ctl_text(facts, "name"));
	printf(", release %lld, for ", ctl_number(facts, "sequence"));
	ctl_put_plain(stdout, ctl_text(facts, "task"));
	printf("; %.2f MiB, rank %lld\nsignature  ", (double)ctl_number(facts, "bytes") / 1048576,
	       ctl_number(facts, "rank"));
	ctl_put_plain(stdout, ctl_text(facts, "signature"));
	printf("\nproof      ");
	ctl_put_plain(stdout, ctl_text(facts, "text"));
	printf("\nstored as  " DIGEST_SHOWN "\n", json_string_value(digest));
}

/* The answer of Import and Stage. */
static void print_taken(struct ctl *c, const json_t *arguments)
{
	const json_t *facts = json_array_get(arguments, 1);

	if (c->json)
		ctl_print_json(facts);
	else
		print_steps(json_array_get(arguments, 0), facts);
}

static void print_in_service(struct ctl *c, const char *name)
{
	if (c->json)
		return;
	printf("in service ");
	ctl_put_plain(stdout, name);
	putchar('\n');
}

int adapter_import(struct ctl *c, const char *path)
{
	DBusMessageIter at;
	DBusMessage *m = adapter_message("Import", NULL, &at);
	json_t *arguments;
	int status;

	if (!m)
		return CTL_FAILED;
	status = append_files(c, &at, path);
	if (status == CTL_OK)
		status = append_options(c, &at);
	if (status != CTL_OK) {
		dbus_message_unref(m);
		return status;
	}
	status = ctl_call_within(c, m, PROOF_MS, &arguments);
	if (status == CTL_OK) {
		print_taken(c, arguments);
		print_in_service(c, ctl_text(json_array_get(arguments, 1), "name"));
	} else if (status == CTL_USAGE && (!c->name || !c->task)) {
		fprintf(stderr, "assistantctl: what is no package yet needs --name and --task\n");
	}
	json_decref(arguments);
	return status;
}

/* The first argument is the file. */
static DBusMessage *file_message(const char *member, const char *path)
{
	_cleanup_close_ int fd = adapter_open_file(path);
	DBusMessageIter at;
	DBusMessage *m = fd < 0 ? NULL : adapter_message(member, NULL, &at);

	if (m)
		dbus_message_iter_append_basic(&at, DBUS_TYPE_UNIX_FD, &fd);
	return m;
}

int adapter_update(struct ctl *c, const char *path)
{
	DBusMessage *m = file_message("Stage", path);
	json_t *arguments;
	const char *name;
	int status;

	if (!m)
		return CTL_USAGE;
	status = adapter_send(c, m, &arguments);
	if (status == CTL_OK) {
		print_taken(c, arguments);
		name = ctl_text(json_array_get(arguments, 1), "name");
		status = adapter_version_call(c, "Commit", name,
					      json_string_value(json_array_get(arguments, 0)));
		if (status == CTL_OK)
			print_in_service(c, name);
	}
	json_decref(arguments);
	return status;
}

int adapter_inspect(struct ctl *c, const char *path)
{
	DBusMessage *m = file_message("Inspect", path);
	json_t *arguments;
	int status;

	if (!m)
		return CTL_USAGE;
	status = adapter_send(c, m, &arguments);
	if (status == CTL_OK && c->json)
		ctl_print_json(json_array_get(arguments, 0));
	else if (status == CTL_OK)
		adapter_print_facts(json_array_get(arguments, 0));
	json_decref(arguments);
	return status;
}
