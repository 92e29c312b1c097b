/* SPDX-License-Identifier: MIT */
/* SHA-256 as the identity of files: base models, adapters. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

#define DIGEST_HEX_LEN 64

struct digest {
	uint8_t bytes[32];
};

struct digest_stream;

/* Hashing by pieces. 0 or -ENOMEM. */
int digest_stream_new(struct digest_stream **ret);
struct digest_stream *digest_stream_free(struct digest_stream *s);
DEFINE_CLEANUP(struct digest_stream *, digest_stream_free)
/* 0 or -EIO when the library refuses. */
int digest_stream_update(struct digest_stream *s, const void *data, size_t len);
int digest_stream_finish(struct digest_stream *s, struct digest *ret);

int digest_of(const void *data, size_t len, struct digest *ret);
/* Of all that can be read from @fd, whose position stays; also the error of pread(). */
int digest_of_fd(int fd, struct digest *ret);

bool digest_equal(const struct digest *a, const struct digest *b);
/* Lower-case hexadecimal, NUL-terminated. */
void digest_to_hex(const struct digest *d, char out[DIGEST_HEX_LEN + 1]);
/* Accepts exactly 64 hexadecimal digits of either case; else -EINVAL. */
int digest_from_hex(const char *hex, struct digest *ret);
