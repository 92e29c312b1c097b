/* SPDX-License-Identifier: MIT */
#include "tests/base_model/assemble.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool put_integer(struct buf *out, unsigned width, const char *s)
{
	char *end;
	uint64_t value = *s == '-' ? (uint64_t)strtoll(s, &end, 0) : strtoull(s, &end, 0);

	return end != s && *end == '\0' && buf_append(out, &value, width) == 0;
}

static bool hex_byte(const char *s, char *ret)
{
	char digits[3] = { 0 }, *end;

	memcpy(digits, s, strnlen(s, 2));
	*ret = (char)strtoul(digits, &end, 16);
	return end == digits + 2;
}

static bool put_string(struct buf *out, const char *s)
{
	char bytes[1024];
	uint64_t n = 0;

	for (; *s; s++) {
		if (n == sizeof(bytes))
			return false;
		bytes[n] = *s == '_' ? ' ' : *s;
		if (*s == '%') {
			if (!hex_byte(s + 1, &bytes[n]))
				return false;
			s += 2;
		}
		n++;
	}
	return buf_append(out, &n, sizeof(n)) == 0 && (n == 0 || buf_append(out, bytes, n) == 0);
}

static bool put_hex(struct buf *out, const char *s)
{
	char byte;

	for (; *s; s += 2)
		if (!hex_byte(s, &byte) || buf_append_char(out, byte) < 0)
			return false;
	return true;
}

static bool put_zeros(struct buf *out, size_t n)
{
	while (n--)
		if (buf_append_char(out, '\0') < 0)
			return false;
	return true;
}

static bool put_word(struct buf *out, const char *word)
{
	size_t len = strlen(word);

	if (len >= 2 && word[0] == '\'' && word[len - 1] == '\'')
		return buf_append(out, word + 1, len - 2) == 0;
	if (len < 2 || word[1] != ':')
		return false;
	switch (word[0]) {
	case '1':
	case '2':
	case '4':
	case '8':
		return put_integer(out, (unsigned)(word[0] - '0'), word + 2);
	case 's':
		return put_string(out, word + 2);
	case 'x':
		return put_hex(out, word + 2);
	case 'z':
		return put_zeros(out, strtoull(word + 2, NULL, 0));
	case 'p': {
		size_t unit = strtoull(word + 2, NULL, 0);

		return unit && put_zeros(out, (unit - out->len % unit) % unit);
	}
	}
	return false;
}

bool assemble(struct buf *out, const char *text)
{
	char word[1024] = "";

	while (*(text += strspn(text, " \n")) != '\0') {
		size_t len = strcspn(text, " \n");
		unsigned long times = *text == '*' ? strtoul(text + 1, NULL, 0) - 1 : 1;

		if (len >= sizeof(word))
			return false;
		if (*text != '*') {
			memcpy(word, text, len);
			word[len] = '\0';
		}
		while (times--)
			if (!put_word(out, word))
				return false;
		text += len;
	}
	return true;
}
