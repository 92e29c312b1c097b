/* SPDX-License-Identifier: MIT */
#include "util/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

void buf_deinit(struct buf *b)
{
	free(b->data);
	*b = (struct buf)BUF_NULL;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

int buf_reserve(struct buf *b, size_t more)
{
	size_t need, cap;
	char *data;

	if (add_overflow(b->len, more, &need) || add_overflow(need, (size_t)1, &need))
		return -ENOMEM;
	if (need <= b->cap)
		return 0;
	cap = MAX(need, b->cap + b->cap / 2);
	cap = MAX(cap, (size_t)64);
	data = realloc(b->data, cap);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->cap = cap;
	b->data[b->len] = '\0';
	return 0;
}

int buf_append(struct buf *b, const void *data, size_t len)
{
	int r = buf_reserve(b, len);

	if (r < 0)
		return r;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int buf_append_str(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

int buf_append_char(struct buf *b, char c)
{
	return buf_append(b, &c, 1);
}

int buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
	va_list again;
	int len, r;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0)
		return -EINVAL;
	r = buf_reserve(b, (size_t)len);
	if (r < 0)
		return r;
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
	b->len += (size_t)len;
	return 0;
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = buf_vprintf(b, fmt, args);
	va_end(args);
	return r;
}

char *buf_steal(struct buf *b)
{
	char *data;

	if (buf_reserve(b, 0) < 0)
		return NULL;
	data = b->data;
	*b = (struct buf)BUF_NULL;
	return data;
}
