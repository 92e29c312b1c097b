/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/dictionary.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <hunspell/hunspell.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "util/macro.h"

enum { WORD_MAX = 40 };

struct dictionary {
	char *affixes, *words;		/* the files */
	Hunhandle *handle;		/* NULL until it is used */
	bool utf8, failed;
};

/* Both files of the name without their ends. */
static bool is_there(const char *stem, struct dictionary *d)
{
	if (asprintf(&d->affixes, "%s.aff", stem) < 0) {
		d->affixes = NULL;
		return false;
	}
	if (asprintf(&d->words, "%s.dic", stem) < 0) {
		d->words = NULL;
		return false;
	}
	if (access(d->affixes, R_OK) == 0 && access(d->words, R_OK) == 0)
		return true;
	free(TAKE(d->affixes));
	free(TAKE(d->words));
	return false;
}

/* The dictionary of this very name, else one of a country. */
static bool find(struct dictionary *d, const char *folder, const char *language)
{
	_cleanup_free_ char *stem = NULL, *pattern = NULL;
	glob_t found = { 0 };
	bool there;

	if (asprintf(&stem, "%s/%s", folder, language) < 0)
		return false;
	for (char *at = stem + strlen(folder); *at; at++)
		if (*at == '-')
			*at = '_';
	there = is_there(stem, d);
	if (there)
		return true;
	/* Of several countries, the last by name. */
	if (asprintf(&pattern, "%s/%.*s_*.aff", folder, (int)strcspn(language, "-_"),
		     language) < 0)
		return false;
	glob(pattern, 0, NULL, &found);
	for (size_t i = found.gl_pathc; !there && i-- > 0;) {
		found.gl_pathv[i][strlen(found.gl_pathv[i]) - strlen(".aff")] = '\0';
		there = is_there(found.gl_pathv[i], d);
	}
	globfree(&found);
	return there;
}

int dictionary_new(struct dictionary **ret, const char *folder, const char *language)
{
	_cleanup_(dictionary_freep) struct dictionary *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	if (strpbrk(language, "/*?[") || !find(d, folder, language))
		return -ENOENT;
	*ret = TAKE(d);
	return 0;
}

struct dictionary *dictionary_free(struct dictionary *d)
{
	if (!d)
		return NULL;
	if (d->handle)
		Hunspell_destroy(d->handle);
	free(d->affixes);
	free(d->words);
	free(d);
	return NULL;
}

static bool open_it(struct dictionary *d)
{
	if (!d->handle && !d->failed) {
		d->handle = Hunspell_create(d->affixes, d->words);
		d->failed = !d->handle;
		d->utf8 = d->handle &&
			  strcasecmp(Hunspell_get_dic_encoding(d->handle), "UTF-8") == 0;
	}
	return d->handle;
}

bool dictionary_knows(struct dictionary *d, const char *word)
{
	if (strlen(word) > WORD_MAX || !open_it(d))
		return true;
	for (const char *at = word; !d->utf8 && *at; at++)
		if ((unsigned char)*at >= 0x80)
			return true;
	return Hunspell_spell(d->handle, word);
}
