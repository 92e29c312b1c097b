/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sandbox/escapes.h"
#include "util/macro.h"

enum { NOBODY = 65534 };

struct world world;

static void become(int user)
{
	if (user == 0)
		return;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		ck_abort_msg("cannot become nobody");
	/* As a program of that user would be. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void make_file(const char *path)
{
	char page[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	memset(page, 'x', sizeof(page));
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, page, sizeof(page)), sizeof(page));
	close(fd);
}

static int listen_on_loopback(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int sock = socket(AF_INET, SOCK_STREAM, 0);

	if (sock < 0 || bind(sock, (struct sockaddr *)&at, len) < 0 || listen(sock, 8) < 0 ||
	    getsockname(sock, (struct sockaddr *)&at, &len) < 0)
		return 0;
	return ntohs(at.sin_port);
}

/* The test's own process becomes the user; its victim is a child of the same user. */
void world_build(int user)
{
	char path[128];
	int pair[2];

	become(user);
	strcpy(world.dir, "/tmp/test-sandbox-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(world.dir));
	snprintf(world.file, sizeof(world.file), "%s/file", world.dir);
	make_file(world.file);
	world.read_only = open(world.file, O_RDONLY);
	ck_assert_int_ge(world.read_only, 0);
	snprintf(path, sizeof(path), "%s/precious", world.dir);
	make_file(path);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	world.inside = pair[0];
	world.outside = pair[1];
	world.tcp_port = listen_on_loopback();
	world.victim = fork();
	if (world.victim == 0) {
		close(world.outside);
		for (;;)
			pause();
	}
}

void world_end(void)
{
	static const char *const made[] = { "file", "precious", "created", "link" };
	char path[128];

	kill(world.victim, SIGKILL);
	waitpid(world.victim, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		snprintf(path, sizeof(path), "%s/%s", world.dir, made[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/folder", world.dir);
	rmdir(path);
	ck_assert_int_eq(rmdir(world.dir), 0);
}
