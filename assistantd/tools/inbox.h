/* SPDX-License-Identifier: MIT */
/*
 * What has come from the broker and is not looked at yet. A broker throws messages away for whom
 * it waits too long, so all are taken at once and looked at afterwards, in turns with other work.
 * Of one topic only the last is kept: it is the state. What is waiting is bounded.
 */
#pragma once

#include <stddef.h>

#include "util/cleanup.h"

enum { INBOX_BYTES_MAX = 64 * 1024 * 1024 };

struct inbox;

struct inbox_message {
	char *topic, *payload;
	size_t len;
	struct inbox_message *next;	/* the inbox's */
};

/* 0 or -ENOMEM. */
int inbox_new(struct inbox **ret);
struct inbox *inbox_free(struct inbox *b);
DEFINE_CLEANUP(struct inbox *, inbox_free)
/* Copies. 0, -ENOMEM, -E2BIG where too much is waiting. */
int inbox_put(struct inbox *b, const char *topic, const char *payload, size_t len);
/* The one that has waited longest, for inbox_message_free(); NULL when there is none. */
struct inbox_message *inbox_take(struct inbox *b);
struct inbox_message *inbox_message_free(struct inbox_message *m);
DEFINE_CLEANUP(struct inbox_message *, inbox_message_free)
