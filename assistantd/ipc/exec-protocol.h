/* SPDX-License-Identifier: MIT */
/*
 * What the front end and assistant-commands say to each other: commands that have passed the
 * gate, with every argument as it will be, and what became of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "assistantd/ipc/message.h"

enum exec_message {
	EXEC_RUN = 1,	/* struct exec_run; answered by DONE with the same id */
	EXEC_DONE = 64,	/* struct exec_done */
};

enum {
	EXEC_WORDS_MAX = 128,	/* of one list */
	EXEC_OUTPUT_MAX = 64 * 1024,	/* bytes that are kept of what it writes */
	EXEC_ERRORS_MAX = 4 * 1024,
	EXEC_RUNNING_MAX = 16,
};

/* How it ended. */
enum exec_end {
	EXEC_EXITED,	/* with @code */
	EXEC_KILLED,	/* by the signal @code */
	EXEC_TIMED_OUT,	/* and was killed, with its process group */
	EXEC_NOT_STARTED,	/* @code is the errno */
	EXEC_END_COUNT,
};

/* Lists are strings, each with a NUL behind it. */
struct exec_run {
	struct buf argv;		/* the first is the program's absolute path */
	struct buf environment;		/* NAME=value: all that it has */
	struct buf writable;		/* folders and files that it may write */
	struct buf folder;		/* where it runs */
	bool network;
	uint32_t timeout_ms;
	uint32_t cpu_s, memory_mib, files, file_mib;	/* limits of the system */
};

struct exec_done {
	uint32_t end, code;		/* enum exec_end */
	bool cut;			/* it wrote more than is kept */
	struct buf output, errors;
};

/* As in engine-protocol.h: 0 and the errors of ipc_put_…() and ipc_get_…(). */
int exec_put_run(struct ipc_message *m, const struct exec_run *v);
int exec_put_done(struct ipc_message *m, const struct exec_done *v);
int exec_get_run(struct ipc_message *m, struct exec_run *v);
int exec_get_done(struct ipc_message *m, struct exec_done *v);
void exec_run_deinit(struct exec_run *v);
void exec_done_deinit(struct exec_done *v);

/* The words of a list, at most EXEC_WORDS_MAX of them, with NULL behind the last: how many,
 * or -EBADMSG. They stand in @list. */
int exec_words(const struct buf *list, const char *words[EXEC_WORDS_MAX + 1]);
/* Appends a word: 0, -EINVAL with a NUL in it, -ENOMEM. */
int exec_add_word(struct buf *list, const char *word, size_t len);
