/* SPDX-License-Identifier: MIT */
#include "assistantd/ipc/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "util/cleanup.h"

struct header {
	uint32_t version;
	uint32_t type;
	uint64_t id;
	uint32_t body_len;
	uint32_t n_fds;
};

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(IPC_FDS_MAX * sizeof(int))];
};

int ipc_send(int sock, const struct ipc_message *m)
{
	struct header h = { IPC_VERSION, m->type, m->id, (uint32_t)m->body.len,
			    (uint32_t)m->n_fds };
	struct iovec iov[2] = { { &h, sizeof(h) }, { m->body.data, m->body.len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	union control control = { 0 };
	ssize_t n;

	if (m->body.len > IPC_BODY_MAX || m->n_fds > IPC_FDS_MAX)
		return -EMSGSIZE;

	if (m->n_fds > 0) {
		struct cmsghdr *c = &control.align;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(m->n_fds * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(m->n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), m->fds, m->n_fds * sizeof(int));
	}

	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);

	if (n < 0)
		return errno == EAGAIN ? IPC_E_AGAIN : -errno;
	return 0;
}

/* Owns every descriptor that arrived, before anything else is looked at. */
static void collect_fds(struct msghdr *msg, struct ipc_message *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;

		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (m->n_fds < IPC_FDS_MAX)
				m->fds[m->n_fds++] = fd;
			else
				close(fd);
		}
	}
}

static int check(const struct header *h, size_t n, int flags, const struct ipc_message *m)
{
	if (flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EBADMSG;
	if (n < sizeof(*h) || h->version != IPC_VERSION)
		return -EBADMSG;
	if (h->body_len != n - sizeof(*h) || h->n_fds != m->n_fds)
		return -EBADMSG;
	return 0;
}

int ipc_recv(int sock, struct ipc_message *m)
{
	struct header h = { 0 };
	struct iovec iov[2] = { { &h, sizeof(h) } };
	union control control;
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	ssize_t n;
	int r;

	ipc_message_deinit(m);
	r = buf_reserve(&m->body, IPC_BODY_MAX);
	if (r < 0)
		return r;

	iov[1] = (struct iovec){ m->body.data, IPC_BODY_MAX };
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);

	/* A socket that is closed before its last message was read says so in another way. */
	if (n < 0 && errno == ECONNRESET)
		return IPC_E_CLOSED;
	if (n < 0)
		return errno == EAGAIN ? IPC_E_AGAIN : -errno;

	collect_fds(&msg, m);
	/* Both ends never send an empty packet, so nothing at all is the end of the stream. */
	if (n == 0 && m->n_fds == 0)
		return IPC_E_CLOSED;

	r = check(&h, (size_t)n, msg.msg_flags, m);
	if (r < 0) {
		ipc_message_deinit(m);
		return r;
	}

	m->type = h.type;
	m->id = h.id;
	m->body.len = h.body_len;
	m->body.data[m->body.len] = '\0';
	return 0;
}
