/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/scheduler.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

#include "assistantd/engine/scheduler-private.h"
#include "util/macro.h"

struct command {
	struct ipc_message message;
	struct command *next;
};

static struct command *command_free(struct command *c)
{
	ipc_message_deinit(&c->message);
	free(c);
	return NULL;
}

/* Takes the oldest command; with @wait until there is one or the end is asked for. */
static struct command *take_command(struct scheduler *s, bool wait)
{
	struct command *c;

	pthread_mutex_lock(&s->mutex);
	while (wait && !s->first && !s->stop)
		pthread_cond_wait(&s->wake, &s->mutex);
	c = s->stop ? NULL : s->first;
	if (c)
		s->first = c->next;
	if (!s->first)
		s->last = NULL;
	pthread_mutex_unlock(&s->mutex);
	return c;
}

int scheduler_post(struct scheduler *s, struct ipc_message *m)
{
	struct command *c = malloc(sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct command){ .message = *m };
	ipc_message_init(m, 0, 0);
	pthread_mutex_lock(&s->mutex);
	if (s->last)
		s->last->next = c;
	else
		s->first = c;
	s->last = c;
	if (c->message.type == ENGINE_CANCEL)
		atomic_store(&s->interrupt, true);
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

/*
 * The requests of the next pass: everything that writes, one token each, then prompts in
 * what is left of the batch, interactive ones first, each lane in order of arrival.
 */
static size_t collect(struct scheduler *s, struct bm_item *items, struct request **owners)
{
	size_t room = bm_model_max_batch(s->model), n = 0;

	for (size_t i = 0; i < s->n_requests; i++) {
		if (request_reading(s->requests[i]))
			continue;
		owners[n] = s->requests[i];
		items[n++] = request_item(s->requests[i], 1);
		room--;
	}
	for (int lane = 1; lane >= 0; lane--)
		for (size_t i = 0; room > 0 && i < s->n_requests; i++) {
			struct request *r = s->requests[i];

			if (!request_reading(r) || r->lane != (uint32_t)lane)
				continue;
			owners[n] = r;
			items[n] = request_item(r, room);
			room -= items[n++].n_tokens;
		}
	return n;
}

static void drop_request(struct scheduler *s, struct request *r)
{
	for (size_t i = 0; i < s->n_requests; i++) {
		if (s->requests[i] != r)
			continue;
		memmove(&s->requests[i], &s->requests[i + 1],
			(--s->n_requests - i) * sizeof(s->requests[0]));
		break;
	}
	request_free(r);
}

/* Lets every request of the pass go on by what was computed, and tells the front end. */
static void advance(struct scheduler *s, struct bm_item *items, struct request **owners, size_t n)
{
	struct engine_tokens tokens = { .n = 0 };
	int result[ENGINE_REQUESTS_MAX];

	for (size_t i = 0; i < n; i++) {
		struct engine_piece *piece = &tokens.pieces[tokens.n];

		result[i] = request_advance(owners[i], s->model, &items[i], piece);
		if (piece->n_tokens || piece->text.len)
			tokens.n++;
	}
	if (tokens.n)
		scheduler_tell_tokens(s, &tokens);
	engine_tokens_deinit(&tokens);

	for (size_t i = 0; i < n; i++) {
		if (result[i] > 0)
			scheduler_tell_done(s, owners[i]->id, &owners[i]->done);
		else if (result[i] < 0)
			scheduler_tell_failed(s, owners[i]->id, ENGINE_E_MEMORY, NULL,
					      "out of memory");
		if (result[i] != 0)
			drop_request(s, owners[i]);
	}
}

static void fail_all(struct scheduler *s, int err)
{
	while (s->n_requests) {
		scheduler_tell_failed(s, s->requests[0]->id, ENGINE_E_INTERNAL, NULL,
				      strerror(-err));
		drop_request(s, s->requests[0]);
	}
}

static void step(struct scheduler *s)
{
	struct bm_item items[ENGINE_REQUESTS_MAX];
	struct request *owners[ENGINE_REQUESTS_MAX];
	size_t n = collect(s, items, owners);
	int r;

	/* A pass that was stopped for one request is repeated whole for the others, so that
	 * a stream of cancellations cannot starve them. */
	r = bm_forward(s->model, items, n, s->interrupted ? NULL : &s->interrupt);
	s->interrupted = r == -ECANCELED;
	if (r == 0)
		advance(s, items, owners, n);
	else if (r != -ECANCELED)
		fail_all(s, r);
}

static void cancel(struct scheduler *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_requests; i++) {
		if (s->requests[i]->id != id)
			continue;
		scheduler_tell_failed(s, id, ENGINE_E_CANCELLED, NULL, "cancelled");
		drop_request(s, s->requests[i]);
		return;
	}
}

static void *run(void *arg)
{
	struct scheduler *s = arg;

	for (;;) {
		struct command *c;

		while ((c = take_command(s, s->n_requests == 0))) {
			/* Each cancellation that is still queued sets it again. */
			atomic_store(&s->interrupt, false);
			if (c->message.type == ENGINE_CANCEL)
				cancel(s, c->message.id);
			else
				scheduler_execute(s, &c->message);
			command_free(c);
		}
		if (s->stop || s->broken)
			break;
		if (s->n_requests)
			step(s);
	}
	/* Wakes the reading thread, and tells the front end. */
	shutdown(s->sock, SHUT_RDWR);
	return NULL;
}

int scheduler_new(struct scheduler **ret, int sock, unsigned cpus)
{
	struct scheduler *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->sock = sock;
	s->cpus = cpus;
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->wake, NULL);
	r = pthread_create(&s->thread, NULL, run, s);
	if (r) {
		free(s);
		return -r;
	}
	*ret = s;
	return 0;
}

struct scheduler *scheduler_free(struct scheduler *s)
{
	if (!s)
		return NULL;
	pthread_mutex_lock(&s->mutex);
	s->stop = true;
	atomic_store(&s->interrupt, true);
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->mutex);
	pthread_join(s->thread, NULL);
	while (s->n_requests)
		drop_request(s, s->requests[0]);
	while (s->first) {
		struct command *next = s->first->next;

		command_free(s->first);
		s->first = next;
	}
	residents_free(s->residents);
	bm_model_free(s->model);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->mutex);
	free(s);
	return NULL;
}
