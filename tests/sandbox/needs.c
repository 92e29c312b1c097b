/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/sandbox/escapes.h"
#include "util/digest.h"
#include "util/macro.h"

#define NEED(condition)                        \
	do {                                   \
		if (!(condition))              \
			return __LINE__;       \
	} while (0)

/* The file arrives by the socket, is measured, mapped and read. */
static int use_descriptor(void)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct pollfd ready = { .fd = world.inside, .events = POLLIN };
	struct stat st;
	char *map;
	int fd;

	NEED(poll(&ready, 1, 1000) == 1);
	NEED(recvmsg(world.inside, &msg, MSG_CMSG_CLOEXEC) == 1);
	NEED(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	NEED(fstat(fd, &st) == 0 && st.st_size == 4096);
	NEED(pread(fd, &byte, 1, 4095) == 1);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	NEED(map != MAP_FAILED && map[4095] == byte);
	NEED(madvise(map, 4096, MADV_WILLNEED) == 0);
	NEED(munmap(map, 4096) == 0 && close(fd) == 0);
	iov.iov_base = (char[]){ 'y' };
	msg.msg_control = NULL;
	msg.msg_controllen = 0;
	NEED(sendmsg(world.inside, &msg, MSG_NOSIGNAL) == 1);
	return 0;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_there = PTHREAD_COND_INITIALIZER;
static int n_there;

/* A thread that comes later is as confined as the first. */
static void *meet(void *arg)
{
	int *result = arg;

	pthread_mutex_lock(&lock);
	if (++n_there == 4)
		pthread_cond_broadcast(&all_there);
	while (n_there < 4)
		pthread_cond_wait(&all_there, &lock);
	pthread_mutex_unlock(&lock);
	*result = open("/etc/passwd", O_RDONLY) < 0 && (errno == EPERM || errno == EACCES);
	free(malloc(1 << 20));
	return arg;
}

static int start_threads(void)
{
	int results[4] = { 0 };
	pthread_t threads[4];
	void *ret;

	for (int i = 0; i < 4; i++)
		NEED(pthread_create(&threads[i], NULL, meet, &results[i]) == 0);
	for (int i = 0; i < 4; i++)
		NEED(pthread_join(threads[i], &ret) == 0 && *(int *)ret);
	return 0;
}

static int use_memory(void)
{
	size_t size = (size_t)256 << 20;
	char *big = calloc(1, size), *more;

	NEED(big);
	big[size - 1] = 1;
	more = realloc(big, 2 * size);
	NEED(more && more[size - 1] == 1);
	free(more);
	big = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		   -1, 0);
	NEED(big != MAP_FAILED);
	madvise(big, size, MADV_HUGEPAGE);
	big[1] = 1;
	NEED(madvise(big, size, MADV_DONTNEED) == 0 && big[1] == 0);
	NEED(mprotect(big, 4096, PROT_NONE) == 0 && munmap(big, size) == 0);
	return 0;
}

static int use_memory_file(void)
{
	int fd = memfd_create("text", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	char text[5] = { 0 };

	NEED(fd >= 0 && write(fd, "text", 4) == 4);
	NEED(lseek(fd, 0, SEEK_SET) == 0 && fdatasync(fd) == 0);
	NEED(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
	NEED(pread(fd, text, 4, 0) == 4 && strcmp(text, "text") == 0);
	NEED(fcntl(fd, F_DUPFD_CLOEXEC, 0) > 0 && close(fd) == 0);
	return 0;
}

static int hash(void)
{
	static const uint8_t first[] = { 0xba, 0x78, 0x16, 0xbf };
	struct digest d;

	NEED(digest_of("abc", 3, &d) == 0 && memcmp(d.bytes, first, 4) == 0);
	return 0;
}

static int tell_time(void)
{
	struct timespec t, pause = { .tv_nsec = 1000 };
	uint64_t random = 0;
	struct tm tm;

	NEED(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	NEED(clock_gettime(CLOCK_REALTIME, &t) == 0 && localtime_r(&t.tv_sec, &tm));
	NEED(nanosleep(&pause, NULL) == 0);
	NEED(getrandom(&random, sizeof(random), 0) == sizeof(random));
	return 0;
}

static int look_up_name(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;

	NEED(getaddrinfo("localhost", "80", &hints, &found) == 0 && found);
	freeaddrinfo(found);
	return 0;
}

static int read_certificates(void)
{
	int fd = open("/etc/ssl/certs", O_RDONLY | O_DIRECTORY);

	NEED(fd >= 0 || errno == ENOENT);
	return 0;
}

static int connect_out(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)world.tcp_port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error;
	socklen_t len = sizeof(error);

	if (world.tcp_port == 0)
		return 0;
	NEED(sock >= 0 && connect(sock, (struct sockaddr *)&to, sizeof(to)) == 0);
	NEED(getsockopt(sock, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0);
	NEED(send(sock, "x", 1, MSG_NOSIGNAL) == 1);
	return 0;
}

const struct need needs[] = {
	{ "a descriptor by the socket", use_descriptor, false },
	{ "threads", start_threads, false },
	{ "memory", use_memory, false },
	{ "a file in memory", use_memory_file, false },
	{ "SHA-256", hash, false },
	{ "time and chance", tell_time, false },
	{ "names", look_up_name, true },
	{ "certificates", read_certificates, true },
	{ "a connection", connect_out, true },
};
const size_t n_needs = ARRAY_SIZE(needs);
