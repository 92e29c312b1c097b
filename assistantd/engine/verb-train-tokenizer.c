/* SPDX-License-Identifier: MIT */
/* train-tokenizer --vocab N --out TOKENIZER.gguf FILE.jsonl…: a vocabulary from texts. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "adapters/train/bpe.h"
#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"

static int usage(void)
{
	fputs("usage: assistant-engine train-tokenizer --vocab N --out TOKENIZER.gguf "
	      "FILE.jsonl…\n", stderr);
	return VERB_USAGE;
}

/* Counts every string of the line, whatever its key. */
static int count_line(struct bpe *b, const char *line, size_t len, struct diag *d)
{
	json_auto_t *row = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *key;
	json_t *value;
	int r = 0;

	if (!json_is_object(row))
		return diag_set(d, -EINVAL, DIAG_TYPE, "", "expected one JSON object a line");
	json_object_foreach(row, key, value) {
		if (r == 0 && json_is_string(value))
			r = bpe_count(b, json_string_value(value), json_string_length(value));
	}
	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r)) : 0;
}

static int count_file(struct bpe *b, const char *path)
{
	_cleanup_free_ char *line = NULL;
	FILE *file = fopen(path, "re");
	struct diag d = DIAG_NULL;
	size_t cap = 0, number = 0;
	ssize_t len;
	int r = file ? 0 : diag_set(&d, -errno, DIAG_SYSTEM, "", "%s", strerror(errno));

	while (r == 0 && (len = getline(&line, &cap, file)) >= 0) {
		number++;
		r = count_line(b, line, (size_t)len, &d);
	}
	if (file)
		fclose(file);
	if (r < 0)
		snprintf(d.field, sizeof(d.field), "line %zu", number);
	return r < 0 ? verb_fail(path, &d) : VERB_OK;
}

int verb_train_tokenizer(int argc, char **argv)
{
	_cleanup_(bpe_freep) struct bpe *b = NULL;
	_cleanup_close_ int fd = -1;
	const char *out = NULL;
	uint64_t vocab = 0;
	int i, r;

	for (i = 1; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "--out") == 0)
			out = argv[i + 1];
		else if (strcmp(argv[i], "--vocab") != 0 ||
			 !verb_number("--vocab", argv[i + 1], 512, 1u << 18, &vocab))
			return usage();
	}
	if (!out || !vocab || i >= argc)
		return usage();
	r = bpe_new(&b);
	for (; r == 0 && i < argc; i++)
		r = count_file(b, argv[i]);
	if (r > 0)
		return r;
	if (r == 0)
		r = bpe_learn(b, (uint32_t)vocab);
	if (r == 0) {
		fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		r = fd < 0 ? -errno : bpe_write(b, fd);
	}
	if (r < 0) {
		fprintf(stderr, "error: %s: %s\n", out, strerror(-r));
		return VERB_BAD_INPUT;
	}
	fprintf(stderr, "%u tokens\n", bpe_n_tokens(b));
	return VERB_OK;
}
