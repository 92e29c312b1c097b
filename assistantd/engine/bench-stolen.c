/* SPDX-License-Identifier: MIT */
/* Generation while another process takes a processor away, again and again. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "assistantd/engine/bench.h"
#include "util/clock.h"
#include "util/macro.h"

#define STEAL_MS 50	/* how long the processor is taken, and left, in turn */

static void sleep_ms(long ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000 };

	nanosleep(&t, NULL);
}

/* Takes the processor away for good where the system lets it, else as an ordinary process. */
_Noreturn static void steal(int cpu)
{
	struct sched_param first = { .sched_priority = 1 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		_exit(1);
	(void)sched_setscheduler(0, SCHED_FIFO, &first);
	for (;;) {
		double end = bench_clock() + 1e-3 * STEAL_MS;

		while (bench_clock() < end)
			;
		sleep_ms(STEAL_MS);
	}
}

/* Processor time of a process that is our child, in seconds. */
static double cpu_time(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) == 0 ? clock_seconds(clock) : 0.0;
}

/* Generation behind a prompt that has been read; seconds. */
static int time_generation(struct bench *b, struct bm_sequence *seq, double *ret)
{
	int r = bm_sequence_truncate(seq, 1);
	double begin = bench_clock();

	if (r == 0)
		r = bench_feed(b, seq, BENCH_NO_ADAPTER, b->generate, 1);
	*ret = bench_clock() - begin;
	return r;
}

static int generate_robbed(struct bench *b, struct bm_sequence *seq, double *ret, double *stolen)
{
	int cpu = sched_getcpu(), r;
	pid_t thief = fork();
	double begin;

	if (thief < 0)
		return -errno;
	if (thief == 0)
		steal(cpu < 0 ? 0 : cpu);
	sleep_ms(2 * STEAL_MS);
	begin = cpu_time(thief);
	r = time_generation(b, seq, ret);
	*stolen = cpu_time(thief) - begin;
	kill(thief, SIGKILL);
	waitpid(thief, NULL, 0);
	return r;
}

int bench_stolen(struct bench *b)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	double alone = 0.0, robbed = 0.0, stolen = 0.0;
	double cpus = (double)MIN((long)b->options.threads, sysconf(_SC_NPROCESSORS_ONLN));
	int r = bm_sequence_new(&seq, b->vm.model, (uint32_t)b->generate + 1, BM_KV_F16);

	if (r == 0)
		r = bench_feed(b, seq, BENCH_NO_ADAPTER, 1, 1);
	if (r == 0)
		r = time_generation(b, seq, &alone);
	if (r == 0)
		r = generate_robbed(b, seq, &robbed, &stolen);
	if (r == 0)
		r = bench_tell_speed(b, "stolen", "alone", b->generate, alone);
	if (r == 0)
		r = bench_sample(b, "stolen", "robbed", (double)b->generate / robbed, "tokens/s",
				 json_pack("{s:f, s:f}", "stolen_s", stolen, "share_left",
					   1.0 - stolen / (robbed * cpus)));
	return r;
}
