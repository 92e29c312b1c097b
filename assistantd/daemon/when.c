/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/when.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util/macro.h"

enum { DAY_S = 86400, MORNING = 9, EVENING = 20 };

static const char *const weekdays[] = { "sunday", "monday", "tuesday", "wednesday", "thursday",
					"friday", "saturday" };

int64_t when_length(const struct order *o, const char *prefix)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} parts[] = { { "hours", 3600 }, { "minutes", 60 }, { "seconds", 1 } };
	int64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s%s", prefix, parts[i].name);
		sum += MIN(order_number(o, name, 0), (long)WHEN_MAX_S) * parts[i].seconds;
	}
	return sum;
}

static bool says(const struct order *o, const char *slot, const char *value)
{
	const char *v = order_slot(o, slot);

	return v && strcasecmp(v, value) == 0;
}

/* Days from today to the one that is named: 0 to 7, or -EINVAL. */
static int days_ahead(const struct order *o, const struct tm *today, bool passed)
{
	const char *day = order_slot(o, "day");

	if (!day || says(o, "day", "today") || says(o, "day", "tonight"))
		return 0;
	if (says(o, "day", "tomorrow"))
		return 1;
	for (int i = 0; i < (int)ARRAY_SIZE(weekdays); i++)
		if (strcasecmp(day, weekdays[i]) == 0) {
			int ahead = (i - today->tm_wday + 7) % 7;

			return ahead == 0 && passed ? 7 : ahead;
		}
	return -EINVAL;
}

/* The hour of the day, or of the night behind it; *@open: it could be twelve later as well. */
static int hour_of(const struct order *o, bool *open)
{
	bool tonight = says(o, "day", "tonight");
	long hour = order_number(o, "hour", tonight ? EVENING : MORNING);

	if (hour < 0 || hour > 24)
		return -EINVAL;
	*open = order_slot(o, "hour") && hour >= 1 && hour <= 12 && !tonight &&
		!order_slot(o, "meridiem");
	if (tonight && (hour < 5 || hour == 12))
		return (int)(hour % 12) + 24;
	if ((tonight || says(o, "meridiem", "pm")) && hour < 12)
		return (int)hour + 12;
	if (says(o, "meridiem", "am") && hour == 12)
		return 0;
	return (int)hour % 24;
}

static time_t at(const struct tm *today, int days, int hour, int minute)
{
	struct tm tm = { .tm_year = today->tm_year, .tm_mon = today->tm_mon,
			 .tm_mday = today->tm_mday + days, .tm_hour = hour, .tm_min = minute,
			 .tm_isdst = -1 };

	return mktime(&tm);
}

static int read_clock(const struct order *o, time_t now, struct when *ret)
{
	long minute = order_number(o, "minute", 0);
	bool open = false, named = order_slot(o, "day");
	int hour = hour_of(o, &open), days;
	struct tm today;

	if (hour < 0 || minute < 0 || minute > 59 || !localtime_r(&now, &today))
		return -EINVAL;
	days = days_ahead(o, &today, at(&today, 0, open ? hour % 12 + 12 : hour,
					(int)minute) <= now);
	if (days < 0)
		return days;
	/* Twelve and noon are one; the night's twelve is said as midnight, or am. */
	if (open && days > 0 && hour <= 6)
		hour += 12;
	ret->at = at(&today, days, hour, (int)minute);
	if (open && days == 0 && ret->at <= now)
		ret->at = at(&today, 0, hour % 12 + 12, (int)minute);
	if (ret->at <= now && !named)
		ret->at = at(&today, 1, hour, (int)minute);
	return ret->at > now ? 0 : -ERANGE;
}

int when_read(const struct order *o, time_t now, struct when *ret)
{
	long days = order_number(o, "days", 0);
	struct tm today;
	bool length = order_slot(o, "hours") || order_slot(o, "minutes") ||
		      order_slot(o, "seconds");

	*ret = (struct when){ .kind = WHEN_NONE };
	/* The system's zone may have been set anew. */
	tzset();
	if (order_slot(o, "days") && localtime_r(&now, &today)) {
		/* So many days later at this time of day, whatever becomes of the clock. */
		if (days < 1 || days > 366)
			return -ERANGE;
		ret->kind = WHEN_CLOCK;
		ret->at = at(&today, (int)days, today.tm_hour, today.tm_min) + today.tm_sec;
		return 0;
	}
	if (length) {
		ret->kind = WHEN_LENGTH;
		ret->length_s = when_length(o, "");
		return ret->length_s > 0 && ret->length_s <= WHEN_MAX_S ? 0 : -ERANGE;
	}
	if (!order_slot(o, "hour") && !order_slot(o, "day"))
		return 0;
	ret->kind = WHEN_CLOCK;
	return read_clock(o, now, ret);
}

void when_say_length(int64_t seconds, char ret[WHEN_TEXT_MAX])
{
	const struct {
		const char *name;
		int64_t count;
	} parts[] = {
		{ "day", seconds / DAY_S }, { "hour", seconds / 3600 % 24 },
		{ "minute", seconds / 60 % 60 }, { "second", seconds % 60 },
	};
	size_t left = 0, len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		left += parts[i].count > 0;
	snprintf(ret, WHEN_TEXT_MAX, "no time");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (parts[i].count <= 0)
			continue;
		left--;
		len += (size_t)snprintf(ret + len, WHEN_TEXT_MAX - len, "%s%lld %s%s",
					len == 0 ? "" : left ? ", " : " and ",
					(long long)parts[i].count, parts[i].name,
					parts[i].count == 1 ? "" : "s");
	}
}

void when_say_time(time_t when, time_t now, char ret[WHEN_TEXT_MAX])
{
	char day[48] = "", clock[16] = "";
	struct tm then, today;

	tzset();
	if (!localtime_r(&when, &then) || !localtime_r(&now, &today)) {
		snprintf(ret, WHEN_TEXT_MAX, "at a time that the clock cannot show");
		return;
	}
	strftime(clock, sizeof(clock), "%H:%M", &then);
	if (when >= at(&today, 7, 0, 0) || when < at(&today, -1, 0, 0))
		strftime(day, sizeof(day), "on %-d %B ", &then);
	else if (when >= at(&today, 2, 0, 0))
		strftime(day, sizeof(day), "on %A ", &then);
	else if (when >= at(&today, 1, 0, 0))
		snprintf(day, sizeof(day), "tomorrow ");
	else if (when < at(&today, 0, 0, 0))
		snprintf(day, sizeof(day), "yesterday ");
	snprintf(ret, WHEN_TEXT_MAX, "%sat %s", day, clock);
}
