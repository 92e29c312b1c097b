/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/prefix-store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "assistantd/daemon/config.h"
#include "assistantd/daemon/log.h"
#include "util/macro.h"

struct prefix_store {
	char *folder;
	struct worker *worker;
};

struct writing {
	struct work work;
	const struct prefix_store *store;
	struct digest name;
	int fd;
};

/* What a folder holds besides the file that is replaced. */
struct contents {
	size_t files;
	uint64_t bytes;
	char oldest[DIGEST_HEX_LEN + 1];
	struct timespec used;
};

int prefix_store_new(struct prefix_store **ret, const char *folder, struct worker *worker)
{
	struct prefix_store *s = calloc(1, sizeof(*s));

	if (!s || asprintf(&s->folder, "%s/prefixes", folder) < 0) {
		free(s);
		return -ENOMEM;
	}
	s->worker = worker;
	*ret = s;
	return 0;
}

struct prefix_store *prefix_store_free(struct prefix_store *s)
{
	if (s)
		free(s->folder);
	free(s);
	return NULL;
}

static int name_of(const struct digest *base, bool kv_q8_0, const struct engine_start *start,
		   struct digest *ret)
{
	_cleanup_(digest_stream_freep) struct digest_stream *stream = NULL;
	const uint32_t head[2] = { kv_q8_0, start->n_uses };
	int r = digest_stream_new(&stream);

	if (r == 0)
		r = digest_stream_update(stream, base->bytes, sizeof(base->bytes));
	if (r == 0)
		r = digest_stream_update(stream, head, sizeof(head));
	for (uint32_t i = 0; r == 0 && i < start->n_uses; i++) {
		const struct engine_use *use = &start->uses[i];

		r = digest_stream_update(stream, use->digest.bytes, sizeof(use->digest.bytes));
		if (r == 0)
			r = digest_stream_update(stream, &use->scale, sizeof(use->scale));
	}
	for (uint32_t i = 0; r == 0 && i < start->n_fixed; i++) {
		const struct engine_segment *s = &start->segments[i];
		const uint64_t about[3] = { s->turn, s->role, s->text.len };

		r = digest_stream_update(stream, about, sizeof(about));
		if (r == 0 && s->text.len)
			r = digest_stream_update(stream, s->text.data, s->text.len);
	}
	return r < 0 ? r : digest_stream_finish(stream, ret);
}

static int path_of(const char *folder, const struct digest *name, char **ret)
{
	char hex[DIGEST_HEX_LEN + 1];

	digest_to_hex(name, hex);
	return asprintf(ret, "%s/%s", folder, hex) < 0 ? -ENOMEM : 0;
}

int prefix_store_offer(const struct prefix_store *s, const struct digest *base, bool kv_q8_0,
		       struct engine_start *start, struct digest *name)
{
	char *path;
	int r = start->n_fixed ? name_of(base, kv_q8_0, start, name) : -ENOENT;

	if (r == 0)
		r = path_of(s->folder, name, &path);
	if (r < 0)
		return r;
	start->prefix_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	free(path);
	/* The time of its last use. */
	if (start->prefix_fd >= 0)
		(void)futimens(start->prefix_fd, NULL);
	else
		start->prefix_fd = -1;
	return 0;
}

static bool is_older(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static int look(const char *folder, const char *except, struct contents *ret)
{
	DIR *dir = opendir(folder);
	struct digest ignored;
	struct dirent *at;
	struct stat st;

	if (!dir)
		return -errno;
	*ret = (struct contents){ 0 };
	while ((at = readdir(dir))) {
		if (digest_from_hex(at->d_name, &ignored) < 0 || strcmp(at->d_name, except) == 0 ||
		    fstatat(dirfd(dir), at->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (ret->files == 0 || is_older(&st.st_mtim, &ret->used)) {
			memcpy(ret->oldest, at->d_name, sizeof(ret->oldest));
			ret->used = st.st_mtim;
		}
		ret->files++;
		ret->bytes += (uint64_t)st.st_size;
	}
	closedir(dir);
	return 0;
}

/* Until there is room for @bytes as @name. */
static int make_room(const char *folder, const struct digest *name, uint64_t bytes,
		     size_t max_files, uint64_t max_bytes)
{
	char except[DIGEST_HEX_LEN + 1];
	struct contents c;
	int r;

	digest_to_hex(name, except);
	while ((r = look(folder, except, &c)) == 0 &&
	       (c.files >= max_files || c.bytes > max_bytes - bytes)) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, c.oldest) < 0)
			return -ENOMEM;
		if (unlink(path) < 0)
			return -errno;
	}
	return r;
}

static int copy(int to, int from, size_t len)
{
	off_t at = 0;

	while ((size_t)at < len) {
		ssize_t n = sendfile(to, from, &at, len - (size_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

/* Beside what is there, then in its place, so that a reader never meets half of one. */
static int replace(const char *folder, const struct digest *name, int fd, size_t len)
{
	_cleanup_free_ char *path = NULL, *fresh = NULL;
	_cleanup_close_ int to = -1;
	int r = path_of(folder, name, &path);

	if (r < 0)
		return r;
	if (asprintf(&fresh, "%s/new", folder) < 0)
		return -ENOMEM;
	to = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to < 0)
		return -errno;
	r = copy(to, fd, len);
	if (r == 0 && rename(fresh, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(fresh);
	return r;
}

int prefix_store_write(const char *folder, const struct digest *name, int fd, size_t max_files,
		       uint64_t max_bytes)
{
	const int sealed = F_SEAL_WRITE | F_SEAL_SHRINK;
	int seals = fcntl(fd, F_GET_SEALS), r;
	struct stat st;

	if (seals < 0 || (seals & sealed) != sealed || fstat(fd, &st) < 0)
		return -EINVAL;
	if ((uint64_t)st.st_size > max_bytes)
		return -EFBIG;
	r = make_folders(folder);
	if (r == 0)
		r = make_room(folder, name, (uint64_t)st.st_size, max_files, max_bytes);
	return r < 0 ? r : replace(folder, name, fd, (size_t)st.st_size);
}

static int run(struct work *work, struct store *store)
{
	struct writing *w = container_of(work, struct writing, work);

	(void)store;
	return prefix_store_write(w->store->folder, &w->name, w->fd, PREFIX_STORE_FILES,
				  PREFIX_STORE_BYTES);
}

static void done(struct work *work, int result)
{
	struct writing *w = container_of(work, struct writing, work);

	if (result < 0)
		log_error("%s: %s", w->store->folder, strerror(-result));
	close(w->fd);
	free(w);
}

void prefix_store_keep(struct prefix_store *s, const struct digest *name, int fd)
{
	struct writing *w = malloc(sizeof(*w));

	/* It is computed again. */
	if (!w) {
		close(fd);
		return;
	}
	*w = (struct writing){ { .run = run, .done = done }, s, *name, fd };
	worker_post(s->worker, &w->work);
}
