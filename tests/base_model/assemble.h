/* SPDX-License-Identifier: MIT */
/*
 * Binary files written down as text, one word per field, little endian:
 *   'GGUF'   these bytes            1:5 2:5 4:5 8:-1  an integer of so many bytes
 *   s:text   length (8) and bytes   z:31              so many zero bytes
 *   p:32     zeros up to a multiple x:ff00            these bytes, in hexadecimal
 * In s: `_` is a blank and %hh a byte. A word *N repeats the word before, N times in all.
 */
#pragma once

#include <stdbool.h>

#include "util/buf.h"

/* Appends to @out; false for a word that means nothing, which a test must not pass over. */
bool assemble(struct buf *out, const char *text);
