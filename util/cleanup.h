/* SPDX-License-Identifier: MIT */
/* Scope cleanup: a local owns its object until TAKE() hands it on. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((cleanup(fn)))

/* Evaluates to the pointer and leaves NULL behind, so that cleanup does nothing. */
#define TAKE(ptr)                              \
	({                                     \
		__auto_type _taken = (ptr);    \
		(ptr) = NULL;                  \
		_taken;                        \
	})

#define TAKE_FD(fd)                            \
	({                                     \
		int _taken = (fd);             \
		(fd) = -1;                     \
		_taken;                        \
	})

/* Defines `fn##p(type **)` for a destructor that accepts NULL. */
#define DEFINE_CLEANUP(type, fn)                       \
	static inline void fn##p(type *obj)            \
	{                                              \
		if (*obj)                              \
			fn(*obj);                      \
	}

static inline void freep(void *ptr)
{
	free(*(void **)ptr);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)
