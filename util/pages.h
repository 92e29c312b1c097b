/* SPDX-License-Identifier: MIT */
/* Memory for much data that is gone through again and again, released by free(). From a few MiB
 * on it is in huge pages where the system gives them: with small ones, finding where they are
 * takes a good part of the time. */
#pragma once

#include <stddef.h>

/* Uninitialised, aligned for vectors; NULL where there is none. */
void *pages_alloc(size_t size);
/* Zeros; NULL also where @n elements of @size are more than there can be. */
void *pages_calloc(size_t n, size_t size);
