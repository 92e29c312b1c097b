/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/names.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/macro.h"
#include "util/utf8.h"

/* What a name may not smuggle into a line of text: C1, zero width, reordering, line ends. */
static const struct {
	uint32_t first, last;
} unseen[] = {
	{ 0x7f, 0xa0 }, { 0xad, 0xad }, { 0x61c, 0x61c }, { 0x115f, 0x1160 }, { 0x180e, 0x180e },
	{ 0x2000, 0x200f }, { 0x2028, 0x202f }, { 0x205f, 0x206f }, { 0x3000, 0x3000 },
	{ 0x3164, 0x3164 }, { 0xe000, 0xf8ff }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
	{ 0xfff0, 0xffff }, { 0xe0000, 0x10ffff },
};

static bool separates(uint32_t cp)
{
	if (cp <= ' ' || cp == '_' || cp == UTF8_INVALID)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(unseen); i++)
		if (cp >= unseen[i].first && cp <= unseen[i].last)
			return true;
	return false;
}

char *name_shown(const char *text)
{
	size_t len = strlen(text), n = 0, size;
	char *s = malloc(len + 1);

	if (!s)
		return NULL;
	for (size_t i = 0; i < len; i += size) {
		uint32_t cp = utf8_decode(text + i, len - i, &size);

		if (!separates(cp)) {
			memcpy(s + n, text + i, size);
			n += size;
		} else if (n > 0 && s[n - 1] != ' ') {
			s[n++] = ' ';
		}
	}
	while (n > 0 && s[n - 1] == ' ')
		n--;
	s[n] = '\0';
	return s;
}

char *name_slug(const char *text)
{
	char *s = strdup(text);
	size_t n = 0;

	if (!s)
		return NULL;
	for (const char *c = text; *c; c++) {
		if (isascii((unsigned char)*c) && isalnum((unsigned char)*c))
			s[n++] = (char)tolower((unsigned char)*c);
		else if (n > 0 && s[n - 1] != '_')
			s[n++] = '_';
	}
	while (n > 0 && s[n - 1] == '_')
		n--;
	s[n] = '\0';
	return s;
}

char *name_of_part(const char *device, const char *part)
{
	char *whole = NULL;

	if (!*part)
		return strdup(device);
	if (strncasecmp(part, device, strlen(device)) == 0)
		return strdup(part);
	return asprintf(&whole, "%s %s", device, part) < 0 ? NULL : whole;
}
