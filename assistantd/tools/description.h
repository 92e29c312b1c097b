/* SPDX-License-Identifier: MIT */
/*
 * The description of one thing, a JSON object with full keys: taken apart with every size
 * checked. The first defect is told by its key.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/diag.h"
#include "util/jinja.h"

enum { DESCRIPTION_TEXT_MAX = 255, DESCRIPTION_TOPIC_MAX = 1024, DESCRIPTION_TEMPLATE_MAX = 16384,
       DESCRIPTION_OPTIONS_MAX = 512, DESCRIPTION_OPTIONS_BYTES = 16384 };

struct description {
	const json_t *root;
	struct diag *d;
};

/* -EINVAL with what is wrong under @key. */
int description_bad(const struct description *s, const char *key, const char *what);
/* A text, number or truth value as text of at most @max bytes, or @fallback when absent or null
 * (NULL: *@ret stays). 0, -EINVAL, -ENOMEM; *@ret is the caller's. */
int description_text(const struct description *s, const char *key, size_t max,
		     const char *fallback, char **ret);
/* As description_text() of the first of the keys, separated by blanks, that is there. */
int description_first(const struct description *s, const char *keys, size_t max,
		      const char *fallback, char **ret);
/* A topic that names one place; NULL stays where it is absent. */
int description_topic(const struct description *s, const char *key, char **ret);
/* Keys separated by blanks: the first that is there; with @all, all of them joined by commas,
 * where the first is there. */
int description_template(const struct description *s, const char *keys, bool all,
			 struct jinja **ret);
/* A number; @fallback where it is absent or the key is NULL. */
int description_number(const struct description *s, const char *key, double fallback, double *ret);
int description_flag(const struct description *s, const char *key, bool fallback, bool *ret);
/* A list of different texts; the words of @fallback, separated by blanks, where it is absent (NULL:
 * *@ret stays). */
int description_options(const struct description *s, const char *key, const char *fallback,
			json_t **ret);
/* Whether the key is there with something in it. */
bool description_has(const struct description *s, const char *key);
