/* SPDX-License-Identifier: MIT */
/* What a captured process would try, and what an honest one needs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Set up by the test before any child is forked. */
struct world {
	char dir[64], file[80];	/* a folder and a file in it that the user may write */
	int read_only;		/* the file, opened for reading */
	int inside, outside;	/* the inherited socket and its other end */
	pid_t victim;		/* a process of the same user */
	int tcp_port;		/* somebody listens on the loopback interface; 0: no network */
};

extern struct world world;

/* Makes it as the calling user, or as nobody: for good, so that a test is a process. */
void world_build(int as_nobody);
void world_end(void);

enum refuses {
	FILTER = 1,		/* by the filter of any profile */
	FILTER_COMPUTE = 2,	/* by the filter of the profile without any sockets */
	FILTER_NO_NET = 32,	/* by those without network */
	FILTER_NO_PATH = 64,	/* by those without sockets that have a name */
	LANDLOCK = 4,		/* by Landlock from its first version on */
	LANDLOCK_6 = 8,		/* from its sixth version on */
	/* The user could do it outside, on any kernel: what is refused was there to refuse. */
	POSSIBLE = 16,
};

struct escape {
	const char *name;
	int (*run)(void);	/* 0: it worked; else errno */
	unsigned refuses;
};

extern const struct escape escapes[];
extern const size_t n_escapes;

struct need {
	const char *name;
	int (*run)(void);	/* 0, or the line that failed */
	bool network;		/* only the profile with network grants it */
};

extern const struct need needs[];
extern const size_t n_needs;
