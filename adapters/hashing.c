/* SPDX-License-Identifier: MIT */
#include "adapters/hashing.h"

#include <sched.h>

#include "util/macro.h"

#define PIECE ((size_t)256 << 10)

/* What there is beyond @done; waits for it. False at the end. */
static bool wait_for_more(struct hashing *h, size_t done, size_t *len)
{
	pthread_mutex_lock(&h->lock);
	while (h->len == done && !h->complete)
		pthread_cond_wait(&h->more, &h->lock);
	*len = h->len;
	pthread_mutex_unlock(&h->lock);
	return *len > done;
}

static int hash(struct hashing *h)
{
	_cleanup_(digest_stream_freep) struct digest_stream *stream = NULL;
	size_t done = 0, len;
	int r = digest_stream_new(&stream);

	while (r == 0 && wait_for_more(h, done, &len)) {
		len = MIN(len, done + PIECE);
		r = digest_stream_update(stream, h->data + done, len - done);
		done = len;
		/* Whoever computes a stream meanwhile need not wait for the rest. */
		sched_yield();
	}
	return r < 0 ? r : digest_stream_finish(stream, &h->digest);
}

static void *run(void *arg)
{
	struct hashing *h = arg;

	h->result = hash(h);
	return NULL;
}

void hashing_begin(struct hashing *h, const char *data)
{
	*h = (struct hashing){ .data = data };
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->more, NULL);
	h->threaded = pthread_create(&h->thread, NULL, run, h) == 0;
}

void hashing_extend(struct hashing *h, size_t len)
{
	pthread_mutex_lock(&h->lock);
	h->len = len;
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
}

int hashing_end(struct hashing *h, struct digest *ret)
{
	pthread_mutex_lock(&h->lock);
	h->complete = true;
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
	if (h->threaded)
		pthread_join(h->thread, NULL);
	else
		run(h);
	pthread_cond_destroy(&h->more);
	pthread_mutex_destroy(&h->lock);
	*ret = h->digest;
	return h->result;
}
