/* SPDX-License-Identifier: MIT */
/*
 * Sentences heard in a house that a file describes, as the service hears them. Each line of
 * the file has blanks of one tab between its fields: "area", name, floor; or the id of a
 * device, its names with | between, area, device class. What is left out at the end is empty.
 */
#pragma once

#include <stddef.h>

#include "intents/intents.h"
#include "util/buf.h"

struct hearing;

/* The program ends where something cannot be read, and says why. */
struct hearing *hearing_open(const char *house);
/* A file, or all of a folder, in which folders are named after the intents of theirs. */
void hearing_load(struct hearing *h, const char *path);
void hearing_bind(struct hearing *h);
/* How many warnings there are, which are told on standard error. */
size_t hearing_warnings(const struct hearing *h);
struct hearing *hearing_close(struct hearing *h);
DEFINE_CLEANUP(struct hearing *, hearing_close)

/*
 * What is understood by @text, said in the area @here (NULL: nowhere), in place of what @out
 * holds: one line "intent/response<tab>slot=value<tab>…" for each of the matches that are
 * equally good, their slots in the order of their names; nothing where none matches.
 */
void hear(const struct hearing *h, const char *text, const char *here, struct buf *out);
