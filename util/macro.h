/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)                              \
	({                                     \
		__typeof__(a) _a = (a);        \
		__typeof__(b) _b = (b);        \
		_a < _b ? _a : _b;             \
	})
#define MAX(a, b)                              \
	({                                     \
		__typeof__(a) _a = (a);        \
		__typeof__(b) _b = (b);        \
		_a > _b ? _a : _b;             \
	})
#define CLAMP(x, lo, hi)                                   \
	({                                                 \
		__typeof__(x) _x = (x);                    \
		__typeof__(x) _lo = (lo), _hi = (hi);      \
		_x < _lo ? _lo : _x > _hi ? _hi : _x;      \
	})
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* Overflow-checked arithmetic: true when the result does not fit. */
#define add_overflow(a, b, ret) __builtin_add_overflow(a, b, ret)
#define mul_overflow(a, b, ret) __builtin_mul_overflow(a, b, ret)
