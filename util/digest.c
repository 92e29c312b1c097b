/* SPDX-License-Identifier: MIT */
#include "util/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)

/* OpenSSL's context is the stream; the name keeps its header out of ours. */
static EVP_MD_CTX *context(struct digest_stream *s)
{
	return (EVP_MD_CTX *)s;
}

int digest_stream_new(struct digest_stream **ret)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx)
		return -ENOMEM;
	if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		return -ENOMEM;
	}
	*ret = (struct digest_stream *)ctx;
	return 0;
}

struct digest_stream *digest_stream_free(struct digest_stream *s)
{
	EVP_MD_CTX_free(context(s));
	return NULL;
}

int digest_stream_update(struct digest_stream *s, const void *data, size_t len)
{
	return EVP_DigestUpdate(context(s), data, len) == 1 ? 0 : -EIO;
}

int digest_stream_finish(struct digest_stream *s, struct digest *ret)
{
	unsigned int len = sizeof(ret->bytes);

	return EVP_DigestFinal_ex(context(s), ret->bytes, &len) == 1 ? 0 : -EIO;
}

int digest_of(const void *data, size_t len, struct digest *ret)
{
	_cleanup_(digest_stream_freep) struct digest_stream *s = NULL;
	int r = digest_stream_new(&s);

	if (r < 0)
		return r;
	r = digest_stream_update(s, data, len);
	return r < 0 ? r : digest_stream_finish(s, ret);
}

int digest_of_fd(int fd, struct digest *ret)
{
	_cleanup_(digest_stream_freep) struct digest_stream *s = NULL;
	_cleanup_free_ char *chunk = malloc(CHUNK);
	int r = chunk ? digest_stream_new(&s) : -ENOMEM;
	ssize_t n = 1;
	off_t at = 0;

	for (; r == 0 && n != 0; at += n > 0 ? n : 0) {
		n = pread(fd, chunk, CHUNK, at);
		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? -errno : digest_stream_update(s, chunk, (size_t)n);
	}
	return r < 0 ? r : digest_stream_finish(s, ret);
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void digest_to_hex(const struct digest *d, char out[DIGEST_HEX_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < sizeof(d->bytes); i++) {
		out[2 * i] = digits[d->bytes[i] >> 4];
		out[2 * i + 1] = digits[d->bytes[i] & 15];
	}
	out[DIGEST_HEX_LEN] = '\0';
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int digest_from_hex(const char *hex, struct digest *ret)
{
	if (strlen(hex) != DIGEST_HEX_LEN)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(ret->bytes); i++) {
		int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		ret->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}
