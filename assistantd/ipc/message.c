/* SPDX-License-Identifier: MIT */
/* Fields: one tag byte, then the value in the machine's own order. */
#include "assistantd/ipc/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/file.h"

enum field {
	FIELD_U32 = 1,
	FIELD_U64,
	FIELD_F32,
	FIELD_TEXT,	/* u32 length, bytes */
	FIELD_LONG,	/* u32 length; the bytes are the next descriptor's */
	FIELD_FD,
};

void ipc_message_init(struct ipc_message *m, uint32_t type, uint64_t id)
{
	*m = (struct ipc_message){ .type = type, .id = id };
	for (size_t i = 0; i < IPC_FDS_MAX; i++)
		m->fds[i] = -1;
}

void ipc_message_deinit(struct ipc_message *m)
{
	for (size_t i = 0; i < IPC_FDS_MAX; i++)
		closep(&m->fds[i]);

	buf_deinit(&m->body);
	ipc_message_init(m, 0, 0);
}

/* Writes tag, value and @len more bytes, or nothing. */
static int put(struct ipc_message *m, enum field tag, const void *v, size_t size,
	       const char *more, size_t len)
{
	size_t need = 1 + size + len;
	int r;

	if (need > IPC_BODY_MAX - m->body.len)
		return -EMSGSIZE;

	r = buf_reserve(&m->body, need);
	if (r < 0)
		return r;

	buf_append_char(&m->body, (char)tag);
	if (size)
		buf_append(&m->body, v, size);
	if (len)
		buf_append(&m->body, more, len);
	return 0;
}

int ipc_put_u32(struct ipc_message *m, uint32_t v)
{
	return put(m, FIELD_U32, &v, sizeof(v), NULL, 0);
}

int ipc_put_u64(struct ipc_message *m, uint64_t v)
{
	return put(m, FIELD_U64, &v, sizeof(v), NULL, 0);
}

int ipc_put_f32(struct ipc_message *m, float v)
{
	return put(m, FIELD_F32, &v, sizeof(v), NULL, 0);
}

/* Attaches a descriptor, whose ownership passes only on success. */
static int attach(struct ipc_message *m, enum field tag, const void *v, size_t size, int fd)
{
	int r;

	if (m->n_fds == IPC_FDS_MAX)
		return -EMSGSIZE;

	r = put(m, tag, v, size, NULL, 0);
	if (r < 0)
		return r;

	m->fds[m->n_fds++] = fd;
	return 0;
}

int ipc_put_text(struct ipc_message *m, const char *text, size_t len)
{
	_cleanup_close_ int fd = -1;
	uint32_t size = (uint32_t)len;
	int r;

	if (len > IPC_TEXT_MAX)
		return -EMSGSIZE;

	if (len <= IPC_TEXT_INLINE)
		return put(m, FIELD_TEXT, &size, sizeof(size), text, len);

	fd = memfd_create("ipc-text", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;

	r = file_write(fd, text, len);
	if (r < 0)
		return r;

	r = attach(m, FIELD_LONG, &size, sizeof(size), fd);
	if (r == 0)
		fd = -1;
	return r;
}

int ipc_put_fd(struct ipc_message *m, int fd)
{
	_cleanup_close_ int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int r;

	if (own < 0)
		return -errno;

	r = attach(m, FIELD_FD, NULL, 0, own);
	if (r == 0)
		own = -1;
	return r;
}

static size_t left(const struct ipc_message *m)
{
	return m->body.len - m->pos;
}

/* Takes a tag and its fixed-size value, or leaves the position as it was. */
static int get(struct ipc_message *m, enum field tag, void *v, size_t size)
{
	if (left(m) < 1 + size || (unsigned char)m->body.data[m->pos] != tag)
		return -EBADMSG;

	if (size)
		memcpy(v, m->body.data + m->pos + 1, size);
	m->pos += 1 + size;
	return 0;
}

int ipc_get_u32(struct ipc_message *m, uint32_t *ret)
{
	return get(m, FIELD_U32, ret, sizeof(*ret));
}

int ipc_get_u64(struct ipc_message *m, uint64_t *ret)
{
	return get(m, FIELD_U64, ret, sizeof(*ret));
}

int ipc_get_f32(struct ipc_message *m, float *ret)
{
	return get(m, FIELD_F32, ret, sizeof(*ret));
}

/* Reads instead of mapping: a sender that cuts the file costs an error, not SIGBUS. */
static int read_long(int fd, size_t len, struct buf *ret)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != (off_t)len)
		return -EBADMSG;

	r = buf_reserve(ret, len);
	if (r < 0)
		return r;

	r = file_read_at(fd, ret->data + ret->len, len, 0, NULL);
	if (r == 0)
		ret->len += len;
	ret->data[ret->len] = '\0';
	return r < 0 ? -EBADMSG : 0;
}

static int take_fd(struct ipc_message *m, int *ret)
{
	if (m->next_fd >= m->n_fds)
		return -EBADMSG;

	*ret = TAKE_FD(m->fds[m->next_fd]);
	m->next_fd++;
	return 0;
}

int ipc_get_text(struct ipc_message *m, struct buf *ret)
{
	_cleanup_close_ int fd = -1;
	uint32_t len;
	int r;

	if (get(m, FIELD_TEXT, &len, sizeof(len)) == 0) {
		if (len > IPC_TEXT_INLINE || len > left(m))
			return -EBADMSG;

		r = len ? buf_append(ret, m->body.data + m->pos, len) : 0;
		if (r == 0)
			m->pos += len;
		return r;
	}

	r = get(m, FIELD_LONG, &len, sizeof(len));
	if (r < 0)
		return r;
	if (len <= IPC_TEXT_INLINE || len > IPC_TEXT_MAX)
		return -EBADMSG;

	r = take_fd(m, &fd);
	return r < 0 ? r : read_long(fd, len, ret);
}

int ipc_get_fd(struct ipc_message *m, int *ret)
{
	int r = get(m, FIELD_FD, NULL, 0);

	return r < 0 ? r : take_fd(m, ret);
}

int ipc_get_end(const struct ipc_message *m)
{
	return left(m) == 0 && m->next_fd == m->n_fds ? 0 : -EBADMSG;
}
