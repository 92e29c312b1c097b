/* SPDX-License-Identifier: MIT */
/*
 * Bytes of tokens to text for a reader: whole UTF-8 sequences only, and nothing of a stop
 * string, of which a beginning is held back until it is clear what follows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base_model/tokenizer.h"
#include "util/buf.h"
#include "util/cleanup.h"

struct bm_stream;

/* @stops: up to 16 strings of 1 to 256 bytes, copied; else -EINVAL; -ENOMEM. */
int bm_stream_new(struct bm_stream **ret, const char *const *stops, size_t n_stops);
struct bm_stream *bm_stream_free(struct bm_stream *s);
DEFINE_CLEANUP(struct bm_stream *, bm_stream_free)
/*
 * Takes the next bytes and appends to @out what may be shown now. Bytes that cannot become
 * UTF-8 any more are shown as U+FFFD. Nothing is taken once a stop string was found.
 * 0 or -ENOMEM.
 */
int bm_stream_push(struct bm_stream *s, const char *bytes, size_t len, struct buf *out);
/* The same for what @n tokens stand for; also -EINVAL for an id outside the vocabulary. */
int bm_stream_push_tokens(struct bm_stream *s, const struct tokenizer *t, const int32_t *tokens,
			  size_t n, struct buf *out);
bool bm_stream_stopped(const struct bm_stream *s);
/* Shows what was held back, at the end of the text. */
int bm_stream_finish(struct bm_stream *s, struct buf *out);
