/* SPDX-License-Identifier: MIT */
#include "util/yaml-write.h"

#include <stdint.h>
#include <string.h>

#include "util/utf8.h"

/* What a reader would not take, or would take for the end of a line. */
static bool needs_escape(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029 ||
	       cp == 0xfeff || cp == 0xfffe || cp == 0xffff;
}

int yaml_write_string(struct buf *out, const char *s)
{
	size_t len = strlen(s), n;
	int r = buf_append_char(out, '"');

	for (size_t at = 0; r == 0 && at < len; at += n) {
		uint32_t cp = utf8_decode(s + at, len - at, &n);

		if (cp == '\n')
			r = buf_append_str(out, "\\n");
		else if (cp == '"' || cp == '\\')
			r = buf_printf(out, "\\%c", (int)cp);
		else if (needs_escape(cp))
			r = buf_printf(out, "\\u%04X", cp);
		else
			r = buf_append(out, s + at, n);
	}
	return r < 0 ? r : buf_append_char(out, '"');
}
