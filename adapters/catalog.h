/* SPDX-License-Identifier: MIT */
/*
 * The catalogue of installed adapters, a YAML file beside them. Callers name
 * adapters; only the catalogue turns a name into a file. Stands on util alone,
 * so that the front end, which holds no model, may read it.
 *
 *   version: 1
 *   adapters:
 *     - name: proofread          # lower-case letters, digits, - and _
 *       task: proofread
 *       style: friendly          # optional: one of several adapters of a task
 *       title: Correct errors    # optional
 *       file: proofread.gguf     # beside the catalogue, no folder in it
 *       digest: 64 hex digits    # SHA-256 of the file
 *       base: 64 hex digits      # SHA-256 of the base model it was trained on
 *       scale: 1.0               # optional, 0 to 8
 *       prompt: |                # a Jinja template over `text` and the task's options
 *         …
 */
#pragma once

#include <stddef.h>

#include "util/cleanup.h"
#include "util/diag.h"
#include "util/digest.h"

struct catalog_entry {
	const char *name;
	const char *task;
	const char *style;	/* or NULL */
	const char *title;	/* the name where none is given */
	const char *file;
	const char *prompt;
	struct digest digest;
	struct digest base;
	float scale;
};

struct catalog;

/* 0; -EINVAL with the field "line:column" in @d; -ENOMEM. */
int catalog_parse(struct catalog **ret, const char *text, size_t len, struct diag *d);
/* Reads from @fd, which stays the caller's; also the system's errors. */
int catalog_read_fd(struct catalog **ret, int fd, struct diag *d);
struct catalog *catalog_free(struct catalog *c);
DEFINE_CLEANUP(struct catalog *, catalog_free)

size_t catalog_count(const struct catalog *c);
/* Entries and their strings live as long as the catalogue. */
const struct catalog_entry *catalog_at(const struct catalog *c, size_t index);
/* By name, or NULL. */
const struct catalog_entry *catalog_find(const struct catalog *c, const char *name);
/*
 * The first entry of @task (and @style, unless NULL) made for @base, or NULL. An entry
 * for another base is never a candidate.
 */
const struct catalog_entry *catalog_choose(const struct catalog *c, const char *task,
					   const char *style, const struct digest *base);
