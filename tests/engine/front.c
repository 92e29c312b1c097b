/* SPDX-License-Identifier: MIT */
#include "tests/engine/front.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void *read_all(void *arg)
{
	struct front *f = arg;

	ck_assert_int_eq(scheduler_read(f->scheduler), 0);
	return NULL;
}

static void send_message(struct front *f, struct ipc_message *m, int encoded)
{
	ck_assert_int_eq(encoded, 0);
	ck_assert_int_eq(ipc_send(f->sock, m), 0);
	ipc_message_deinit(m);
}

static void check_identity(const struct front *f, const struct engine_model *v)
{
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	struct identity identity;
	struct digest file;

	ck_assert_int_eq(gguf_open_fd(&g, f->model_fd, NULL), 0);
	ck_assert_int_eq(bm_identify(g, &identity, NULL), 0);
	ck_assert_mem_eq(&v->identity, &identity, sizeof(identity));
	ck_assert_int_eq(digest_of_fd(f->model_fd, &file), 0);
	ck_assert(digest_equal(&v->digest, &file));
}

static void open_model(struct front *f, unsigned threads, struct front_room room)
{
	struct engine_open open = { .fd = f->model_fd, .threads = threads,
				    .has_digests = f->opened, .digest = f->model_digest,
				    .weights = f->model_identity.weights,
				    .adapter_budget = room.adapters * f->adapter_bytes };
	struct engine_model v = { 0 };
	struct ipc_message m;

	if (room.contexts)
		open.budget = open.adapter_budget + room.contexts * f->context_bytes;
	ipc_message_init(&m, ENGINE_OPEN_MODEL, ++f->next_id);
	send_message(f, &m, engine_put_open(&m, &open));
	ck_assert(front_receive(f, &m, true));
	ck_assert_uint_eq(m.type, ENGINE_MODEL);
	ck_assert_int_eq(engine_get_model(&m, &v), 0);
	ck_assert_msg(v.ok, "%s", v.error.data ? v.error.data : "");
	check_identity(f, &v);
	f->model_digest = v.digest;
	f->model_identity = v.identity;
	f->opened = true;
	engine_model_deinit(&v);
	ipc_message_deinit(&m);
}

void front_start(struct front *f, unsigned threads, struct front_room room)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f->sock = pair[0];
	f->engine_sock = pair[1];
	ck_assert_int_eq(scheduler_new(&f->scheduler, f->engine_sock, threads), 0);
	ck_assert_int_eq(pthread_create(&f->reader, NULL, read_all, f), 0);
	open_model(f, threads, room);
}

void front_spawn(struct front *f, const char *engine, unsigned threads, struct front_room room)
{
	enum { SERVE_SOCKET = 3 };
	struct ipc_message m;
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	f->sock = pair[0];
	f->pid = fork();
	ck_assert_int_ge(f->pid, 0);
	if (f->pid == 0) {
		/* Where it is the right one already, dup2() would leave it to close. */
		if (pair[1] == SERVE_SOCKET)
			fcntl(SERVE_SOCKET, F_SETFD, 0);
		else
			dup2(pair[1], SERVE_SOCKET);
		execl(engine, engine, "serve", NULL);
		_exit(127);
	}
	close(pair[1]);
	ck_assert(front_receive(f, &m, true));
	ck_assert_uint_eq(m.type, ENGINE_HELLO);
	ipc_message_deinit(&m);
	open_model(f, threads, room);
}

void front_stop(struct front *f)
{
	int status = 0;

	ck_assert_int_eq(shutdown(f->sock, SHUT_RDWR), 0);
	if (f->pid) {
		ck_assert_int_eq(waitpid(f->pid, &status, 0), f->pid);
		ck_assert_int_eq(status, 0);
		f->pid = 0;
	} else {
		ck_assert_int_eq(pthread_join(f->reader, NULL), 0);
		f->scheduler = scheduler_free(f->scheduler);
		close(f->engine_sock);
	}
	close(f->sock);
}

/* In any order. */
static void add_uses(const struct front *f, const struct front_case *c, bool wrong_file,
		     struct engine_start *s)
{
	for (size_t i = 0; i < c->n_uses; i++) {
		const struct front_use *use = &c->uses[(i + f->next_id) % c->n_uses];
		size_t file = (size_t)use->adapter + wrong_file;

		s->uses[s->n_uses++] = (struct engine_use){
			.fd = dup(f->adapter_fds[file % f->n_adapters]),
			.digest = f->digests[use->adapter], .scale = use->scale };
	}
}

uint64_t front_score(struct front *f, const struct front_case *c, struct front_options o)
{
	struct engine_score s = ENGINE_SCORE_NULL;
	struct ipc_message m;

	if (!c->alone)
		front_fill(&s.prompt, c);
	add_uses(f, c, o.wrong_file, &s.prompt);
	s.prompt.lane = o.interactive;
	s.ends = c->counts_end;
	for (size_t i = 0; i < c->n_texts; i++)
		ck_assert_int_eq(engine_score_add(&s, c->texts[i], strlen(c->texts[i])), 0);
	ipc_message_init(&m, ENGINE_SCORE, ++f->next_id);
	send_message(f, &m, engine_put_score(&m, &s));
	engine_score_deinit(&s);
	return f->next_id;
}

uint64_t front_request(struct front *f, const struct front_case *c, struct front_options o,
		       bool count)
{
	struct engine_start s;
	struct ipc_message m;

	front_fill(&s, c);
	add_uses(f, c, o.wrong_file, &s);
	if (o.stored) {
		s.prefix_fd = *o.stored < 0 ? -1 : dup(*o.stored);
		s.keeps_prefix = true;
	}
	s.lane = o.interactive;
	s.draft = o.draft;
	ipc_message_init(&m, count ? ENGINE_COUNT : ENGINE_START, ++f->next_id);
	send_message(f, &m, engine_put_start(&m, &s));
	engine_start_deinit(&s);
	return f->next_id;
}

void front_cancel(struct front *f, uint64_t id)
{
	struct ipc_message m;

	ipc_message_init(&m, ENGINE_CANCEL, id);
	send_message(f, &m, 0);
}

uint64_t front_adapter(struct front *f, uint32_t type, int adapter, bool pinned)
{
	struct engine_adapter v = { .fd = type == ENGINE_LOAD ? f->adapter_fds[adapter] : -1,
				    .digest = f->digests[adapter], .pinned = pinned };
	struct ipc_message m;

	ipc_message_init(&m, type, ++f->next_id);
	send_message(f, &m, engine_put_adapter(&m, &v));
	return f->next_id;
}

bool front_receive(struct front *f, struct ipc_message *m, bool wait)
{
	struct pollfd p = { .fd = f->sock, .events = POLLIN };

	ipc_message_init(m, 0, 0);
	if (!wait && poll(&p, 1, 0) == 0)
		return false;
	ck_assert_int_eq(ipc_recv(f->sock, m), 0);
	return true;
}
