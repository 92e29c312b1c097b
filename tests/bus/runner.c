/* SPDX-License-Identifier: MIT */
/*
 * runner FILE…: the front end's runners by themselves, for tests. Reads lines from its input,
 * "call TOOL JSON", "read TOOL JSON", "things" or "load FILE…", and writes a line of JSON for
 * each. Calls run beside each other; their answers begin with the number of the line.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/daemon/runners.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/yaml.h"

static struct daemon daemon_parts;
static unsigned lines, names_changed, under_way;
static bool over;

static void on_names(void *arg)
{
	(void)arg;
	names_changed++;
}

static void on_lost(void *arg)
{
	(void)arg;
}

static void write_line(json_t *v)
{
	char *text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS);

	puts(text);
	fflush(stdout);
	free(text);
	json_decref(v);
}

static int load(struct tool_registry *r, const char *path)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct diag d = DIAG_NULL;
	int err = fd < 0 ? -errno : file_read_all(fd, YAML_MAX_SIZE, &text, &d);

	if (err == 0)
		err = tool_registry_load(r, text.data, text.len, true, &d);
	if (err < 0)
		fprintf(stderr, "%s:%s: %s\n", path, d.field, d.text);
	return err;
}

static void on_result(void *arg, const struct backend_result *result)
{
	unsigned *line = arg;

	write_line(json_pack("{s:i, s:s, s:b, s:O*, s:O*, s:s?, s:s}", "line", (int)*line,
			     "outcome", tools_outcome_name(result->outcome), "verified",
			     result->verified, "before", result->before, "after", result->after,
			     "result", result->result, "text", result->text));
	free(line);
	if (--under_way == 0 && over)
		loop_stop(daemon_parts.loop);
}

static void run(bool reads, char *rest)
{
	char *save = NULL, *name = strtok_r(rest, " ", &save);
	const struct tool *t = tool_registry_find(daemon_parts.tool_registry, name ? name : "");
	json_auto_t *arguments = json_loads(save ? save : "", 0, NULL);
	const struct backend *b = t ? daemon_parts.backends[t->backend] : NULL;
	unsigned *line = malloc(sizeof(*line));
	int r;

	*line = lines;
	under_way++;
	r = !b || !arguments ? -ENOENT : reads ? b->read(b->data, t, arguments, on_result, line)
					       : b->call(b->data, t, arguments, on_result, line);
	if (r == 0)
		return;
	under_way--;
	free(line);
	write_line(json_pack("{s:i, s:i}", "line", (int)lines, "error", r));
}

static void tell_things(void)
{
	json_t *list = json_array();

	for (const struct home_entity *e = home_first(daemon_parts.home); e; e = e->next)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:O}", "id", e->id,
						      "domain", e->domain, "name", e->name,
						      "state", e->state, "attributes",
						      e->attributes));
	write_line(json_pack("{s:i, s:o, s:i}", "line", (int)lines, "things", list, "changes",
			     (int)names_changed));
}

static void obey(char *text)
{
	char *save = NULL, *verb = strtok_r(text, " ", &save);

	lines++;
	if (verb && strcmp(verb, "things") == 0)
		tell_things();
	else if (verb)
		run(strcmp(verb, "read") == 0, save);
}

static void on_input(void *arg, int fd, short events)
{
	static char text[65536];
	static size_t n;
	ssize_t got = read(fd, text + n, sizeof(text) - 1 - n);
	char *end;

	(void)arg;
	(void)events;
	if (got <= 0) {
		over = true;
		loop_set_events(*(struct loop_source **)arg, 0);
		if (!under_way)
			loop_stop(daemon_parts.loop);
		return;
	}
	n += (size_t)got;
	text[n] = '\0';
	while ((end = strchr(text, '\n'))) {
		*end = '\0';
		obey(text);
		n -= (size_t)(end + 1 - text);
		memmove(text, end + 1, n + 1);
	}
}

int main(int argc, char **argv)
{
	struct daemon *d = &daemon_parts;
	struct loop_source *input = NULL;
	int r = loop_new(&d->loop);

	if (r == 0)
		r = tool_registry_new(&d->tool_registry);
	for (int i = 1; r == 0 && i < argc; i++)
		r = load(d->tool_registry, argv[i]);
	if (r == 0)
		r = home_new(&d->home, "/nonexistent/home.json");
	if (r == 0)
		r = bus_new(&d->bus, d->loop, DBUS_BUS_SESSION, on_lost, NULL);
	if (r == 0 && bus_new(&d->system, d->loop, DBUS_BUS_SYSTEM, on_lost, NULL) < 0)
		d->system = NULL;
	d->paths.libexec = getenv("ASSISTANTD_LIBEXEC_DIR");
	if (r == 0)
		r = runners_new(&d->runners, d, on_names, NULL);
	if (r == 0)
		r = loop_watch(d->loop, &input, STDIN_FILENO, POLLIN, on_input, &input);
	if (r == 0)
		r = loop_run(d->loop);
	runners_free(d->runners);
	loop_unwatch(input);
	bus_free(d->system);
	bus_free(d->bus);
	home_free(d->home);
	tool_registry_free(d->tool_registry);
	loop_free(d->loop);
	if (r < 0)
		fprintf(stderr, "runner: %s\n", strerror(-r));
	return r < 0;
}
