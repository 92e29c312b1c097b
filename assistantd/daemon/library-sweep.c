/* SPDX-License-Identifier: MIT */
/* Files of the user's folder that nothing lists any more. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/library-change.h"
#include "assistantd/daemon/library-private.h"
#include "assistantd/daemon/log.h"
#include "util/macro.h"

struct sweep {
	struct work work;
	char *folder;
	bool all;
	struct digest *listed;
	size_t n;
};

/* What a change has installed: "DIGEST.gguf", and nothing that the user put there by hand. */
static bool parse_name(const char *name, struct digest *ret)
{
	char hex[DIGEST_HEX_LEN + 1];

	if (strlen(name) != DIGEST_HEX_LEN + 5 || strcmp(name + DIGEST_HEX_LEN, ".gguf") != 0)
		return false;
	snprintf(hex, sizeof(hex), "%.*s", DIGEST_HEX_LEN, name);
	return digest_from_hex(hex, ret) == 0;
}

static bool ends_with_new(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcmp(name + n - 4, ".new") == 0;
}

static bool unlisted(const struct sweep *s, const char *name)
{
	struct digest d;

	if (s->all && ends_with_new(name))
		return true;
	if (!parse_name(name, &d))
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (digest_equal(&s->listed[i], &d))
			return false;
	return true;
}

static int run(struct work *work, struct store *store)
{
	const struct sweep *s = container_of(work, struct sweep, work);
	DIR *dir = opendir(s->folder);
	struct dirent *at;
	int r = 0;

	(void)store;
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((at = readdir(dir)))
		if (unlisted(s, at->d_name) && unlinkat(dirfd(dir), at->d_name, 0) < 0)
			r = -errno;
	closedir(dir);
	return r;
}

static void done(struct work *work, int result)
{
	struct sweep *s = container_of(work, struct sweep, work);

	if (result < 0)
		log_error("%s: %s", s->folder, strerror(-result));
	free(s->folder);
	free(s->listed);
	free(s);
}

static size_t count_of(const struct shelf *s)
{
	return s->catalog ? catalog_count(s->catalog) : 0;
}

/* Whoever holds a shelf may still open its files. */
static int list_files(struct library *l, struct sweep *s)
{
	size_t most = 1;

	for (const struct shelf *at = l->all; at; at = at->next)
		most += count_of(at);
	s->listed = calloc(most, sizeof(*s->listed));
	if (!s->listed)
		return -ENOMEM;
	for (const struct shelf *at = l->all; at; at = at->next)
		for (size_t i = 0; i < count_of(at); i++) {
			const struct catalog_entry *e = catalog_at(at->catalog, i);

			if (e->state != CATALOG_REFUSED)
				s->listed[s->n++] = e->digest;
		}
	return 0;
}

void library_sweep(struct library *l, bool all)
{
	struct sweep *s;

	/* A catalogue that cannot be read may list any of them. */
	if (!l->worker || *l->trouble || !(s = calloc(1, sizeof(*s))))
		return;
	*s = (struct sweep){ { .run = run, .done = done }, .all = all };
	s->folder = strdup(l->folders[LIBRARY_USER]);
	if (!s->folder || list_files(l, s) < 0)
		done(&s->work, -ENOMEM);
	else
		worker_post(l->worker, &s->work);
}
