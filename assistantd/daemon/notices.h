/* SPDX-License-Identifier: MIT */
/*
 * Notifications put together: what belongs to one conversation or says the same kind of thing is
 * a group, with one line, how urgent it is and why. All of it is outside text: it is sorted and
 * quoted, never obeyed.
 */
#pragma once

#include <dbus/dbus.h>
#include <stdint.h>

#include "assistantd/daemon/terms.h"
#include "assistantd/daemon/words.h"
#include "util/diag.h"

enum { NOTICES_MAX = 200, NOTICES_BYTES_MAX = 128 * 1024 };

/* As desktops name them. */
enum urgency { URGENCY_LOW, URGENCY_NORMAL, URGENCY_CRITICAL };

struct notice {
	uint32_t id;
	char *app, *summary, *body;	/* never NULL; summary or body is not empty */
	int64_t time;			/* of the wall, in any unit; 0: not given */
};

struct notice_list {
	struct notice *items;
	size_t n;
};

/*
 * Reads an aa{sv} of notifications (id u, app s, summary s, body s, time x) into @ret, which is
 * to be released in any case. 0; -EINVAL with the key in @d: unknown, of another type, missing,
 * twice, or beyond the limits; -ENOMEM.
 */
int notices_read(struct notice_list *ret, DBusMessageIter *at, struct diag *d);
void notices_deinit(struct notice_list *l);

struct notice_group {
	uint32_t *ids;		/* in the order that they came in */
	size_t n;
	const char *app;	/* the list's */
	char *text;		/* one line: the most urgent, then newest one, and how many more */
	enum urgency urgency;
	const char *kind;	/* the table's: "deadline" */
	char *reason;		/* the same with the words that show it: "deadline: in 5 minutes";
				 * "perhaps ..." where it is not sure */
	int64_t time;		/* of the newest */
};

struct notice_groups {
	struct notice_group *items;
	size_t n;
};

struct notice_how {
	const struct terms *kinds;	/* see sorter.h; the row TERM_LEVEL has their urgency */
	const struct terms *rarity;	/* see summary.h; or NULL */
	const struct words *words;	/* the same */
};

#define TERM_LEVEL "<level>"

/* The groups of @list, the most urgent first, then the newest; @ret is to be released in any
 * case. 0 or -ENOMEM. */
int notices_group(const struct notice_list *list, const struct notice_how *how,
		  struct notice_groups *ret);
void notice_groups_deinit(struct notice_groups *g);
