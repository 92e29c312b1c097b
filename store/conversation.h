/* SPDX-License-Identifier: MIT */
/* What a conversation stands at, so that it goes on when the service was started again. */
#pragma once

#include <stdint.h>

struct store;

struct store_conversation {
	const char *id;
	const char *caller;	/* the identity that may go on with it */
	int64_t until_ms;
	const char *data;	/* the front end's, JSON */
};

/* Writes @c, in the place of one with its id. -EINVAL for text that is not UTF-8; STORE_E_. */
int store_put_conversation(struct store *s, const struct store_conversation *c);
/* Forgets those that ended before @now_ms, then calls @fn for each; the strings last for the
 * call, which must not use the store. A result other than 0 ends it. */
typedef int (*store_conversation_fn)(void *arg, const struct store_conversation *c);
int store_conversations(struct store *s, int64_t now_ms, store_conversation_fn fn, void *arg);
/* Forgets the one of that id, or with "" all; that there is none is no error. */
int store_drop_conversation(struct store *s, const char *id);
