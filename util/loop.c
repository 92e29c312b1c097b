/* SPDX-License-Identifier: MIT */
#include "util/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "util/clock.h"
#include "util/macro.h"

struct loop_source {
	struct loop *loop;
	struct loop_source *next;
	int fd;
	short events;
	bool removed;	/* freed once no list of poll() names it */
	loop_fd_fn fn;
	void *arg;
};

struct loop_timer {
	struct loop *loop;
	struct loop_timer *next;	/* in order of time */
	uint64_t at;
	loop_fn fn;
	void *arg;
};

struct loop_hook {
	struct loop *loop;
	struct loop_hook *next;
	loop_fn fn;
	void *arg;
};

struct loop {
	struct loop_source *sources;
	struct loop_timer *timers;
	size_t n_sources;
	struct pollfd *polled;
	struct loop_source **owners;
	size_t cap;
	struct loop_hook *hooks;
	bool stop;
};

uint64_t loop_now(void)
{
	return (uint64_t)clock_ms(CLOCK_MONOTONIC);
}

int loop_new(struct loop **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

static void sweep(struct loop *l)
{
	for (struct loop_source **at = &l->sources; *at;) {
		struct loop_source *s = *at;

		if (!s->removed) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		l->n_sources--;
		free(s);
	}
}

struct loop *loop_free(struct loop *l)
{
	if (!l)
		return NULL;
	sweep(l);
	free(l->polled);
	free(l->owners);
	free(l);
	return NULL;
}

/* The lists of poll() have room for every source, so that running needs no memory. */
static int reserve(struct loop *l, size_t n)
{
	size_t cap = MAX(n, l->cap * 2);
	struct loop_source **owners;
	struct pollfd *polled;

	if (n <= l->cap)
		return 0;
	polled = reallocarray(l->polled, cap, sizeof(*polled));
	if (!polled)
		return -ENOMEM;
	l->polled = polled;
	owners = reallocarray(l->owners, cap, sizeof(*owners));
	if (!owners)
		return -ENOMEM;
	l->owners = owners;
	l->cap = cap;
	return 0;
}

int loop_watch(struct loop *l, struct loop_source **ret, int fd, short events, loop_fd_fn fn,
	       void *arg)
{
	struct loop_source *s;
	int r = reserve(l, l->n_sources + 1);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	*s = (struct loop_source){ l, l->sources, fd, events, false, fn, arg };
	l->sources = s;
	l->n_sources++;
	*ret = s;
	return 0;
}

void loop_set_events(struct loop_source *s, short events)
{
	s->events = events;
}

struct loop_source *loop_unwatch(struct loop_source *s)
{
	if (s)
		s->removed = true;
	return NULL;
}

int loop_after(struct loop *l, struct loop_timer **ret, uint64_t ms, loop_fn fn, void *arg)
{
	struct loop_timer *t = malloc(sizeof(*t)), **at = &l->timers;

	if (!t)
		return -ENOMEM;
	*t = (struct loop_timer){ .loop = l, .at = loop_now() + ms, .fn = fn, .arg = arg };
	while (*at && (*at)->at <= t->at)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
	*ret = t;
	return 0;
}

struct loop_timer *loop_cancel(struct loop_timer *t)
{
	struct loop_timer **at;

	if (!t)
		return NULL;
	for (at = &t->loop->timers; *at && *at != t; at = &(*at)->next)
		;
	if (*at)
		*at = t->next;
	free(t);
	return NULL;
}

int loop_before_wait(struct loop *l, struct loop_hook **ret, loop_fn fn, void *arg)
{
	struct loop_hook *h = malloc(sizeof(*h));

	if (!h)
		return -ENOMEM;
	*h = (struct loop_hook){ l, l->hooks, fn, arg };
	l->hooks = *ret = h;
	return 0;
}

struct loop_hook *loop_unhook(struct loop_hook *h)
{
	struct loop_hook **at;

	if (!h)
		return NULL;
	for (at = &h->loop->hooks; *at != h; at = &(*at)->next)
		;
	*at = h->next;
	free(h);
	return NULL;
}

static void run_timers(struct loop *l)
{
	uint64_t now = loop_now();

	while (l->timers && l->timers->at <= now) {
		struct loop_timer *t = l->timers;
		loop_fn fn = t->fn;
		void *arg = t->arg;

		l->timers = t->next;
		free(t);
		fn(arg);
	}
}

static int wait_ms(const struct loop *l)
{
	uint64_t now = loop_now();

	if (!l->timers)
		return -1;
	return l->timers->at <= now ? 0 : (int)MIN(l->timers->at - now, (uint64_t)60000);
}

static size_t list_sources(struct loop *l)
{
	size_t n = 0;

	sweep(l);
	for (struct loop_source *s = l->sources; s; s = s->next) {
		if (!s->events)
			continue;
		l->polled[n] = (struct pollfd){ .fd = s->fd, .events = s->events };
		l->owners[n++] = s;
	}
	return n;
}

int loop_run(struct loop *l)
{
	l->stop = false;
	while (!l->stop) {
		size_t n;
		int r;

		for (struct loop_hook *h = l->hooks; h; h = h->next)
			h->fn(h->arg);
		if (l->stop)
			break;
		n = list_sources(l);
		r = poll(l->polled, n, wait_ms(l));
		if (r < 0 && errno != EINTR)
			return -errno;
		/* Sources that callbacks add are not in the list yet; the list may move. */
		for (size_t i = 0; r > 0 && i < n; i++) {
			struct loop_source *s = l->owners[i];

			if (l->polled[i].revents && !s->removed && s->events)
				s->fn(s->arg, s->fd, l->polled[i].revents);
		}
		run_timers(l);
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
