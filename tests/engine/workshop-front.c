/* SPDX-License-Identifier: MIT */
#include "tests/engine/workshop-front.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "assistantd/engine/workshop.h"
#include "util/file.h"

static int pair[2];
static pthread_t thread;
static uint64_t last_id;

static void *serve(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)workshop_serve(pair[1], 1);
}

void front_begin(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, serve, NULL), 0);
}

void front_end(void)
{
	void *result;

	close(pair[0]);
	ck_assert_int_eq(pthread_join(thread, &result), 0);
	ck_assert_int_eq((intptr_t)result, 0);
	close(pair[1]);
}

int front_socket(void)
{
	return pair[0];
}

void front_ask(struct ipc_message *m, int r, uint32_t answer)
{
	uint64_t id = m->id = ++last_id;

	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(ipc_send(pair[0], m), 0);
	ck_assert_int_eq(ipc_recv(pair[0], m), 0);
	ck_assert_uint_eq(m->type, answer);
	ck_assert_uint_eq(m->id, id);
}

void front_expect(const struct ipc_defect *d, enum diag_code code, const char *what)
{
	ck_assert_msg(d->code == code, "%s: %s, expected %s: %s: %s", what,
		      diag_code_name((enum diag_code)d->code), diag_code_name(code),
		      d->field.len ? d->field.data : "", d->text.len ? d->text.data : "");
	if (code)
		ck_assert_msg(d->text.len > 0, "%s: no text", what);
}

void front_open_fd(int fd, struct workshop_model *v)
{
	const struct workshop_open question = { .fd = fd };
	struct ipc_message m;

	ipc_message_init(&m, WORKSHOP_OPEN, 0);
	front_ask(&m, workshop_put_open(&m, &question), WORKSHOP_MODEL);
	ck_assert_int_eq(workshop_get_model(&m, v), 0);
	ipc_message_deinit(&m);
}

struct identity front_open(uint32_t layers, uint64_t seed)
{
	struct fixture f = FIXTURE;
	struct workshop_model v;
	int fd;

	f.tokenizer = true;
	f.vocab = 130;
	f.context = 128;
	f.layers = layers;
	f.seed = seed;
	fd = fixture_model_fd(&f);
	front_open_fd(fd, &v);
	close(fd);
	front_expect(&v.defect, DIAG_NONE, "model");
	ck_assert_uint_eq(v.context, 128);
	workshop_model_deinit(&v);
	return v.identity;
}

void front_inspect(int fd, struct workshop_inspected *v)
{
	const struct workshop_inspect question = { .fd = fd };
	struct ipc_message m;

	ipc_message_init(&m, WORKSHOP_INSPECT, 0);
	front_ask(&m, workshop_put_inspect(&m, &question), WORKSHOP_INSPECTED);
	ck_assert_int_eq(workshop_get_inspected(&m, v), 0);
	ipc_message_deinit(&m);
}

void front_prove_as(int fd, const struct digest *digest, struct workshop_proved *v)
{
	const struct workshop_prove question = { .fd = fd, .digest = *digest, .scale = 1.0f };
	struct ipc_message m;

	ipc_message_init(&m, WORKSHOP_PROVE, 0);
	front_ask(&m, workshop_put_prove(&m, &question), WORKSHOP_PROVED);
	ck_assert_int_eq(workshop_get_proved(&m, v), 0);
	ipc_message_deinit(&m);
}

void front_prove(int fd, struct workshop_proved *v)
{
	struct digest digest;

	ck_assert_int_eq(digest_of_fd(fd, &digest), 0);
	front_prove_as(fd, &digest, v);
}

static void set(struct buf *b, const char *text)
{
	ck_assert_int_eq(buf_append_str(b, text), 0);
}

/* Releases the question. */
static void ask_import(struct workshop_import *question, const char *name,
		       struct workshop_imported *v)
{
	struct ipc_message m;

	if (name) {
		set(&question->name, name);
		set(&question->task, "proofread");
		set(&question->languages[question->n_languages++], "en");
	}
	ipc_message_init(&m, WORKSHOP_IMPORT, 0);
	front_ask(&m, workshop_put_import(&m, question), WORKSHOP_IMPORTED);
	ck_assert_int_eq(workshop_get_imported(&m, v), 0);
	ipc_message_deinit(&m);
	workshop_import_deinit(question);
}

void front_import(int fd, const char *name, struct workshop_imported *v)
{
	struct workshop_import question = WORKSHOP_IMPORT_NULL;

	question.n_files = 1;
	question.files[0].fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	set(&question.files[0].name, "adapter.gguf");
	ask_import(&question, name, v);
}

void front_import_folder(const struct folder *folder, size_t n, uint64_t size,
			 struct workshop_imported *v)
{
	struct workshop_import question = WORKSHOP_IMPORT_NULL;

	for (size_t i = 0; i < n; i++) {
		int fd = memfd_create("file", MFD_CLOEXEC);

		ck_assert_int_eq(file_write(fd, folder->files[i].data, folder->files[i].len), 0);
		if (size && i == n - 1)
			ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
		question.files[i].fd = fd;
		set(&question.files[i].name, folder->files[i].name);
		question.n_files++;
	}
	ask_import(&question, "folder", v);
}

int front_lora(void)
{
	const struct lora_fixture l = LORA_FIXTURE;

	return fixture_lora_fd(&l);
}

int front_package(void)
{
	struct workshop_imported v;
	int fd = front_lora(), package;

	front_import(fd, "good", &v);
	close(fd);
	front_expect(&v.defect, DIAG_NONE, "import");
	package = TAKE_FD(v.fd);
	workshop_imported_deinit(&v);
	return package;
}
