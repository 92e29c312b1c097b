/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

/* Steele, Lea and Flood 2014: splitmix64, the next number of the generator at @state. Of a copy
 * of a number it is a hash. */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline uint64_t random_hash(uint64_t x)
{
	return random_next(&x);
}
