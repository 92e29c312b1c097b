/* SPDX-License-Identifier: MIT */
/*
 * One line of training data, an object of JSON:
 *
 *   {"messages": [{"role": …, "content": …}, …]}   a conversation: a system message or none,
 *                                                  user and assistant by turns, an answer last
 *   {"prompt": …, "completion": …}                 one of a user's message and its answer
 *   {"text": …}                                    a text as it stands
 *
 * Of a conversation the last answer is learnt: templates may put earlier ones otherwise than the
 * model wrote them, and who wants them learnt has a line for each. With "whole": true what
 * stands before the answer is learnt too.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/diag.h"

enum { ROW_MAX = 16 << 20 };	/* bytes of a line: a text may be a book */

struct row {
	json_t *messages;	/* owned; NULL: a text */
	json_t *text;		/* owned */
	bool whole;
};

#define ROW_NULL { .messages = NULL }

/*
 * Any bytes: 0; -EINVAL with @d, whose field is the member ("messages[2].role") or empty for
 * the line as a whole; -ENOMEM.
 */
int row_parse(struct row *ret, const char *line, size_t len, struct diag *d);
void row_deinit(struct row *r);
/* The answer that is learnt, and the last that is given: strings of JSON, borrowed. */
const json_t *row_answer(const struct row *r);
const json_t *row_question(const struct row *r);
