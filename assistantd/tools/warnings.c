/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/warnings.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOPICS_MAX = 1000, SHOWN = 200 };

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

void warnings_deinit(struct warnings *w)
{
	tdestroy(w->told, free);
	*w = (struct warnings){ NULL, 0 };
}

/* Topics are of anybody's choice: no line of the journal is broken by them. */
static void show(const char *topic, char shown[SHOWN + 1])
{
	size_t n = 0;

	for (; topic[n] && n < SHOWN; n++)
		shown[n] = (unsigned char)topic[n] < ' ' || topic[n] == 0x7f ? '?' : topic[n];
	shown[n] = '\0';
}

void warnings_say(struct warnings *w, const char *topic, const struct diag *d)
{
	char shown[SHOWN + 1], *copy;

	if (w->n > TOPICS_MAX || tfind(topic, &w->told, compare))
		return;
	if (w->n++ == TOPICS_MAX) {
		fputs("<4>mqtt: warnings of further topics are left out\n", stderr);
		return;
	}
	copy = strdup(topic);
	if (!copy || !tsearch(copy, &w->told, compare))
		free(copy);
	show(topic, shown);
	fprintf(stderr, "<4>%s: %s%s%s\n", shown, d->field, *d->field ? ": " : "", d->text);
}
