/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/digests.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "assistantd/daemon/files.h"
#include "util/file.h"
#include "util/macro.h"

#define LIST_MAX 8192	/* bytes; about 40 files */
#define SETTLED 2	/* seconds without a change */

/* The beginning of a file's line. */
static void describe(const struct stat *st, char *line, size_t size)
{
	snprintf(line, size, "%ju %ju %jd %jd.%09ld %jd.%09ld ", (uintmax_t)st->st_dev,
		 (uintmax_t)st->st_ino, (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
		 st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

static void read_list(const char *path, struct buf *list)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || file_read_all(fd, LIST_MAX, list, NULL) < 0 || list->len > LIST_MAX)
		buf_reset(list);
}

/* The line of @list that begins with @start, or NULL. */
static const char *find_line(const struct buf *list, const char *start)
{
	const char *at = list->len ? list->data : NULL;

	while (at && strncmp(at, start, strlen(start)) != 0) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return at;
}

/* @hex stands in a line of the list. */
static bool read_digest(const char *hex, struct digest *ret)
{
	char digits[DIGEST_HEX_LEN + 1] = "";

	memcpy(digits, hex, strnlen(hex, DIGEST_HEX_LEN));
	return digest_from_hex(digits, ret) == 0;
}

bool digests_find(const char *path, const struct stat *st, struct digest *file,
		  struct digest *weights)
{
	_cleanup_(buf_deinit) struct buf list = BUF_NULL;
	char start[160];
	const char *line;

	describe(st, start, sizeof(start));
	read_list(path, &list);
	line = find_line(&list, start);
	if (!line)
		return false;
	line += strlen(start);
	return read_digest(line, file) && line[DIGEST_HEX_LEN] == ' ' &&
	       read_digest(line + DIGEST_HEX_LEN + 1, weights) &&
	       line[2 * DIGEST_HEX_LEN + 1] == '\n';
}

/* The older lines behind the new one, as far as they are whole and there is room. */
static int add_older(struct buf *list, const struct buf *older)
{
	size_t room = LIST_MAX - list->len, n = MIN(room, older->len);

	while (n && older->data[n - 1] != '\n')
		n--;
	return n ? buf_append(list, older->data, n) : 0;
}

int digests_keep(const char *path, const struct stat *st, const struct digest *file,
		 const struct digest *weights)
{
	_cleanup_(buf_deinit) struct buf older = BUF_NULL, list = BUF_NULL;
	char start[160], hex[DIGEST_HEX_LEN + 1], weights_hex[DIGEST_HEX_LEN + 1];
	struct digest known[2];
	int r;

	if (time(NULL) - st->st_ctim.tv_sec < SETTLED ||
	    digests_find(path, st, &known[0], &known[1]))
		return 0;
	describe(st, start, sizeof(start));
	digest_to_hex(file, hex);
	digest_to_hex(weights, weights_hex);
	read_list(path, &older);
	r = buf_printf(&list, "%s%s %s\n", start, hex, weights_hex);
	if (r == 0)
		r = add_older(&list, &older);
	return r < 0 ? r : files_replace(path, list.data, list.len, false);
}
