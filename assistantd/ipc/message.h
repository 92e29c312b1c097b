/* SPDX-License-Identifier: MIT */
/*
 * Messages between the front end and a child over one SOCK_SEQPACKET socket, both ends on one
 * machine. A message is a header, a body of typed fields and up to IPC_FDS_MAX descriptors.
 * Text above IPC_TEXT_INLINE travels as a memfd: the kernel's default socket buffer takes no
 * single message beyond about 208 KiB.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

enum {
	IPC_VERSION = 1,
	IPC_FDS_MAX = 12,
	IPC_TEXT_INLINE = 64 * 1024,
	IPC_TEXT_MAX = 16 * 1024 * 1024,
	IPC_BODY_MAX = 192 * 1024,
};

/* Documented results of ipc_recv(). */
enum {
	IPC_E_CLOSED = 1,	/* the other end closed its socket */
	IPC_E_AGAIN,		/* nothing to read, or no room to write, on a non-blocking socket */
};

struct ipc_message {
	uint32_t type;		/* meaning is agreed by both ends */
	uint64_t id;		/* the request it belongs to */
	struct buf body;
	size_t pos;		/* next byte to decode */
	int fds[IPC_FDS_MAX];	/* owned; -1 once taken */
	size_t n_fds;
	size_t next_fd;
};

void ipc_message_init(struct ipc_message *m, uint32_t type, uint64_t id);
void ipc_message_deinit(struct ipc_message *m);

/* Append one field. 0, -ENOMEM, -EMSGSIZE past IPC_BODY_MAX or IPC_FDS_MAX; -errno of dup(). */
int ipc_put_u32(struct ipc_message *m, uint32_t v);
int ipc_put_u64(struct ipc_message *m, uint64_t v);
int ipc_put_f32(struct ipc_message *m, float v);
/* Any bytes up to IPC_TEXT_MAX (-EMSGSIZE beyond); long ones go into a new memfd. */
int ipc_put_text(struct ipc_message *m, const char *text, size_t len);
/* Duplicates @fd; the caller keeps its own. */
int ipc_put_fd(struct ipc_message *m, int fd);

/* Take the next field, which must be of that type: 0, or -EBADMSG. */
int ipc_get_u32(struct ipc_message *m, uint32_t *ret);
int ipc_get_u64(struct ipc_message *m, uint64_t *ret);
int ipc_get_f32(struct ipc_message *m, float *ret);
/* Appends to @ret, also -ENOMEM. A memfd is copied, so its sender cannot change it later. */
int ipc_get_text(struct ipc_message *m, struct buf *ret);
/* The caller owns *@ret. */
int ipc_get_fd(struct ipc_message *m, int *ret);
/* 0 when every field and descriptor was taken, else -EBADMSG. */
int ipc_get_end(const struct ipc_message *m);

/* Sends the whole message or nothing: 0, IPC_E_AGAIN, -EPIPE and other -errno. */
int ipc_send(int sock, const struct ipc_message *m);
/*
 * Receives into @m (initialised; what it held is dropped): 0, IPC_E_CLOSED, IPC_E_AGAIN, -EBADMSG
 * for a message that is cut, of another version or with a wrong length (its descriptors are
 * closed and the socket stays usable), -errno.
 */
int ipc_recv(int sock, struct ipc_message *m);
