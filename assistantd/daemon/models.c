/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/models.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/digests.h"
#include "util/macro.h"

#define SUFFIX ".gguf"

bool model_name_valid(const char *name)
{
	size_t n = strlen(name);

	if (n < 1 || n > 100 || name[0] == '.')
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	return true;
}

char *model_path(const struct daemon *d, const char *name)
{
	char *path;

	return asprintf(&path, "%s/models/%s%s", d->paths.data, name, SUFFIX) < 0 ? NULL : path;
}

/* Takes @path; one that cannot be looked at is left out. */
static int add(const struct daemon *d, struct model_files *m, const char *name, char *path)
{
	struct model_file *grown, *f;
	struct digest ignored;
	struct stat st;

	if (!path || stat(path, &st) < 0) {
		int r = path ? 0 : -ENOMEM;

		free(path);
		return r;
	}
	grown = reallocarray(m->list, m->n + 1, sizeof(*grown));
	if (!grown) {
		free(path);
		return -ENOMEM;
	}
	m->list = grown;
	f = &m->list[m->n++];
	*f = (struct model_file){ .path = path, .st = st };
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->has_weights = digests_find(engine_digests(d->engine), &st, &ignored, &f->weights);
	return 0;
}

static int add_folder(const struct daemon *d, struct model_files *m, DIR *dir)
{
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(dir))) {
		char name[NAME_MAX + 1];
		size_t n = strlen(entry->d_name);

		if (n <= strlen(SUFFIX) || strcmp(entry->d_name + n - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(n - strlen(SUFFIX)), entry->d_name);
		if (model_name_valid(name))
			r = add(d, m, name, model_path(d, name));
	}
	return r;
}

int models_read(const struct daemon *d, struct model_files *ret)
{
	_cleanup_free_ char *folder = NULL;
	char *tiny;
	DIR *dir;
	int r;

	*ret = (struct model_files){ 0 };
	r = add(d, ret, "default", asprintf(&tiny, "%s/tiny/base.gguf", d->paths.shared) < 0 ?
		NULL : tiny);
	if (r == 0 && asprintf(&folder, "%s/models", d->paths.data) < 0) {
		folder = NULL;
		r = -ENOMEM;
	}
	dir = r == 0 ? opendir(folder) : NULL;
	if (dir) {
		r = add_folder(d, ret, dir);
		closedir(dir);
	}
	if (r < 0)
		models_deinit(ret);
	return r;
}

void models_deinit(struct model_files *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->list[i].path);
	free(m->list);
	*m = (struct model_files){ 0 };
}

bool models_made_for(const struct manifest *m, const struct digest *weights)
{
	for (size_t i = 0; i < m->n_bases; i++)
		if (digest_equal(&m->bases[i], weights))
			return true;
	return false;
}

char *models_for(const struct daemon *d, const struct manifest *m)
{
	struct model_files files;
	char *path = NULL;

	if (engine_state(d->engine) == ENGINE_READY &&
	    models_made_for(m, &engine_model(d->engine)->identity.weights))
		return strdup(engine_path(d->engine));
	if (models_read(d, &files) < 0)
		return NULL;
	for (size_t i = 0; !path && i < files.n; i++)
		if (files.list[i].has_weights && models_made_for(m, &files.list[i].weights))
			path = TAKE(files.list[i].path);
	models_deinit(&files);
	return path;
}
