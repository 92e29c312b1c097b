/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/timers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/notify.h"
#include "assistantd/daemon/when.h"
#include "util/clock.h"
#include "util/macro.h"

/* How long one that ended is still told of; it may have been missed. */
enum { RANG_KEPT_MS = 3600000, LATE_MS = 60000 };

struct timers {
	struct daemon *d;
	struct timer_list list;
	int wall_fd, boot_fd;
	struct loop_source *wall_source, *boot_source;
};

/* One row on its way to the store. */
struct row_write {
	struct work work;
	struct store_timer row;
	char *name;
	char boot_id[40];
	bool drop;
	timers_written_fn done;
	void *arg;
};

void timer_clock_now(struct timer_clock *ret)
{
	_cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, ret->boot_id, sizeof(ret->boot_id) - 1);

	ret->wall = clock_ms(CLOCK_REALTIME);
	ret->boot = clock_ms(CLOCK_BOOTTIME);
	ret->boot_id[MAX(n, (ssize_t)0)] = '\0';
	ret->boot_id[strcspn(ret->boot_id, "\n")] = '\0';
}

static int run_write(struct work *work, struct store *store)
{
	struct row_write *w = container_of(work, struct row_write, work);

	if (!store)
		return -ENODEV;
	return w->drop ? store_drop_timer(store, w->row.id) : store_put_timer(store, &w->row);
}

static void written(struct work *work, int result)
{
	struct row_write *w = container_of(work, struct row_write, work);

	if (result)
		log_warning("timer %lld was not %s the store (%d)", (long long)w->row.id,
			    w->drop ? "removed from" : "written to", result);
	if (w->done)
		w->done(w->arg, result);
	free(w->name);
	free(w);
}

static int post(struct timers *t, const struct timer *timer, bool drop, timers_written_fn done,
		void *arg)
{
	struct row_write *w = calloc(1, sizeof(*w));
	struct timer_clock now;

	if (!w)
		return -ENOMEM;
	timer_clock_now(&now);
	w->name = strdup(timer->name);
	if (!w->name) {
		free(w);
		return -ENOMEM;
	}
	w->row = timer_row(timer, &now);
	w->row.name = w->name;
	memcpy(w->boot_id, now.boot_id, sizeof(w->boot_id));
	w->row.boot_id = w->boot_id;
	w->drop = drop;
	w->done = done;
	w->arg = arg;
	w->work = (struct work){ .run = run_write, .done = written };
	worker_post(t->d->worker, &w->work);
	return 0;
}

static void set_timer(int fd, int flags, int64_t at_ms)
{
	/* What is past rings at once; a timer of zero would be none. */
	int64_t ms = at_ms ? MAX(at_ms, INT64_C(1)) : 0;
	struct itimerspec when = { .it_value = { .tv_sec = ms / 1000,
						 .tv_nsec = ms % 1000 * 1000000 } };

	if (timerfd_settime(fd, TFD_TIMER_ABSTIME | flags, &when, NULL) < 0)
		log_error("timers: %s", strerror(errno));
}

static void arm(struct timers *t)
{
	int64_t wall, boot;

	timer_list_next(&t->list, &wall, &boot);
	/* Told, too, when the wall's clock is set; so there always is a timer on it. */
	set_timer(t->wall_fd, TFD_TIMER_CANCEL_ON_SET, wall ? wall : INT64_MAX / 1000000);
	set_timer(t->boot_fd, 0, boot);
}

int timers_write(struct timers *t, const struct timer *timer, timers_written_fn done, void *arg)
{
	arm(t);
	timers1_changed(t->d);
	return post(t, timer, false, done, arg);
}

int timers_remove(struct timers *t, struct timer *timer, timers_written_fn done, void *arg)
{
	int r = post(t, timer, true, done, arg);

	if (r < 0)
		return r;
	timer_list_drop(&t->list, timer);
	arm(t);
	timers1_changed(t->d);
	return 0;
}

void timer_say_end(const struct timer *t, const struct timer_clock *now, struct buf *ret)
{
	char length[WHEN_TEXT_MAX], time[WHEN_TEXT_MAX];

	when_say_length(t->length_ms / 1000, length);
	if (t->kind == STORE_REMINDER)
		buf_append_str(ret, *t->name ? t->name : "Reminder");
	else if (*t->name)
		buf_printf(ret, "The %s timer is over.", t->name);
	else
		buf_printf(ret, "The timer of %s is over.", length);
	if (now->wall - t->due_ms < LATE_MS)
		return;
	when_say_time(t->due_ms / 1000, now->wall / 1000, time);
	buf_printf(ret, " (It was due %s.)", time);
}

static void ring(struct timers *t, struct timer *timer, const struct timer_clock *now)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct notify_note note = { .urgency = NOTIFY_CRITICAL };

	timer_say_end(timer, now, &text);
	timer->rang_ms = now->wall;
	note.summary = timer->kind == STORE_REMINDER ? "Reminder" : "Timer";
	note.body = text.len ? text.data : "";
	timers1_rang(t->d, timer);
	if (t->d->notify && notify_show(t->d->notify, &note, NULL, NULL, NULL) < 0)
		log_warning("timer %lld: it could not be shown", (long long)timer->id);
	post(t, timer, false, NULL, NULL);
}

/* Rings what is due, and lets go of what rang long ago. */
static void look(struct timers *t)
{
	struct timer_clock now;

	timer_clock_now(&now);
	for (struct timer *timer = t->list.first, *next; timer; timer = next) {
		next = timer->next;
		if (timer_is_due(timer, &now)) {
			ring(t, timer, &now);
		} else if (timer->rang_ms && timer->rang_ms + RANG_KEPT_MS <= now.wall &&
			   post(t, timer, true, NULL, NULL) == 0) {
			timer_list_drop(&t->list, timer);
		}
	}
	arm(t);
}

/* A timer keeps its length whatever the clock on the wall is set to; its row says both. */
static void clock_was_set(struct timers *t)
{
	struct timer_clock now;

	timer_clock_now(&now);
	for (struct timer *timer = t->list.first; timer; timer = timer->next)
		if (timer_clock_set(timer, &now))
			post(t, timer, false, NULL, NULL);
}

static void on_timer(void *arg, int fd, short events)
{
	struct timers *t = arg;
	uint64_t count;

	(void)events;
	if (read(fd, &count, sizeof(count)) < 0 && errno == ECANCELED)
		clock_was_set(t);
	look(t);
}

int timers_new(struct timers **ret, struct daemon *d)
{
	_cleanup_(timers_freep) struct timers *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->d = d;
	t->list.next_id = 1;
	t->wall_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	t->boot_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (t->wall_fd < 0 || t->boot_fd < 0)
		return -errno;
	r = loop_watch(d->loop, &t->wall_source, t->wall_fd, POLLIN, on_timer, t);
	if (r == 0)
		r = loop_watch(d->loop, &t->boot_source, t->boot_fd, POLLIN, on_timer, t);
	if (r == 0)
		*ret = TAKE(t);
	return r;
}

struct timers *timers_free(struct timers *t)
{
	if (!t)
		return NULL;
	loop_unwatch(t->wall_source);
	loop_unwatch(t->boot_source);
	closep(&t->wall_fd);
	closep(&t->boot_fd);
	timer_list_deinit(&t->list);
	free(t);
	return NULL;
}

int timers_restore(struct timers *t, const struct store_timer *row)
{
	struct timer_clock now;

	timer_clock_now(&now);
	return timer_list_restore(&t->list, row, &now);
}

void timers_restored(struct timers *t, int64_t next_id)
{
	t->list.next_id = MAX(t->list.next_id, next_id);
	look(t);
}

struct timer_list *timers_list(struct timers *t)
{
	return &t->list;
}
