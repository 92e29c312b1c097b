/* SPDX-License-Identifier: MIT */
/*
 * What a child process gives up before it reads its first outside byte: new privileges, core
 * dumps, the file system (Landlock), and most system calls (seccomp). For good, and for all
 * threads that it starts afterwards: so it comes before the first thread.
 */
#pragma once

#include <stdbool.h>

#include "util/diag.h"

enum sandbox_profile {
	SANDBOX_COMPUTE,	/* descriptors that are handed over, memory, threads */
	SANDBOX_NETWORK,	/* the same and sockets; reads what names and certificates need */
};

/* What is in force; an old kernel or a container may refuse a part, and that is said here. */
struct sandbox_level {
	bool no_new_privs, not_dumpable, seccomp;
	int landlock_abi;	/* 0: none */
};

/*
 * Enters as far as the system lets it: 0 and the level; -errno with @d only where a part that
 * the kernel offers could not be set up. A build for coverage enters nothing and says so.
 */
int sandbox_enter(enum sandbox_profile profile, struct sandbox_level *ret, struct diag *d);
