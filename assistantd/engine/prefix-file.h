/* SPDX-License-Identifier: MIT */
/*
 * A computed beginning as a file: a head, the tokens, the pages of the KV cache, and the
 * SHA-256 of all that. Whoever reads one knows what it must be, so that nothing in it is
 * interpreted: the head and the tokens are compared with those of the request, the size
 * follows from them, and any difference makes it another file, which is not used.
 */
#pragma once

#include "assistantd/engine/prefix.h"

/* Written as it lies in memory: the file is read by the machine that wrote it. */
struct prefix_head {
	char magic[8];
	uint32_t version;	/* of the file and of the pages' layout */
	uint32_t order;		/* of bytes in a number */
	uint32_t kv_type;	/* enum bm_kv_type */
	uint32_t page;		/* tokens in a page */
	uint64_t bytes;		/* of the pages */
	uint32_t n_tokens;
	uint32_t n_uses;
	struct digest base;
	struct prefix_use uses[ENGINE_USES_MAX];
};

_Static_assert(sizeof(struct prefix_use) == 40 && sizeof(struct prefix_head) == 72 + 4 * 40,
	       "no padding, whose bytes would be compared");

/* Of @key, the adapters that act on the first @n_tokens. */
struct prefix_head prefix_head(const struct digest *base, const struct prefix_key *key,
			       enum bm_kv_type type, uint32_t n_tokens, size_t bytes);
/* The file as a sealed memfd, which the caller owns, of the first @head->n_tokens of @seq: 0;
 * -errno; the errors of bm_sequence_save(). */
int prefix_file_new(int *ret, const struct prefix_head *head, const int32_t *tokens,
		    const struct bm_sequence *seq);
/* Reads what must be the file of @head and @tokens: 0 with @head->bytes of pages, which the
 * caller frees; -EINVAL where it is another one or damaged; -errno. */
int prefix_file_read(int fd, const struct prefix_head *head, const int32_t *tokens, void **ret);
