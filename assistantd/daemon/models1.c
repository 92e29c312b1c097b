/* SPDX-License-Identifier: MIT */
/* org.assistantd.Models1: the user's model files, and which of them runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/files.h"
#include "assistantd/daemon/models.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

#define SIZE_MAX_MODEL (UINT64_C(1) << 40)

/* A file on its way into the user's folder, copied by the store's thread. */
struct adding {
	struct daemon *d;
	DBusMessage *m;
	struct work work;
	int in, out;
	char *fresh, *path;
};

static bool is_active(const struct daemon *d, const struct model_file *f)
{
	const char *running = engine_path(d->engine);
	struct stat st;

	return running && stat(running, &st) == 0 && st.st_ino == f->st.st_ino &&
	       st.st_dev == f->st.st_dev;
}

static void out_model(const struct daemon *d, const struct model_file *f, DBusMessageIter *item)
{
	out_dict_str(item, "name", f->name);
	out_dict_str(item, "path", f->path);
	out_dict_u64(item, "bytes", (uint64_t)f->st.st_size);
	out_dict_bool(item, "active", is_active(d, f));
}

static void list(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct out_list_reply out;
	struct model_files files;

	if (models_read(d, &files) < 0) {
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		return;
	}
	if (out_begin_list_reply(&out, m)) {
		for (size_t i = 0; i < files.n; i++) {
			out_model(d, &files.list[i], out_list_next(&out.list));
			out_list_end_item(&out.list);
		}
		bus_send(d->bus, out_end_list_reply(&out));
	}
	models_deinit(&files);
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
	path = model_name_valid(name) ? model_path(d, name) : NULL;
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
	if (!model_name_valid(name) || strcmp(name, "default") == 0) {
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
