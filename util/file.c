/* SPDX-License-Identifier: MIT */
#include "util/file.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 };

static int system_error(int err, struct diag *d)
{
	return diag_set(d, -err, DIAG_SYSTEM, "", "%s", strerror(err));
}

int file_size(int fd, uint64_t max, size_t *ret, struct diag *d)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return system_error(errno, d);
	if (!S_ISREG(st.st_mode))
		return diag_set(d, -EINVAL, DIAG_TYPE, "", "not a regular file");
	if (st.st_size == 0)
		return diag_set(d, -EINVAL, DIAG_TRUNC, "", "the file is empty");
	if ((uint64_t)st.st_size > max)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "larger than %llu bytes",
				(unsigned long long)max);
	*ret = (size_t)st.st_size;
	return 0;
}

int file_read_at(int fd, void *to, size_t len, uint64_t at, struct diag *d)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)to + done, len - done, (off_t)(at + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return system_error(errno, d);
		if (n == 0)
			return diag_set(d, -EINVAL, DIAG_TRUNC, "",
					"the file shrank while being read");
		done += (size_t)n;
	}
	return 0;
}

static int read_to_end(int fd, bool from_start, size_t max, struct buf *ret, struct diag *d)
{
	ssize_t n = 1;

	buf_reset(ret);
	while (n != 0 && ret->len <= max) {
		if (buf_reserve(ret, CHUNK) < 0)
			return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
		n = from_start ? pread(fd, ret->data + ret->len, CHUNK, (off_t)ret->len)
			       : read(fd, ret->data + ret->len, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return system_error(errno, d);
		ret->len += (size_t)n;
		ret->data[ret->len] = '\0';
	}
	return 0;
}

int file_read_all(int fd, size_t max, struct buf *ret, struct diag *d)
{
	return read_to_end(fd, true, max, ret, d);
}

int file_read_rest(int fd, size_t max, struct buf *ret, struct diag *d)
{
	return read_to_end(fd, false, max, ret, d);
}

int file_write(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}
