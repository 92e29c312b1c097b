/* SPDX-License-Identifier: MIT */
/* tokenize and detokenize: text on stdin to ids on one line, and back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verbs.h"
#include "base_model/base_model.h"

static int open_tokenizer(const char *path, struct gguf **g, struct tokenizer **t)
{
	_cleanup_close_ int fd = -1;
	struct diag d = DIAG_NULL;

	fd = verb_open(path, &d);
	if (fd < 0 || gguf_open_fd(g, fd, &d) < 0 || tokenizer_new(t, *g, &d) < 0)
		return verb_fail(path, &d);
	return VERB_OK;
}

static int read_stdin(struct buf *text)
{
	size_t n;

	do {
		if (buf_reserve(text, 65536) < 0)
			return -ENOMEM;
		n = fread(text->data + text->len, 1, 65536, stdin);
		text->len += n;
	} while (n);
	return ferror(stdin) ? -EIO : 0;
}

static int say(const char *what, int r)
{
	fprintf(stderr, "error: stdin: %s: %s\n", what, strerror(-r));
	return VERB_BAD_INPUT;
}

/* The flags that the options behind the model stand for, or -1. */
static int flags_of(int argc, char **argv)
{
	int flags = 0;

	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--parse-special") == 0)
			flags |= TOKENIZE_SPECIAL;
		else if (strcmp(argv[i], "--add-special") == 0)
			flags |= TOKENIZE_BOS | TOKENIZE_EOS;
		else
			return -1;
	}
	return flags;
}

int verb_tokenize(int argc, char **argv)
{
	_cleanup_(tokenizer_freep) struct tokenizer *t = NULL;
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	_cleanup_(token_list_deinit) struct token_list ids = TOKEN_LIST_NULL;
	int flags = flags_of(argc, argv), r;

	if (argc < 2 || flags < 0) {
		fputs("usage: assistant-engine tokenize MODEL [--parse-special] [--add-special] "
		      "< TEXT\n", stderr);
		return VERB_USAGE;
	}
	r = open_tokenizer(argv[1], &g, &t);
	if (r != VERB_OK)
		return r;
	r = read_stdin(&text);
	if (r == 0)
		r = tokenizer_encode(t, text.data, text.len, (unsigned)flags, &ids);
	if (r < 0)
		return say("text", r);
	for (size_t i = 0; i < ids.n; i++)
		printf("%s%d", i ? " " : "", ids.ids[i]);
	putchar('\n');
	return VERB_OK;
}

int verb_detokenize(int argc, char **argv)
{
	_cleanup_(tokenizer_freep) struct tokenizer *t = NULL;
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	_cleanup_(token_list_deinit) struct token_list ids = TOKEN_LIST_NULL;
	int id, got, r;

	if (argc != 2) {
		fputs("usage: assistant-engine detokenize MODEL < IDS\n", stderr);
		return VERB_USAGE;
	}
	r = open_tokenizer(argv[1], &g, &t);
	if (r != VERB_OK)
		return r;
	while (r == 0 && (got = scanf("%d", &id)) == 1)
		r = token_list_add(&ids, id);
	if (r == 0 && got != EOF)
		r = -EINVAL;
	if (r == 0)
		r = tokenizer_decode(t, ids.ids, ids.n, &text);
	if (r < 0)
		return say("ids", r);
	fwrite(text.data, 1, text.len, stdout);
	return VERB_OK;
}
