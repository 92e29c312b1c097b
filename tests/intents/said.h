/* SPDX-License-Identifier: MIT */
/* Sets of sentences in tests, and what they take a text for. */
#pragma once

#include "intents/intents.h"

/* A set with one file, not bound yet. */
struct intents *said_load(const char *text);
/* One file more. */
void said_load_more(struct intents *s, const char *text);
/* The same, bound without a warning. */
struct intents *said_bound(const char *text);

/* What is understood, as "Intent key=value key=value", all of them with " ? " between when they
 * are equal, or "-". Of a text beyond the limits: "error". */
const char *said(const struct intents *s, const char *text, const struct intent_context *context,
		 size_t n);

/* Each of @n sentences is heard as what stands beside it. */
void said_check(const struct intents *s, const char *const cases[][2], size_t n);

/* A warning as "file:line: text". */
const char *said_warning(const struct intents *s, size_t i);
