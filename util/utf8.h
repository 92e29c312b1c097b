/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_INVALID UINT32_MAX

/* Decodes one code point at @s (@len > 0 bytes left) and sets *@size to the bytes
 * taken; an ill-formed sequence (Unicode 15, table 3-7) gives UTF8_INVALID and size 1. */
uint32_t utf8_decode(const char *s, size_t len, size_t *size);
/* Writes at most 4 bytes to @out and returns how many; 0 if @cp is no scalar value. */
size_t utf8_encode(uint32_t cp, char out[4]);
/* True when all @len bytes are well-formed UTF-8. NUL bytes are well formed here. */
bool utf8_valid(const char *s, size_t len);
/* Bytes at the end of @s that begin a sequence which more bytes could complete (0..3). */
size_t utf8_incomplete_tail(const char *s, size_t len);
/* Number of code points of a well-formed text. */
size_t utf8_count(const char *s, size_t len);
/* Bytes of its first @n code points, or of all. */
size_t utf8_prefix(const char *s, size_t len, size_t n);
