/* SPDX-License-Identifier: MIT */
/* A text as statements: its sentences, and in a talk ("Anna: I have the key.") who says them. */
#pragma once

#include "assistantd/daemon/sentences.h"

struct statement {
	struct span speaker;	/* "Anna: ", up to what is said; empty where nobody is named */
	struct span text;
};

struct statements {
	struct statement *items;
	size_t n, cap;
};

/*
 * The sentences of the text in their order. Lines that begin with a name and a colon are turns of
 * a talk where at least half of the lines do and somebody speaks twice; in any other text a
 * sentence may go on in the next line. What is quoted behind ">" and who writes to whom at the head
 * of a mail are none, unless there is nothing else. 0 or -ENOMEM.
 */
int statements_find(const char *text, size_t len, struct statements *ret);
void statements_deinit(struct statements *s);
