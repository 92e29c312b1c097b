/* SPDX-License-Identifier: MIT */
/*
 * A template, a zero byte, a JSON object of variables. All that comes from them is labelled:
 * U+E000 stands for such text, so that none of it may be found under the template's label.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/jinja.h"

enum { INPUT = 1, VARIABLES_MAX = 8 };

static const char mark[] = "\xee\x80\x80";

static size_t variables_of(const json_t *object, struct jinja_variable *ret)
{
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)object, name, value) {
		if (n < VARIABLES_MAX)
			ret[n++] = (struct jinja_variable){ .name = name, .value = value,
							    .label = INPUT };
	}
	return n;
}

static void check_output(const struct jinja_output *o, bool template_has_mark)
{
	size_t total = 0;

	for (size_t i = 0; i < jinja_output_count(o); i++) {
		struct jinja_segment s = jinja_output_at(o, i);

		total += s.len;
		if (s.label > INPUT || !s.len ||
		    (i && s.label == jinja_output_at(o, i - 1).label))
			abort();
		if (s.label == 0 && !template_has_mark && memmem(s.text, s.len, mark, 3))
			abort();
	}
	if (total > JINJA_MAX_OUTPUT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *source = (const char *)data, *zero = memchr(source, '\0', size);
	size_t len = zero ? (size_t)(zero - source) : size;
	_cleanup_(jinja_output_freep) struct jinja_output *o = NULL;
	_cleanup_(jinja_freep) struct jinja *t = NULL;
	struct jinja_variable variables[VARIABLES_MAX];
	struct diag d = DIAG_NULL;
	json_t *object = NULL;
	size_t n = 0;
	int r = jinja_parse(&t, source, len, &d);

	if (r == 0 && zero)
		object = json_loadb(zero + 1, size - len - 1, 0, NULL);
	if (r == 0 && json_is_object(object))
		n = variables_of(object, variables);
	if (r == 0)
		r = jinja_render(&o, t, variables, n, "2024-02-29", &d);
	if (r < 0 && ((r != -EINVAL && r != -ENOMEM) || o || d.code == DIAG_NONE || !d.text[0]))
		abort();
	if (r == 0)
		check_output(o, memmem(source, len, mark, 3) != NULL);
	json_decref(object);
	return 0;
}
