/* SPDX-License-Identifier: MIT */
/*
 * Tasks are handed out by a counter rather than divided beforehand: where a core is taken
 * away for a while, the others do its share. A layer has a handful of short phases, so a
 * worker looks for the next one a while before it sleeps.
 */
#include "base_model/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SPINS 4000

struct thread {
	struct pool *pool;
	pthread_t handle;
	unsigned number;	/* 0 is the caller of pool_run() */
	/* Written for every task: not in a line that another thread writes. */
	size_t following __attribute__((aligned(64)));
};

struct pool {
	unsigned n_threads, n_started;
	struct thread threads[POOL_MAX_THREADS];
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	pool_fn fn;
	void *arg;
	size_t n_tasks;
	atomic_size_t next;
	atomic_uint phase;	/* counts calls of pool_run() */
	atomic_uint busy;	/* workers that have not finished the phase */
	atomic_bool stop;
};

static void work_off(struct pool *p, unsigned thread)
{
	size_t *following = &p->threads[thread].following;
	size_t task = atomic_fetch_add(&p->next, 1);

	for (; task < p->n_tasks; task = *following) {
		*following = atomic_fetch_add(&p->next, 1);
		p->fn(p->arg, task, thread);
	}
}

/* The next phase's number; sleeps when it does not come soon. */
static unsigned wait_for_phase(struct pool *p, unsigned seen)
{
	unsigned phase;

	for (int i = 0; i < SPINS; i++) {
		phase = atomic_load_explicit(&p->phase, memory_order_acquire);
		if (phase != seen)
			return phase;
		if (i % 64 == 63)
			sched_yield();
	}
	pthread_mutex_lock(&p->lock);
	while ((phase = atomic_load(&p->phase)) == seen)
		pthread_cond_wait(&p->work, &p->lock);
	pthread_mutex_unlock(&p->lock);
	return phase;
}

static void *worker(void *arg)
{
	struct thread *self = arg;
	struct pool *p = self->pool;
	unsigned seen = 0;

	for (;;) {
		seen = wait_for_phase(p, seen);
		if (atomic_load(&p->stop))
			return NULL;
		work_off(p, self->number);
		if (atomic_fetch_sub(&p->busy, 1) == 1) {
			pthread_mutex_lock(&p->lock);
			pthread_cond_signal(&p->done);
			pthread_mutex_unlock(&p->lock);
		}
	}
}

static void begin_phase(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	atomic_fetch_add_explicit(&p->phase, 1, memory_order_release);
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
}

static void wait_until_done(struct pool *p)
{
	for (int i = 0; i < SPINS; i++) {
		if (atomic_load_explicit(&p->busy, memory_order_acquire) == 0)
			return;
		if (i % 64 == 63)
			sched_yield();
	}
	pthread_mutex_lock(&p->lock);
	while (atomic_load(&p->busy) != 0)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

void pool_run(struct pool *p, pool_fn fn, void *arg, size_t n_tasks)
{
	if (p->n_started == 0 || n_tasks <= 1) {
		for (size_t task = 0; task < n_tasks; task++) {
			p->threads[0].following = task + 1;
			fn(arg, task, 0);
		}
		return;
	}
	p->fn = fn;
	p->arg = arg;
	p->n_tasks = n_tasks;
	atomic_store(&p->next, 0);
	atomic_store(&p->busy, p->n_started);
	begin_phase(p);
	work_off(p, 0);
	wait_until_done(p);
}

int pool_new(struct pool **ret, unsigned n_threads)
{
	struct pool *p;
	int r;

	if (n_threads < 1 || n_threads > POOL_MAX_THREADS)
		return -EINVAL;
	p = aligned_alloc(_Alignof(struct pool), sizeof(*p));
	if (!p)
		return -ENOMEM;
	memset(p, 0, sizeof(*p));
	p->n_threads = n_threads;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	for (; p->n_started + 1 < n_threads; p->n_started++) {
		struct thread *t = &p->threads[p->n_started];

		t->pool = p;
		t->number = p->n_started + 1;
		r = pthread_create(&t->handle, NULL, worker, t);
		if (r != 0) {
			pool_free(p);
			return -r;
		}
	}
	*ret = p;
	return 0;
}

struct pool *pool_free(struct pool *p)
{
	if (!p)
		return NULL;
	atomic_store(&p->stop, true);
	begin_phase(p);
	for (unsigned i = 0; i < p->n_started; i++)
		pthread_join(p->threads[i].handle, NULL);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p);
	return NULL;
}

size_t pool_following(const struct pool *p, unsigned thread)
{
	return p->threads[thread].following;
}

unsigned pool_threads(const struct pool *p)
{
	return p->n_threads;
}
