/* SPDX-License-Identifier: MIT */
/*
 * Times as people say them, by the clock on their wall, and the other way round.
 *
 * "At five" without morning or evening is the next five that comes; on another day, one to six
 * are in the afternoon. A day without an hour is at nine. An hour that a change of the clock
 * leaves out is taken one later (mktime(3)).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "assistantd/daemon/order.h"

enum { WHEN_MAX_S = 366 * 86400, WHEN_TEXT_MAX = 96 };

enum when_kind {
	WHEN_NONE,	/* the sentence names no time */
	WHEN_LENGTH,	/* in so many seconds */
	WHEN_CLOCK,	/* at that time */
};

struct when {
	enum when_kind kind;
	int64_t length_s;	/* > 0 */
	time_t at;
};

/*
 * Reads the slots days, hours, minutes, seconds (a length), or hour, minute, meridiem, day (a
 * time), at the time @now. 0; -ERANGE for a time that is past, a length of nothing, or more
 * than a year; -EINVAL for a value that none of them can have.
 */
int when_read(const struct order *o, time_t now, struct when *ret);
/* The sum of the slots hours, minutes and seconds, each with @prefix; 0 where there are none. */
int64_t when_length(const struct order *o, const char *prefix);

/* "10 minutes", "1 hour and 5 minutes", "2 days". */
void when_say_length(int64_t seconds, char ret[WHEN_TEXT_MAX]);
/* "at 17:00", "tomorrow at 08:00", "on Monday at 08:00", "on 3 December at 08:00". */
void when_say_time(time_t at, time_t now, char ret[WHEN_TEXT_MAX]);
