/* SPDX-License-Identifier: MIT */
/*
 * The system calls that stay. What is not named is refused with EPERM, which libraries take
 * for an answer; what only an attacker calls ends the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/macro.h"
#include "util/sandbox-private.h"

#define ANY_TYPE_FLAGS 0xf	/* the kind of a socket, without SOCK_CLOEXEC and the like */

static const int calls_always[] = {
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek), SCMP_SYS(dup),
	SCMP_SYS(munmap), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(brk),
	SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(membarrier),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getpid), SCMP_SYS(gettid),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(getrusage),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
	SCMP_SYS(shutdown), SCMP_SYS(memfd_create), SCMP_SYS(ftruncate), SCMP_SYS(fdatasync),
};

/* Which file may be opened is Landlock's to say; without it, all that the user may read. */
static const int calls_network[] = {
	SCMP_SYS(connect), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname),
	SCMP_SYS(getpeername), SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(sendmmsg),
	SCMP_SYS(recvmmsg), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(eventfd2),
	SCMP_SYS(pipe2), SCMP_SYS(uname), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getegid), SCMP_SYS(getppid), SCMP_SYS(statx), SCMP_SYS(access),
	SCMP_SYS(readlink), SCMP_SYS(getdents64),
};

const int sandbox_hostile_calls[] = {
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp), SCMP_SYS(open_by_handle_at),
	SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
	SCMP_SYS(bpf), SCMP_SYS(userfaultfd), SCMP_SYS(perf_event_open), SCMP_SYS(add_key),
	SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(mount), SCMP_SYS(umount2),
	SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(setns), SCMP_SYS(unshare),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
};
const size_t sandbox_n_hostile_calls = ARRAY_SIZE(sandbox_hostile_calls);

/* Beside them, what our own programs have no use for, though the user's may. */
static const int calls_fatal[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(setuid), SCMP_SYS(setgid),
	SCMP_SYS(setresuid), SCMP_SYS(setresgid),
};

/* Not F_SETOWN and F_SETSIG: they have the kernel signal any process of the user. */
static const int fcntl_commands[] = {
	F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_ADD_SEALS, F_GET_SEALS,
};

/* 0 also for a call that this architecture does not have, and for one that is named twice. */
static int rule(scmp_filter_ctx filter, uint32_t action, int call, unsigned n,
		const struct scmp_arg_cmp *args)
{
	int r = seccomp_rule_add_array(filter, action, call, n, args);

	return r == -EDOM || r == -EEXIST ? 0 : r;
}

static int rules(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = rule(filter, action, calls[i], 0, NULL);
	return r;
}

static int allow_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp arg)
{
	return rule(filter, SCMP_ACT_ALLOW, call, 1, &arg);
}

/* Memory is never executable; threads, but no processes; signals to itself, as abort needs. */
static int allow_conditional(scmp_filter_ctx filter)
{
	int r = allow_if(filter, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (r == 0)
		r = allow_if(filter, SCMP_SYS(mprotect),
			     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = allow_if(filter, SCMP_SYS(clone),
			     SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	/* The library then falls back to clone(), whose flags can be seen. */
	if (r == 0)
		r = rule(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
	if (r == 0)
		r = allow_if(filter, SCMP_SYS(tgkill),
			     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fcntl_commands); i++)
		r = allow_if(filter, SCMP_SYS(fcntl),
			     SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)fcntl_commands[i]));
#ifdef WITH_SANITIZERS
	/* Their libraries ask for the size of a stack. */
	if (r == 0)
		r = allow_if(filter, SCMP_SYS(prlimit64), SCMP_A2(SCMP_CMP_EQ, 0));
#endif
	return r;
}

static int allow_sockets(scmp_filter_ctx filter)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	int r = allow_if(filter, SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));

	for (size_t i = 0; r == 0 && i < 4; i++) {
		const struct scmp_arg_cmp args[] = {
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i / 2]),
			SCMP_A1(SCMP_CMP_MASKED_EQ, ANY_TYPE_FLAGS, (scmp_datum_t)types[i % 2]),
		};

		r = rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, args);
	}
	return r;
}

static int allow_named_sockets(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp args[] = {
		SCMP_A0(SCMP_CMP_EQ, AF_UNIX),
		SCMP_A1(SCMP_CMP_MASKED_EQ, ANY_TYPE_FLAGS, SOCK_STREAM),
	};
	int r = allow_if(filter, SCMP_SYS(socketpair), SCMP_A0(SCMP_CMP_EQ, AF_UNIX));

	return r < 0 ? r : rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, args);
}

/* Reading only, and no terminal: TIOCSTI types into it. */
static int allow_network(scmp_filter_ctx filter, enum sandbox_profile profile)
{
	int r = rules(filter, SCMP_ACT_ALLOW, calls_network, ARRAY_SIZE(calls_network));

	if (r == 0)
		r = profile == SANDBOX_LOCAL ? allow_named_sockets(filter)
					     : allow_sockets(filter);
	if (r == 0 && profile == SANDBOX_NETWORK)
		r = allow_if(filter, SCMP_SYS(openat),
			     SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC | O_PATH,
				     O_RDONLY));
	if (r == 0)
		r = allow_if(filter, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONREAD));
	if (r == 0)
		r = allow_if(filter, SCMP_SYS(ioctl), SCMP_A1(SCMP_CMP_EQ, FIONBIO));
	return r;
}

int sandbox_filter(enum sandbox_profile profile)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (!filter)
		return -ENOMEM;

	r = rules(filter, SCMP_ACT_ALLOW, calls_always, ARRAY_SIZE(calls_always));
	if (r == 0)
		r = rules(filter, SCMP_ACT_KILL_PROCESS, sandbox_hostile_calls,
			  sandbox_n_hostile_calls);
	if (r == 0)
		r = rules(filter, SCMP_ACT_KILL_PROCESS, calls_fatal, ARRAY_SIZE(calls_fatal));
	if (r == 0)
		r = allow_conditional(filter);
	if (r == 0 && profile != SANDBOX_COMPUTE)
		r = allow_network(filter, profile);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	/* The library's word for: the kernel did not take it. */
	return r == -ECANCELED ? -EPERM : r;
}
