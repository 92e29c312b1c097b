/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "assistantd/daemon/log.h"

struct queue {
	struct work *first, *last;
};

struct worker {
	struct loop *loop;
	struct loop_source *source;
	int event;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct queue waiting, finished;
	bool stop;
	char *dir;
	uint64_t max_bytes;
	struct store *store;	/* the thread's */
};

static void push(struct queue *q, struct work *work)
{
	work->next = NULL;
	if (q->last)
		q->last->next = work;
	else
		q->first = work;
	q->last = work;
}

static struct work *pop(struct queue *q)
{
	struct work *work = q->first;

	if (work) {
		q->first = work->next;
		q->last = q->first ? q->last : NULL;
	}
	return work;
}

static void open_store(struct worker *w)
{
	struct store_opened opened;
	struct diag d = DIAG_NULL;
	int r = store_open(&w->store, w->dir, w->max_bytes, &opened, &d);

	if (r != 0) {
		log_error("store: %s: %s", w->dir, d.code ? d.text : r < 0 ? strerror(-r) :
			  "it is in use or written by a newer version");
		return;
	}
	if (opened.recovered)
		log_error("store: the file was damaged; it is kept as %s/%s", w->dir,
			  opened.moved_to);
}

/* What a damaged or unsynced store needs before it can be used again. */
static void reopen_if_broken(struct worker *w, int result)
{
	if (result != STORE_E_CORRUPT && result != STORE_E_SYNC)
		return;
	w->store = store_close(w->store);
	open_store(w);
}

static void *run(void *arg)
{
	struct worker *w = arg;
	uint64_t one = 1;

	open_store(w);
	for (;;) {
		struct work *work;

		pthread_mutex_lock(&w->mutex);
		while (!w->waiting.first && !w->stop)
			pthread_cond_wait(&w->wake, &w->mutex);
		work = pop(&w->waiting);
		pthread_mutex_unlock(&w->mutex);
		if (!work)
			break;
		work->result = work->run(work, w->store);
		reopen_if_broken(w, work->result);
		pthread_mutex_lock(&w->mutex);
		push(&w->finished, work);
		pthread_mutex_unlock(&w->mutex);
		if (write(w->event, &one, sizeof(one)) < 0)
			log_error("store thread: %s", strerror(errno));
	}
	w->store = store_close(w->store);
	return NULL;
}

static void tell_finished(struct worker *w)
{
	struct work *work;

	do {
		pthread_mutex_lock(&w->mutex);
		work = pop(&w->finished);
		pthread_mutex_unlock(&w->mutex);
		if (work)
			work->done(work, work->result);
	} while (work);
}

static void on_event(void *arg, int fd, short events)
{
	uint64_t count;

	(void)events;
	if (read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		tell_finished(arg);
}

int worker_new(struct worker **ret, struct loop *loop, const char *dir, uint64_t max_bytes)
{
	struct worker *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->loop = loop;
	w->max_bytes = max_bytes;
	w->dir = strdup(dir);
	w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&w->mutex, NULL);
	pthread_cond_init(&w->wake, NULL);
	r = w->dir && w->event >= 0 ? loop_watch(loop, &w->source, w->event, POLLIN, on_event, w)
				    : -ENOMEM;
	if (r == 0)
		r = -pthread_create(&w->thread, NULL, run, w);
	if (r < 0) {
		loop_unwatch(w->source);
		closep(&w->event);
		free(w->dir);
		free(w);
		return r;
	}
	*ret = w;
	return 0;
}

struct worker *worker_free(struct worker *w)
{
	struct work *work;

	if (!w)
		return NULL;
	pthread_mutex_lock(&w->mutex);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->mutex);
	pthread_join(w->thread, NULL);
	tell_finished(w);
	/* What the ends of the last pieces have posted. */
	while ((work = pop(&w->waiting)))
		work->done(work, -ECANCELED);
	loop_unwatch(w->source);
	close(w->event);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->mutex);
	free(w->dir);
	free(w);
	return NULL;
}

void worker_post(struct worker *w, struct work *work)
{
	pthread_mutex_lock(&w->mutex);
	push(&w->waiting, work);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->mutex);
}
