/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/follows.h"

#include <string.h>

#define FADING 0.9f	/* of all that came after the same one, with each that does */
#define ENOUGH 1.5f	/* counts: the second time is not long ago */

static size_t find(const struct follows *f, const char *name)
{
	size_t i = 0;

	while (i < f->n && strcmp(f->entries[i].name, name) != 0)
		i++;
	return i;
}

/* Room in the place of the one that came last longest ago. */
static size_t replace_oldest(struct follows *f)
{
	size_t oldest = 0;

	for (size_t i = 1; i < f->n; i++)
		if (f->entries[i].last_ms < f->entries[oldest].last_ms)
			oldest = i;
	for (size_t i = 0; i < f->n; i++)
		f->entries[i].counts[oldest] = 0.0f;
	return oldest;
}

static size_t find_or_add(struct follows *f, const char *name)
{
	size_t i = find(f, name);

	if (i < f->n)
		return i;
	if (f->n == FOLLOWS_MAX)
		i = replace_oldest(f);
	else
		f->n++;
	memset(&f->entries[i], 0, sizeof(f->entries[i]));
	strcpy(f->entries[i].name, name);
	return i;
}

static void count(struct follows *f, size_t before, size_t after)
{
	float *counts = f->entries[before].counts;

	for (size_t i = 0; i < FOLLOWS_MAX; i++)
		counts[i] *= FADING;
	counts[after] += 1.0f;
}

void follows_note(struct follows *f, const char *name, uint64_t now_ms)
{
	bool follows = f->has_current &&
		       now_ms - f->entries[f->current].last_ms <= FOLLOWS_GAP_MS;
	size_t before = f->current;

	f->has_current = strlen(name) < FOLLOWS_NAME_MAX;
	if (!f->has_current)
		return;
	f->current = find_or_add(f, name);
	f->entries[f->current].last_ms = now_ms;
	if (follows)
		count(f, before, f->current);
}

const char *follows_likely(const struct follows *f)
{
	const float *counts = f->entries[f->current].counts;
	float sum = 0.0f;
	size_t most = 0;

	if (!f->has_current)
		return NULL;
	for (size_t i = 0; i < f->n; i++) {
		sum += counts[i];
		most = counts[i] > counts[most] ? i : most;
	}
	return counts[most] >= ENOUGH && 2.0f * counts[most] > sum ? f->entries[most].name : NULL;
}
