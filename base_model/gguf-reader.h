/* SPDX-License-Identifier: MIT */
/* A cursor over the bytes of a file, for the parser's parts. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/diag.h"

struct gguf;

struct gguf_reader {
	const uint8_t *at;
	size_t left;
	struct diag *d;
};

/* The next @n bytes, or NULL and TRUNC for @field. */
const uint8_t *gguf_take(struct gguf_reader *r, size_t n, const char *field);
int gguf_read_u32(struct gguf_reader *r, uint32_t *ret, const char *field);
int gguf_read_u64(struct gguf_reader *r, uint64_t *ret, const char *field);
/* A length and as many bytes; @max_code is what a length above @max is called. */
int gguf_read_string(struct gguf_reader *r, const char **ret, size_t *len, uint64_t max,
		     enum diag_code max_code, const char *field);
/* Keys and names reach people and protocols: only well-formed printable text is a name. */
int gguf_check_printable(const char *s, size_t len, const char *field, struct diag *d);
/* Indices 0..n-1 in sorted order: for lookups, and doubles stand side by side. */
int gguf_sort_index(uint32_t **ret, size_t n,
		    int (*compare)(const void *, const void *, void *), void *items);

/* The parts: the number of tensors is possible; the tensor table; where their data lies. */
int gguf_check_tensor_count(const struct gguf_reader *r, uint64_t n);
int gguf_read_tensors(struct gguf *g, struct gguf_reader *r, uint64_t n);
