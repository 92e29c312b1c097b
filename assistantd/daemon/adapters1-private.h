/* SPDX-License-Identifier: MIT */
/* What the files of Adapters1 share. */
#pragma once

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/stage.h"

/* The argument at @index, of a call whose signature was checked. */
const char *adapters1_text(DBusMessage *m, int index);
/* The text option @key of the last argument, or NULL. */
const char *adapters1_option(DBusMessage *m, const char *key);
/* The option "digest": 0, -ENOENT without one, -EINVAL after an error to the caller. */
int adapters1_digest(struct daemon *d, DBusMessage *m, struct digest *ret);
/* The adapter of the first argument; false after an error to the caller. */
bool adapters1_find(struct daemon *d, DBusMessage *m, struct installed *ret);
/* Answers with a digest. */
void adapters1_answer_digest(struct daemon *d, DBusMessage *m, const struct digest *digest);
void adapters1_out_verdict(DBusMessageIter *dict, const struct verdict *v);
/* The name of our error for what the engine answered. */
const char *adapters1_engine_error(int error);

/* adapters1-tell.c */
void adapters1_list(void *arg, DBusMessage *m);
void adapters1_versions(void *arg, DBusMessage *m);
void adapters1_explain(void *arg, DBusMessage *m);
/* adapters1-change.c: of callers who may. */
void adapters1_pin(struct daemon *d, DBusMessage *m);
void adapters1_enable(struct daemon *d, DBusMessage *m);
void adapters1_commit(struct daemon *d, DBusMessage *m);
void adapters1_rollback(struct daemon *d, DBusMessage *m);
void adapters1_remove(struct daemon *d, DBusMessage *m);
/* adapters1-import.c: of callers who may. */
void adapters1_import(struct daemon *d, DBusMessage *m);
void adapters1_stage(struct daemon *d, DBusMessage *m);
void adapters1_inspect(struct daemon *d, DBusMessage *m);
void adapters1_test(struct daemon *d, DBusMessage *m);
