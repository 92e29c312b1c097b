/* SPDX-License-Identifier: MIT */
/*
 * suggestions SHARED DICTIONARIES: what proofreading proposes to each {"text"} of a line, and the
 * texts that it has scored to choose: {"text", "suggestions": [[start, length, new, kind, more]…],
 * "texts", "with", "without", "foreign": is some of it of another language}, where what is right in
 * any case is done already.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/choosing.h"
#include "assistantd/daemon/language.h"
#include "util/cleanup.h"

static const struct surroundings nothing = { true, true, LANGUAGE_LIKELY, 0 };

static int tidy(const struct proofreader *reader, const char *text, size_t len, struct buf *out)
{
	const struct suggestion *all[256];
	struct suggestions certain = { 0 };
	size_t n = 0;
	int r = suggestions_certain(reader, text, len, &nothing, &certain);

	for (; n < certain.n && n < 256; n++)
		all[n] = &certain.items[n];
	if (r >= 0)
		r = suggestions_apply(text, len, all, n, out);
	suggestions_deinit(&certain);
	return r;
}

static json_t *describe(const struct buf *text, const struct suggestions *p,
			const struct choosing *c, const struct engine_score *score, bool foreign)
{
	json_t *row = json_pack("{s:s%, s:[], s:[], s:[], s:[], s:b}", "text", text->data,
				text->len, "suggestions", "texts", "with", "without",
				"foreign", (int)foreign);
	const char *at = score->texts.data;

	for (size_t i = 0; i < c->n; i++) {
		const struct suggestion *x = &p->items[i];

		json_array_append_new(json_object_get(row, "suggestions"),
				      json_pack("[i, i, s, s, f]", (int)x->start, (int)x->len,
						x->text, change_kind_name(x->kind), x->more));
		json_array_append_new(json_object_get(row, "with"),
				      json_integer((json_int_t)c->with[i]));
		json_array_append_new(json_object_get(row, "without"),
				      json_integer((json_int_t)c->without[i]));
	}
	for (uint32_t i = 0; i < score->n_texts; i++, at += strlen(at) + 1)
		json_array_append_new(json_object_get(row, "texts"), json_string(at));
	return row;
}

static int propose(const struct proofreader *reader, const char *text, size_t len)
{
	_cleanup_free_ struct engine_score *score = calloc(1, sizeof(*score));
	_cleanup_(buf_deinit) struct buf tidied = BUF_NULL;
	struct suggestions found = { 0 };
	struct choosing choosing = { 0 };
	int r = tidy(reader, text, len, &tidied);
	bool foreign = r > 0;

	if (r >= 0)
		r = suggestions_find(reader, tidied.data, tidied.len, &nothing, &found);
	if (r >= 0)
		r = choosing_ask(&choosing, tidied.data, tidied.len, &found, score);
	if (r == 0) {
		json_auto_t *row = describe(&tidied, &found, &choosing, score, foreign);

		r = !row || json_dumpf(row, stdout, JSON_COMPACT) < 0 || putchar('\n') < 0;
	}
	buf_deinit(&score->texts);
	choosing_deinit(&choosing);
	suggestions_deinit(&found);
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_(proofreader_freep) struct proofreader *reader = NULL;
	_cleanup_free_ char *line = NULL;
	struct diag d = DIAG_NULL;
	size_t cap = 0;

	if (argc != 3 || proofreader_new(&reader, argv[1], argv[2], "en", &d) < 0) {
		fprintf(stderr, "suggestions SHARED DICTIONARIES: %s: %s\n", d.field, d.text);
		return EXIT_FAILURE;
	}
	for (ssize_t len; (len = getline(&line, &cap, stdin)) >= 0;) {
		json_auto_t *row = json_loadb(line, (size_t)len, 0, NULL);
		const json_t *text = json_object_get(row, "text");

		if (!json_is_string(text) || json_string_length(text) == 0 ||
		    propose(reader, json_string_value(text), json_string_length(text)) != 0)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
