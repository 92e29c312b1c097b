/* SPDX-License-Identifier: MIT */
/* What plain code knows of a language to propose corrections in it. */
#pragma once

#include "assistantd/daemon/confusions.h"
#include "assistantd/daemon/dictionary.h"
#include "assistantd/daemon/wordlist.h"

struct proofreader {
	char *language;
	struct wordlist *words;
	struct dictionary *dictionary;	/* of one thread: see there */
	struct confusions *confusions;
};

/*
 * Of @language ("en", "en-GB"): LANGUAGE.yaml and LANGUAGE.words in the folder proofread of
 * @shared, and a dictionary in @dictionaries. 0; -ENOENT where there are none for it, with what is
 * missing in @d; -EINVAL with the file in @d; -ENOMEM; the system's errors.
 */
int proofreader_new(struct proofreader **ret, const char *shared, const char *dictionaries,
		    const char *language, struct diag *d);
/* Whether it is for texts of this language, or of none that was told (NULL). */
bool proofreader_reads(const struct proofreader *p, const char *language);
struct proofreader *proofreader_free(struct proofreader *p);
DEFINE_CLEANUP(struct proofreader *, proofreader_free)
