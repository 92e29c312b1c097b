/* SPDX-License-Identifier: MIT */
/*
 * training: a run for the front end. It gives way to everything else: the lowest priority, turns
 * of the processor that nobody else wants, and the first to go where memory runs out.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "assistantd/engine/confine.h"
#include "assistantd/engine/train-serve.h"
#include "assistantd/engine/verbs.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/macro.h"

enum { LOWEST_PRIORITY = 19, CHECKPOINT_SECONDS = 300 };

/* Wishes; the sandbox takes these calls away. */
static void give_way(void)
{
	static const char most[] = "1000";
	const struct sched_param none = { .sched_priority = 0 };
	_cleanup_close_ int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)file_write(fd, most, strlen(most));
	(void)setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);
	(void)sched_setscheduler(0, SCHED_IDLE, &none);
}

/* The front end may end while this process is stopped, and nobody else would continue it. */
static bool follow_parent(void)
{
	pid_t parent = getppid();

	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

int verb_training(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	struct diag d = DIAG_NULL;
	int r;

	(void)argv;
	if (argc != 1 || !confine_has_socket()) {
		fputs("error: training: is started by assistantd, with a socket as descriptor 3\n",
		      stderr);
		return VERB_USAGE;
	}
	/* A file that may grow no more is an error and no end. */
	sigaction(SIGXFSZ, &ignored, NULL);
	if (!follow_parent())
		return VERB_BAD_INPUT;
	give_way();
	r = confine_enter(&d);
	if (r == 0)
		r = train_serve(CONFINE_SOCKET, (unsigned)CLAMP(cpus - 1, 1L, 64L),
				CHECKPOINT_SECONDS);
	confine_exit(r, &d);
}
