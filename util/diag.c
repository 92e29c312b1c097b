/* SPDX-License-Identifier: MIT */
#include "util/diag.h"

#include <stdarg.h>
#include <stdio.h>

#include "util/macro.h"

static const char *const code_names[DIAG_CODE_COUNT] = {
	[DIAG_NONE] = "NONE",	  [DIAG_TRUNC] = "TRUNC",	[DIAG_RANGE] = "RANGE",
	[DIAG_TYPE] = "TYPE",	  [DIAG_DUP] = "DUP",		[DIAG_OVERFLOW] = "OVERFLOW",
	[DIAG_SHAPE] = "SHAPE",	  [DIAG_ALIGN] = "ALIGN",	[DIAG_LAYOUT] = "LAYOUT",
	[DIAG_VOCAB] = "VOCAB",	  [DIAG_PAIR] = "PAIR",		[DIAG_SIG] = "SIG",
	[DIAG_LIMIT] = "LIMIT",	  [DIAG_UNSUP] = "UNSUP",	[DIAG_SYNTAX] = "SYNTAX",
	[DIAG_SYSTEM] = "SYSTEM",
};

/* Names come from hostile files: they must not reach a terminal or the bus raw. */
static void escape(char *dst, size_t size, const char *src)
{
	size_t n = 0;

	for (; *src; src++) {
		unsigned char c = (unsigned char)*src;

		if (c >= 0x20 && c < 0x7f) {
			if (n + 1 >= size)
				break;
			dst[n++] = (char)c;
		} else {
			if (n + 4 >= size)
				break;
			n += (size_t)snprintf(dst + n, size - n, "\\x%02x", c);
		}
	}
	dst[n] = '\0';
}

int diag_set(struct diag *d, int err, enum diag_code code, const char *field, const char *fmt, ...)
{
	char raw[sizeof(d->text)];
	va_list args;

	if (!d || d->code != DIAG_NONE)
		return err;
	d->code = code;
	escape(d->field, sizeof(d->field), field ? field : "");
	va_start(args, fmt);
	vsnprintf(raw, sizeof(raw), fmt, args);
	va_end(args);
	escape(d->text, sizeof(d->text), raw);
	return err;
}

const char *diag_code_name(enum diag_code code)
{
	return code < DIAG_CODE_COUNT ? code_names[code] : "NONE";
}
