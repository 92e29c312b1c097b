/* SPDX-License-Identifier: MIT */
/*
 * Every access that this kernel can restrict is, and only the network profile has rules that
 * give some of it back.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/macro.h"
#include "util/sandbox-private.h"

/* The members of the kernel's struct, of which older headers know only the first. */
enum { FILES, NETWORK, SCOPES, N_KINDS };

#define TRUNCATE (UINT64_C(1) << 14)	/* since the third version, which headers may lack */

/* What looking up names and checking certificates reads. */
static const char *const network_paths[] = {
	"/etc/resolv.conf", "/run/systemd/resolve", "/etc/hosts", "/etc/nsswitch.conf",
	"/etc/gai.conf", "/etc/host.conf", "/etc/services", "/etc/protocols", "/etc/ssl",
	"/usr/share/ca-certificates", "/usr/local/share/ca-certificates",
};

static int create_ruleset(const uint64_t *rights)
{
	long fd = syscall(SYS_landlock_create_ruleset, rights, N_KINDS * sizeof(*rights), 0);

	return fd < 0 ? -errno : (int)fd;
}

/*
 * The rights of one kind that this kernel knows: they are numbered without gaps, and it refuses
 * a number beyond them. Asking spares a table that ends at the kernels of its day.
 */
static uint64_t known_rights(int kind)
{
	uint64_t known = 0;

	for (int bit = 0; bit < 64; bit++) {
		uint64_t rights[N_KINDS] = { 0 };
		int fd;

		rights[kind] = known | UINT64_C(1) << bit;
		fd = create_ruleset(rights);
		if (fd < 0)
			break;
		close(fd);
		known = rights[kind];
	}
	return known;
}

/* A path that is not there, or may not be seen, has nothing to allow. */
static int allow_path(int ruleset, const char *path, uint64_t file_rights, uint64_t folder_rights)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = file_rights };
	_cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		rule.allowed_access |= folder_rights;
	rule.parent_fd = fd;
	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule,
		       0) < 0 ? -errno : 0;
}

int sandbox_landlock(enum sandbox_profile profile, int *abi)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t rights[N_KINDS] = { 0 };
	_cleanup_close_ int fd = -1;
	int r = 0;

	*abi = 0;
	if (version < 0)
		return -errno;

	for (int kind = 0; kind < N_KINDS; kind++)
		if (kind != NETWORK || profile != SANDBOX_NETWORK)
			rights[kind] = known_rights(kind);
	fd = create_ruleset(rights);
	if (fd < 0)
		return fd;

	for (size_t i = 0; r == 0 && profile == SANDBOX_NETWORK && i < ARRAY_SIZE(network_paths);
	     i++)
		r = allow_path(fd, network_paths[i], LANDLOCK_ACCESS_FS_READ_FILE,
			       LANDLOCK_ACCESS_FS_READ_DIR);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = -errno;
	if (r == 0)
		*abi = (int)version;
	return r;
}

int sandbox_landlock_command(bool network, const char *const *writable)
{
	const uint64_t reading = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
	uint64_t rights[N_KINDS] = { 0 }, file_rights;
	_cleanup_close_ int fd = -1;
	int r;

	for (int kind = 0; kind < N_KINDS; kind++)
		if (kind != NETWORK || !network)
			rights[kind] = known_rights(kind);
	if (!rights[FILES])
		return -EOPNOTSUPP;
	fd = create_ruleset(rights);
	if (fd < 0)
		return fd;

	/* Of a single file the kernel takes only what a file can have. */
	file_rights = rights[FILES] & (reading | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE);
	r = allow_path(fd, "/", reading, LANDLOCK_ACCESS_FS_READ_DIR);
	if (r == 0)
		r = allow_path(fd, "/dev/null", file_rights, 0);
	for (; r == 0 && *writable; writable++)
		r = allow_path(fd, *writable, file_rights, rights[FILES]);
	if (r == 0 && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = -errno;
	return r;
}
