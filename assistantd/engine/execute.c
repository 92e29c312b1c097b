/* SPDX-License-Identifier: MIT */
/* What the front end's messages ask of the scheduler. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/engine/scheduler-private.h"
#include "util/macro.h"

#define HASH_CHUNK ((size_t)1 << 20)

static void tell_usage(struct scheduler *s)
{
	struct engine_usage v;

	while (s->residents && residents_changed(s->residents, &v)) {
		struct ipc_message m;

		ipc_message_init(&m, ENGINE_USAGE, 0);
		scheduler_send(s, &m, engine_put_usage(&m, &v));
	}
}

static void tell_counted(struct scheduler *s, uint32_t type, uint64_t id,
			 const struct engine_counted *v)
{
	struct ipc_message m;

	ipc_message_init(&m, type, id);
	scheduler_send(s, &m, engine_put_counted(&m, v));
}

/* Shows the defect as one line: what, where. */
static void tell_diag(struct scheduler *s, uint64_t id, enum engine_error error,
		      const struct diag *d, int err)
{
	char text[sizeof(d->field) + sizeof(d->text) + 2];

	if (d->code == DIAG_NONE)
		snprintf(text, sizeof(text), "%s", strerror(-err));
	else
		snprintf(text, sizeof(text), "%s%s%s", d->field, *d->field ? ": " : "", d->text);
	scheduler_tell_failed(s, id, error, NULL, text);
}

static int hash_file(int fd, struct digest *ret, uint64_t *size)
{
	_cleanup_(digest_stream_freep) struct digest_stream *stream = NULL;
	_cleanup_free_ char *chunk = malloc(HASH_CHUNK);
	int r = chunk ? digest_stream_new(&stream) : -ENOMEM;
	ssize_t n = 1;

	*size = 0;
	while (r == 0 && n != 0) {
		n = pread(fd, chunk, HASH_CHUNK, (off_t)*size);
		if (n < 0 && errno == EINTR)
			continue;
		r = n < 0 ? -errno : digest_stream_update(stream, chunk, (size_t)n);
		*size += n > 0 ? (uint64_t)n : 0;
	}
	return r < 0 ? r : digest_stream_finish(stream, ret);
}

static int describe(struct scheduler *s, struct engine_model *v)
{
	const struct bm_config *c = bm_model_config(s->model);
	const char *name = "";
	size_t len = 0;
	int r;

	if (gguf_str(bm_model_gguf(s->model), "general.name", &name, &len, NULL) != 0)
		len = 0;
	v->ok = true;
	v->digest = s->digest;
	v->context = c->context;
	v->vocabulary = c->n_vocab;
	r = buf_append_str(&v->architecture, c->architecture);
	if (r == 0)
		r = buf_append(&v->name, name, len);
	if (r == 0)
		r = buf_append_str(&v->kernels, bm_model_kernels(s->model));
	return r;
}

static int open_model(struct scheduler *s, const struct engine_open *open,
		      struct engine_model *v, struct diag *d)
{
	struct bm_params params = { .threads = open->threads ? open->threads : s->cpus };
	int r;

	s->residents = residents_free(s->residents);
	s->model = bm_model_free(s->model);
	r = bm_model_open_fd(&s->model, open->fd, &params, d);
	if (r == 0 && !bm_model_tokenizer(s->model))
		r = diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.model", "missing");
	if (r == 0)
		r = hash_file(open->fd, &s->digest, &v->bytes);
	if (r == 0)
		r = residents_new(&s->residents,
				  (size_t)MIN(open->adapter_budget, (uint64_t)SIZE_MAX));
	return r == 0 ? describe(s, v) : r;
}

static void do_open(struct scheduler *s, struct ipc_message *m)
{
	struct engine_open open;
	struct engine_model v = { 0 };
	struct diag d = DIAG_NULL;
	struct ipc_message reply;
	int r = engine_get_open(m, &open);

	if (r < 0) {
		s->broken = true;
		return;
	}
	/* The front end changes models only when nothing runs; what runs keeps its own. */
	r = s->n_requests ? diag_set(&d, -EBUSY, DIAG_LIMIT, "", "requests are running")
			  : open_model(s, &open, &v, &d);
	if (r < 0) {
		s->model = s->n_requests ? s->model : bm_model_free(s->model);
		v.ok = false;
		r = d.code == DIAG_NONE ? buf_append_str(&v.error, strerror(-r))
					: buf_printf(&v.error, "%s%s%s", d.field,
						     *d.field ? ": " : "", d.text);
	}
	ipc_message_init(&reply, ENGINE_MODEL, m->id);
	scheduler_send(s, &reply, r < 0 ? r : engine_put_model(&reply, &v));
	engine_model_deinit(&v);
	engine_open_deinit(&open);
}

static enum engine_error adapter_error(int err)
{
	switch (err) {
	case -EBADMSG:
		return ENGINE_E_DIGEST;
	case -ENOMEM:
		return ENGINE_E_MEMORY;
	case -EBUSY:
		return ENGINE_E_BUSY;
	default:
		return ENGINE_E_ADAPTER;
	}
}

static void tell_refused(struct scheduler *s, uint64_t id, int r,
			 const struct engine_counted *counted, const struct diag *d)
{
	if (r == PROMPT_E_TOO_LONG)
		scheduler_tell_failed(s, id, ENGINE_E_TOO_LONG, counted,
				      "the text does not fit the model's context");
	else
		tell_diag(s, id, r == -ENOMEM ? ENGINE_E_MEMORY : ENGINE_E_INVALID, d, r);
}

static void start_request(struct scheduler *s, uint64_t id, struct engine_start *start)
{
	struct engine_counted counted = { 0 };
	struct adapter *adapter = NULL;
	struct request *request = NULL;
	struct diag d = DIAG_NULL;
	uint64_t began = request_clock();
	int r = 0;

	if (start->has_adapter)
		r = residents_get(s->residents, s->model, &start->adapter, start->adapter_fd,
				  &adapter, &d);
	if (r < 0) {
		tell_diag(s, id, adapter_error(r), &d, r);
		return;
	}
	r = request_new(&request, id, s->model, start, adapter, &counted, &d);
	if (r != 0) {
		tell_refused(s, id, r, &counted, &d);
		return;
	}
	request->done.loading_ms = (uint32_t)((request->began_us - began) / 1000);
	s->requests[s->n_requests++] = request;
	tell_counted(s, ENGINE_STARTED, id, &counted);
}

static void count_request(struct scheduler *s, uint64_t id, struct engine_start *start)
{
	struct prompt prompt;
	struct diag d = DIAG_NULL;
	int r = prompt_build(&prompt, s->model, start, &d);

	if (r == 0 || r == PROMPT_E_TOO_LONG)
		tell_counted(s, ENGINE_COUNTED, id, &prompt.counted);
	else
		tell_refused(s, id, r, NULL, &d);
	prompt_deinit(&prompt);
}

static void do_start(struct scheduler *s, struct ipc_message *m)
{
	struct engine_start *start = malloc(sizeof(*start));
	int r = start ? engine_get_start(m, start) : -ENOMEM;

	if (r < 0)
		scheduler_tell_failed(s, m->id, r == -ENOMEM ? ENGINE_E_MEMORY : ENGINE_E_INTERNAL,
				      NULL, strerror(-r));
	else if (!s->model)
		scheduler_tell_failed(s, m->id, ENGINE_E_NO_MODEL, NULL, "no model is loaded");
	else if (m->type == ENGINE_COUNT)
		count_request(s, m->id, start);
	else if (s->n_requests == ENGINE_REQUESTS_MAX)
		scheduler_tell_failed(s, m->id, ENGINE_E_BUSY, NULL, "too many requests");
	else
		start_request(s, m->id, start);
	if (r == 0)
		engine_start_deinit(start);
	free(start);
}

static int change_adapter(struct scheduler *s, uint32_t type, const struct engine_adapter *v,
			  struct diag *d)
{
	struct adapter *a = NULL;
	int r;

	switch (type) {
	case ENGINE_LOAD:
		r = residents_get(s->residents, s->model, &v->digest, v->fd, &a, d);
		adapter_unref(a);
		return r;
	case ENGINE_UNLOAD:
		return residents_drop(s->residents, &v->digest);
	default:
		return residents_pin(s->residents, &v->digest, v->pinned);
	}
}

static void do_adapter(struct scheduler *s, struct ipc_message *m)
{
	struct engine_done done = { 0 };
	struct engine_adapter v;
	struct diag d = DIAG_NULL;
	int r = engine_get_adapter(m, &v);

	if (r < 0) {
		s->broken = true;
		return;
	}
	if (!s->model) {
		scheduler_tell_failed(s, m->id, ENGINE_E_NO_MODEL, NULL, "no model is loaded");
	} else {
		r = change_adapter(s, m->type, &v, &d);
		if (r < 0)
			tell_diag(s, m->id, adapter_error(r), &d, r);
		else
			scheduler_tell_done(s, m->id, &done);
	}
	engine_adapter_deinit(&v);
}

void scheduler_execute(struct scheduler *s, struct ipc_message *m)
{
	switch (m->type) {
	case ENGINE_OPEN_MODEL:
		do_open(s, m);
		break;
	case ENGINE_START:
	case ENGINE_COUNT:
		do_start(s, m);
		break;
	case ENGINE_LOAD:
	case ENGINE_UNLOAD:
	case ENGINE_PIN:
		do_adapter(s, m);
		break;
	default:
		/* Both programs are of one build: an unknown message is a defect. */
		s->broken = true;
		return;
	}
	tell_usage(s);
}
