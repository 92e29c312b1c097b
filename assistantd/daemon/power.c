/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/power.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/truth.h"
#include "util/macro.h"

enum { LOOK_MS = 15000, ATTRIBUTE_MAX = 64 };

struct power {
	struct loop *loop;
	const char *folder;
	struct truth *upower;		/* NULL: no system bus */
	struct loop_timer *look;
	bool discharging, was;
	loop_fn changed;
	void *arg;
};

/* The text of an attribute without its newline; false where there is none. */
static bool read_attribute(int folder, const char *supply, const char *name,
			   char ret[ATTRIBUTE_MAX])
{
	_cleanup_close_ int at = openat(folder, supply, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = at < 0 ? -1 : openat(at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, ATTRIBUTE_MAX - 1);

	if (n < 0)
		return false;
	ret[n] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return true;
}

bool power_read(const char *folder)
{
	DIR *dir = opendir(folder);
	bool discharging = false, connected = false;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char type[ATTRIBUTE_MAX], value[ATTRIBUTE_MAX];
		const char *name = entry->d_name;

		if (!read_attribute(dirfd(dir), name, "type", type))
			continue;
		/* That of a mouse. */
		if (read_attribute(dirfd(dir), name, "scope", value) &&
		    strcmp(value, "Device") == 0)
			continue;
		if (strcmp(type, "Battery") == 0)
			discharging |= read_attribute(dirfd(dir), name, "status", value) &&
				       strcmp(value, "Discharging") == 0;
		else
			connected |= read_attribute(dirfd(dir), name, "online", value) &&
				     strcmp(value, "1") == 0;
	}
	if (dir)
		closedir(dir);
	return discharging && !connected;
}

bool power_on_battery(const struct power *p)
{
	return truth_is_there(p->upower) ? truth_told(p->upower) : p->discharging;
}

static void tell(struct power *p)
{
	if (p->was == power_on_battery(p))
		return;
	p->was = !p->was;
	p->changed(p->arg);
}

static void on_told(void *arg)
{
	tell(arg);
}

static int look(struct power *p);

static void on_look(void *arg)
{
	struct power *p = arg;

	p->look = NULL;
	/* Without memory what was seen last stays until somebody wants to know anew. */
	(void)look(p);
	tell(p);
}

static int look(struct power *p)
{
	p->discharging = power_read(p->folder);
	return loop_after(p->loop, &p->look, LOOK_MS, on_look, p);
}

int power_want(struct power *p, bool wanted)
{
	int r = 0;

	if (wanted && !p->look)
		r = look(p);
	else if (!wanted)
		p->look = loop_cancel(p->look);
	p->was = power_on_battery(p);
	return r;
}

int power_new(struct power **ret, struct loop *loop, struct bus *system, const char *folder,
	      loop_fn changed, void *arg)
{
	static const struct truth_source upower = {
		.name = "org.freedesktop.UPower", .path = "/org/freedesktop/UPower",
		.interface = "org.freedesktop.UPower", .property = "OnBattery",
	};
	_cleanup_(power_freep) struct power *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	*p = (struct power){ .loop = loop, .folder = folder, .changed = changed, .arg = arg };
	r = system ? truth_new(&p->upower, system, &upower, on_told, p) : 0;
	if (r == 0)
		*ret = TAKE(p);
	return r;
}

struct power *power_free(struct power *p)
{
	if (!p)
		return NULL;
	truth_free(p->upower);
	loop_cancel(p->look);
	free(p);
	return NULL;
}
