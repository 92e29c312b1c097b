/* SPDX-License-Identifier: MIT */
/* What the front end's messages ask of the scheduler. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/engine/scheduler-private.h"
#include "util/macro.h"

/* What the front end knows of the file is believed: it is the one that looks after files. */
static int identify(struct scheduler *s, const struct engine_open *open, uint64_t *size,
		    struct diag *d)
{
	struct stat st;

	if (fstat(open->fd, &st) < 0)
		return -errno;
	*size = (uint64_t)st.st_size;
	s->digests.file = open->digest;
	s->digests.identity.weights = open->weights;
	return identify_model(&s->digests, open->has_digests, bm_model_gguf(s->model), open->fd,
			      d);
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
	v->digest = s->digests.file;
	v->identity = s->digests.identity;
	v->context = s->context;
	v->vocabulary = c->n_vocab;
	r = buf_append_str(&v->architecture, c->architecture);
	if (r == 0)
		r = buf_append(&v->name, name, len);
	if (r == 0)
		r = buf_append_str(&v->kernels, bm_model_kernels(s->model));
	return r;
}

static size_t bytes_of(uint64_t budget)
{
	return budget ? (size_t)MIN(budget, (uint64_t)SIZE_MAX) : SIZE_MAX;
}

/* What is resident was made of the model, and goes before it. */
static void close_model(struct scheduler *s)
{
	s->residents = residents_free(s->residents);
	s->model = bm_model_free(s->model);
	free(TAKE(s->logits));
}

static int open_model(struct scheduler *s, const struct engine_open *open,
		      struct engine_model *v, struct diag *d)
{
	struct bm_params params = { .threads = open->threads ? open->threads : s->cpus };
	int r;

	close_model(s);
	r = bm_model_open_fd(&s->model, open->fd, &params, d);
	if (r == 0 && !bm_model_tokenizer(s->model))
		r = diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.model", "missing");
	/* Touched as far as requests run at once, and no further. */
	if (r == 0)
		s->logits = reallocarray(NULL, (size_t)bm_model_config(s->model)->n_vocab +
					 TOKENIZER_MAX_EXTRA, SCHEDULER_ROWS * sizeof(*s->logits));
	if (r == 0 && !s->logits)
		r = -ENOMEM;
	if (r == 0)
		r = identify(s, open, &v->bytes, d);
	if (r == 0)
		r = residents_new(&s->residents, s->model,
				  open->kv == ENGINE_KV_Q8_0 ? BM_KV_Q8_0 : BM_KV_F16,
				  bytes_of(open->budget),
				  (size_t)MIN(open->adapter_budget, (uint64_t)SIZE_MAX));
	if (r == 0)
		s->context = residents_context(s->residents);
	return r == 0 ? describe(s, v) : r;
}

static void do_open(struct scheduler *s, struct ipc_message *m)
{
	struct engine_open open;
	struct engine_model v = { 0 };
	struct diag d = DIAG_NULL;
	struct ipc_message reply;
	int r = engine_get_open(m, &open);
	bool busy;

	if (r < 0) {
		s->broken = true;
		return;
	}
	/* The front end changes models only when nothing runs; what runs keeps its own. */
	busy = s->n_requests || scheduler_is_preparing(s);
	r = busy ? diag_set(&d, -EBUSY, DIAG_LIMIT, "", "requests are running")
		 : open_model(s, &open, &v, &d);
	if (r < 0) {
		if (!busy)
			close_model(s);
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

/* Reading it would be in vain where it finds no room afterwards. */
static bool fits_ahead(struct scheduler *s, const struct engine_adapter *v)
{
	struct stat st;

	return fstat(v->fd, &st) == 0 &&
	       residents_fits_ahead(s->residents, &v->digest, (uint64_t)st.st_size);
}

static void do_budget(struct scheduler *s, struct ipc_message *m)
{
	struct engine_budget v;

	if (engine_get_budget(m, &v) < 0) {
		s->broken = true;
		return;
	}
	/* A model that is opened later comes with a budget of its own. */
	if (!s->residents)
		return;
	residents_set_budget(s->residents, bytes_of(v.budget),
			     (size_t)MIN(v.adapter_budget, (uint64_t)SIZE_MAX), v.idle);
	s->context = residents_context(s->residents);
}

/* What is not in memory is where it is wanted. */
static int drop(struct residents *residents, const struct digest *adapter)
{
	int r = residents_drop(residents, adapter);

	return r == -ENOENT ? 0 : r;
}

static void do_adapter(struct scheduler *s, struct ipc_message *m)
{
	struct engine_adapter v;
	int r = engine_get_adapter(m, &v);

	if (r < 0)
		s->broken = true;
	else if (!s->model)
		scheduler_tell_failed(s, m->id, ENGINE_E_NO_MODEL, NULL, "no model is loaded");
	else if (m->type == ENGINE_LOAD && v.ahead && !fits_ahead(s, &v))
		scheduler_tell_adapter(s, m->id, -ENOSPC, NULL, NULL);
	else if (m->type == ENGINE_LOAD || (m->type == ENGINE_PIN && v.pinned && v.fd >= 0))
		scheduler_prepare_adapter(s, m->id, m->type, &v);
	else if (m->type == ENGINE_UNLOAD)
		scheduler_tell_adapter(s, m->id, drop(s->residents, &v.digest), NULL, NULL);
	else
		scheduler_tell_adapter(s, m->id, residents_pin(s->residents, &v.digest, v.pinned),
				       NULL, NULL);
	engine_adapter_deinit(&v);
}

static void cancel(struct scheduler *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_requests; i++) {
		if (s->requests[i]->id != id)
			continue;
		scheduler_drop(s, s->requests[i]);
		scheduler_tell_failed(s, id, ENGINE_E_CANCELLED, NULL, "cancelled");
		return;
	}
	if (scheduler_cancel_preparing(s, id))
		scheduler_tell_failed(s, id, ENGINE_E_CANCELLED, NULL, "cancelled");
}

void scheduler_execute(struct scheduler *s, struct ipc_message *m)
{
	switch (m->type) {
	case ENGINE_OPEN_MODEL:
		do_open(s, m);
		break;
	case ENGINE_START:
	case ENGINE_SCORE:
	case ENGINE_COUNT:
		scheduler_prepare_request(s, m);
		break;
	case ENGINE_CANCEL:
		cancel(s, m->id);
		break;
	case ENGINE_BUDGET:
		do_budget(s, m);
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
	scheduler_tell_usage(s);
}
