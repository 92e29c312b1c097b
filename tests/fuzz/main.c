/* SPDX-License-Identifier: MIT */
/*
 * Replays inputs to a fuzz target when no fuzzing engine is linked: the files and folders of
 * the command line, or else the corpus that is named like the program: fuzz-gguf reads
 * $srcdir/tests/fuzz/corpus/gguf. Succeeds when it could read at least one and lived.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "util/cleanup.h"

/* The block has the file's exact size: a sanitizer sees the first byte read past it. */
static size_t replay_file(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ uint8_t *data = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	data = malloc(st.st_size ? (size_t)st.st_size : 1);
	if (!data || read(fd, data, (size_t)st.st_size) != st.st_size)
		return 0;
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	return 1;
}

static size_t replay(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	size_t n = 0;

	if (!dir)
		return replay_file(path);
	while ((e = readdir(dir))) {
		char file[8192];

		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		n += replay_file(file);
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '-'), *srcdir = getenv("srcdir");
	char corpus[4096];
	size_t n = 0;

	for (int i = 1; i < argc; i++)
		n += replay(argv[i]);
	if (argc == 1) {
		snprintf(corpus, sizeof(corpus), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
			 name ? name + 1 : argv[0]);
		n = replay(corpus);
	}
	printf("%zu inputs\n", n);
	return n ? EXIT_SUCCESS : EXIT_FAILURE;
}
