/* SPDX-License-Identifier: MIT */
/*
 * What a command that the user configured cannot do, nor what it starts: other than the
 * profiles of our own programs this takes away, and leaves the rest.
 */
#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "util/sandbox-private.h"

static int refuse(scmp_filter_ctx filter, int call, unsigned n, const struct scmp_arg_cmp *args)
{
	int r = seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), call, n, args);

	return r == -EDOM || r == -EEXIST ? 0 : r;
}

static int refuse_family(scmp_filter_ctx filter, struct scmp_arg_cmp family)
{
	return refuse(filter, SCMP_SYS(socket), 1, &family);
}

/* Neither the session bus nor another socket with a name; of the rest IPv4 and IPv6 at most. */
static int refuse_sockets(scmp_filter_ctx filter, bool network)
{
	int r;

	if (!network)
		return refuse(filter, SCMP_SYS(socket), 0, NULL);
	r = refuse_family(filter, SCMP_A0(SCMP_CMP_LT, AF_INET));
	for (int family = AF_INET + 1; r == 0 && family < AF_INET6; family++)
		r = refuse_family(filter, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family));
	return r < 0 ? r : refuse_family(filter, SCMP_A0(SCMP_CMP_GT, AF_INET6));
}

static int filter_command(bool network)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r = filter ? refuse_sockets(filter, network) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < sandbox_n_hostile_calls; i++)
		r = refuse(filter, sandbox_hostile_calls[i], 0, NULL);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r == -ECANCELED ? -EPERM : r;
}

int sandbox_command(bool network, const char *const *writable)
{
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	r = sandbox_landlock_command(network, writable);
	if (r < 0 && !sandbox_refused(r))
		return r;
	r = filter_command(network);
	return r < 0 && !sandbox_refused(r) ? r : 0;
}
