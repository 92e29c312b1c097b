/* SPDX-License-Identifier: MIT */
/* A growing byte buffer. Always NUL-terminated behind `len`, so `data` is a C string too. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	char *data;	/* NULL until the first byte */
	size_t len;
	size_t cap;
};

#define BUF_NULL { 0 }

void buf_deinit(struct buf *b);
/* Empties the buffer and keeps its memory. */
void buf_reset(struct buf *b);
/* All return 0 or -ENOMEM; on failure the buffer is unchanged. */
int buf_reserve(struct buf *b, size_t more);
int buf_append(struct buf *b, const void *data, size_t len);
int buf_append_str(struct buf *b, const char *s);
int buf_append_char(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_vprintf(struct buf *b, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
/* Hands the string (never NULL unless out of memory) to the caller and empties @b. */
char *buf_steal(struct buf *b);
