/* SPDX-License-Identifier: MIT */
/* org.assistantd.Request1: one object per running request. */
#include "assistantd/daemon/job.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

static bool exists(void *arg, const char *path)
{
	return job_at(arg, path, NULL);
}

static void close_request(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct job *job = job_at(d, dbus_message_get_path(m), dbus_message_get_sender(m));

	if (!job) {
		bus_send(d->bus, out_error(m, DBUS_ERROR_ACCESS_DENIED,
					   "another connection's request"));
		return;
	}
	job_close(job);
	bus_send(d->bus, dbus_message_new_method_return(m));
	jobs_pump(d);
}

static const struct bus_method methods[] = { { "Close", "", close_request } };
static const struct bus_property properties[] = { { "Version", "u", bus_version } };

static const struct bus_interface request1 = {
	.name = "org.assistantd.Request1",
	.xml = xml_request1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void request1_add(struct daemon *d)
{
	bus_add(d->bus, &request1, d, true);
	bus_set_exists(d->bus, exists, d);
}
