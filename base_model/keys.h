/* SPDX-License-Identifier: MIT */
/* Numbers of a model's metadata, each within its range: keys are ARCHITECTURE.SUFFIX. */
#pragma once

#include "base_model/gguf.h"

struct keys {
	const struct gguf *g;
	const char *architecture;
	struct diag *d;
	char key[160];		/* the last one asked for */
};

/* The whole key, valid until the next call. */
const char *keys_name(struct keys *k, const char *suffix);
/* 0, or -EINVAL where the file has no such key. */
int keys_need(struct keys *k, const char *suffix);

/*
 * These leave *@ret as it is where the file has no such key. 0, or -EINVAL with the key in
 * k->d: of another type, or out of range. Real numbers are finite.
 */
int keys_number(struct keys *k, const char *suffix, uint32_t min, uint32_t max, uint32_t *ret);
int keys_real(struct keys *k, const char *suffix, float min, float max, float *ret);
int keys_bool(struct keys *k, const char *suffix, bool *ret);
/* One number for all of @n layers, or an array of one for each: @ret is [n]. */
int keys_numbers(struct keys *k, const char *suffix, uint32_t min, uint32_t max, uint32_t n,
		 uint32_t *ret);
/* True for all but every @period-th of @n layers, for all where it is 0; or as an array says. */
int keys_pattern(struct keys *k, const char *suffix, uint32_t period, uint32_t n, bool *ret);
/* Index of the string in @names, which ends with NULL; another is not supported. */
int keys_choice(struct keys *k, const char *suffix, const char *const *names, unsigned *ret);
