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

/* Takes the oldest command; with @wait until there is one, or something prepared, or the end
 * is asked for. */
static struct command *take_command(struct scheduler *s, bool wait)
{
	struct command *c;

	pthread_mutex_lock(&s->mutex);
	while (wait && !s->first && !s->stop && !s->prepared)
		pthread_cond_wait(&s->wake, &s->mutex);
	c = s->stop ? NULL : s->first;
	if (c)
		s->first = c->next;
	else
		s->prepared = false;
	if (!s->first)
		s->last = NULL;
	pthread_mutex_unlock(&s->mutex);
	return c;
}

static void wake_for_prepared(void *arg)
{
	struct scheduler *s = arg;

	pthread_mutex_lock(&s->mutex);
	s->prepared = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->mutex);
}

/* Takes over what @m holds. */
static int post(struct scheduler *s, struct ipc_message *m)
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

int scheduler_read(struct scheduler *s)
{
	struct ipc_message m;
	int r;

	ipc_message_init(&m, 0, 0);
	while ((r = ipc_recv(s->sock, &m)) == 0 && (r = post(s, &m)) == 0)
		;
	ipc_message_deinit(&m);
	return r == IPC_E_CLOSED ? 0 : r;
}

void scheduler_add(struct scheduler *s, struct request *r)
{
	s->requests[s->n_requests++] = r;
}

void scheduler_drop(struct scheduler *s, struct request *r)
{
	size_t i = 0;

	while (s->requests[i] != r)
		i++;
	memmove(&s->requests[i], &s->requests[i + 1],
		(--s->n_requests - i) * sizeof(s->requests[0]));
	request_free(r);
	residents_tidy(s->residents);
}

static void fail(struct scheduler *s, struct request *r, int err)
{
	scheduler_tell_failed(s, r->id, err == -ENOMEM ? ENGINE_E_MEMORY : ENGINE_E_INTERNAL, NULL,
			      strerror(-err));
	scheduler_drop(s, r);
}

/* A request's items of a pass. */
struct share {
	struct request *owner;
	const struct bm_item *items;
	size_t n;
};

/* The requests of one pass: who scores has several items, who writes has one. */
struct batch {
	struct bm_item items[ENGINE_REQUESTS_MAX + BATCH_SCORES];
	struct share shares[ENGINE_REQUESTS_MAX];
	size_t n_items, n;
};

/* The requests that can go on, in order of arrival, with what the pass is planned by. */
static size_t able_ones(struct scheduler *s, struct request **able, struct batch_entry *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_requests; i++) {
		struct request *r = s->requests[i];
		int e = request_parked(r) ? -EAGAIN : request_entry(r, &plan[n]);

		if (e == 0) {
			able[n++] = r;
		} else if (e == -ENOSPC) {
			i -= !scheduler_make_way(s, r);
		} else if (e != -EAGAIN) {
			fail(s, r, e);
			i--;
		}
	}
	return n;
}

static void collect(struct scheduler *s, struct batch *b)
{
	size_t n_vocab = bm_model_config(s->model)->n_vocab;
	float *logits = s->logits;
	struct batch_entry plan[ENGINE_REQUESTS_MAX];
	struct request *able[ENGINE_REQUESTS_MAX];
	size_t n = able_ones(s, able, plan), scores = BATCH_SCORES;

	batch_plan(plan, n, bm_model_max_batch(s->model));
	b->n = b->n_items = 0;
	for (size_t i = 0; i < n; i++) {
		struct bm_item *items = &b->items[b->n_items];
		size_t n_items, used;

		if (plan[i].tokens == 0)
			continue;
		n_items = request_items(able[i], &plan[i], scores, logits, items, &used);
		if (n_items == 0)
			continue;
		logits += used * (n_vocab + items->n_extra);
		scores -= able[i]->scoring ? used : 0;
		b->shares[b->n++] = (struct share){ able[i], items, n_items };
		b->n_items += n_items;
	}
}

/* Lets every request of the pass go on by what was computed, and tells the front end. */
static void advance(struct scheduler *s, struct batch *b)
{
	struct engine_tokens tokens = { .n = 0 };
	int result[ENGINE_REQUESTS_MAX];

	s->passes++;
	for (size_t i = 0; i < b->n; i++) {
		struct engine_piece *piece = &tokens.pieces[tokens.n];
		const struct share *share = &b->shares[i];

		share->owner->served = s->passes;
		result[i] = request_advance(share->owner, share->items, share->n, piece);
		if (piece->n_tokens || piece->text.len)
			tokens.n++;
	}
	if (tokens.n)
		scheduler_tell_tokens(s, &tokens);
	engine_tokens_deinit(&tokens);

	for (size_t i = 0; i < b->n; i++) {
		struct request *r = b->shares[i].owner;

		if (result[i] < 0) {
			fail(s, r, result[i]);
		} else if (result[i] > 0) {
			scheduler_tell_result(s, r);
			scheduler_drop(s, r);
		}
	}
}

static void step(struct scheduler *s)
{
	struct batch b;
	int r;

	collect(s, &b);
	/* All are parked: the next round resumes one, or tells it that there is no room. */
	if (b.n == 0)
		return;
	/* A pass that was stopped for one request is repeated whole for the others, so that
	 * a stream of cancellations cannot starve them. */
	r = bm_forward(s->model, b.items, b.n_items, s->interrupted ? NULL : &s->interrupt);
	s->interrupted = r == -ECANCELED;
	if (r == 0)
		advance(s, &b);
	while (r < 0 && r != -ECANCELED && s->n_requests)
		fail(s, s->requests[0], r);
}

static void *run(void *arg)
{
	struct scheduler *s = arg;

	for (;;) {
		struct command *c;

		while ((c = take_command(s, s->n_requests == 0))) {
			/* Each cancellation that is still queued sets it again. */
			atomic_store(&s->interrupt, false);
			scheduler_execute(s, &c->message);
			command_free(c);
		}
		scheduler_resume(s);
		scheduler_begin_prepared(s);
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
	r = preparer_new(&s->preparer, wake_for_prepared, s);
	if (r == 0)
		r = -pthread_create(&s->thread, NULL, run, s);
	if (r < 0) {
		preparer_free(s->preparer);
		free(s);
		return r;
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
		scheduler_drop(s, s->requests[0]);
	scheduler_end_preparing(s);
	while (s->first) {
		struct command *next = s->first->next;

		command_free(s->first);
		s->first = next;
	}
	residents_free(s->residents);
	free(s->logits);
	bm_model_free(s->model);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->mutex);
	free(s);
	return NULL;
}
