/* SPDX-License-Identifier: MIT */
/*
 * Tasks are handed out by a counter rather than divided beforehand: where a core is taken
 * away for a while, the others do its share. Shares become smaller towards the end (guided
 * self-scheduling, Polychronopoulos and Kuck 1987), so that threads seldom meet at the counter
 * and yet end together. A layer has a handful of short phases, so a worker looks for the next
 * one a while before it sleeps; at first without giving its core away, which takes longer than
 * most waits.
 */
#include "base_model/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/kernels/kernels.h"
#include "util/macro.h"

#define SPINS 2000
#define BUSY_SPINS 400	/* of them, before other threads are let run */
#define SHARES 4	/* a thread takes this part of its share of what is left */

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
	bool ahead;
	atomic_size_t next;
	atomic_uint phase;	/* counts calls of pool_run() */
	atomic_uint busy;	/* workers that have not finished the phase */
	atomic_bool stop;
};

struct share {
	size_t next, end;
};

static struct share take_share(struct pool *p)
{
	size_t seen = atomic_load_explicit(&p->next, memory_order_relaxed), n;
	struct share share;

	if (seen >= p->n_tasks)
		return (struct share){ 0 };
	n = MAX((p->n_tasks - seen) / (SHARES * p->n_threads), (size_t)1);
	share.next = MIN(atomic_fetch_add(&p->next, n), p->n_tasks);
	share.end = MIN(share.next + n, p->n_tasks);
	return share;
}

static void work_off(struct pool *p, unsigned thread)
{
	size_t *following = &p->threads[thread].following;
	struct share share = take_share(p);

	while (share.next < share.end) {
		size_t task = share.next++;

		if (p->ahead && share.next == share.end)
			share = take_share(p);
		*following = share.next < share.end ? share.next : p->n_tasks;
		p->fn(p->arg, task, thread);
		if (share.next == share.end)
			share = take_share(p);
	}
}

static void relax(int spins)
{
	if (spins < BUSY_SPINS)
		cpu_relax();
	else
		sched_yield();
}

/* The next phase's number; sleeps when it does not come soon. */
static unsigned wait_for_phase(struct pool *p, unsigned seen)
{
	unsigned phase;

	for (int i = 0; i < SPINS; i++) {
		phase = atomic_load_explicit(&p->phase, memory_order_acquire);
		if (phase != seen)
			return phase;
		relax(i);
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
		relax(i);
	}
	pthread_mutex_lock(&p->lock);
	while (atomic_load(&p->busy) != 0)
		pthread_cond_wait(&p->done, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

static void run(struct pool *p, pool_fn fn, void *arg, size_t n_tasks, bool ahead)
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
	p->ahead = ahead;
	atomic_store(&p->next, 0);
	atomic_store(&p->busy, p->n_started);
	begin_phase(p);
	work_off(p, 0);
	wait_until_done(p);
}

void pool_run(struct pool *p, pool_fn fn, void *arg, size_t n_tasks)
{
	run(p, fn, arg, n_tasks, false);
}

void pool_run_ahead(struct pool *p, pool_fn fn, void *arg, size_t n_tasks)
{
	run(p, fn, arg, n_tasks, true);
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
