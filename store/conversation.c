/* SPDX-License-Identifier: MIT */
#include "store/conversation.h"

#include <errno.h>
#include <string.h>

#include "store/store-private.h"
#include "util/macro.h"
#include "util/utf8.h"

int store_put_conversation(struct store *s, const struct store_conversation *c)
{
	const char *const texts[] = { c->id, c->caller, c->data };
	sqlite3_stmt *st = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (!texts[i] || !utf8_valid(texts[i], strlen(texts[i])))
			return -EINVAL;
	r = store_begin(s);
	if (r)
		return r;
	r = store_statement(s, STATEMENT_PUT_CONVERSATION, &st);
	for (size_t i = 0; !r && i < ARRAY_SIZE(texts); i++)
		if (sqlite3_bind_text(st, 1 + (int)i, texts[i], -1, SQLITE_STATIC) != SQLITE_OK)
			r = -ENOMEM;
	if (!r) {
		sqlite3_bind_int64(st, 4, c->until_ms);
		r = store_run(s, st);
	}
	return store_end(s, r);
}

static int drop(struct store *s, const char *id, int64_t before_ms)
{
	sqlite3_stmt *st = NULL;
	int r = store_begin(s);

	if (r)
		return r;
	r = store_statement(s, STATEMENT_DROP_CONVERSATIONS, &st);
	if (!r && sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC) != SQLITE_OK)
		r = -ENOMEM;
	if (!r) {
		sqlite3_bind_int64(st, 2, before_ms);
		r = store_run(s, st);
	}
	return store_end(s, r);
}

int store_drop_conversation(struct store *s, const char *id)
{
	return drop(s, id, INT64_MAX);
}

int store_conversations(struct store *s, int64_t now_ms, store_conversation_fn fn, void *arg)
{
	sqlite3_stmt *st = NULL;
	int r = drop(s, "", now_ms), rc;

	if (!r)
		r = store_statement(s, STATEMENT_CONVERSATIONS, &st);
	if (r)
		return r;
	while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct store_conversation c = {
			.id = (const char *)sqlite3_column_text(st, 0),
			.caller = (const char *)sqlite3_column_text(st, 1),
			.data = (const char *)sqlite3_column_text(st, 2),
			.until_ms = sqlite3_column_int64(st, 3),
		};

		r = c.id && c.caller && c.data ? fn(arg, &c) : -ENOMEM;
	}
	if (!r)
		r = store_result(s, rc);
	sqlite3_reset(st);
	return r;
}
