/* SPDX-License-Identifier: MIT */
#include "util/sandbox-private.h"

#include <errno.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "util/macro.h"

#ifdef WITH_SANITIZERS
/*
 * LeakSanitizer stops the other threads by ptrace() and calls what fails in here a fault. It
 * asks this function at the end of a process: leaks are looked for in those outside.
 */
static int entered;

__attribute__((visibility("default"))) int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return entered;
}
#endif

bool sandbox_refused(int r)
{
	return r == -ENOSYS || r == -EOPNOTSUPP || r == -EPERM || r == -EACCES || r == -EINVAL;
}

#ifdef WITH_COVERAGE
int sandbox_enter(enum sandbox_profile profile, struct sandbox_level *ret, struct diag *d)
{
	*ret = (struct sandbox_level){ 0 };
	return 0;
}
#else
/* Landlock and the filter hold for one thread and its later children: others stay outside. */
static bool has_threads(void)
{
	struct stat st;

#ifdef WITH_SANITIZERS
	/* ThreadSanitizer has one of its own. */
	return false;
#endif
	return stat("/proc/self/task", &st) == 0 && st.st_nlink > 3;
}

/* What makes readable memory executable in a process that was started so. */
static void keep_memory_apart(void)
{
	int now = personality(0xffffffff);

	if (now >= 0 && now & READ_IMPLIES_EXEC)
		personality((unsigned long)(now & ~READ_IMPLIES_EXEC));
}

int sandbox_enter(enum sandbox_profile profile, struct sandbox_level *ret, struct diag *d)
{
	const struct rlimit none = { 0, 0 };
	int r;

	*ret = (struct sandbox_level){ 0 };
	if (has_threads())
		return diag_set(d, -EBUSY, DIAG_SYSTEM, "sandbox",
				"comes before the first thread is started");

#ifdef WITH_SANITIZERS
	entered = 1;
#endif
	setrlimit(RLIMIT_CORE, &none);
	keep_memory_apart();
	ret->not_dumpable = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
	ret->no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	r = sandbox_landlock(profile, &ret->landlock_abi);
	if (r < 0 && !sandbox_refused(r))
		return diag_set(d, r, DIAG_SYSTEM, "landlock", "%s", strerror(-r));

	r = sandbox_filter(profile);
	if (r < 0 && !sandbox_refused(r))
		return diag_set(d, r, DIAG_SYSTEM, "seccomp", "%s", strerror(-r));

	ret->seccomp = r == 0;
	return 0;
}
#endif
