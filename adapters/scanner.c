/* SPDX-License-Identifier: MIT */
/* Text and numbers by RFC 8259. */
#include "adapters/scanner.h"

#include <errno.h>
#include <string.h>

#include "util/macro.h"
#include "util/utf8.h"

int scanner_fail(struct scanner *s, enum diag_code code, const char *what)
{
	return diag_set(s->d, -EINVAL, code, s->field, "byte %zu: expected %s",
			(size_t)(s->at - s->begin), what);
}

static void skip_blanks(struct scanner *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' ||
				  *s->at == '\r'))
		s->at++;
}

bool scanner_take(struct scanner *s, char c)
{
	skip_blanks(s);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

int scanner_expect(struct scanner *s, char c)
{
	const char what[] = { '\'', c, '\'', '\0' };

	return scanner_take(s, c) ? 0 : scanner_fail(s, DIAG_SYNTAX, what);
}

/* Four hexadecimal digits; UTF8_INVALID for others. */
static uint32_t take_hex(struct scanner *s)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++) {
		char c = s->at < s->end ? *s->at : '\0';
		uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') :
				 c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10) :
				 c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 16;

		if (digit > 15)
			return UTF8_INVALID;
		value = value << 4 | digit;
		s->at++;
	}
	return value;
}

/* Behind "\u": a code point, of two surrogates where it is beyond 16 bits. */
static uint32_t take_code_point(struct scanner *s)
{
	uint32_t high = take_hex(s), low;

	if (high < 0xd800 || high > 0xdbff)
		return high;
	if (s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u')
		return UTF8_INVALID;
	s->at += 2;
	low = take_hex(s);
	if (low < 0xdc00 || low > 0xdfff)
		return UTF8_INVALID;
	return 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
}

/* Behind a backslash. */
static int take_escape(struct scanner *s)
{
	static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char c = s->at < s->end ? *s->at : '\0';
	const char *found = c ? strchr(escapes, c) : NULL;
	uint32_t cp;
	size_t n;

	if (found) {
		*s->strings++ = meanings[found - escapes];
		s->at++;
		return 0;
	}
	if (c != 'u')
		return scanner_fail(s, DIAG_SYNTAX, "an escape");
	s->at++;
	cp = take_code_point(s);
	n = cp == 0 || cp == UTF8_INVALID ? 0 : utf8_encode(cp, s->strings);
	s->strings += n;
	return n ? 0 : scanner_fail(s, DIAG_SYNTAX, "the number of a character other than 0");
}

int scanner_string(struct scanner *s, size_t max, const char **ret)
{
	char *begin = s->strings;
	int r = scanner_expect(s, '"');

	while (r == 0 && s->at < s->end && *s->at != '"') {
		if ((unsigned char)*s->at < ' ')
			return scanner_fail(s, DIAG_SYNTAX, "no control character in a string");
		if (*s->at == '\\') {
			s->at++;
			r = take_escape(s);
		} else {
			*s->strings++ = *s->at++;
		}
	}
	if (r < 0)
		return r;
	if (s->at == s->end)
		return scanner_fail(s, DIAG_SYNTAX, "the end of a string");
	s->at++;
	if ((size_t)(s->strings - begin) > max)
		return scanner_fail(s, DIAG_LIMIT, "a shorter string before it");
	/* The quotes of the text had two bytes. */
	*s->strings++ = '\0';
	*ret = begin;
	return 0;
}

int scanner_number(struct scanner *s, uint64_t *ret)
{
	const char *first;
	uint64_t value = 0;

	skip_blanks(s);
	first = s->at;
	for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
		if (mul_overflow(value, (uint64_t)10, &value) ||
		    add_overflow(value, (uint64_t)(*s->at - '0'), &value))
			return scanner_fail(s, DIAG_OVERFLOW, "a number of 64 bits");
	if (s->at == first || (*first == '0' && s->at - first > 1) ||
	    (s->at < s->end && strchr(".eE", *s->at) && *s->at))
		return scanner_fail(s, DIAG_TYPE, "a whole number from 0 on");
	*ret = value;
	return 0;
}

int scanner_finish(struct scanner *s)
{
	skip_blanks(s);
	return s->at == s->end ? 0 : scanner_fail(s, DIAG_SYNTAX, "nothing behind the header");
}
