/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/workshop-private.h"

#include <errno.h>

#include "util/macro.h"

/* @r and @d are what a question came to: 0, or -ENOMEM where that cannot be said. */
static int put_defect(struct ipc_defect *v, int r, struct diag *d)
{
	return r < 0 ? ipc_defect_set(v, r, d) : 0;
}

static void close_model(struct workshop *w)
{
	w->model = bm_model_free(w->model);
}

static int open_model(struct workshop *w, const struct workshop_open *open, struct diag *d)
{
	const struct bm_params params = { .threads = w->threads };
	int r = bm_model_open_fd(&w->model, open->fd, &params, d);

	if (r == 0 && !bm_model_tokenizer(w->model))
		r = diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.model", "missing");
	w->digests.file = open->digest;
	w->digests.identity.weights = open->weights;
	return r < 0 ? r : identify_model(&w->digests, open->has_digests,
					  bm_model_gguf(w->model), open->fd, d);
}

static int answer_open(struct workshop *w, struct ipc_message *m, struct ipc_message *answer)
{
	struct workshop_model v = { .context = 0 };
	struct workshop_open question;
	struct diag d = DIAG_NULL;
	int r = workshop_get_open(m, &question);

	close_model(w);
	if (r == 0) {
		r = open_model(w, &question, &d);
		workshop_open_deinit(&question);
	}
	if (r == 0) {
		v.digest = w->digests.file;
		v.identity = w->digests.identity;
		v.context = bm_model_config(w->model)->context;
	} else {
		close_model(w);
	}
	r = put_defect(&v.defect, r, &d);
	if (r == 0)
		r = workshop_put_model(answer, &v);
	workshop_model_deinit(&v);
	return r;
}

static int answer_inspect(struct workshop *w, struct ipc_message *m, struct ipc_message *answer)
{
	struct workshop_inspected v = { .bytes = 0 };
	struct workshop_inspect question;
	struct diag d = DIAG_NULL;
	int r = workshop_get_inspect(m, &question);

	(void)w;
	if (r == 0) {
		r = workshop_look(&question, &v, &d);
		workshop_inspect_deinit(&question);
	}
	r = put_defect(&v.defect, r, &d);
	if (r == 0)
		r = workshop_put_inspected(answer, &v);
	workshop_inspected_deinit(&v);
	return r;
}

static int answer_import(struct workshop *w, struct ipc_message *m, struct ipc_message *answer)
{
	struct workshop_imported v = WORKSHOP_IMPORTED_NULL;
	struct workshop_import question;
	struct diag d = DIAG_NULL;
	int r = workshop_get_import(m, &question);

	if (r == 0) {
		r = workshop_make(w, &question, &v, &d);
		workshop_import_deinit(&question);
	}
	r = put_defect(&v.defect, r, &d);
	if (r == 0)
		r = workshop_put_imported(answer, &v);
	workshop_imported_deinit(&v);
	return r;
}

static int answer_prove(struct workshop *w, struct ipc_message *m, struct ipc_message *answer)
{
	struct workshop_proved v = { .verdict = 0 };
	struct workshop_prove question;
	struct diag d = DIAG_NULL;
	int r = workshop_get_prove(m, &question);

	if (r == 0) {
		r = workshop_try(w, &question, &v, &d);
		workshop_prove_deinit(&question);
	}
	r = put_defect(&v.defect, r, &d);
	if (r == 0)
		r = workshop_put_proved(answer, &v);
	workshop_proved_deinit(&v);
	return r;
}

static const struct {
	uint32_t question, answer;
	int (*put)(struct workshop *w, struct ipc_message *m, struct ipc_message *answer);
} answers[] = {
	{ WORKSHOP_OPEN, WORKSHOP_MODEL, answer_open },
	{ WORKSHOP_INSPECT, WORKSHOP_INSPECTED, answer_inspect },
	{ WORKSHOP_IMPORT, WORKSHOP_IMPORTED, answer_import },
	{ WORKSHOP_PROVE, WORKSHOP_PROVED, answer_prove },
};

/* What is no question has no answer. */
static int answer_message(struct workshop *w, struct ipc_message *m)
{
	struct ipc_message answer;
	size_t i = 0;
	int r;

	while (i < ARRAY_SIZE(answers) && answers[i].question != m->type)
		i++;
	if (i == ARRAY_SIZE(answers))
		return 0;
	ipc_message_init(&answer, answers[i].answer, m->id);
	r = answers[i].put(w, m, &answer);
	if (r == 0)
		r = ipc_send(w->sock, &answer);
	ipc_message_deinit(&answer);
	return r;
}

int workshop_serve(int sock, unsigned threads)
{
	struct workshop w = { .sock = sock, .threads = threads };
	struct ipc_message m;
	int r;

	ipc_message_init(&m, 0, 0);
	while ((r = ipc_recv(sock, &m)) == 0 && (r = answer_message(&w, &m)) == 0)
		;
	ipc_message_deinit(&m);
	close_model(&w);
	return r == IPC_E_CLOSED ? 0 : r;
}
