/* SPDX-License-Identifier: MIT */
/* The options of a request, a{sv}: each known, of the right type and within its range. */
#pragma once

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdint.h>

#include "assistantd/daemon/notices.h"
#include "assistantd/daemon/offers.h"
#include "assistantd/daemon/thread.h"
#include "util/diag.h"

enum offset_unit { UNIT_UTF8, UNIT_UTF16, UNIT_UTF32 };
enum summary_kind { SUMMARY_PARAGRAPH, SUMMARY_HEADLINE, SUMMARY_KEYPOINTS };

/* Which options a task takes, one bit each. */
enum {
	OPTION_COMMON = 1 << 0,
	OPTION_MODEL = 1 << 1,		/* adapters and scales, max_tokens, temperature, seed */
	OPTION_STYLE = 1 << 2,
	OPTION_SUMMARY = 1 << 3,
	OPTION_REPLY = 1 << 4,
	OPTION_ASK = 1 << 5,
	OPTION_NOTICES = 1 << 6,
};

/* Text of others that came with the request. */
struct attachment {
	char *text, *origin, *title;
};

enum { ATTACHMENTS_MAX = 16, ADAPTERS_MAX = 4 };

/* An adapter by name, and how much of it, 1 being as it is. */
struct named_adapter {
	char *name;
	double factor;
};

struct options {
	char *handle_token, *language, *conversation, *style, *hint, *area, *choose;
	struct named_adapter adapters[ADAPTERS_MAX];	/* by name, each once */
	size_t n_adapters;
	double scale;			/* a factor for all adapters, named or not */
	enum offset_unit unit;
	uint32_t priority;		/* 0 background, 1 interactive */
	uint32_t timeout_ms;		/* 0: not given */
	uint32_t max_tokens, seed, count;
	double temperature;
	bool is_private, detach, dry_run, explain;
	bool whole;			/* when a part fails, the rest is taken back */
	enum summary_kind summary;
	unsigned sentences;		/* of a summary; 0: by the text's length */
	struct attachment attachments[ATTACHMENTS_MAX];
	size_t n_attachments;
	struct offer_list entities;	/* that the caller shows, for this request alone */
	struct notice_list notices;
	struct thread thread;		/* what was said before */
};

/*
 * Reads the dictionary at @at for a task that takes @accepts. 0; -EINVAL with the key in
 * @d->field: unknown, of another type, out of range or no UTF-8; -ENOMEM. What was read is
 * to be released in any case.
 */
int options_read(struct options *o, DBusMessageIter *at, unsigned accepts, struct diag *d);
void options_deinit(struct options *o);
/* Names of the options that @accepts stands for, as ListTasks tells them; returns how many. */
size_t options_names(unsigned accepts, const char **names, size_t max);
