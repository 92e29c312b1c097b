/* SPDX-License-Identifier: MIT */
#pragma once

#include "base_model/gguf.h"

/* The smallest entries that the format allows: what is left bounds how many there can be. */
#define GGUF_MIN_PAIR 14	/* key length, one byte of key, type, one byte of value */
#define GGUF_MIN_INFO 33	/* name length, one byte, dimensions, one length, type, offset */

struct gguf_pair {
	const char *key;	/* borrowed, not NUL-terminated */
	uint32_t key_len;
	uint32_t hash;		/* of the key */
	enum gguf_type type;
	struct gguf_array array;	/* for a scalar: count 1 and its own type */
};

struct gguf {
	const uint8_t *data;
	size_t size;
	void *mapping;		/* ours to unmap, or NULL */
	struct gguf_pair *pairs;
	size_t n_pairs;
	struct gguf_tensor *tensors;
	size_t n_tensors;
	uint32_t *by_key;	/* indices in the order of gguf_compare_keys(), for lookup */
	uint32_t *by_name;
	uint32_t alignment;
};

/* Fills everything behind data and size; what it allocated stays in @g also on failure. */
int gguf_read(struct gguf *g, struct diag *d);
uint32_t gguf_hash(const char *key, size_t len);
/* By hash, then by bytes: long common prefixes are read only where the hashes agree. */
int gguf_compare_keys(const struct gguf_pair *a, const struct gguf_pair *b);
const struct gguf_pair *gguf_pair(const struct gguf *g, const char *key, size_t len);
/* Bytes of a scalar; 0 for strings and arrays. */
uint32_t gguf_type_size(enum gguf_type type);
const char *gguf_type_name(enum gguf_type type);
/* Bytes of an array's elements in the file. */
size_t gguf_array_size(const struct gguf_array *a);
