/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/proofreader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/language.h"
#include "util/macro.h"

/* The file of the language, without its country. */
static int open_file(const char *shared, const char *language, const char *end, char **path,
		     struct diag *d)
{
	int fd;

	if (asprintf(path, "%s/proofread/%.*s.%s", shared, (int)strcspn(language, "-_"), language,
		     end) < 0) {
		*path = NULL;
		return -ENOMEM;
	}
	fd = open(*path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? diag_set(d, -errno, DIAG_SYSTEM, *path, "%s", strerror(errno)) : fd;
}

/* Puts the file in front of the place in it. */
static int in_file(int r, const char *path, struct diag *d)
{
	_cleanup_free_ char *place = NULL;

	if (r < 0 && d->code != DIAG_NONE &&
	    asprintf(&place, "%s%s%s", path, *d->field ? ":" : "", d->field) >= 0) {
		d->field[0] = '\0';
		strncat(d->field, place, sizeof(d->field) - 1);
	}
	return r;
}

static int read_confusions(struct proofreader *p, const char *shared, const char *language,
			   struct diag *d)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = open_file(shared, language, "yaml", &path, d);

	return fd < 0 ? fd : in_file(confusions_read_fd(&p->confusions, fd, d), path, d);
}

static int read_words(struct proofreader *p, const char *shared, const char *language,
		      struct diag *d)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = open_file(shared, language, "words", &path, d);

	return fd < 0 ? fd : in_file(wordlist_read_fd(&p->words, fd, d), path, d);
}

int proofreader_new(struct proofreader **ret, const char *shared, const char *dictionaries,
		    const char *language, struct diag *d)
{
	_cleanup_(proofreader_freep) struct proofreader *p = calloc(1, sizeof(*p));
	int r = -ENOMEM;

	if (p)
		p->language = strdup(language);
	if (p && p->language)
		r = read_confusions(p, shared, language, d);

	if (r == 0)
		r = read_words(p, shared, language, d);
	if (r < 0)
		return r;
	r = dictionary_new(&p->dictionary, dictionaries, language);
	if (r == -ENOENT)
		return diag_set(d, r, DIAG_SYSTEM, dictionaries, "no spelling dictionary of '%s' "
				"is installed", language);
	if (r == 0)
		*ret = TAKE(p);
	return r;
}

bool proofreader_reads(const struct proofreader *p, const char *language)
{
	return !language || language_same(p->language, language);
}

struct proofreader *proofreader_free(struct proofreader *p)
{
	if (!p)
		return NULL;
	free(p->language);
	wordlist_free(p->words);
	dictionary_free(p->dictionary);
	confusions_free(p->confusions);
	free(p);
	return NULL;
}
