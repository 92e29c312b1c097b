/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/languages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/daemon/log.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/yaml.h"

struct languages {
	struct intents *sets[LANGUAGES_MAX];
	size_t n;
};

/* @intent is the name of the folder, or NULL. A file that cannot be read adds nothing. */
static void read_sentence_file(struct intents *set, const char *path, const char *intent)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct diag diag = DIAG_NULL;
	int r = fd < 0 ? -errno : file_read_all(fd, YAML_MAX_SIZE, &text, &diag);

	if (r == 0)
		r = intent ? intents_load_for(set, path, intent, text.data, text.len, &diag)
			   : intents_load(set, path, text.data, text.len, &diag);
	if (r < 0)
		log_error("%s:%s: %s", path, diag.field, diag.code ? diag.text : strerror(-r));
}

static int no_dots(const struct dirent *e)
{
	return *e->d_name != '.';
}

static bool is_yaml(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && (strcmp(end, ".yaml") == 0 || strcmp(end, ".yml") == 0);
}

/* The files of a folder in the order of their names; with @intent NULL, of its folders too. */
static int read_folder(struct intents *set, const char *folder, const char *intent)
{
	struct dirent **found = NULL;
	int n = scandir(folder, &found, no_dots, alphasort), r = 0;

	for (int i = 0; i < n; free(found[i++])) {
		const char *name = found[i]->d_name;
		_cleanup_free_ char *path = NULL;
		struct stat st;

		if (r < 0)
			continue;
		if (asprintf(&path, "%s/%s", folder, name) < 0) {
			path = NULL;
			r = -ENOMEM;
		} else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			r = intent ? 0 : read_folder(set, path, name);
		} else if (is_yaml(name)) {
			read_sentence_file(set, path, intent);
		}
	}
	free(found);
	return r;
}

/* Of "pt-br", or else of "pt"; not every language has numbers. */
static int read_numbers(struct intents *set, const char *folder, const char *name)
{
	const size_t lengths[] = { strlen(name), strcspn(name, "-") };

	for (size_t i = 0; i < 2; i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/intents/numbers/%.*s.yaml", folder, (int)lengths[i],
			     name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if (access(path, F_OK) == 0) {
			read_sentence_file(set, path, NULL);
			return 0;
		}
	}
	return 0;
}

static int read_language(struct intents *set, const char *folder, const char *name)
{
	_cleanup_free_ char *path = NULL;
	int r = read_numbers(set, folder, name);

	if (r < 0)
		return r;
	if (asprintf(&path, "%s/intents/%s", folder, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return read_folder(set, path, NULL);
}

static void log_warnings(const struct intents *set)
{
	size_t n;
	const struct intent_warning *w = intents_warnings(set, &n);

	for (size_t i = 0; i < n; i++)
		log_warning("%s:%u: %s", w[i].file, w[i].line, w[i].text);
}

int languages_read(const char *const *names, size_t n, const char *const *folders,
		   size_t n_folders, struct languages **ret)
{
	_cleanup_(languages_freep) struct languages *l = calloc(1, sizeof(*l));
	int r = l ? 0 : -ENOMEM;

	for (size_t i = 0; r >= 0 && i < n && i < LANGUAGES_MAX; i++) {
		r = intents_new(&l->sets[l->n]);
		if (r < 0)
			break;
		l->n++;
		for (size_t k = 0; r == 0 && k < n_folders; k++)
			r = read_language(l->sets[i], folders[k], names[i]);
		if (r == 0)
			r = intents_bind(l->sets[i]);
		if (r >= 0)
			log_warnings(l->sets[i]);
	}
	if (r < 0)
		return r;
	*ret = TAKE(l);
	return 0;
}

struct languages *languages_free(struct languages *l)
{
	if (!l)
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		intents_free(l->sets[i]);
	free(l);
	return NULL;
}

int languages_set_entities(struct languages *l, const struct intent_entity *entities, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++)
		r = intents_set_entities(l->sets[i], entities, n);
	return r;
}

int languages_match(const struct languages *l, const char *text, size_t len,
		    const struct intent_context *context, size_t n_context,
		    struct intent_matches **ret)
{
	_cleanup_(intent_matches_freep) struct intent_matches *first = NULL;

	*ret = NULL;
	for (size_t i = 0; i < l->n; i++) {
		_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
		int r = intents_match(l->sets[i], text, len, context, n_context, &m);

		if (r != INTENT_E_NONE) {
			*ret = TAKE(m);
			return r;
		}
		if (i == 0)
			first = TAKE(m);
	}
	*ret = TAKE(first);
	return INTENT_E_NONE;
}
