/* SPDX-License-Identifier: MIT */
/* The text that a task is to work on. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/ctl/ctl.h"
#include "util/file.h"
#include "util/utf8.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

/* The place of the first byte that is no UTF-8. */
static size_t bad_byte(const char *s, size_t len)
{
	for (size_t i = 0, size; i < len; i += size)
		if (utf8_decode(s + i, len - i, &size) == UTF8_INVALID)
			return i;
	return len;
}

static bool obeyed_by_terminals(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == UTF8_INVALID ||
	       cp == 0x200e || cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

void ctl_put_plain(FILE *out, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0, size; i < len; i += size) {
		uint32_t cp = utf8_decode(text + i, len - i, &size);

		if (cp == '\n' || cp == '\t')
			fputc(' ', out);
		else if (obeyed_by_terminals(cp))
			fputc('?', out);
		else
			fwrite(text + i, 1, size, out);
	}
}

bool ctl_words_valid(int n, char *const *words)
{
	for (int i = 0; i < n; i++)
		if (words[i] && !utf8_valid(words[i], strlen(words[i]))) {
			fprintf(stderr, "assistantctl: an argument is not UTF-8: ");
			ctl_put_plain(stderr, words[i]);
			fputc('\n', stderr);
			return false;
		}
	return true;
}

static int read_all(int fd, const char *name, struct buf *ret)
{
	int r = file_read_rest(fd, TEXT_MAX, ret, NULL);

	if (r == -ENOMEM) {
		fprintf(stderr, "assistantctl: out of memory\n");
		return CTL_FAILED;
	}
	if (r < 0) {
		fprintf(stderr, "assistantctl: %s: %s\n", name, strerror(-r));
		return CTL_USAGE;
	}
	if (ret->len > TEXT_MAX) {
		fprintf(stderr, "assistantctl: %s: longer than 16 MiB\n", name);
		return CTL_USAGE;
	}
	return CTL_OK;
}

int ctl_read_text(const char *path, struct buf *ret)
{
	bool standard = !path || strcmp(path, "-") == 0;
	const char *name = standard ? "standard input" : path;
	_cleanup_close_ int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	int status;

	if (fd < 0) {
		fprintf(stderr, "assistantctl: %s: %s\n", name, strerror(errno));
		return CTL_USAGE;
	}
	if (standard && isatty(fd))
		fprintf(stderr, "Type the text, then Ctrl-D.\n");
	status = read_all(fd, name, ret);
	if (status != CTL_OK)
		return status;
	if (!utf8_valid(ret->data, ret->len) || memchr(ret->data, '\0', ret->len)) {
		size_t at = bad_byte(ret->data, ret->len);

		if (at == ret->len)
			at = (size_t)((char *)memchr(ret->data, '\0', ret->len) - ret->data);
		fprintf(stderr, "assistantctl: %s: byte %zu is not UTF-8 text\n", name, at);
		return CTL_USAGE;
	}
	return CTL_OK;
}
