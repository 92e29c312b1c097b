/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "assistantd/ipc/ipc.h"
#include "tests/check-main.h"

static int pair[2];
static struct ipc_message out, in;

static void setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	ipc_message_init(&out, 7, 1ull << 40);
	ipc_message_init(&in, 0, 0);
}

static void teardown(void)
{
	ipc_message_deinit(&out);
	ipc_message_deinit(&in);
	close(pair[0]);
	close(pair[1]);
}

/* The lowest free descriptor tells whether one was leaked. */
static int free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

START_TEST(fields_arrive)
{
	struct buf text = BUF_NULL;
	uint32_t a;
	uint64_t b;
	float c;
	int fd;

	ck_assert_int_eq(ipc_put_u32(&out, 5), 0);
	ck_assert_int_eq(ipc_put_u64(&out, UINT64_MAX), 0);
	ck_assert_int_eq(ipc_put_f32(&out, 0.5f), 0);
	ck_assert_int_eq(ipc_put_text(&out, "", 0), 0);
	ck_assert_int_eq(ipc_put_text(&out, "a\0b", 3), 0);
	ck_assert_int_eq(ipc_put_fd(&out, pair[0]), 0);
	ck_assert_int_eq(ipc_send(pair[0], &out), 0);
	ck_assert_int_eq(ipc_recv(pair[1], &in), 0);
	ck_assert_uint_eq(in.type, 7);
	ck_assert_uint_eq(in.id, 1ull << 40);
	ck_assert_int_eq(ipc_get_u64(&in, &b), -EBADMSG);
	ck_assert_int_eq(ipc_get_u32(&in, &a), 0);
	ck_assert_uint_eq(a, 5);
	ck_assert_int_eq(ipc_get_u64(&in, &b), 0);
	ck_assert(b == UINT64_MAX);
	ck_assert_int_eq(ipc_get_f32(&in, &c), 0);
	ck_assert(c == 0.5f);
	ck_assert_int_eq(ipc_get_text(&in, &text), 0);
	ck_assert_uint_eq(text.len, 0);
	ck_assert_int_eq(ipc_get_text(&in, &text), 0);
	ck_assert_uint_eq(text.len, 3);
	ck_assert_int_eq(memcmp(text.data, "a\0b", 3), 0);
	ck_assert_int_eq(ipc_get_end(&in), -EBADMSG);
	ck_assert_int_eq(ipc_get_fd(&in, &fd), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(ipc_get_end(&in), 0);
	close(fd);
	buf_deinit(&text);
}
END_TEST

START_TEST(long_text)
{
	static const size_t sizes[] = { IPC_TEXT_INLINE, IPC_TEXT_INLINE + 1, IPC_TEXT_MAX };
	char *bytes = malloc(IPC_TEXT_MAX + 1);
	struct buf text = BUF_NULL;

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i <= IPC_TEXT_MAX; i++)
		bytes[i] = (char)(i * 7 + i / 251);

	ck_assert_int_eq(ipc_put_text(&out, bytes, IPC_TEXT_MAX + 1), -EMSGSIZE);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(ipc_put_text(&out, bytes, sizes[i]), 0);
	ck_assert_uint_eq(out.n_fds, 2);
	ck_assert_int_eq(ipc_send(pair[0], &out), 0);
	ck_assert_int_eq(ipc_recv(pair[1], &in), 0);
	for (size_t i = 0; i < 3; i++) {
		buf_reset(&text);
		ck_assert_int_eq(ipc_get_text(&in, &text), 0);
		ck_assert_uint_eq(text.len, sizes[i]);
		ck_assert_int_eq(memcmp(text.data, bytes, sizes[i]), 0);
	}
	ck_assert_int_eq(ipc_get_end(&in), 0);
	buf_deinit(&text);
	free(bytes);
}
END_TEST

/* A long text whose file was cut after it was announced. */
START_TEST(long_text_cut)
{
	char *bytes = calloc(1, IPC_TEXT_INLINE + 9);
	struct buf text = BUF_NULL;

	ck_assert_int_eq(ipc_put_text(&out, bytes, IPC_TEXT_INLINE + 9), 0);
	ck_assert_int_eq(ftruncate(out.fds[0], 3), 0);
	ck_assert_int_eq(ipc_send(pair[0], &out), 0);
	ck_assert_int_eq(ipc_recv(pair[1], &in), 0);
	ck_assert_int_eq(ipc_get_text(&in, &text), -EBADMSG);
	buf_deinit(&text);
	free(bytes);
}
END_TEST

START_TEST(limits)
{
	char *bytes = calloc(1, IPC_TEXT_INLINE);

	ck_assert_int_eq(ipc_put_text(&out, bytes, IPC_TEXT_INLINE), 0);
	ck_assert_int_eq(ipc_put_text(&out, bytes, IPC_TEXT_INLINE), 0);
	ck_assert_int_eq(ipc_put_text(&out, bytes, IPC_TEXT_INLINE), -EMSGSIZE);
	for (int i = 0; i < IPC_FDS_MAX; i++)
		ck_assert_int_eq(ipc_put_fd(&out, 0), 0);
	ck_assert_int_eq(ipc_put_fd(&out, 0), -EMSGSIZE);
	ck_assert_int_eq(ipc_put_fd(&out, -1), -EBADF);
	ck_assert_int_eq(ipc_send(pair[0], &out), 0);
	ck_assert_int_eq(ipc_recv(pair[1], &in), 0);
	ck_assert_uint_eq(in.n_fds, IPC_FDS_MAX);
	free(bytes);
}
END_TEST

/* A valid packet cut at every length, then with every bit turned: a verdict, and no leak. */
START_TEST(cut_and_garbage)
{
	char raw[4096], bad[4096];
	int before = free_fd();
	ssize_t n;

	ck_assert_int_eq(ipc_put_u32(&out, 1), 0);
	ck_assert_int_eq(ipc_put_text(&out, "some text", 9), 0);
	ck_assert_int_eq(ipc_send(pair[0], &out), 0);
	n = recv(pair[1], raw, sizeof(raw), 0);
	ck_assert_int_gt(n, 24);
	for (ssize_t i = 1; i < n; i++) {
		ck_assert_int_eq(send(pair[0], raw, (size_t)i, 0), i);
		ck_assert_int_eq(ipc_recv(pair[1], &in), -EBADMSG);
	}
	for (ssize_t bit = 0; bit < n * 8; bit++) {
		struct buf text = BUF_NULL;
		uint32_t v;
		int r;

		memcpy(bad, raw, (size_t)n);
		bad[bit / 8] = (char)(bad[bit / 8] ^ (1 << bit % 8));
		ck_assert_int_eq(send(pair[0], bad, (size_t)n, 0), n);
		r = ipc_recv(pair[1], &in);
		/* The version, the length and the number of descriptors are checked at once. */
		if (bit / 8 < 4 || (bit / 8 >= 16 && bit / 8 < 24))
			ck_assert_int_eq(r, -EBADMSG);
		else
			ck_assert_int_eq(r, 0);
		if (r == 0 && ipc_get_u32(&in, &v) == 0 && ipc_get_text(&in, &text) == 0)
			ck_assert_uint_le(text.len, 9);
		buf_deinit(&text);
	}
	ck_assert_int_eq(free_fd(), before);
}
END_TEST

/* A descriptor no field asked for is closed with its message; garbage leaves the socket usable. */
START_TEST(untaken_fds)
{
	int before;

	ck_assert_int_eq(ipc_put_fd(&out, 0), 0);
	before = free_fd();
	out.n_fds = 1;
	out.body.len = 0;
	ck_assert_int_eq(ipc_send(pair[0], &out), 0);
	ck_assert_int_eq(ipc_recv(pair[1], &in), 0);
	ck_assert_int_eq(ipc_get_end(&in), -EBADMSG);
	ipc_message_deinit(&in);
	ck_assert_int_eq(free_fd(), before);
	ck_assert_int_eq(send(pair[0], "garbage", 7, 0), 7);
	ck_assert_int_eq(ipc_recv(pair[1], &in), -EBADMSG);
	ck_assert_int_eq(ipc_recv(pair[1], &in), IPC_E_AGAIN);
}
END_TEST

START_TEST(full_and_closed)
{
	int r = 0;

	for (int i = 0; i < 100000 && r == 0; i++)
		r = ipc_send(pair[0], &out);
	ck_assert_int_eq(r, IPC_E_AGAIN);
	while ((r = ipc_recv(pair[1], &in)) == 0)
		;
	ck_assert_int_eq(r, IPC_E_AGAIN);
	close(pair[0]);
	pair[0] = -1;
	ck_assert_int_eq(ipc_recv(pair[1], &in), IPC_E_CLOSED);
	ck_assert_int_eq(ipc_send(pair[1], &out), -EPIPE);
}
END_TEST

/* The other end goes while a message of ours waits for it: the end, not an error. */
START_TEST(closed_before_reading)
{
	ck_assert_int_eq(ipc_send(pair[1], &out), 0);
	close(pair[0]);
	pair[0] = -1;
	ck_assert_int_eq(ipc_recv(pair[1], &in), IPC_E_CLOSED);
	ck_assert_int_eq(ipc_recv(pair[1], &in), IPC_E_CLOSED);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("ipc");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, fields_arrive);
	tcase_add_test(t, long_text);
	tcase_add_test(t, long_text_cut);
	tcase_add_test(t, limits);
	tcase_add_test(t, cut_and_garbage);
	tcase_add_test(t, untaken_fds);
	tcase_add_test(t, full_and_closed);
	tcase_add_test(t, closed_before_reading);
	return run_tests("ipc", t);
}
