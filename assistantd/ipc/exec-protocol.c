/* SPDX-License-Identifier: MIT */
#include "assistantd/ipc/exec-protocol.h"

#include <errno.h>
#include <string.h>

#include "assistantd/ipc/codec.h"

static void code_run(struct codec *c, struct exec_run *v)
{
	codec_text(c, &v->argv);
	codec_text(c, &v->environment);
	codec_text(c, &v->writable);
	codec_text(c, &v->folder);
	codec_bool(c, &v->network);
	codec_u32(c, &v->timeout_ms);
	codec_u32(c, &v->cpu_s);
	codec_u32(c, &v->memory_mib);
	codec_u32(c, &v->files);
	codec_u32(c, &v->file_mib);
}

static void code_done(struct codec *c, struct exec_done *v)
{
	codec_below(c, &v->end, EXEC_END_COUNT);
	codec_u32(c, &v->code);
	codec_bool(c, &v->cut);
	codec_text(c, &v->output);
	codec_text(c, &v->errors);
}

void exec_run_deinit(struct exec_run *v)
{
	buf_deinit(&v->argv);
	buf_deinit(&v->environment);
	buf_deinit(&v->writable);
	buf_deinit(&v->folder);
}

void exec_done_deinit(struct exec_done *v)
{
	buf_deinit(&v->output);
	buf_deinit(&v->errors);
}

CODEC_DEFINE(exec, run, { 0 }, exec_run_deinit)
CODEC_DEFINE(exec, done, { 0 }, exec_done_deinit)

int exec_words(const struct buf *list, const char *words[EXEC_WORDS_MAX + 1])
{
	size_t at = 0;
	int n = 0;

	if (list->len && list->data[list->len - 1])
		return -EBADMSG;
	while (at < list->len) {
		if (n == EXEC_WORDS_MAX)
			return -EBADMSG;
		words[n++] = list->data + at;
		at += strlen(list->data + at) + 1;
	}
	words[n] = NULL;
	return n;
}

int exec_add_word(struct buf *list, const char *word, size_t len)
{
	int r = memchr(word, 0, len) ? -EINVAL : buf_append(list, word, len);

	return r < 0 ? r : buf_append_char(list, '\0');
}
