/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/render.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

static const struct jinja_limits limits = { 100000, 8 << 20, 64 * 1024 };

int render(const struct jinja *template, const struct jinja_variable *variables, size_t n,
	   char **ret, struct diag *d)
{
	_cleanup_(jinja_output_freep) struct jinja_output *out = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	const char *from;
	int r = jinja_render_within(&out, template, variables, n, NULL, &limits, d);

	for (size_t i = 0; r == 0 && i < jinja_output_count(out); i++)
		r = buf_append(&text, jinja_output_at(out, i).text, jinja_output_at(out, i).len);
	if (r < 0)
		return r;
	while (text.len && isspace((unsigned char)text.data[text.len - 1]))
		text.data[--text.len] = '\0';
	for (from = text.len ? text.data : ""; isspace((unsigned char)*from);)
		from++;
	*ret = strdup(from);
	return *ret ? 0 : -ENOMEM;
}
