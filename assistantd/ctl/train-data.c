/* SPDX-License-Identifier: MIT */
/* Rows to train with: a file, or what another program writes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assistantd/ctl/adapter.h"
#include "assistantd/ctl/train.h"
#include "util/file.h"

/* No more is taken by the service, which wants a file: it copies it, and measures it before. */
#define DATA_MAX (UINT64_C(1) << 30)
enum { PIECE = 256 * 1024 };

/* -EFBIG for more than DATA_MAX. */
static int copy_rest(int from, int to)
{
	_cleanup_free_ char *piece = malloc(PIECE);
	uint64_t left = DATA_MAX;
	int r = piece ? 0 : -ENOMEM;

	while (r == 0) {
		ssize_t n = read(from, piece, PIECE);

		if (n == 0)
			break;
		if (n < 0)
			r = errno == EINTR ? 0 : -errno;
		else if ((uint64_t)n > left)
			r = -EFBIG;
		else
			r = file_write(to, piece, (size_t)n);
		left -= r == 0 && n > 0 ? (uint64_t)n : 0;
	}
	return r;
}

static int read_input(void)
{
	_cleanup_close_ int fd = memfd_create("data", MFD_CLOEXEC);
	int r;

	if (isatty(STDIN_FILENO))
		fprintf(stderr, "Type the rows, then Ctrl-D.\n");
	r = fd < 0 ? -errno : copy_rest(STDIN_FILENO, fd);
	if (r == 0)
		return TAKE_FD(fd);
	fprintf(stderr, "assistantctl: standard input: %s\n",
		r == -EFBIG ? "longer than 1 GiB" : strerror(-r));
	return -1;
}

int train_open_data(const char *path)
{
	return strcmp(path, "-") == 0 ? read_input() : adapter_open_file(path);
}
