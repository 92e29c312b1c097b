/* SPDX-License-Identifier: MIT */
/*
 * usage: sampled FOLDER NAME [FILE...]
 *
 * Loads the sentence files of one language and the others that are named, and understands the
 * sentences of NAME.said with the things of NAME.things (sample.py writes both). One line of
 * figures at the end; fails when a file is refused or a sentence is not among what its text can
 * mean.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "intents/intents.h"
#include "util/buf.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/macro.h"

enum { THINGS_MAX = 4096, CONTEXT_MAX = 8, FIELDS_MAX = 32, TIMES_MAX = 1 << 20 };

struct expected {
	char *text, *intent;
	struct intent_context context[CONTEXT_MAX];
	size_t n_context;
	char *slots[FIELDS_MAX][2];
	size_t n_slots;
};

static size_t n_refused, n_warnings, n_said, n_right, n_more, n_equal, n_other, n_none;
static double times[TIMES_MAX];
static size_t n_times;

static void load_file(struct intents *set, const char *path, const char *intent)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct diag d = DIAG_NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (file_read_all(fd, SIZE_MAX, &text, &d) == 0 &&
	    intents_load_for(set, path, intent, text.data, text.len, &d) == 0)
		return;
	printf("%s:%s: %s\n", path, d.field, d.text);
	n_refused++;
}

static int visible(const struct dirent *e)
{
	return *e->d_name != '.';
}

/* Files of the older form, and folders that name the intent of theirs. */
static int load_folder(struct intents *set, const char *path, const char *intent)
{
	struct dirent **names;
	int n = scandir(path, &names, visible, alphasort);

	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *name = NULL;

		if (asprintf(&name, "%s/%s", path, names[i]->d_name) < 0)
			abort();
		if (intent || load_folder(set, name, names[i]->d_name) < 0)
			load_file(set, name, intent);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return n < 0 ? -1 : 0;
}

/* Cuts @line at its tabs. */
static size_t cut(char *line, char *fields[FIELDS_MAX])
{
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (line && n < FIELDS_MAX)
		fields[n++] = strsep(&line, "\t");
	return n;
}

static FILE *open_beside(const char *name, const char *suffix)
{
	_cleanup_free_ char *path = NULL;
	FILE *f;

	if (asprintf(&path, "%s.%s", name, suffix) < 0)
		abort();
	f = fopen(path, "re");
	if (!f)
		perror(path);
	return f;
}

/* "key=value", cut in two. */
static struct intent_context pair_of(char *text)
{
	char *value = strchr(text, '=');

	if (!value)
		abort();
	*value++ = '\0';
	return (struct intent_context){ text, value };
}

static void read_things(struct intents *set, const char *name)
{
	static struct intent_entity things[THINGS_MAX];
	static struct intent_context context[THINGS_MAX][CONTEXT_MAX];
	FILE *f = open_beside(name, "things");
	char *line = NULL, *fields[FIELDS_MAX];
	size_t n = 0, size = 0;

	while (f && n < THINGS_MAX && getline(&line, &size, f) > 0) {
		char *copy = strdup(line);
		size_t k = cut(copy, fields);

		things[n] = (struct intent_entity){ fields[0], fields[1], fields[2], context[n],
						    MIN(k - 3, (size_t)CONTEXT_MAX) };
		for (size_t i = 0; i < things[n].n_context; i++)
			context[n][i] = pair_of(fields[3 + i]);
		n++;
	}
	if (!f || intents_set_entities(set, things, n) < 0)
		exit(EXIT_FAILURE);
	free(line);
	fclose(f);
}

static bool read_expected(char *line, struct expected *e)
{
	char *fields[FIELDS_MAX];
	size_t n = cut(line, fields);

	if (n < 3)
		return false;
	*e = (struct expected){ .text = fields[0], .intent = fields[1] };
	while (fields[2] && *fields[2] && e->n_context < CONTEXT_MAX)
		e->context[e->n_context++] = pair_of(strsep(&fields[2], ","));
	for (size_t i = 3; i < n; i++) {
		struct intent_context p = pair_of(fields[i]);

		e->slots[e->n_slots][0] = (char *)p.key;
		e->slots[e->n_slots++][1] = (char *)p.value;
	}
	return true;
}

/* The intent and all slots that are expected, perhaps with others. */
static bool has_meant(const struct intent_match *m, const struct expected *e)
{
	bool same = strcmp(m->intent, e->intent) == 0;

	for (size_t i = 0; i < e->n_slots && same; i++) {
		const char *v = intent_slot(m, e->slots[i][0]);

		same = v && strcmp(v, e->slots[i][1]) == 0;
	}
	return same;
}

static bool is_meant(const struct intent_match *m, const struct expected *e)
{
	return has_meant(m, e) && m->n_slots == e->n_slots;
}

static void show(const struct intent_match *m)
{
	printf("\t%s (%s:%u, %s)", m->intent, m->file, m->line, intent_loss_text(m->lost));
	for (size_t i = 0; i < m->n_slots; i++)
		printf(" %s=%s", m->slots[i].name, m->slots[i].value);
	printf("\n");
}

static bool any_meant(const struct intent_matches *m, size_t n, const struct expected *e)
{
	for (size_t i = 0; i < n; i++)
		if (is_meant(&m->items[i], e))
			return true;
	return false;
}

static void understand(const struct intents *set, const struct expected *e)
{
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	double before = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
	int r = intents_match(set, e->text, strlen(e->text), e->context, e->n_context, &m);

	if (n_times < TIMES_MAX)
		times[n_times++] = 1e6 * (clock_seconds(CLOCK_THREAD_CPUTIME_ID) - before);
	n_said++;
	if (r >= 0 && any_meant(m, m->n_best, e)) {
		n_right += r == 0;
		n_equal += r != 0;
		return;
	}
	if (r == 0 && has_meant(&m->items[0], e)) {
		n_more++;
		return;
	}
	if (r >= 0 && any_meant(m, m->n, e))
		n_other++;
	else
		n_none++;
	printf("%s: %s", e->text, e->intent);
	for (size_t i = 0; i < e->n_slots; i++)
		printf(" %s=%s", e->slots[i][0], e->slots[i][1]);
	printf(": %d\n", r);
	for (size_t i = 0; m && i < MIN(m->n, (size_t)4); i++)
		show(&m->items[i]);
}

static void understand_all(const struct intents *set, const char *name)
{
	FILE *f = open_beside(name, "said");
	char *line = NULL;
	size_t size = 0;

	if (!f)
		exit(EXIT_FAILURE);
	while (getline(&line, &size, f) > 0) {
		_cleanup_free_ char *copy = strdup(line);
		struct expected e;

		if (read_expected(copy, &e))
			understand(set, &e);
	}
	free(line);
	fclose(f);
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of all times in order, the one at that part of them. */
static double time_at(double part)
{
	return n_times ? times[(size_t)((double)(n_times - 1) * part)] : 0.0;
}

int main(int argc, char **argv)
{
	_cleanup_(intents_freep) struct intents *set = NULL;
	const struct intent_warning *w;
	double before;

	if (argc < 3 || intents_new(&set) < 0 || load_folder(set, argv[1], NULL) < 0)
		return EXIT_FAILURE;
	for (int i = 3; i < argc; i++)
		load_file(set, argv[i], NULL);
	read_things(set, argv[2]);
	before = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
	if (intents_bind(set) < 0)
		return EXIT_FAILURE;
	before = 1e6 * (clock_seconds(CLOCK_THREAD_CPUTIME_ID) - before);
	w = intents_warnings(set, &n_warnings);
	for (size_t i = 0; i < n_warnings; i++)
		printf("%s:%u: %s\n", w[i].file, w[i].line, w[i].text);
	understand_all(set, argv[2]);
	qsort(times, n_times, sizeof(times[0]), by_time);
	printf("%zu refused, %zu warnings; %zu said: %zu understood, %zu with more, "
	       "%zu among equal ones, %zu lost to another, %zu not understood; "
	       "compiled in %.1f ms; p50 %.0f us, p99 %.0f us, max %.0f us\n", n_refused,
	       n_warnings, n_said, n_right, n_more, n_equal, n_other, n_none, before / 1e3,
	       time_at(0.5), time_at(0.99), time_at(1.0));
	return n_refused || n_none ? EXIT_FAILURE : EXIT_SUCCESS;
}
