/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 of what a model file holds, part by part: the same for files that differ in their
 * order, padding and description alone. Numbers are little endian.
 *
 *   weights    for every tensor, in the order of the bytes of their names: length of the name
 *              (u64), name, type (u32, ggml's number), four dimensions (u64; 1 where there
 *              are fewer), number of bytes (u64), bytes
 *   tokenizer  for every key `tokenizer.…` but those that begin with `tokenizer.chat_template`,
 *              in the order of the keys' bytes: length of the key (u64), key, type (u32), for
 *              an array its elements' type (u32) and their number (u64), the value as in the
 *              file
 *   template   the text of `tokenizer.chat_template`
 */
#pragma once

#include "base_model/gguf.h"
#include "util/identity.h"

/*
 * Reads all of the weights once (some 0.6 s per GB), on this thread. 0; -ENOMEM; -EIO where
 * libcrypto refuses; -EINVAL with @d for a chat template that is no string.
 */
int bm_identify(const struct gguf *g, struct identity *ret, struct diag *d);
/* Tokenizer and template alone, some milliseconds; the weights in @ret stay as they are. */
int bm_identify_text(const struct gguf *g, struct identity *ret, struct diag *d);
