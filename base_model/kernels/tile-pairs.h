/* SPDX-License-Identifier: MIT */
/*
 * Exact sums where there is no instruction for four products: two at once, in 16 bits. The set
 * defines, beside what tile.h asks for:
 *   pair_products()    unsigned bytes times signed ones, neighbours added, saturated
 *   sum_pairs()        neighbours of those added in 32 bits
 *   sizes()            of signed bytes
 *   signed_by()        signed bytes, negated where those of the other are negative
 *   splat_memory()     a word of memory in every lane
 */
#pragma once

/* Sums are added in the order written: the compiler would make a tree of them, for which
 * there are not enough registers. */
#define HOLD(v) __asm__("" : "+v"(v))

/* Products of two columns are added in 16 bits as long as they cannot leave them. */
INLINE void dot_codes(const words *w, size_t n_words, int largest, const int8_t *x,
		      size_t stride, size_t n, ints *sums)
{
	const size_t words_in_16_bits = INT16_MAX / (largest * 2 * 128);
	const size_t run = words_in_16_bits < n_words ? words_in_16_bits : n_words;

	UNROLL
	for (size_t k = 0; k < n_words; k += run) {
		shorts acc[GROUP];

		UNROLL
		for (size_t j = k; j < k + run; j++)
			UNROLL
			for (size_t i = 0; i < n; i++) {
				shorts two = pair_products(
					w[j], (words)splat_memory(x + i * stride + 4 * j));

				acc[i] = j == k ? two : acc[i] + two;
				HOLD(acc[i]);
			}
		UNROLL
		for (size_t i = 0; i < n; i++)
			sums[i] = sum_pairs(acc[i]) + (k ? sums[i] : (ints){ 0 });
	}
}

/* |w| · (x with the sign of w) is the same product, with one side unsigned. */
INLINE void dot_bytes(const words *w, size_t n_words, const int8_t *x, size_t stride, size_t n,
		      ints *sums)
{
	UNROLL
	for (size_t j = 0; j < n_words; j++) {
		words size = sizes(w[j]);

		UNROLL
		for (size_t i = 0; i < n; i++) {
			words to = signed_by((words)splat_memory(x + i * stride + 4 * j), w[j]);
			ints four = sum_pairs(pair_products(size, to));

			sums[i] = j ? sums[i] + four : four;
			HOLD(sums[i]);
		}
	}
}
