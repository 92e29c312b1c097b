/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/inbox.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

/* What one message costs beside its text. */
enum { OVERHEAD = 256 };

struct inbox {
	void *topics;			/* tree of messages by topic */
	struct inbox_message *first, **last;
	size_t bytes;
};

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct inbox_message *)a)->topic,
		      ((const struct inbox_message *)b)->topic);
}

int inbox_new(struct inbox **ret)
{
	struct inbox *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->last = &b->first;
	*ret = b;
	return 0;
}

struct inbox_message *inbox_message_free(struct inbox_message *m)
{
	if (!m)
		return NULL;
	free(m->topic);
	free(m->payload);
	free(m);
	return NULL;
}

struct inbox *inbox_free(struct inbox *b)
{
	if (!b)
		return NULL;
	while (b->first)
		inbox_message_free(inbox_take(b));
	free(b);
	return NULL;
}

static char *copy_of(const char *payload, size_t len)
{
	char *copy = malloc(len + 1);

	if (copy) {
		memcpy(copy, payload, len);
		copy[len] = '\0';
	}
	return copy;
}

static int append(struct inbox *b, const char *topic, char *payload, size_t len)
{
	struct inbox_message *m = calloc(1, sizeof(*m));

	if (m && (m->topic = strdup(topic)) && tsearch(m, &b->topics, compare)) {
		m->payload = payload;
		m->len = len;
		*b->last = m;
		b->last = &m->next;
		b->bytes += len + strlen(topic) + OVERHEAD;
		return 0;
	}
	inbox_message_free(m);
	free(payload);
	return -ENOMEM;
}

int inbox_put(struct inbox *b, const char *topic, const char *payload, size_t len)
{
	const struct inbox_message wanted = { .topic = (char *)topic };
	struct inbox_message **at = tfind(&wanted, &b->topics, compare);
	size_t had = at ? (*at)->len : 0;
	char *copy;

	if (b->bytes - had + len + strlen(topic) + OVERHEAD > INBOX_BYTES_MAX)
		return -E2BIG;
	copy = copy_of(payload, len);
	if (!copy)
		return -ENOMEM;
	if (!at)
		return append(b, topic, copy, len);
	free((*at)->payload);
	(*at)->payload = copy;
	(*at)->len = len;
	b->bytes += len - had;
	return 0;
}

struct inbox_message *inbox_take(struct inbox *b)
{
	struct inbox_message *m = b->first;

	if (!m)
		return NULL;
	tdelete(m, &b->topics, compare);
	b->first = m->next;
	if (!b->first)
		b->last = &b->first;
	b->bytes -= m->len + strlen(m->topic) + OVERHEAD;
	return m;
}
