/* SPDX-License-Identifier: MIT */
/*
 * What the assistant remembers of one user: receipts of requests with their text, tool calls,
 * conversations, timers, notes and preferences, standing consents. One SQLite file in one
 * directory of that user.
 *
 * A store belongs to one thread at a time. An acknowledged write (return value 0) survives
 * a kill and a power cut: WAL, synchronous FULL, each write one BEGIN IMMEDIATE transaction.
 * No read transaction outlives the call that made it.
 *
 * All functions return 0, a negative errno, or a STORE_E_ result that says what the
 * caller can do. Strings are UTF-8. Times are milliseconds since 1970 (UTC).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "store/conversation.h"
#include "store/journal.h"
#include "store/label.h"
#include "store/timer.h"
#include "util/cleanup.h"
#include "util/diag.h"

enum {
	STORE_E_NOT_FOUND = 1,	/* no such row */
	STORE_E_BUSY,		/* another process holds the directory or the file; try again */
	STORE_E_FULL,		/* disk or size limit; nothing was written, later calls may pass */
	STORE_E_NEWER,		/* written by a newer version of the program; left untouched */
	STORE_E_CORRUPT,	/* damage met while running; close, open again (moves it aside) */
	/*
	 * The kernel refused to sync. It may have dropped the pages and will report success
	 * if asked again, so this store refuses everything until it is closed and reopened.
	 */
	STORE_E_SYNC,
};

struct store;

struct store_opened {
	bool created;		/* there was no store */
	bool recovered;		/* the old file was damaged, moved aside, and a fresh one begun */
	char moved_to[64];	/* its new name in the directory; "" unless recovered */
	unsigned migrated_from;	/* schema version found, 0 for a new file */
};

/*
 * Opens the store in directory @dir (made with mode 0700 if absent; its parent must
 * exist). The directory and the file must belong to the effective user and be no symbolic
 * link; wider modes are narrowed to 0700 and 0600. @max_bytes bounds the file, 0 = no
 * bound. @opened may be NULL.
 *
 * A damaged file (checked for at most 200 ms) is renamed within @dir, never deleted and
 * never a reason to fail.
 *
 * Returns 0; STORE_E_BUSY, STORE_E_FULL, STORE_E_NEWER; -EPERM for a directory or file of
 * someone else, -ELOOP or -ENOTDIR for links and other things in its place; -ENOMEM, -EIO
 * and such of the system. @d says more.
 */
int store_open(struct store **ret, const char *dir, uint64_t max_bytes,
	       struct store_opened *opened, struct diag *d);
/* NULL allowed; returns NULL. */
struct store *store_close(struct store *s);
DEFINE_CLEANUP(struct store *, store_close)

/* One request: what ran, how long, what it did. Strings may be NULL where marked. */
struct store_receipt {
	int64_t id;		/* set by the store */
	int64_t time_ms;
	const char *caller;	/* identity of the caller: app id, unit or command */
	const char *task;
	/* NULL: base alone. Several are NAME=SCALE with commas between them, and @scale is 1. */
	const char *adapter;
	const char *adapter_digest;	/* SHA-256, hexadecimal, of each; NULL with adapter */
	const char *base_digest;	/* NULL: no model was needed */
	double scale;
	uint64_t generation;	/* of the catalogue the request was pinned to; < 2^63 */
	uint64_t tokens_in, tokens_out;
	uint32_t queued_ms, loading_ms, reading_ms, writing_ms, acting_ms;
	const char *finish;	/* stop, length, deadline, … */
	const char *source;	/* model, baseline */
	const char *effects;	/* tool effects, a JSON text; NULL: none */
	/*
	 * With @is_private neither text is kept, whatever is passed. The caller sets it for
	 * notifications too: their text never enters the store.
	 */
	bool is_private;
	const char *request;	/* NULL when not kept */
	const char *result;	/* NULL when not kept */
	enum store_label request_label, result_label;
};

/* Writes @r (its id is not read) and sets *@id. -EINVAL: a required string is missing, a
 * label out of range, effects no JSON, or text not UTF-8. */
int store_add_receipt(struct store *s, const struct store_receipt *r, int64_t *id);
/* Replaces the effects, as when a tool call is undone. STORE_E_NOT_FOUND. */
int store_set_effects(struct store *s, int64_t id, const char *effects);

/* A zeroed query matches everything. */
struct store_query {
	const char *words;	/* all of these occur in request or result; no query syntax */
	const char *task, *caller;
	int64_t since_ms;	/* inclusive */
	int64_t until_ms;	/* exclusive; 0 = no end */
	int64_t before_id;	/* only older rows, to page; 0 = from the newest */
	uint32_t limit;		/* 0 = 100; at most 1000 */
};

/* Called for each row, newest first; the row's strings last for the call. It must not use
 * the store. A result other than 0 ends the query, which returns it. */
typedef int (*store_receipt_fn)(void *arg, const struct store_receipt *r);
int store_history(struct store *s, const struct store_query *q, store_receipt_fn fn, void *arg);

/* Notes and preferences: one text per @key. Replacing a note gives it the new label. */
int store_put_note(struct store *s, const char *key, const char *text, enum store_label label,
		   int64_t time_ms);
/* *@text is the caller's to free. STORE_E_NOT_FOUND. */
int store_get_note(struct store *s, const char *key, char **text, enum store_label *label);

/*
 * Standing consents: @app may use @tool on @target without asking. Hand callers have app
 * "". @target "" stands for the tool as a whole, and only where it was granted so.
 */
int store_add_grant(struct store *s, const char *app, const char *tool, const char *target,
		    int64_t time_ms);
/* 0 when granted, else STORE_E_NOT_FOUND. */
int store_has_grant(struct store *s, const char *app, const char *tool, const char *target);
int store_drop_grant(struct store *s, const char *app, const char *tool, const char *target);

struct store_grant {
	const char *app, *tool, *target;
	int64_t time_ms;
};

/* Called for each, oldest first, as store_receipt_fn. */
typedef int (*store_grant_fn)(void *arg, const struct store_grant *g);
int store_list_grants(struct store *s, store_grant_fn fn, void *arg);

/* What to forget; the conditions are joined by "and", a zeroed scope is everything. */
struct store_scope {
	int64_t id;		/* this receipt alone */
	const char *caller;
	int64_t since_ms;	/* inclusive */
	int64_t until_ms;	/* exclusive; 0 = no end */
	bool keep_notes;	/* leave notes and grants; implied by id or caller */
};

/*
 * Deletes rows, then makes sure that no byte of them is left in the file, its search index
 * or its log: secure_delete, FTS optimize, checkpoint with truncation. Tool calls are chosen
 * as receipts are, notes by their time; conversations go whatever the scope, timers stay. @n
 * (may be NULL) gets the receipts deleted. STORE_E_BUSY: the rows are gone, but another reader
 * keeps old pages in the log; call again. A damaged file that was moved aside is deleted too
 * when the scope is everything.
 */
int store_forget(struct store *s, const struct store_scope *scope, uint64_t *n);
