/* SPDX-License-Identifier: MIT */
/*
 * A piece of a text while it is proofread by choosing: suggestions are found on the worker's
 * thread, where dictionaries may be read, and the engine says how likely each is. What was changed
 * is looked at once more, for a mistake hides what its neighbours should be.
 */
#pragma once

#include "assistantd/daemon/edits.h"

struct job;
struct passage;
struct piece;

/* The whole request, by the daemon's proofreader. */
void proofread_begin(struct job *job);

/* Of what a model has written in place of @p, takes back the changes that it finds less likely
 * itself than what stood there; then the piece is finished. */
void passage_check(struct piece *p);

/* Names the kind of each of @edits [@n], which are the changes of the piece that begins at
 * @start of the text, and how likely it is right. */
void passage_explain(const struct passage *p, size_t start, struct edit *edits, size_t n);
/* What the worker still has is freed later. */
struct passage *passage_free(struct passage *p);
