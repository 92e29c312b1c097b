/* SPDX-License-Identifier: MIT */
/* A directory for each test, and how the tests read a store back. */
#pragma once

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/store-private.h"
#include "tests/scratch.h"
#include "util/buf.h"
#include "util/macro.h"

static char dir[96], file[128];

static inline void setup(void)
{
	scratch_make();
	snprintf(dir, sizeof(dir), "%s/store", scratch);
	snprintf(file, sizeof(file), "%s/" STORE_FILE, dir);
}

static inline void teardown(void)
{
	scratch_remove();
}

static inline struct store *open_store(struct store_opened *o)
{
	struct store *s = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(store_open(&s, dir, 0, o, &d) == 0, "%s: %s", d.field, d.text);
	return s;
}

static inline struct store_receipt receipt(const char *request, const char *result)
{
	return (struct store_receipt){
		.time_ms = 1000, .caller = "org.example.Mail", .task = "summarize",
		.adapter = "summarize", .adapter_digest = "ab", .base_digest = "cd", .scale = 0.5,
		.generation = 7, .tokens_in = 30, .tokens_out = 4, .queued_ms = 1,
		.loading_ms = 2, .reading_ms = 3, .writing_ms = 4, .acting_ms = 5,
		.finish = "stop", .source = "model", .request = request, .result = result,
		.request_label = STORE_LABEL_USER, .result_label = STORE_LABEL_OUTSIDE,
	};
}

struct rows {
	unsigned n;
	int64_t ids[32];
	struct store_receipt last;
	char request[256], effects[256];
	int stop_at;
};

static inline int collect(void *arg, const struct store_receipt *r)
{
	struct rows *rows = arg;

	if (rows->n < ARRAY_SIZE(rows->ids))
		rows->ids[rows->n] = r->id;
	rows->n++;
	rows->last = *r;
	snprintf(rows->request, sizeof(rows->request), "%s", r->request ? r->request : "(none)");
	snprintf(rows->effects, sizeof(rows->effects), "%s", r->effects ? r->effects : "(none)");
	return rows->stop_at && (int)rows->n == rows->stop_at ? 42 : 0;
}

static inline unsigned count(struct store *s, struct store_query q)
{
	struct rows rows = { 0 };

	ck_assert_int_eq(store_history(s, &q, collect, &rows), 0);
	return rows.n;
}
