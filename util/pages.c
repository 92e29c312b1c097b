/* SPDX-License-Identifier: MIT */
#include "util/pages.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util/macro.h"

#define HUGE_PAGE ((size_t)2 << 20)
#define LINE ((size_t)64)

void *pages_alloc(size_t size)
{
	size_t align = size < HUGE_PAGE / 2 ? LINE : HUGE_PAGE, whole;
	void *data;

	if (add_overflow(size, align - 1, &whole))
		return NULL;
	data = aligned_alloc(align, whole / align * align);
	/* A wish only. */
	if (data && align == HUGE_PAGE)
		(void)madvise(data, whole / align * align, MADV_HUGEPAGE);
	return data;
}

void *pages_calloc(size_t n, size_t size)
{
	size_t bytes;
	void *data;

	if (mul_overflow(n, size, &bytes))
		return NULL;
	data = pages_alloc(bytes);
	return data ? memset(data, 0, bytes) : NULL;
}
