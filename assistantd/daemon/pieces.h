/* SPDX-License-Identifier: MIT */
/*
 * A text that is worked on piece by piece, several at once, and put together in its order: what
 * stands between the pieces stays as it was.
 */
#pragma once

#include "assistantd/daemon/job.h"

static inline const char *piece_text(const struct piece *p)
{
	return p->job->input.data + p->span.start;
}

/* What comes in its place: 0 or -ENOMEM. */
int piece_set(struct piece *p, const char *text, size_t len);
/* It has its final form; the request may be gone afterwards. */
void piece_finish(struct piece *p);
/* What came of a call of the engine for @p in place of an answer. */
void piece_failed(struct piece *p, int error, const struct engine_failed *failed);
/* A call that could not be made, by what engine_…_call() returned; @d may say more, or be NULL. */
void piece_refused(struct piece *p, int result, const struct diag *d);
/* Cuts the text into pieces of at most @limit bytes (0: it is one), and begins the first of them
 * by @begin, which ends in piece_finish(), or in the end of the request. */
void pieces_begin(struct job *job, size_t limit, void (*begin)(struct piece *p));
/* Ends what is in flight. */
void pieces_stop(struct job *job);
/* Forgets them all. */
void pieces_drop(struct job *job);
