/* SPDX-License-Identifier: MIT */
/* The ways that the rules of tones know for texts: {"text", "style"} a line in, {"parts": [[way]]}
 * out. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/restyle.h"
#include "util/cleanup.h"

static json_t *ways_of(const struct restyle *found)
{
	json_t *parts = json_array();

	for (size_t i = 0; i < found->n; i++) {
		json_t *ways = json_array();

		for (size_t k = 0; k < found->parts[i].n_ways; k++)
			json_array_append_new(ways, json_string(found->parts[i].ways[k]));
		json_array_append_new(parts, ways);
	}
	return parts;
}

static int answer(const struct tones *tones, const char *line, size_t len)
{
	_cleanup_(buf_deinit) struct buf first = BUF_NULL;
	json_auto_t *row = json_loadb(line, len, 0, NULL), *out = NULL;
	const json_t *text = json_object_get(row, "text");
	const struct tone *tone = tones_find(tones,
					     json_string_value(json_object_get(row, "style")));
	struct restyle found = { 0 };
	int r = -1;

	if (json_is_string(text) && tone)
		r = restyle_find(&found, tones, tone, json_string_value(text),
				 json_string_length(text));
	if (r == 0)
		r = restyle_join(&found, json_string_value(text), json_string_length(text),
				 &first);
	if (r == 0)
		out = json_pack("{s:o, s:s%}", "parts", ways_of(&found), "first",
				first.data ? first.data : "", first.len);
	restyle_deinit(&found);
	if (!out || json_dumpf(out, stdout, JSON_COMPACT) < 0)
		return -1;
	return putchar('\n') == '\n' ? 0 : -1;
}

int main(int argc, char **argv)
{
	_cleanup_(tones_freep) struct tones *tones = NULL;
	_cleanup_close_ int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	_cleanup_free_ char *line = NULL;
	struct diag d = DIAG_NULL;
	size_t cap = 0;
	ssize_t len;

	if (fd < 0 || tones_read_fd(&tones, fd, &d) < 0) {
		fprintf(stderr, "%s: %s\n", d.field, d.text);
		return EXIT_FAILURE;
	}
	while ((len = getline(&line, &cap, stdin)) >= 0)
		if (answer(tones, line, (size_t)len) < 0)
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
