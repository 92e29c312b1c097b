/* SPDX-License-Identifier: MIT */
/*
 * Which modules of a base an adapter's configuration means, as PEFT matches their names
 * (src/peft/tuners/tuners_utils.py, check_target_module_exists(); src/peft/utils/other.py,
 * get_pattern_key()): a name in a list is a module's path or its end behind a point; a string
 * is an expression of the whole path; a key of a pattern is an expression of its end.
 * Strings are borrowed from the JSON. Failures come with @d, whose field is the key.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/diag.h"

/* Steps of expressions (base_model/pattern.h) that one configuration may take: some seconds. */
#define PEFT_MATCH_STEPS ((uint64_t)1 << 28)

struct pattern;

struct peft_names {
	const char *key;
	const json_t *list;		/* of strings, or NULL */
	struct pattern *expression;	/* or NULL */
	bool all;			/* "all-linear" */
};

/* A list, an expression, or null. */
int peft_names_read(struct peft_names *names, const char *key, const json_t *value,
		    struct diag *d);

struct peft_targets {
	struct peft_names wanted, excluded;
	const json_t *layers;	/* a number, or a list of them; or NULL: every layer */
	const json_t *stacks;	/* a name, or a list of them; or NULL: any */
};

void peft_targets_deinit(struct peft_targets *t);
/* layers_to_transform and layers_pattern. */
int peft_layers_read(struct peft_targets *t, const char *key, const json_t *value,
		     struct diag *d);
int peft_stacks_read(struct peft_targets *t, const char *key, const json_t *value,
		     struct diag *d);
/* After all is read: whether the parts go together. */
int peft_targets_check(const struct peft_targets *t, struct diag *d);
/* Whether the module at @path is meant: 1, 0, or an error. @layer is -1 for one of no layer;
 * *@steps become fewer by those taken. */
int peft_targets_match(const struct peft_targets *t, const char *path, int layer,
		       uint64_t *steps, struct diag *d);

/* Numbers by expressions, in the order of the file. */
struct peft_patterns {
	struct {
		struct pattern *expression;
		double value;
	} *all;
	size_t n;
};

int peft_patterns_read(struct peft_patterns *p, const char *key, const json_t *value,
		       struct diag *d);
void peft_patterns_deinit(struct peft_patterns *p);
/* The value of the first expression that matches; *@ret stays where none does. */
int peft_patterns_find(const struct peft_patterns *p, const char *key, const char *path,
		       uint64_t *steps, double *ret, struct diag *d);
