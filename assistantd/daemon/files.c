/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/file.h"

/* What the kernel answers where two files cannot share: other file systems, memory. */
static bool cannot_share(int error)
{
	return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

static ssize_t copy_some(int from, int to, off_t *at, size_t len, bool *shares)
{
	if (*shares) {
		ssize_t n = copy_file_range(from, at, to, NULL, len, 0);

		if (n >= 0 || !cannot_share(errno))
			return n;
		*shares = false;
	}
	return sendfile(to, from, at, len);
}

int files_copy(int from, int to, uint64_t max)
{
	bool shares = true;
	struct stat st;

	if (fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return -EINVAL;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	for (off_t at = 0; at < st.st_size;) {
		ssize_t n = copy_some(from, to, &at, (size_t)(st.st_size - at), &shares);

		if (n < 0 && errno == EINTR)
			continue;
		/* It has become shorter meanwhile. */
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
	}
	return fsync(to) < 0 ? -errno : 0;
}

static int sync_folder(const char *path)
{
	_cleanup_free_ char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
	_cleanup_close_ int fd = -1;

	if (!folder)
		return -ENOMEM;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int files_place(const char *fresh, const char *path)
{
	return rename(fresh, path) < 0 ? -errno : sync_folder(path);
}

int files_replace(const char *path, const void *data, size_t len, bool durable)
{
	_cleanup_free_ char *fresh = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (asprintf(&fresh, "%s.new", path) < 0)
		return -ENOMEM;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = file_write(fd, data, len);
	if (r == 0 && durable && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && durable)
		r = files_place(fresh, path);
	else if (r == 0 && rename(fresh, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(fresh);
	return r;
}
