/* SPDX-License-Identifier: MIT */
#include "tests/intents/hearing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/file.h"
#include "util/macro.h"
#include "util/yaml.h"

struct hearing {
	struct intents *set;
	struct intent_entity *entities;
	size_t n;
};

static void fail(const char *file, const char *where, const char *why)
{
	fprintf(stderr, "%s:%s: %s\n", file, where, why);
	exit(EXIT_FAILURE);
}

static char *copy(const char *text)
{
	char *to = strdup(text);

	if (!to)
		fail(text, "", strerror(ENOMEM));
	return to;
}

/* What is kept of a value belongs to @h until it is closed. */
static void add(struct hearing *h, const char *list, const char *in, const char *out,
		struct intent_context *context, size_t n)
{
	struct intent_entity *e = reallocarray(h->entities, h->n + 1, sizeof(*e));

	if (!e)
		fail(in, "", strerror(ENOMEM));
	h->entities = e;
	e[h->n++] = (struct intent_entity){ list, copy(in), copy(out), context, n };
}

/* A device: its names are taken apart. */
static void add_device(struct hearing *h, char *fields[4])
{
	char *domain = strndup(fields[0], strcspn(fields[0], "."));
	const struct intent_context known[] = {
		{ "domain", domain }, { "area", fields[2] }, { "device_class", fields[3] },
	};

	for (char *name, *names = fields[1]; (name = strsep(&names, "|")); ) {
		struct intent_context *context = calloc(ARRAY_SIZE(known), sizeof(*context));
		size_t n = 0;

		for (size_t i = 0; context && i < ARRAY_SIZE(known); i++)
			if (*known[i].value)
				context[n++] = (struct intent_context){ known[i].key,
									copy(known[i].value) };
		add(h, "name", name, fields[0], context, n);
	}
	free(domain);
}

static void add_line(struct hearing *h, char *line)
{
	static char empty[] = "";
	char *fields[4] = { empty, empty, empty, empty };

	line[strcspn(line, "\n")] = '\0';
	if (!*line || *line == '#')
		return;
	for (size_t i = 0; i < ARRAY_SIZE(fields) && line; i++)
		fields[i] = strsep(&line, "\t");
	if (strcmp(fields[0], "area") != 0) {
		add_device(h, fields);
		return;
	}
	add(h, "area", fields[1], fields[1], NULL, 0);
	if (*fields[2])
		add(h, "floor", fields[2], fields[2], NULL, 0);
}

struct hearing *hearing_open(const char *house)
{
	struct hearing *h = calloc(1, sizeof(*h));
	FILE *f = fopen(house, "re");
	char *line = NULL;
	size_t room = 0;

	if (!f || !h || intents_new(&h->set) < 0)
		fail(house, "", strerror(errno));
	while (getline(&line, &room, f) >= 0)
		add_line(h, line);
	free(line);
	fclose(f);
	return h;
}

static void load_file(struct hearing *h, const char *path, const char *intent)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct diag d = DIAG_NULL;

	if (fd < 0 || file_read_all(fd, YAML_MAX_SIZE, &text, &d) < 0)
		fail(path, d.field, strerror(errno));
	if (intent ? intents_load_for(h->set, path, intent, text.data, text.len, &d)
		   : intents_load(h->set, path, text.data, text.len, &d))
		fail(path, d.field, d.text);
}

static void load_folder(struct hearing *h, const char *folder, const char *intent)
{
	struct dirent **found;
	int n = scandir(folder, &found, NULL, alphasort);

	if (n < 0)
		fail(folder, "", strerror(errno));
	for (int i = 0; i < n; free(found[i++])) {
		_cleanup_free_ char *path = NULL;

		if (*found[i]->d_name == '.' ||
		    asprintf(&path, "%s/%s", folder, found[i]->d_name) < 0)
			continue;
		if (found[i]->d_type == DT_DIR)
			load_folder(h, path, found[i]->d_name);
		else
			load_file(h, path, intent);
	}
	free(found);
}

void hearing_load(struct hearing *h, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		fail(path, "", strerror(errno));
	if (S_ISDIR(st.st_mode))
		load_folder(h, path, NULL);
	else
		load_file(h, path, NULL);
}

void hearing_bind(struct hearing *h)
{
	int r = intents_set_entities(h->set, h->entities, h->n);

	if (r == 0)
		r = intents_bind(h->set);
	if (r < 0)
		fail("sentences", "", strerror(-r));
}

size_t hearing_warnings(const struct hearing *h)
{
	const struct intent_warning *w;
	size_t n;

	w = intents_warnings(h->set, &n);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, "%s:%u: %s\n", w[i].file, w[i].line, w[i].text);
	return n;
}

static void free_entity(const struct intent_entity *e)
{
	for (size_t i = 0; i < e->n_context; i++)
		free((char *)e->context[i].value);
	free((struct intent_context *)e->context);
	free((char *)e->in);
	free((char *)e->out);
}

struct hearing *hearing_close(struct hearing *h)
{
	if (!h)
		return NULL;
	for (size_t i = 0; i < h->n; i++)
		free_entity(&h->entities[i]);
	free(h->entities);
	intents_free(h->set);
	free(h);
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct intent_slot *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void tell(const struct intent_match *m, struct buf *out)
{
	struct intent_slot slots[INTENT_SLOTS_MAX];

	memcpy(slots, m->slots, sizeof(slots));
	qsort(slots, m->n_slots, sizeof(*slots), by_name);
	buf_printf(out, "%s%s%s", m->intent, m->response ? "/" : "", m->response ?: "");
	for (size_t i = 0; i < m->n_slots; i++)
		buf_printf(out, "\t%s=%s", slots[i].name, slots[i].value);
	buf_append_char(out, '\n');
}

void hear(const struct hearing *h, const char *text, const char *here, struct buf *out)
{
	const struct intent_context context = { "area", here };
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	int r = intents_match(h->set, text, strlen(text), &context, here ? 1 : 0, &m);

	buf_reset(out);
	if (r < 0)
		buf_printf(out, "%s\n", strerror(-r));
	for (size_t i = 0; m && i < m->n_best; i++)
		tell(&m->items[i], out);
}
