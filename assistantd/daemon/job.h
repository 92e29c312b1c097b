/* SPDX-License-Identifier: MIT */
/*
 * One request, from the call to its one answer: queued, running, stored, answered. Everything
 * here is on the loop's thread.
 */
#pragma once

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/edits.h"
#include "assistantd/daemon/options.h"
#include "assistantd/daemon/summary.h"
#include "assistantd/daemon/task.h"
#include "util/buf.h"

enum job_state { JOB_READING, JOB_QUEUED, JOB_RUNNING, JOB_STORING, JOB_ANSWERED };
enum job_stage { STAGE_UNKNOWN, STAGE_QUEUED, STAGE_LOADING, STAGE_READING, STAGE_WRITING,
		 STAGE_CONFIRMING, STAGE_ACTING };

enum { JOB_WARNINGS_MAX = 8, JOB_CANDIDATES_MAX = 5, JOB_INPUT_MAX = 256 * 1024,
       JOB_STREAM_MAX = 16 * 1024 * 1024, JOB_PIECES_AT_ONCE = 4 };

/* Bytes of one line, as a notification has it. */
enum { SUMMARY_LINE = 60 };

struct passage;

/* A part of the text on its way through the model. */
struct piece {
	struct job *job;
	struct span span;	/* in the input */
	struct buf out;
	struct engine_call call;
	bool finished;
	bool replaced;		/* by the original: nothing streamed of it holds */
	struct passage *passage;	/* while it is proofread by choosing, and after, or NULL */
};

struct action;
struct ask;
struct agent_wait;
struct restyling;

/* A call of a tool that needs no words, or the taking back of one. */
struct errand {
	char *tool;			/* NULL: @undo, a call of the journal, is taken back */
	json_t *arguments;		/* an object */
	int64_t undo;
};

struct candidate {
	const char *kind, *intent;
	char *text;
};

struct job {
	struct daemon *d;
	struct job *next;
	enum job_state state;
	struct caller *caller;
	const struct task *task;	/* what runs; for ask, what the sentence asked for */
	const struct task *asked;	/* what was called */
	struct options options;
	struct buf input;		/* what was called with, or read from a descriptor */
	struct span text;		/* of it, what is worked on */
	bool outside;			/* text of others came behind the user's words */
	DBusMessage *call;		/* Run's, until it is answered */
	char *path;			/* Start's request object, or NULL */
	struct loop_timer *deadline;
	uint64_t created_ms, begun_ms;
	int64_t wall_ms;
	bool counted_running, departed;
	/* StartFd: text in, text out. */
	struct loop_source *in_source, *out_source;
	int in_fd, out_fd;
	size_t out_written;
	/* While the model works. */
	struct serving serving;
	struct library_hold hold;	/* of what it is served by */
	bool awaits_proof;
	struct jinja *prompt;
	struct piece *pieces;
	void (*begin_piece)(struct piece *p);	/* ends with piece_finish() or job_finish() */
	size_t n_pieces, n_begun, n_emitted;
	bool goes_on;			/* pieces are being begun and emitted */
	uint32_t seq;
	struct buf stream;		/* what the caller has been told or is to be told */
	size_t stream_units, told, told_units;
	size_t units;			/* length of @result in the caller's unit */
	size_t streamed;		/* bytes of the current piece that were sent */
	/* Results. */
	struct buf result;
	struct edits edits;
	struct summary summary;
	struct spans lines;		/* of the result, one for each sentence of the summary */
	struct candidate candidates[JOB_CANDIDATES_MAX];
	size_t n_candidates;
	struct notice_groups groups;
	const char *kind;		/* of an answer to ask */
	struct errand errand;		/* of TASK_TOOL */
	struct restyling *restyling;	/* a tone by rules, or NULL */
	struct ask *ask;		/* what there is to tell of a request in words, or NULL */
	struct action *action;		/* calls of tools, or NULL */
	struct agent_wait *confirming;	/* a question to the user, or NULL */
	bool refused;			/* the user said no */
	char *effects;			/* of the calls, for the receipt */
	char *question;			/* error or question in words */
	const char *finish, *source;
	const char *warnings[JOB_WARNINGS_MAX];
	size_t n_warnings;
	/* Of several adapters, in one order and with commas between them. */
	char adapter[SERVING_TEXT_MAX], recorded[SERVING_TEXT_MAX];	/* the receipt's */
	char adapter_digest[ENGINE_USES_MAX * (DIGEST_HEX_LEN + 1)];
	char base_digest[DIGEST_HEX_LEN + 1];
	float scale;
	uint32_t generation;
	uint64_t tokens_in, tokens_out;
	uint32_t queued_ms, loading_ms, reading_ms, writing_ms;
	const char *error;		/* name of the error, or NULL */
	uint32_t retry_after_ms;
	int64_t id;			/* of the receipt */
	struct work work;
	struct store_receipt receipt;
};

/* Takes in a call of Run (@with_path false), Start or StartFd and answers it if it cannot be
 * taken. @input is the text, NULL for StartFd, which gives @in_fd. */
void job_call(struct daemon *d, DBusMessage *m, const char *task, const char *input, int in_fd,
	      DBusMessageIter *options, bool with_path);
/* Takes in an errand, whose contents it takes over, in the same way: m has the options at
 * @options, and is answered with a request's path. */
void job_errand(struct daemon *d, DBusMessage *m, const struct task *task,
		struct errand *errand, DBusMessageIter *options);
/* Starts what may run now; answers what cannot run any more. */
void jobs_pump(struct daemon *d);
/* The proof of an adapter has been made, or the model is another: requests that wait for
 * proofs go on. */
void jobs_proven(struct daemon *d);
/* The request object at @path that @sender may speak to, or NULL. */
struct job *job_at(struct daemon *d, const char *path, const char *sender);
/* Close(): nothing follows. */
void job_close(struct job *job);
/* The caller left the bus. */
void jobs_caller_gone(struct daemon *d, const char *name);
/* The user shut it out: what it asked for ends, but for calls that are out. */
void jobs_shut_out(struct daemon *d, const struct caller *c);
/* The caller reads again. */
void jobs_caller_reads(struct daemon *d, const struct caller *c);
/* At the end of the service: every request ends unanswered. */
void jobs_drop_all(struct daemon *d);
/* How long to wait before another try, by what is queued. */
uint32_t jobs_retry_after(const struct daemon *d);
/* Kept requests of detached callers, by receipt. */
struct job *job_kept(struct daemon *d, uint64_t id, const char *identity);

/* The end of the work: stores the receipt, then answers. @error names one of ours, or NULL. */
void job_finish(struct job *job, const char *error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The end of work that went well. */
void job_done(struct job *job);
void job_warn(struct job *job, const char *warning);

/* rewrite.c: the task through the model, piece by piece. */
void rewrite_begin(struct job *job);
/* baseline.c: the tasks that need no model. */
void baseline_begin(struct job *job);
/* notifications.c: the text that the request stands for, which is not the user's: 0; -EINVAL
 * with @d; -ENOMEM. */
int notifications_take(struct job *job, struct diag *d);
void notifications_begin(struct job *job);
void notifications_out(const struct job *job, DBusMessageIter *dict);
/* restyling.c: a tone by rules, of whose proposals the model chooses. */
void restyling_begin(struct job *job);
/* Ends what is in flight. */
void restyling_stop(struct job *job);
void restyling_free(struct restyling *r);
/* ask.c: decides what the sentence asks for, and begins it. */
void ask_begin(struct job *job);
/* tools1-call.c: through the gate. */
void errand_begin(struct job *job);
void errand_deinit(struct errand *e);
/* Ends with a text, or with a question. */
void ask_answer(struct job *job, const char *kind, const char *text);
void ask_back(struct job *job, const char *question);
/* The work of a task that has been decided on. */
void job_work(struct job *job);

/* answer.c: what the caller is told. */
void answer_progress(struct job *job, enum job_stage stage);
/* From @from units on the text is now @text. Told at once, or when the caller reads again. */
void answer_delta(struct job *job, size_t from, const char *text, size_t len);
/* Tells what was held back. */
void answer_resume(struct job *job);
void answer_final(struct job *job);
/* An error now; the request goes on without anybody to tell. */
void answer_early(struct job *job, const char *error, const char *text);
void answer_results(const struct job *job, DBusMessageIter *dict);
/* Response's two arguments. */
void answer_outcome(const struct job *job, DBusMessageIter *at);
/* receipt.c: @job's receipt, written by the worker, which then calls answer_final(). */
void receipt_write(struct job *job);
/* action-journal.c: at the start, before any plan: what was out when the service ended counts as
 * sent, and not confirmed. 0 or -ENOMEM. */
int action_recover(struct daemon *d);

/* Length of a text in the unit that a caller counts in. */
size_t text_units(const char *text, size_t len, enum offset_unit unit);
