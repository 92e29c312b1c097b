/* SPDX-License-Identifier: MIT */
#include "util/utf8.h"

/* Length and allowed range of the second byte by first byte: Unicode 15, table 3-7. */
static size_t sequence_length(unsigned char first, unsigned char *lo, unsigned char *hi)
{
	*lo = 0x80;
	*hi = 0xbf;
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef) {
		if (first == 0xe0)
			*lo = 0xa0;
		else if (first == 0xed)
			*hi = 0x9f;
		return 3;
	}
	if (first >= 0xf0 && first <= 0xf4) {
		if (first == 0xf0)
			*lo = 0x90;
		else if (first == 0xf4)
			*hi = 0x8f;
		return 4;
	}
	return 0;
}

/* How many of the first @len bytes form a well-formed prefix; *@need is the full length. */
static size_t prefix_length(const unsigned char *s, size_t len, size_t *need)
{
	unsigned char lo, hi;
	size_t n;

	*need = sequence_length(s[0], &lo, &hi);
	if (*need == 0)
		return 0;
	for (n = 1; n < *need && n < len; n++) {
		if (s[n] < lo || s[n] > hi)
			return 0;
		lo = 0x80;
		hi = 0xbf;
	}
	return n;
}

uint32_t utf8_decode(const char *s, size_t len, size_t *size)
{
	static const unsigned char mask[5] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *u = (const unsigned char *)s;
	size_t need, have = prefix_length(u, len, &need);
	uint32_t cp;

	*size = 1;
	if (have == 0 || have < need)
		return UTF8_INVALID;
	cp = u[0] & mask[need];
	for (size_t i = 1; i < need; i++)
		cp = cp << 6 | (u[i] & 0x3f);
	*size = need;
	return cp;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		if (cp >= 0xd800 && cp <= 0xdfff)
			return 0;
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	if (cp > 0x10ffff)
		return 0;
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool utf8_valid(const char *s, size_t len)
{
	size_t size;

	while (len) {
		if (utf8_decode(s, len, &size) == UTF8_INVALID)
			return false;
		s += size;
		len -= size;
	}
	return true;
}

size_t utf8_incomplete_tail(const char *s, size_t len)
{
	size_t back, need, have;

	for (back = 1; back <= 3 && back <= len; back++) {
		unsigned char c = (unsigned char)s[len - back];

		if ((c & 0xc0) == 0x80)
			continue;
		have = prefix_length((const unsigned char *)s + len - back, back, &need);
		return have == back && have < need ? back : 0;
	}
	return 0;
}

size_t utf8_count(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

size_t utf8_prefix(const char *s, size_t len, size_t n)
{
	size_t i = 0;

	for (; i < len; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return i;
}
