/* SPDX-License-Identifier: MIT */
/*
 * What the other end of a socket may send, after it was taken over. First byte: how many
 * descriptors, and whether the header is written here, so that the body is reached; second
 * byte: what the receiver takes it for; third: the size of the file behind the descriptors.
 * Every message has a verdict, and no descriptor stays behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "assistantd/ipc/ipc.h"
#include "tests/fuzz/fuzz.h"
#include "util/macro.h"

enum { FDS_SENT_MAX = 15, HEADER = 24, RAW = 0x80 };

static int pair[2] = { -1, -1 };

static int lowest_free_fd(void)
{
	int fd = fcntl(pair[0], F_DUPFD, 0);

	close(fd);
	return fd;
}

static int file_of(uint8_t size)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size * 600) < 0)
		abort();
	return fd;
}

static void send_packet(const void *bytes, size_t len, size_t n_fds, uint8_t file_size)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(FDS_SENT_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)bytes, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[FDS_SENT_MAX];

	for (size_t i = 0; i < n_fds; i++)
		fds[i] = file_of(file_size);
	if (n_fds) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, n_fds * sizeof(int));
	}
	if (sendmsg(pair[0], &msg, MSG_NOSIGNAL) != (ssize_t)len)
		abort();
	for (size_t i = 0; i < n_fds; i++)
		close(fds[i]);
}

/* Any order of fields: one byte each. */
static int take_fields(struct ipc_message *m)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	uint32_t u32;
	uint64_t u64;
	float f;
	int r = 0;

	for (unsigned i = 0; i < 64 && r == 0; i++) {
		int fd = -1;

		r = i % 5 == 0 ? ipc_get_u32(m, &u32) : i % 5 == 1 ? ipc_get_text(m, &text) :
		    i % 5 == 2 ? ipc_get_fd(m, &fd) : i % 5 == 3 ? ipc_get_u64(m, &u64) :
		    ipc_get_f32(m, &f);
		if (fd >= 0)
			close(fd);
		if (text.len > 64 * (size_t)IPC_TEXT_MAX)
			abort();
	}
	return r;
}

#define WITH_DEINIT(prefix, kind)                                                           \
	static int take_##prefix##_##kind(struct ipc_message *m)                            \
	{                                                                                   \
		struct prefix##_##kind v;                                                   \
		int r = prefix##_get_##kind(m, &v);                                         \
                                                                                            \
		if (r == 0)                                                                 \
			prefix##_##kind##_deinit(&v);                                       \
		return r;                                                                   \
	}
#define PLAIN(prefix, kind)                                                                 \
	static int take_##prefix##_##kind(struct ipc_message *m)                            \
	{                                                                                   \
		struct prefix##_##kind v;                                                   \
                                                                                            \
		return prefix##_get_##kind(m, &v);                                          \
	}
WITH_DEINIT(engine, open)
WITH_DEINIT(engine, start)
WITH_DEINIT(engine, adapter)
WITH_DEINIT(engine, model)
WITH_DEINIT(engine, tokens)
WITH_DEINIT(engine, failed)
WITH_DEINIT(engine, prefix)
WITH_DEINIT(engine, score)
PLAIN(engine, scored)
PLAIN(engine, hello)
PLAIN(engine, budget)
PLAIN(engine, counted)
PLAIN(engine, done)
PLAIN(engine, usage)
WITH_DEINIT(tools, configure)
WITH_DEINIT(tools, call)
WITH_DEINIT(tools, link)
WITH_DEINIT(tools, entity)
WITH_DEINIT(tools, result)
PLAIN(tools, hello)
WITH_DEINIT(workshop, open)
WITH_DEINIT(workshop, model)
WITH_DEINIT(workshop, inspect)
WITH_DEINIT(workshop, inspected)
WITH_DEINIT(workshop, import)
WITH_DEINIT(workshop, imported)
WITH_DEINIT(workshop, prove)
WITH_DEINIT(workshop, proved)
WITH_DEINIT(train, begin)
WITH_DEINIT(train, done)
WITH_DEINIT(train, failed)
PLAIN(train, progress)

static int (*const takes[])(struct ipc_message *m) = {
	take_fields, take_engine_open, take_engine_start, take_engine_adapter, take_engine_model,
	take_engine_tokens, take_engine_failed, take_engine_hello, take_engine_counted,
	take_engine_done, take_engine_usage, take_tools_configure, take_tools_call,
	take_tools_link, take_tools_entity, take_tools_result, take_tools_hello,
	take_engine_prefix, take_engine_budget, take_workshop_open, take_workshop_model,
	take_workshop_inspect, take_workshop_inspected, take_workshop_import,
	take_workshop_imported, take_workshop_prove, take_workshop_proved,
	take_train_begin, take_train_done, take_train_failed, take_train_progress,
	take_engine_score, take_engine_scored,
};

static void receive(unsigned kind)
{
	struct ipc_message m;
	int r;

	ipc_message_init(&m, 0, 0);
	r = ipc_recv(pair[1], &m);
	if (r != 0 && r != -EBADMSG && r != IPC_E_CLOSED)
		abort();
	if (r == 0) {
		r = takes[kind % ARRAY_SIZE(takes)](&m);
		if (r != 0 && r != -EBADMSG)
			abort();
	}
	ipc_message_deinit(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packet[HEADER + IPC_BODY_MAX];
	size_t n_fds;
	int before;

	if (pair[0] < 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	if (size < 3 || size - 3 > IPC_BODY_MAX)
		return 0;
	before = lowest_free_fd();
	n_fds = data[0] % (FDS_SENT_MAX + 1);
	if (data[0] & RAW) {
		send_packet(data + 3, size - 3, n_fds, data[2]);
	} else {
		const uint32_t head[] = { IPC_VERSION, 1, 7, 0, (uint32_t)(size - 3),
					  (uint32_t)n_fds };

		memcpy(packet, head, HEADER);
		memcpy(packet + HEADER, data + 3, size - 3);
		send_packet(packet, HEADER + size - 3, n_fds, data[2]);
	}
	receive(data[1]);
	if (lowest_free_fd() != before)
		abort();
	return 0;
}
