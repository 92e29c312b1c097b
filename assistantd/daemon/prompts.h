/* SPDX-License-Identifier: MIT */
/*
 * What a task says to a model that has no adapter for it: a YAML file of task names and Jinja
 * templates over `text`, `style` and `hint`.
 *
 *   version: 1
 *   prompts:
 *     proofread: |
 *       Correct the spelling …
 */
#pragma once

#include "util/cleanup.h"
#include "util/diag.h"

struct prompts;

/* 0; -EINVAL with line:column in @d; -ENOMEM; the system's errors. */
int prompts_read_fd(struct prompts **ret, int fd, struct diag *d);
struct prompts *prompts_free(struct prompts *p);
DEFINE_CLEANUP(struct prompts *, prompts_free)
/* The template of a task, or NULL; lives as long as the set. */
const char *prompts_find(const struct prompts *p, const char *task);
