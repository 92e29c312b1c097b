/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/pressure.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/file.h"
#include "util/macro.h"

#define KERNELS_FILE "/proc/pressure/memory"
#define TRIGGER "some 200000 2000000"	/* microseconds of stalls, and of the window */

enum { WINDOW_MS = 2000, CALM_MS = 20000, STALLS_OF_WINDOW = 10, FILE_MAX = 4096 };

struct pressure {
	struct loop *loop;
	loop_fn changed;
	void *arg;
	uint64_t window_ms, calm_ms;
	int fd;
	struct loop_source *source;
	struct loop_timer *sample, *calm;
	uint64_t stalled_us;		/* since the system started; when read last */
	enum pressure_source how;
	enum pressure_level level;
};

static void begin_calm(struct pressure *p);

static void on_calm(void *arg)
{
	struct pressure *p = arg;

	p->calm = NULL;
	p->level--;
	begin_calm(p);
	p->changed(p->arg);
}

/* Waits until it has been calm for long enough, counted from now. */
static void begin_calm(struct pressure *p)
{
	p->calm = loop_cancel(p->calm);
	/* Without memory for a timer the level stays until the next window under pressure. */
	if (p->level != PRESSURE_NONE)
		(void)loop_after(p->loop, &p->calm, p->calm_ms, on_calm, p);
}

static void on_window(struct pressure *p)
{
	p->level = p->level == PRESSURE_NONE ? PRESSURE_SOME : PRESSURE_HIGH;
	begin_calm(p);
	p->changed(p->arg);
}

static void on_told(void *arg, int fd, short events)
{
	struct pressure *p = arg;

	(void)fd;
	/* The control group is gone, and its file with it. */
	if (events & (POLLERR | POLLNVAL)) {
		p->source = loop_unwatch(p->source);
		p->how = PRESSURE_NOWHERE;
		return;
	}
	if (events & POLLPRI)
		on_window(p);
}

/* The file's line "some … total=N": false when it has none. */
static bool read_stalls(const struct pressure *p, uint64_t *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	unsigned long long total;
	const char *some, *at;

	if (file_read_all(p->fd, FILE_MAX, &text, NULL) < 0 || text.len == 0 ||
	    text.len > FILE_MAX)
		return false;
	some = strstr(text.data, "some ");
	at = some ? strstr(some, "total=") : NULL;
	if (!at || sscanf(at, "total=%llu", &total) != 1)
		return false;
	*ret = total;
	return true;
}

static int begin_sample(struct pressure *p);

static void on_sample(void *arg)
{
	struct pressure *p = arg;
	uint64_t before = p->stalled_us, most = 1000 * p->window_ms / STALLS_OF_WINDOW;

	p->sample = NULL;
	if (begin_sample(p) < 0 || !read_stalls(p, &p->stalled_us)) {
		p->sample = loop_cancel(p->sample);
		p->how = PRESSURE_NOWHERE;
		return;
	}
	if (p->stalled_us > before && p->stalled_us - before >= most)
		on_window(p);
}

static int begin_sample(struct pressure *p)
{
	return loop_after(p->loop, &p->sample, p->window_ms, on_sample, p);
}

/* Only the kernel's files take triggers; any other would be overwritten by one. */
static bool is_kernels(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == CGROUP2_SUPER_MAGIC);
}

/* 0 when the kernel will tell; else -errno. */
static int ask_to_be_told(struct pressure *p, const char *path)
{
	int r;

	p->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (p->fd < 0)
		return -errno;
	r = is_kernels(p->fd) && write(p->fd, TRIGGER, sizeof(TRIGGER)) > 0 ? 0 : -EOPNOTSUPP;
	if (r == 0)
		r = loop_watch(p->loop, &p->source, p->fd, POLLPRI, on_told, p);
	if (r < 0)
		closep(&p->fd);
	return r;
}

static int begin(struct pressure *p, const char *path)
{
	if (ask_to_be_told(p, path) == 0) {
		p->how = PRESSURE_TOLD;
		return 0;
	}
	p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	/* A kernel without it, or one that keeps it to itself: that is no error. */
	if (p->fd < 0 || !read_stalls(p, &p->stalled_us))
		return 0;
	p->how = PRESSURE_READ;
	return begin_sample(p);
}

int pressure_new(struct pressure **ret, struct loop *loop, const struct pressure_config *config,
		 loop_fn changed, void *arg)
{
	_cleanup_(pressure_freep) struct pressure *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	*p = (struct pressure){
		.loop = loop, .changed = changed, .arg = arg, .fd = -1,
		.window_ms = config->window_ms ? config->window_ms : WINDOW_MS,
		.calm_ms = config->calm_ms ? config->calm_ms : CALM_MS,
	};
	r = begin(p, config->file ? config->file : KERNELS_FILE);
	if (r < 0)
		return r;
	*ret = TAKE(p);
	return 0;
}

struct pressure *pressure_free(struct pressure *p)
{
	if (!p)
		return NULL;
	loop_unwatch(p->source);
	loop_cancel(p->sample);
	loop_cancel(p->calm);
	closep(&p->fd);
	free(p);
	return NULL;
}

enum pressure_level pressure_level(const struct pressure *p)
{
	return p->level;
}

enum pressure_source pressure_source(const struct pressure *p)
{
	return p->how;
}
