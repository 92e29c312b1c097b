/* SPDX-License-Identifier: MIT */
/* org.assistantd.Models1: the user's model files, and which of them runs. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/files.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

#define SUFFIX ".gguf"
#define SIZE_MAX_MODEL (UINT64_C(1) << 40)

/* A file on its way into the user's folder, copied by the store's thread. */
struct adding {
	struct daemon *d;
	DBusMessage *m;
	struct work work;
	int in, out;
	char *fresh, *path;
};

/* Letters, digits and ._- : a file name and nothing else. */
static bool valid_name(const char *name)
{
	size_t n = strlen(name);

	if (n < 1 || n > 100 || name[0] == '.')
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	return true;
}

static char *model_path(const struct daemon *d, const char *name)
{
	char *path;

	return asprintf(&path, "%s/models/%s%s", d->paths.data, name, SUFFIX) < 0 ? NULL : path;
}

static bool is_active(const struct daemon *d, const char *path)
{
	const char *running = engine_path(d->engine);
	struct stat a, b;

	return running && stat(running, &a) == 0 && stat(path, &b) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void out_model(const struct daemon *d, const char *name, const char *path,
		      struct out_list *list)
{
	DBusMessageIter *item;
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	item = out_list_next(list);
	out_dict_str(item, "name", name);
	out_dict_str(item, "path", path);
	out_dict_u64(item, "bytes", (uint64_t)st.st_size);
	out_dict_bool(item, "active", is_active(d, path));
	out_list_end_item(list);
}

static void out_folder(const struct daemon *d, struct out_list *list)
{
	_cleanup_free_ char *folder = NULL;
	struct dirent *entry;
	DIR *dir;

	if (asprintf(&folder, "%s/models", d->paths.data) < 0)
		folder = NULL;
	dir = folder ? opendir(folder) : NULL;
	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *path = NULL;
		char name[NAME_MAX + 1];
		size_t n = strlen(entry->d_name);

		if (n <= strlen(SUFFIX) || strcmp(entry->d_name + n - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(n - strlen(SUFFIX)), entry->d_name);
		path = model_path(d, name);
		if (path && valid_name(name))
			out_model(d, name, path, list);
	}
	if (dir)
		closedir(dir);
}

static void list(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	_cleanup_free_ char *tiny = NULL;
	DBusMessage *reply = dbus_message_new_method_return(m);
	struct out_list out;
	DBusMessageIter at;

	if (!reply || asprintf(&tiny, "%s/tiny/base.gguf", d->paths.shared) < 0)
		return;
	dbus_message_iter_init_append(reply, &at);
	out_open_list(&out, &at, NULL);
	out_model(d, "default", tiny, &out);
	out_folder(d, &out);
	out_close_list(&out);
	bus_send(d->bus, reply);
}

/* Points models/current at @target, NULL: at nothing, and loads what that means. */
static int choose(struct daemon *d, const char *target)
{
	_cleanup_free_ char *current = NULL, *fresh = NULL, *model = NULL;

	if (asprintf(&current, "%s/models/current", d->paths.data) < 0 ||
	    asprintf(&fresh, "%s.new", current) < 0)
		return -ENOMEM;
	unlink(fresh);
	if (!target) {
		if (unlink(current) < 0 && errno != ENOENT)
			return -errno;
	} else if (symlink(target, fresh) < 0 || rename(fresh, current) < 0) {
		return -errno;
	}
	model = library_model(&d->paths, &d->config);
	return model ? engine_use(d->engine, model) : -ENOMEM;
}

static void use(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	_cleanup_free_ char *path = NULL;
	DBusMessageIter at;
	const char *name;
	bool standard;
	int r;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &name);
	standard = strcmp(name, "default") == 0;
	path = valid_name(name) ? model_path(d, name) : NULL;
	if (!standard && (!path || access(path, R_OK) < 0)) {
		bus_send(d->bus, out_error(m, "ModelMissing", "no model '%s'", name));
		return;
	}
	r = choose(d, standard ? NULL : path);
	if (r < 0)
		bus_send(d->bus, out_error(m, "Internal", "%s", strerror(-r)));
	else
		bus_send(d->bus, dbus_message_new_method_return(m));
}

static int copy_file(struct work *work, struct store *store)
{
	struct adding *a = container_of(work, struct adding, work);
	int r = files_copy(a->in, a->out, SIZE_MAX_MODEL);

	(void)store;
	return r < 0 ? r : files_place(a->fresh, a->path);
}

static void copied(struct work *work, int result)
{
	struct adding *a = container_of(work, struct adding, work);

	if (result == 0)
		result = choose(a->d, a->path);
	if (result < 0) {
		unlink(a->fresh);
		bus_send(a->d->bus, out_error(a->m, "Internal", "the file cannot be taken over: %s",
					      strerror(-result)));
	} else {
		bus_send(a->d->bus, dbus_message_new_method_return(a->m));
	}
	closep(&a->in);
	closep(&a->out);
	dbus_message_unref(a->m);
	free(a->fresh);
	free(a->path);
	free(a);
}

static int begin_adding(struct daemon *d, DBusMessage *m, const char *name, int fd)
{
	struct adding *a = calloc(1, sizeof(*a));
	_cleanup_free_ char *folder = NULL;

	if (!a)
		return -ENOMEM;
	*a = (struct adding){ .d = d, .in = fd, .out = -1, .m = dbus_message_ref(m) };
	a->work = (struct work){ .run = copy_file, .done = copied };
	a->path = model_path(d, name);
	if (!a->path || asprintf(&a->fresh, "%s.new", a->path) < 0 ||
	    asprintf(&folder, "%s/models", d->paths.data) < 0) {
		copied(&a->work, -ENOMEM);
		return 0;
	}
	if (make_folders(folder) == 0)
		a->out = open(a->fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			      0600);
	if (a->out < 0)
		copied(&a->work, -errno);
	else
		worker_post(d->worker, &a->work);
	return 0;
}

static void add(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	DBusMessageIter at;
	const char *name;
	int fd;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &fd);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &name);
	if (!valid_name(name) || strcmp(name, "default") == 0) {
		close(fd);
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS,
					   "name: expected letters, digits and ._-"));
	} else if (begin_adding(d, m, name, fd) < 0) {
		close(fd);
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
	}
}

static const struct bus_method methods[] = {
	{ "List", "a{sv}", list, "" },
	{ "Add", "hsa{sv}", add, "" },
	{ "Use", "s", use },
};

static const struct bus_property properties[] = { { "Version", "u", bus_version } };

static const struct bus_interface models1 = {
	.name = "org.assistantd.Models1",
	.xml = xml_models1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void models1_add(struct daemon *d)
{
	bus_add(d->bus, &models1, d, false);
}
