/* SPDX-License-Identifier: MIT */
/*
 * What a child process gives up before it reads its first outside byte: new privileges, core
 * dumps, the file system (Landlock), and most system calls (seccomp). For good, and for all
 * threads that it starts afterwards: so it comes before the first thread, and after what
 * libraries read from files (time zone, locale, their own configuration).
 *
 * What stays: memory that is never executable, threads, time, the descriptors that the process
 * has and those that it is sent. Two things cannot be taken away this way. The size, owner and
 * times of a file whose path is known: fstat() and stat() are one system call. And the use of a
 * descriptor once it is there: the other end decides what it sends.
 */
#pragma once

#include <stdbool.h>

#include "util/diag.h"

enum sandbox_profile {
	SANDBOX_COMPUTE,	/* descriptors that are handed over, memory, threads */
	/*
	 * The same, TCP and UDP as a client, and reading what names and certificates need. No
	 * named sockets: the session bus is one. Nothing is loaded or run here either.
	 */
	SANDBOX_NETWORK,
	/*
	 * The same as COMPUTE, and sockets with a name on this machine, as a client: for a
	 * service that listens on a path. The session bus is within reach then, so it is for
	 * those alone who configured such a path. No TCP, no UDP, no files.
	 */
	SANDBOX_LOCAL,
};

/* What is in force; an old kernel or a container may refuse a part, and that is said here. */
struct sandbox_level {
	bool no_new_privs, not_dumpable, seccomp;
	int landlock_abi;	/* 0: none */
};

/*
 * Enters as far as the system lets it: 0 and the level. -EBUSY with @d where threads run
 * already; other -errno with @d where a part that the kernel offers could not be set up: then
 * the process is to end. A build for coverage enters nothing and says so by an empty level.
 */
int sandbox_enter(enum sandbox_profile profile, struct sandbox_level *ret, struct diag *d);

/*
 * For a process of one thread that is about to become a command of the user's, and for all that
 * it starts: no new privileges, no socket with a name (the session bus is one), no TCP and UDP
 * but with @network, and files are written at the paths @writable (NULL-ended) and below alone.
 * As far as the system lets it; 0, or -errno where a part that the kernel offers failed.
 */
int sandbox_command(bool network, const char *const *writable);
