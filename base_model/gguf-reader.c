/* SPDX-License-Identifier: MIT */
/*
 * Every read tests `n <= left` and never `at + n <= end`.
 */
#include "base_model/gguf-reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"
#include "util/utf8.h"

const uint8_t *gguf_take(struct gguf_reader *r, size_t n, const char *field)
{
	const uint8_t *at = r->at;

	if (n > r->left) {
		diag_set(r->d, -EINVAL, DIAG_TRUNC, field, "the file ends early");
		return NULL;
	}
	r->at += n;
	r->left -= n;
	return at;
}

int gguf_read_u32(struct gguf_reader *r, uint32_t *ret, const char *field)
{
	const uint8_t *at = gguf_take(r, sizeof(*ret), field);

	if (!at)
		return -EINVAL;
	memcpy(ret, at, sizeof(*ret));
	return 0;
}

int gguf_read_u64(struct gguf_reader *r, uint64_t *ret, const char *field)
{
	const uint8_t *at = gguf_take(r, sizeof(*ret), field);

	if (!at)
		return -EINVAL;
	memcpy(ret, at, sizeof(*ret));
	return 0;
}

int gguf_read_string(struct gguf_reader *r, const char **ret, size_t *len, uint64_t max,
		       enum diag_code max_code, const char *field)
{
	uint64_t n;

	if (gguf_read_u64(r, &n, field) < 0)
		return -EINVAL;
	if (n > INT64_MAX)
		return diag_set(r->d, -EINVAL, DIAG_OVERFLOW, field, "length %llu",
				(unsigned long long)n);
	if (n > max && (n <= r->left || max_code == DIAG_RANGE))
		return diag_set(r->d, -EINVAL, max_code, field, "length %llu, at most %llu",
				(unsigned long long)n, (unsigned long long)max);
	*ret = (const char *)gguf_take(r, (size_t)n, field);
	*len = (size_t)n;
	return *ret ? 0 : -EINVAL;
}

int gguf_check_printable(const char *s, size_t len, const char *field, struct diag *d)
{
	size_t size = 1;

	for (size_t i = 0; i < len; i += size) {
		uint32_t c;

		size = 1;
		if (s[i] >= 0x20 && s[i] < 0x7f)
			continue;
		c = utf8_decode(s + i, len - i, &size);
		if (c == UTF8_INVALID)
			return diag_set(d, -EINVAL, DIAG_TYPE, field, "not UTF-8");
		if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			return diag_set(d, -EINVAL, DIAG_TYPE, field, "a control character in it");
	}
	return 0;
}

int gguf_sort_index(uint32_t **ret, size_t n, int (*compare)(const void *, const void *, void *),
		      void *items)
{
	uint32_t *index = calloc(MAX(n, (size_t)1), sizeof(*index));

	if (!index)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		index[i] = (uint32_t)i;
	qsort_r(index, n, sizeof(*index), compare, items);
	*ret = index;
	return 0;
}
