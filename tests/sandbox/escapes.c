/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/escapes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/macro.h"

static int verdict(long r)
{
	return r < 0 ? errno : 0;
}

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", world.dir, name);
	return path;
}

static int read_file(void)
{
	return verdict(open("/etc/passwd", O_RDONLY));
}

static int read_own_file(void)
{
	return verdict(open(world.file, O_RDONLY));
}

static int list_root(void)
{
	return verdict(open("/", O_RDONLY | O_DIRECTORY));
}

static int write_file(void)
{
	return verdict(open(world.file, O_WRONLY));
}

static int reopen(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", world.read_only);
	return verdict(open(path, O_RDWR));
}

static int open_how(void)
{
	uint64_t how[3] = { O_RDONLY };

	return verdict(syscall(SYS_openat2, AT_FDCWD, world.file, how, sizeof(how)));
}

static int create(void)
{
	return verdict(open(in_dir("created"), O_WRONLY | O_CREAT, 0600));
}

static int truncate_file(void)
{
	return verdict(truncate(world.file, 1 << 20));
}

static int make_folder(void)
{
	return verdict(mkdir(in_dir("folder"), 0700));
}

static int make_link(void)
{
	return verdict(symlink("/", in_dir("link")));
}

static int rename_file(void)
{
	return verdict(rename(world.file, world.file));
}

static int remove_file(void)
{
	return verdict(unlink(in_dir("precious")));
}

static int change_mode(void)
{
	return verdict(fchmod(world.read_only, 0644));
}

static int change_folder(void)
{
	return verdict(chdir(world.dir));
}

static int unix_socket(void)
{
	return verdict(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int inet_socket(void)
{
	return verdict(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int inet6_datagrams(void)
{
	return verdict(socket(AF_INET6, SOCK_DGRAM, 0));
}

static int netlink_socket(void)
{
	return verdict(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int raw_socket(void)
{
	return verdict(socket(AF_INET, SOCK_RAW, 1));
}

static int socket_pair(void)
{
	int pair[2];

	return verdict(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
}

static int listen_to(void)
{
	return verdict(listen(world.inside, 1));
}

static int run_program(void)
{
	char *argv[] = { (char *)"true", NULL };

	execv("/bin/true", argv);
	return errno;
}

static int run_from_memory(void)
{
	static const char script[] = "#!/bin/true\n";
	int fd = (int)syscall(SYS_memfd_create, "program", 0);
	char *argv[] = { (char *)"program", NULL };

	if (write(fd, script, sizeof(script) - 1) < 0)
		return errno;
	syscall(SYS_execveat, fd, "", argv, argv + 1, AT_EMPTY_PATH);
	return errno;
}

/* The child of a call that works ends at once, and is waited for. */
static int forked(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return verdict(pid);
}

static int fork_process(void)
{
	return forked(fork());
}

static int clone_process(void)
{
	return forked(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int clone3_process(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	return forked(syscall(SYS_clone3, &args, sizeof(args)));
}

static int trace(void)
{
	return verdict(ptrace(PTRACE_SEIZE, world.victim, 0, 0));
}

static int read_memory(void)
{
	char byte;
	struct iovec to = { &byte, 1 }, from = { &world, 1 };

	return verdict(process_vm_readv(world.victim, &to, 1, &from, 1, 0));
}

static int write_memory(void)
{
	char byte = '/';
	struct iovec from = { &byte, 1 }, to = { &world, 1 };

	return verdict(process_vm_writev(world.victim, &from, 1, &to, 1, 0));
}

static int send_signal(void)
{
	return verdict(kill(world.victim, 0));
}

static int send_thread_signal(void)
{
	return verdict(syscall(SYS_tgkill, world.victim, world.victim, 0));
}

/* The kernel would send a signal of our choice at the next byte. */
static int send_signal_by_owner(void)
{
	return verdict(fcntl(world.inside, F_SETOWN, world.victim));
}

static int take_process(void)
{
	return verdict(syscall(SYS_pidfd_open, world.victim, 0));
}

static int limit_process(void)
{
	return verdict(prlimit(world.victim, RLIMIT_CORE, &(struct rlimit){ 0 }, NULL));
}

static int executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED ? errno : 0;
}

static int executable_file(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, world.read_only, 0) ==
	       MAP_FAILED ? errno : 0;
}

static int made_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? 0 : verdict(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int made_executable_by_key(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? 0 : verdict(syscall(SYS_pkey_mprotect, page, 4096,
							PROT_READ | PROT_EXEC, -1));
}

static int readable_is_executable(void)
{
	return verdict(personality(READ_IMPLIES_EXEC));
}

static int shared_segment(void)
{
	int id = shmget(IPC_PRIVATE, 4096, 0600);

	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
	return verdict(id);
}

static int dumpable_again(void)
{
	return verdict(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int type_into_terminal(void)
{
	char c = '\n';

	return ioctl(world.inside, TIOCSTI, &c) < 0 && errno != ENOTTY ? errno : 0;
}

static int new_namespace(void)
{
	return verdict(unshare(CLONE_NEWUSER));
}

static int mount_something(void)
{
	return verdict(mount("none", world.dir, "tmpfs", 0, NULL));
}

static int uring(void)
{
	struct io_uring_params params = { 0 };

	return verdict(syscall(SYS_io_uring_setup, 1, &params));
}

static int bpf_map(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4,
				.max_entries = 1 };

	return verdict(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static int fault_handler(void)
{
	return verdict(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY));
}

static int performance_events(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr),
					.exclude_kernel = 1, .exclude_hv = 1 };

	return verdict(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}

static int keyring(void)
{
	return verdict(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
}

static int watch_folder(void)
{
	return verdict(syscall(SYS_inotify_init1, 0));
}

static int own_filter(void)
{
	return verdict(syscall(SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0, &(uint32_t){ 0 }));
}

const struct escape escapes[] = {
	{ "read /etc/passwd", read_file, FILTER_NO_NET | LANDLOCK | POSSIBLE },
	{ "read a file of the user", read_own_file, FILTER_NO_NET | LANDLOCK | POSSIBLE },
	{ "list a folder", list_root, FILTER_NO_NET | LANDLOCK | POSSIBLE },
	{ "write a file", write_file, FILTER | LANDLOCK | POSSIBLE },
	{ "reopen a descriptor", reopen, FILTER | LANDLOCK | POSSIBLE },
	{ "openat2", open_how, FILTER | LANDLOCK | POSSIBLE },
	{ "create", create, FILTER | LANDLOCK | POSSIBLE },
	{ "truncate", truncate_file, FILTER | POSSIBLE },
	{ "mkdir", make_folder, FILTER | LANDLOCK | POSSIBLE },
	{ "symlink", make_link, FILTER | LANDLOCK | POSSIBLE },
	{ "rename", rename_file, FILTER | POSSIBLE },
	{ "unlink", remove_file, FILTER | LANDLOCK | POSSIBLE },
	{ "fchmod", change_mode, FILTER | POSSIBLE },
	{ "chdir", change_folder, FILTER | POSSIBLE },
	{ "inotify", watch_folder, FILTER | POSSIBLE },
	{ "socket: unix", unix_socket, FILTER_NO_PATH | POSSIBLE },
	{ "socket: TCP", inet_socket, FILTER_NO_NET | POSSIBLE },
	{ "socket: UDP over IPv6", inet6_datagrams, FILTER_NO_NET },
	{ "socket: netlink", netlink_socket, FILTER },
	{ "socket: raw", raw_socket, FILTER },
	{ "socketpair", socket_pair, FILTER_COMPUTE | POSSIBLE },
	{ "listen", listen_to, FILTER },
	{ "execve", run_program, FILTER },
	{ "execveat of memory", run_from_memory, FILTER },
	{ "fork", fork_process, FILTER | POSSIBLE },
	{ "clone", clone_process, FILTER | POSSIBLE },
	{ "clone3", clone3_process, FILTER },
	{ "ptrace", trace, FILTER | LANDLOCK },
	{ "process_vm_readv", read_memory, FILTER | LANDLOCK },
	{ "process_vm_writev", write_memory, FILTER | LANDLOCK },
	{ "kill", send_signal, FILTER | LANDLOCK_6 | POSSIBLE },
	{ "tgkill", send_thread_signal, FILTER | LANDLOCK_6 | POSSIBLE },
	{ "F_SETOWN", send_signal_by_owner, FILTER | POSSIBLE },
	{ "pidfd_open", take_process, FILTER | POSSIBLE },
	{ "prlimit", limit_process, FILTER | POSSIBLE },
	{ "mmap: executable", executable_memory, FILTER | POSSIBLE },
	{ "mmap: executable file", executable_file, FILTER },
	{ "mprotect: executable", made_executable, FILTER | POSSIBLE },
	{ "pkey_mprotect: executable", made_executable_by_key, FILTER | POSSIBLE },
	{ "personality", readable_is_executable, FILTER },
	{ "shmget", shared_segment, FILTER },
	{ "prctl: dumpable", dumpable_again, FILTER | POSSIBLE },
	{ "ioctl: TIOCSTI", type_into_terminal, FILTER | POSSIBLE },
	{ "unshare", new_namespace, FILTER },
	{ "mount", mount_something, FILTER },
	{ "io_uring_setup", uring, FILTER },
	{ "bpf", bpf_map, FILTER },
	{ "userfaultfd", fault_handler, FILTER },
	{ "perf_event_open", performance_events, FILTER },
	{ "keyctl", keyring, FILTER },
	{ "seccomp", own_filter, FILTER },
};
const size_t n_escapes = ARRAY_SIZE(escapes);
