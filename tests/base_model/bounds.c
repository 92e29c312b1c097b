/* SPDX-License-Identifier: MIT */
#include "tests/base_model/bounds.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void bound_memory(size_t more)
{
#ifndef WITH_SANITIZERS
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "re");
	struct rlimit limit;

	ck_assert_ptr_nonnull(statm);
	ck_assert_int_eq(fscanf(statm, "%lu", &pages), 1);
	fclose(statm);
	limit.rlim_cur = limit.rlim_max = pages * (size_t)sysconf(_SC_PAGESIZE) + more;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
#endif
}

void bound_verdicts(void)
{
	bound_memory(VERDICT_MEMORY);
}

int copy_to_disk(int fd)
{
	char path[] = "/tmp/assistantd-test-XXXXXX", block[4096];
	int copy = mkstemp(path);
	ssize_t n;

	ck_assert_int_ge(copy, 0);
	unlink(path);
	for (off_t at = 0; (n = pread(fd, block, sizeof(block), at)) > 0; at += n)
		ck_assert_int_eq(write(copy, block, (size_t)n), n);
	ck_assert_int_eq(n, 0);
	return copy;
}
