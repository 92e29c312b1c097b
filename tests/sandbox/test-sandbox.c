/* SPDX-License-Identifier: MIT */
/*
 * Every item of the level that is reported is tried by what it must refuse, from a process that
 * has entered and nothing else; the same attempts work outside, so that their failing means
 * something. Each case runs as the caller and, where that is root, as nobody.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/check-main.h"
#include "tests/sandbox/escapes.h"
#include "util/digest.h"
#include "util/sandbox.h"

enum { ENTERED_NOT = 200 };

/* Signals end this process like any other; a sanitizer makes an exit of them. */
#ifdef WITH_SANITIZERS
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

/* A build for coverage enters nothing. */
#ifdef WITH_COVERAGE
static const bool covered = true;
#else
static const bool covered = false;
#endif

/* A kernel or a container that answers @calls with @error. */
static void refuse(const int *calls, size_t n, int error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	for (size_t i = 0; i < n; i++)
		seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error), calls[i], 0);
	if (seccomp_load(filter) < 0)
		_exit(ENTERED_NOT);
	seccomp_release(filter);
}

/* What the process does before it enters, if anything. */
struct before {
	void (*run)(int error);
	int error;
};

static void no_landlock(int error)
{
	refuse((int[]){ SCMP_SYS(landlock_create_ruleset), SCMP_SYS(landlock_restrict_self) }, 2,
	       error);
}

static void no_restriction(int error)
{
	refuse((int[]){ SCMP_SYS(landlock_restrict_self) }, 1, error);
}

static void no_filter(int error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error), SCMP_SYS(prctl), 1,
			 SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
	seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error), SCMP_SYS(seccomp), 0);
	if (seccomp_load(filter) < 0)
		_exit(ENTERED_NOT);
	seccomp_release(filter);
}

static void no_prctl(int error)
{
	refuse((int[]){ SCMP_SYS(prctl) }, 1, error);
}

static int ended(pid_t pid)
{
	int status = 0;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* Runs @run in a child that has entered: its wait status. */
static int run_inside(enum sandbox_profile profile, const struct before *before, int (*run)(void))
{
	pid_t pid = fork();

	if (pid == 0) {
		struct sandbox_level level;

		if (before)
			before->run(before->error);
		if (sandbox_enter(profile, &level, NULL) < 0)
			_exit(ENTERED_NOT);
		_exit(run());
	}
	return ended(pid);
}

static struct sandbox_level level_of(enum sandbox_profile profile, const struct before *before)
{
	struct sandbox_level level = { 0 };
	int pipe_of[2];
	pid_t pid;

	ck_assert_int_eq(pipe(pipe_of), 0);
	pid = fork();
	if (pid == 0) {
		if (before)
			before->run(before->error);
		if (sandbox_enter(profile, &level, NULL) < 0 ||
		    write(pipe_of[1], &level, sizeof(level)) != sizeof(level))
			_exit(ENTERED_NOT);
		_exit(0);
	}
	ck_assert_int_eq(ended(pid), 0);
	ck_assert_int_eq(read(pipe_of[0], &level, sizeof(level)), sizeof(level));
	close(pipe_of[0]);
	close(pipe_of[1]);
	return level;
}

/* Does the reported level promise that this is refused? */
static bool promised(const struct escape *e, enum sandbox_profile profile,
		     const struct sandbox_level *level)
{
	unsigned by = level->seccomp ? FILTER : 0;

	by |= level->seccomp && profile == SANDBOX_COMPUTE ? FILTER_COMPUTE : 0;
	by |= level->seccomp && profile != SANDBOX_NETWORK ? FILTER_NO_NET : 0;
	by |= level->seccomp && profile != SANDBOX_LOCAL ? FILTER_NO_PATH : 0;
	by |= level->landlock_abi >= 1 ? LANDLOCK : 0;
	by |= level->landlock_abi >= 6 ? LANDLOCK_6 : 0;
	return e->refuses & by;
}

static bool was_refused(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS;
	return WEXITSTATUS(status) == EPERM || WEXITSTATUS(status) == EACCES ||
	       WEXITSTATUS(status) == ENOSYS;
}

/* The number of attempts that the level promised to refuse, all of which were. */
static unsigned try_escapes(enum sandbox_profile profile, const struct before *before)
{
	struct sandbox_level level = level_of(profile, before);
	unsigned n = 0;

	for (size_t i = 0; i < n_escapes; i++) {
		int status;

		if (!promised(&escapes[i], profile, &level))
			continue;
		status = run_inside(profile, before, escapes[i].run);
		ck_assert_msg(was_refused(status), "%s: status 0x%x", escapes[i].name, status);
		n++;
	}
	return n;
}

START_TEST(level_is_reported)
{
	struct sandbox_level level = level_of(SANDBOX_COMPUTE, NULL);

	ck_assert_int_eq(level.no_new_privs, !covered);
	ck_assert_int_eq(level.not_dumpable, !covered);
	if (covered)
		ck_assert(!level.seccomp && level.landlock_abi == 0);
}
END_TEST

/* Outside, the attempts work: otherwise their failing inside shows nothing. */
START_TEST(outside)
{
	world_build(_i);
	for (size_t i = 0; i < n_escapes; i++) {
		pid_t pid;
		int status;

		if (!(escapes[i].refuses & POSSIBLE))
			continue;
		pid = fork();
		if (pid == 0)
			_exit(escapes[i].run());
		status = ended(pid);
		ck_assert_msg(status == 0, "%s: status 0x%x", escapes[i].name, status);
	}
	world_end();
}
END_TEST

/* By each profile, as each user. */
START_TEST(refused)
{
	world_build(_i / 3);
	try_escapes((enum sandbox_profile)(_i % 3), NULL);
	world_end();
}
END_TEST

/* Old kernels and containers without Landlock: the filter alone refuses all of it. */
START_TEST(filter_alone)
{
	static const int errors[] = { ENOSYS, EPERM, EOPNOTSUPP };
	struct before before = { no_landlock };
	struct sandbox_level full = level_of(SANDBOX_COMPUTE, NULL), level;

	if (!full.seccomp)
		return;
	world_build(_i);
	for (size_t i = 0; i < 3; i++) {
		before.error = errors[i];
		before.run = no_landlock;
		level = level_of(SANDBOX_COMPUTE, &before);
		ck_assert_int_eq(level.landlock_abi, 0);
		ck_assert(level.seccomp && level.no_new_privs && level.not_dumpable);
		before.run = no_restriction;
		level = level_of(SANDBOX_COMPUTE, &before);
		ck_assert_int_eq(level.landlock_abi, 0);
		ck_assert(level.seccomp);
	}
	ck_assert_uint_eq(try_escapes(SANDBOX_COMPUTE, &before), n_escapes);
	world_end();
}
END_TEST

/* Without filters, Landlock is reported alone, and refuses what is Landlock's. */
START_TEST(landlock_alone)
{
	static const int errors[] = { ENOSYS, EPERM, EINVAL, EACCES };
	struct before before = { no_filter };
	struct sandbox_level full = level_of(SANDBOX_COMPUTE, NULL), level;

	if (full.landlock_abi == 0 || !full.seccomp)
		return;
	world_build(_i);
	for (size_t i = 0; i < 4; i++) {
		before.error = errors[i];
		level = level_of(SANDBOX_COMPUTE, &before);
		ck_assert(!level.seccomp && level.no_new_privs && level.not_dumpable);
		ck_assert_int_eq(level.landlock_abi, full.landlock_abi);
	}
	ck_assert_uint_ge(try_escapes(SANDBOX_COMPUTE, &before), 12);
	/* What is not claimed is not there: an attempt that only the filter refuses works. */
	for (size_t i = 0; i < n_escapes; i++)
		if (strcmp(escapes[i].name, "fork") == 0)
			ck_assert_int_eq(run_inside(SANDBOX_COMPUTE, &before, escapes[i].run), 0);
	world_end();
}
END_TEST

START_TEST(nothing_is_claimed)
{
	struct before before = { no_prctl, EPERM };
	struct sandbox_level level = level_of(SANDBOX_COMPUTE, &before);

	ck_assert(!level.no_new_privs && !level.not_dumpable);
}
END_TEST

static int wait_for_end(void)
{
	char byte;

	if (write(world.inside, "r", 1) != 1)
		return 1;
	return read(world.inside, &byte, 1) != 0;
}

/* The line of /proc/PID/FILE that begins with @key. */
static void proc_line(pid_t pid, const char *file, const char *key, char *line, int size)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	while (fgets(line, size, f))
		if (strncmp(line, key, strlen(key)) == 0)
			break;
	ck_assert_int_eq(strncmp(line, key, strlen(key)), 0);
	fclose(f);
}

/* What others see of it: the kernel's own word, and that nobody reads its memory. */
START_TEST(seen_from_outside)
{
	struct sandbox_level level = level_of(SANDBOX_COMPUTE, NULL);
	char line[256], byte;
	pid_t pid;

	if (covered)
		return;
	world_build(_i);
	pid = fork();
	if (pid == 0) {
		close(world.outside);
		if (sandbox_enter(SANDBOX_COMPUTE, &level, NULL) < 0)
			_exit(ENTERED_NOT);
		_exit(wait_for_end());
	}
	ck_assert_int_eq(read(world.outside, &byte, 1), 1);
	proc_line(pid, "status", "NoNewPrivs:", line, sizeof(line));
	ck_assert_int_eq(strtol(line + strlen("NoNewPrivs:"), NULL, 10), level.no_new_privs);
	proc_line(pid, "status", "Seccomp:", line, sizeof(line));
	ck_assert_int_eq(strtol(line + strlen("Seccomp:"), NULL, 10), level.seccomp ? 2 : 0);
	if (_i) {
		int r = (int)ptrace(PTRACE_SEIZE, pid, 0, 0);

		ck_assert_int_eq(r, -1);
		ck_assert_int_eq(errno, EPERM);
	}
	close(world.outside);
	ck_assert_int_eq(ended(pid), 0);
	world_end();
}
END_TEST

static void send_file(void)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (char[]){ 'x' }, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.align), &world.read_only, sizeof(int));
	ck_assert_int_eq(sendmsg(world.outside, &msg, MSG_NOSIGNAL), 1);
}

static void grant_needs(enum sandbox_profile profile)
{
	for (size_t i = 0; i < n_needs; i++) {
		struct digest first;
		int status;

		if (needs[i].network && profile != SANDBOX_NETWORK)
			continue;
		send_file();
		/* As the engine does: a library's own files, while they can be read. */
		ck_assert_int_eq(digest_of("", 0, &first), 0);
		status = run_inside(profile, NULL, needs[i].run);
		ck_assert_msg(status == 0, "%s: status 0x%x", needs[i].name, status);
		while (recv(world.inside, &(char){ 0 }, 1, MSG_DONTWAIT) == 1)
			;
	}
}

START_TEST(needs_are_met)
{
	if (covered)
		return;
	world_build(_i);
	grant_needs(SANDBOX_COMPUTE);
	grant_needs(SANDBOX_NETWORK);
	grant_needs(SANDBOX_LOCAL);
	world_end();
}
END_TEST

static int fail_by_abort(void)
{
	abort();
}

static int fail_by_address(void)
{
	volatile int *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*nowhere = 1;
	return 0;
}

/* A page of readable data that holds `ret`: in a process born with READ_IMPLIES_EXEC too. */
static int run_data(void)
{
	static const unsigned char code[] = { 0xc3 };
	unsigned char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);
	void (*fn)(void);

	memcpy(page, code, sizeof(code));
	memcpy(&fn, &page, sizeof(fn));
	fn();
	return 0;
}

static void read_implies_exec(int error)
{
	personality(READ_IMPLIES_EXEC);
}

static int leave_normally(void)
{
	exit(3);
}

/* The front end tells crashes apart by the signal, so it must be the right one. */
START_TEST(ends_are_seen)
{
	struct before born = { read_implies_exec };
	int status = run_inside(SANDBOX_COMPUTE, NULL, leave_normally);

	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	status = run_inside(SANDBOX_COMPUTE, NULL, fail_by_abort);
	ck_assert(sanitized || (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
	ck_assert(status != 0);
	status = run_inside(SANDBOX_COMPUTE, NULL, fail_by_address);
	ck_assert(sanitized || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
	ck_assert(status != 0);
#ifdef ARCH_X86_64
	status = run_inside(SANDBOX_COMPUTE, &born, run_data);
	ck_assert(covered || status != 0);
#endif
}
END_TEST

static void *idle(void *arg)
{
	pthread_mutex_t *gate = arg;

	pthread_mutex_lock(gate);
	pthread_mutex_unlock(gate);
	return NULL;
}

/* Neither half would hold for a thread that runs already. */
START_TEST(too_late)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	struct sandbox_level level;
	struct diag d = DIAG_NULL;
	pthread_t thread;

	if (covered || sanitized)
		return;
	pthread_mutex_lock(&gate);
	ck_assert_int_eq(pthread_create(&thread, NULL, idle, &gate), 0);
	ck_assert_int_eq(sandbox_enter(SANDBOX_COMPUTE, &level, &d), -EBUSY);
	ck_assert_str_eq(d.field, "sandbox");
	ck_assert(!level.no_new_privs && !level.seccomp);
	pthread_mutex_unlock(&gate);
	pthread_join(thread, NULL);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("sandbox");
	/* 0: as we are; 1: as nobody. */
	int users = geteuid() == 0 ? 2 : 1;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, level_is_reported);
	tcase_add_loop_test(t, outside, 0, users);
	tcase_add_loop_test(t, refused, 0, 3 * users);
	tcase_add_loop_test(t, filter_alone, 0, users);
	tcase_add_loop_test(t, landlock_alone, 0, users);
	tcase_add_test(t, nothing_is_claimed);
	tcase_add_loop_test(t, seen_from_outside, 0, users);
	tcase_add_loop_test(t, needs_are_met, 0, users);
	tcase_add_test(t, ends_are_seen);
	tcase_add_test(t, too_late);
	return run_tests("sandbox", t);
}
