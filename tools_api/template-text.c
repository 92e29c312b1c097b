/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "tools_api/template.h"
#include "util/buf.h"
#include "util/cleanup.h"

bool tool_text_check(const char *text)
{
	for (;;) {
		size_t n;

		text += strcspn(text, "{}");
		if (!*text)
			return true;
		n = strcspn(text + 1, "{}");
		if (*text == '}' || n == 0 || text[n + 1] != '}')
			return false;
		text += n + 2;
	}
}

static int append_value(struct buf *out, const json_t *v)
{
	if (json_is_string(v))
		return buf_append_str(out, json_string_value(v));
	if (json_is_integer(v))
		return buf_printf(out, "%lld", (long long)json_integer_value(v));
	if (json_is_real(v))
		return buf_printf(out, "%.6g", json_real_value(v));
	return json_is_boolean(v) ? buf_append_str(out, json_is_true(v) ? "on" : "off") : -1;
}

char *tool_text_fill(const char *text, const json_t *values)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	int r = 0;

	while (r == 0 && *text) {
		size_t n = strcspn(text, "{"), name;

		r = buf_append(&out, text, n);
		text += n;
		if (r || !*text)
			break;
		name = strcspn(++text, "}");
		r = append_value(&out, json_object_getn(values, text, name));
		text += name + (text[name] == '}');
	}
	return r ? NULL : buf_steal(&out);
}
