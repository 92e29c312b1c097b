/* SPDX-License-Identifier: MIT */
/* Half precision, without instructions that a CPU may lack. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline float float_of_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static inline uint32_t bits_of_float(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

static inline float f16_to_f32(uint16_t h)
{
	uint32_t magnitude = h & 0x7fffu, special = -(uint32_t)(magnitude >= 0x7c00u);
	/* Shifted into place, the exponent is 112 short; the product is exact, also for
	 * subnormal numbers. Infinity and NaN keep their fraction and get the largest exponent.
	 * Chosen by a mask: with a branch about the product a loop does not become vectors. */
	float f = float_of_bits(magnitude << 13) * 0x1p112f;

	return float_of_bits(bits_of_float(f) | (special & 0x7f800000u) |
			     (uint32_t)(h & 0x8000u) << 16);
}

static inline float bf16_to_f32(uint16_t h)
{
	return float_of_bits((uint32_t)h << 16);
}

/* To the nearest, ties to even; beyond the range to infinity. */
static inline uint16_t f32_to_f16(float f)
{
	uint32_t bits = bits_of_float(f), sign, rounded;

	sign = bits >> 16 & 0x8000u;
	bits &= 0x7fffffffu;
	if (bits >= 0x7f800000u)
		return (uint16_t)(sign | 0x7c00u | (bits > 0x7f800000u ? 0x200u : 0));
	if (bits < 0x38800000u) {
		/* Subnormal: adding 0.5 leaves the fraction, rounded, in the lowest bits. */
		rounded = bits_of_float(float_of_bits(bits) + 0.5f);
		return (uint16_t)(sign | (rounded - 0x3f000000u));
	}
	rounded = bits - 0x38000000u + 0xfffu + (bits >> 13 & 1);
	return (uint16_t)(sign | (rounded >= 0x0f800000u ? 0x7c00u : rounded >> 13));
}

/* f16_to_f32(f32_to_f16(f)) for a number that half precision has room for: below 2^-14 it
 * has multiples of 2^-24, which are what a float near 0.75 has. Chosen by a mask, because a
 * compiler makes no vectors of a choice. */
static inline float f16_rounded(float f)
{
	uint32_t bits = bits_of_float(f);
	uint32_t normal = (bits + 0xfffu + (bits >> 13 & 1)) & ~0x1fffu;
	uint32_t subnormal = bits_of_float(f + 0.75f - 0.75f);
	uint32_t mask = -(uint32_t)((bits & 0x7fffffffu) < 0x38800000u);

	return float_of_bits((subnormal & mask) | (normal & ~mask));
}
