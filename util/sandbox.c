/* SPDX-License-Identifier: MIT */
#include "util/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/macro.h"

/* Access rights by the kernel's ABI; newer ones than the header knows, by their numbers. */
#define FS_ABI1 ((UINT64_C(1) << 13) - 1)
#define FS_REFER (UINT64_C(1) << 13)	/* ABI 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)	/* ABI 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15)	/* ABI 5 */
#define NET_ALL UINT64_C(3)		/* ABI 4: bind and connect of TCP */
#define SCOPE_ALL UINT64_C(3)		/* ABI 6: abstract sockets and signals */

/* The header of Debian 12 ends after the first member. */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* What looking up names and checking certificates reads. */
static const char *const network_paths[] = {
	"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf",
	"/etc/services", "/etc/ssl", "/usr/share/ca-certificates", "/usr/lib", "/lib",
	"/run/systemd/resolve",
};

#ifndef WITH_COVERAGE
static int allow_path(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	};
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return 0;
	rule.parent_fd = fd;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0)
		return 0;
	/* A file has no directory to read. */
	rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule,
		       0) < 0 ? -errno : 0;
}

static int enter_landlock(enum sandbox_profile profile, int *abi)
{
	struct ruleset rights = { .fs = FS_ABI1 };
	_cleanup_close_ int fd = -1;
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	int r = 0;

	*abi = 0;
	/* An old kernel, or a container whose filter refuses: the rest is still worth it. */
	if (version < 1)
		return 0;
	rights.fs |= version >= 2 ? FS_REFER : 0;
	rights.fs |= version >= 3 ? FS_TRUNCATE : 0;
	rights.fs |= version >= 5 ? FS_IOCTL_DEV : 0;
	rights.net = version >= 4 && profile == SANDBOX_COMPUTE ? NET_ALL : 0;
	rights.scoped = version >= 6 ? SCOPE_ALL : 0;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rights,
			  version >= 6 ? sizeof(rights) :
			  version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t), 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; r == 0 && profile == SANDBOX_NETWORK && i < ARRAY_SIZE(network_paths);
	     i++)
		r = allow_path(fd, network_paths[i]);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = -errno;
	if (r == 0)
		*abi = (int)version;
	return r;
}

static const int calls_always[] = {
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek),
	SCMP_SYS(munmap), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(brk),
	SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(shutdown), SCMP_SYS(dup),
	SCMP_SYS(fcntl), SCMP_SYS(memfd_create), SCMP_SYS(ftruncate), SCMP_SYS(restart_syscall),
	SCMP_SYS(membarrier), SCMP_SYS(getrusage),
#ifdef WITH_SANITIZERS
	SCMP_SYS(readlink), SCMP_SYS(prctl), SCMP_SYS(sched_getscheduler), SCMP_SYS(gettid),
	SCMP_SYS(getppid), SCMP_SYS(personality), SCMP_SYS(sysinfo), SCMP_SYS(prlimit64),
#endif
};

static const int calls_network[] = {
	SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(sendto),
	SCMP_SYS(recvfrom), SCMP_SYS(sendmmsg), SCMP_SYS(pselect6), SCMP_SYS(select),
	SCMP_SYS(pipe2), SCMP_SYS(ioctl), SCMP_SYS(openat), SCMP_SYS(uname), SCMP_SYS(geteuid),
	SCMP_SYS(getuid), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
	SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(readlink), SCMP_SYS(getppid),
	SCMP_SYS(eventfd2),
};

static int allow_list(scmp_filter_ctx filter, const int *calls, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
		/* A call that this architecture does not have. */
		r = r == -EDOM || r == -EEXIST ? 0 : r;
	}
	return r;
}

/* Memory is written or executed, never made executable; threads, no processes; signals to
 * itself, which abort needs. */
static int allow_conditional(scmp_filter_ctx filter)
{
	int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	/* The library then falls back to clone(), whose flags can be seen. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return r;
}

static int enter_seccomp(enum sandbox_profile profile)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? 0 : -ENOMEM;

	if (r == 0)
		r = allow_list(filter, calls_always, ARRAY_SIZE(calls_always));
	if (r == 0)
		r = allow_conditional(filter);
	if (r == 0 && profile == SANDBOX_NETWORK)
		r = allow_list(filter, calls_network, ARRAY_SIZE(calls_network));
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
#endif

int sandbox_enter(enum sandbox_profile profile, struct sandbox_level *ret, struct diag *d)
{
	const struct rlimit none = { 0, 0 };
	int r;

	*ret = (struct sandbox_level){ 0 };
#ifdef WITH_COVERAGE
	(void)profile;
	(void)none;
	(void)network_paths;
	(void)r;
	(void)d;
	return 0;
#else
	setrlimit(RLIMIT_CORE, &none);
	ret->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	ret->not_dumpable = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
	if (!ret->no_new_privs)
		return 0;
	r = enter_landlock(profile, &ret->landlock_abi);
	if (r < 0)
		return diag_set(d, r, DIAG_SYSTEM, "landlock", "%s", strerror(-r));
	r = enter_seccomp(profile);
	/* A kernel without it, or a container that forbids filters of one's own. */
	ret->seccomp = r == 0;
	if (r < 0 && r != -EINVAL && r != -EACCES && r != -EPERM && r != -ENOSYS &&
	    r != -ECANCELED)
		return diag_set(d, r, DIAG_SYSTEM, "seccomp", "%s", strerror(-r));
	return 0;
#endif
}
