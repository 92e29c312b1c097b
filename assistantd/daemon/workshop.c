/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/workshop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/daemon/child.h"
#include "assistantd/daemon/digests.h"
#include "assistantd/daemon/log.h"
#include "util/macro.h"

enum { IDLE_MS = 10 * 1000, JOB_MS = 600 * 1000 };

/* What the process does for the first job. */
enum stage { STAGE_NONE, STAGE_OPENING, STAGE_WORKING };

struct workshop {
	struct loop *loop;
	struct workshop_config config;
	struct child *child;
	bool ready;			/* it has said HELLO */
	enum stage stage;
	struct workshop_job *first;
	uint64_t next_id;
	/* The model that it has open, or is opening. */
	char *model;
	struct stat model_stat;
	struct workshop_model opened;
	struct loop_timer *next, *idle, *deadline;
};

static void forget_model(struct workshop *w)
{
	free(TAKE(w->model));
	workshop_model_deinit(&w->opened);
}

static void reset(struct workshop *w)
{
	w->ready = false;
	w->stage = STAGE_NONE;
	forget_model(w);
}

static void go_on(void *arg);

/* From the loop: whoever queues a job is not called back before it returns. */
static void go_on_soon(struct workshop *w)
{
	if (!w->next && loop_after(w->loop, &w->next, 0, go_on, w) < 0)
		log_error("workshop: out of memory");
}

static void job_release(struct workshop_job *job)
{
	ipc_message_deinit(&job->message);
	free(TAKE(job->model));
	job->id = 0;
}

static void unlink_job(struct workshop *w, struct workshop_job *job)
{
	struct workshop_job **at = &w->first;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	job_release(job);
}

/* The first job is over. */
static void finish(struct workshop *w, struct workshop_result *result)
{
	struct workshop_job *job = w->first;

	w->stage = STAGE_NONE;
	w->deadline = loop_cancel(w->deadline);
	result->base = w->opened.digest;
	result->identity = w->opened.identity;
	unlink_job(w, job);
	go_on_soon(w);
	job->done(job->arg, result);
}

static void fail(struct workshop *w, enum workshop_outcome outcome, const char *text)
{
	struct workshop_result result = { .outcome = outcome, .code = DIAG_SYSTEM, .field = "",
					  .text = text };

	if (w->first)
		finish(w, &result);
}

static const char *text_of(const struct buf *b)
{
	return b->len ? b->data : "";
}

static void refuse(struct workshop *w, enum workshop_outcome outcome,
		   const struct ipc_defect *defect)
{
	struct workshop_result result = { .outcome = outcome, .code = defect->code,
					  .field = text_of(&defect->field),
					  .text = text_of(&defect->text) };

	finish(w, &result);
}

/* The process is ended in the middle of something. */
static void stop(struct workshop *w)
{
	child_rest(w->child);
	reset(w);
}

static void on_idle(void *arg)
{
	struct workshop *w = arg;

	w->idle = NULL;
	stop(w);
}

static void on_deadline(void *arg)
{
	struct workshop *w = arg;

	w->deadline = NULL;
	stop(w);
	fail(w, WORKSHOP_TIMEOUT, "it took longer than ten minutes");
}

static bool has_open(const struct workshop *w, const char *path, const struct stat *st)
{
	return w->model && strcmp(w->model, path) == 0 && w->model_stat.st_dev == st->st_dev &&
	       w->model_stat.st_ino == st->st_ino && w->model_stat.st_size == st->st_size &&
	       w->model_stat.st_mtim.tv_sec == st->st_mtim.tv_sec &&
	       w->model_stat.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

static int send_model(struct workshop *w, const char *path, int fd, const struct stat *st)
{
	struct workshop_open v = { .fd = fd };
	struct ipc_message m;
	int r;

	forget_model(w);
	w->model = strdup(path);
	w->model_stat = *st;
	if (!w->model)
		return -ENOMEM;
	v.has_digests = digests_find(w->config.digests, st, &v.digest, &v.weights);
	ipc_message_init(&m, WORKSHOP_OPEN, 0);
	r = child_send(w->child, &m, workshop_put_open(&m, &v));
	/* What was not told to the process is not open there. */
	if (r < 0)
		forget_model(w);
	return r;
}

/* 0 when the model of the job is open already. */
static int open_model(struct workshop *w, const struct workshop_job *job)
{
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	if (!job->model)
		return 0;
	fd = open(job->model, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (has_open(w, job->model, &st))
		return 0;
	r = send_model(w, job->model, fd, &st);
	if (r == 0)
		w->stage = STAGE_OPENING;
	return r;
}

static void begin(struct workshop *w)
{
	struct workshop_job *job = w->first;
	char why[320];
	int r = open_model(w, job);

	if (r < 0) {
		snprintf(why, sizeof(why), "%s: %s", job->model, strerror(-r));
		fail(w, WORKSHOP_NO_MODEL, why);
	} else if (w->stage == STAGE_NONE) {
		w->stage = STAGE_WORKING;
		r = child_send(w->child, &job->message, 0);
		if (r < 0)
			fail(w, WORKSHOP_FAILED, strerror(-r));
	}
}

static void go_on(void *arg)
{
	struct workshop *w = arg;

	w->next = NULL;
	if (!w->first) {
		if (child_running(w->child) && !w->idle)
			loop_after(w->loop, &w->idle, IDLE_MS, on_idle, w);
		return;
	}
	w->idle = loop_cancel(w->idle);
	if (!w->deadline && loop_after(w->loop, &w->deadline, JOB_MS, on_deadline, w) < 0)
		fail(w, WORKSHOP_FAILED, "out of memory");
	else if (child_want(w->child) < 0)
		fail(w, WORKSHOP_FAILED, "out of memory");
	else if (w->ready && w->stage == STAGE_NONE)
		begin(w);
}

static void on_hello(struct workshop *w, struct ipc_message *m)
{
	struct engine_hello hello;

	if (engine_get_hello(m, &hello) < 0)
		return;
	if (w->config.require_sandbox &&
	    !(hello.no_new_privs && hello.seccomp && hello.landlock_abi)) {
		stop(w);
		fail(w, WORKSHOP_FAILED,
		     "the sandbox is incomplete here and the configuration requires it");
		return;
	}
	child_healthy(w->child);
	w->ready = true;
	go_on_soon(w);
}

static void on_model(struct workshop *w, struct ipc_message *m)
{
	int r;

	if (w->stage != STAGE_OPENING)
		return;
	workshop_model_deinit(&w->opened);
	if (workshop_get_model(m, &w->opened) < 0) {
		forget_model(w);
		fail(w, WORKSHOP_FAILED, "the answer cannot be read");
		return;
	}
	w->stage = STAGE_NONE;
	if (w->opened.defect.code) {
		free(TAKE(w->model));
		refuse(w, WORKSHOP_NO_MODEL, &w->opened.defect);
		return;
	}
	r = digests_keep(w->config.digests, &w->model_stat, &w->opened.digest,
			 &w->opened.identity.weights);
	if (r < 0)
		log_error("%s: %s", w->config.digests, strerror(-r));
	begin(w);
}

static int get_inspected(struct ipc_message *m, struct workshop_result *result)
{
	return workshop_get_inspected(m, &result->inspected);
}

static int get_imported(struct ipc_message *m, struct workshop_result *result)
{
	return workshop_get_imported(m, &result->imported);
}

static int get_proved(struct ipc_message *m, struct workshop_result *result)
{
	return workshop_get_proved(m, &result->proved);
}

static void release_inspected(struct workshop_result *result)
{
	workshop_inspected_deinit(&result->inspected);
}

static void release_imported(struct workshop_result *result)
{
	workshop_imported_deinit(&result->imported);
}

static void release_proved(struct workshop_result *result)
{
	workshop_proved_deinit(&result->proved);
}

static const struct kind {
	uint32_t question, answer;
	int (*get)(struct ipc_message *m, struct workshop_result *result);
	void (*release)(struct workshop_result *result);
} kinds[] = {
	{ WORKSHOP_INSPECT, WORKSHOP_INSPECTED, get_inspected, release_inspected },
	{ WORKSHOP_IMPORT, WORKSHOP_IMPORTED, get_imported, release_imported },
	{ WORKSHOP_PROVE, WORKSHOP_PROVED, get_proved, release_proved },
};

static void on_answer(struct workshop *w, struct ipc_message *m)
{
	struct workshop_result result = { .outcome = WORKSHOP_DONE, .field = "", .text = "" };
	const struct ipc_defect *defect = &result.inspected.defect;
	const struct kind *k = kinds;

	while (k < kinds + ARRAY_SIZE(kinds) && k->answer != m->type)
		k++;
	if (k == kinds + ARRAY_SIZE(kinds) || w->stage != STAGE_WORKING ||
	    w->first->id != m->id || w->first->type != k->question)
		return;
	if (k->get(m, &result) < 0) {
		fail(w, WORKSHOP_FAILED, "the answer cannot be read");
		return;
	}
	/* Every answer begins with its defect. */
	if (defect->code) {
		result.outcome = WORKSHOP_REFUSED;
		result.code = (enum diag_code)defect->code;
		result.field = text_of(&defect->field);
		result.text = text_of(&defect->text);
	}
	finish(w, &result);
	k->release(&result);
}

static void on_message(void *arg, struct ipc_message *m)
{
	struct workshop *w = arg;

	if (m->type == ENGINE_HELLO)
		on_hello(w, m);
	else if (m->type == WORKSHOP_MODEL)
		on_model(w, m);
	else
		on_answer(w, m);
}

static void on_started(void *arg)
{
	reset(arg);
}

static void on_ended(void *arg)
{
	struct workshop *w = arg;
	enum stage stage = w->stage;
	bool ready = w->ready;

	reset(w);
	if (stage == STAGE_OPENING)
		fail(w, WORKSHOP_NO_MODEL, "the base model's file ended the workshop");
	else if (stage == STAGE_WORKING)
		fail(w, WORKSHOP_ENDED, "the file ended the process that looked at it");
	else if (!ready)
		fail(w, WORKSHOP_FAILED, "the workshop cannot be started");
}

int workshop_new(struct workshop **ret, struct loop *loop, const struct workshop_config *config)
{
	static const struct child_ops ops = { on_message, on_ended, on_started, true };
	static char *const argv[] = { (char *)"assistant-engine", (char *)"workshop", NULL };
	struct workshop *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	*w = (struct workshop){ .loop = loop, .config = *config, .next_id = 1 };
	r = child_new(&w->child, loop, config->path, argv, &ops, w);
	if (r < 0) {
		free(w);
		return r;
	}
	*ret = w;
	return 0;
}

struct workshop *workshop_free(struct workshop *w)
{
	if (!w)
		return NULL;
	while (w->first)
		fail(w, WORKSHOP_FAILED, "the service ends");
	loop_cancel(w->next);
	loop_cancel(w->idle);
	loop_cancel(w->deadline);
	child_free(w->child);
	forget_model(w);
	free(w);
	return NULL;
}

/* @r is the encoder's result. */
static int queue(struct workshop *w, struct workshop_job *job, const char *model, int r)
{
	struct workshop_job **at = &w->first;

	job->model = model ? strdup(model) : NULL;
	if (r == 0 && model && !job->model)
		r = -ENOMEM;
	if (r < 0) {
		job_release(job);
		return r;
	}
	while (*at)
		at = &(*at)->next;
	*at = job;
	job->next = NULL;
	go_on_soon(w);
	return 0;
}

static void prepare(struct workshop *w, struct workshop_job *job, uint32_t type)
{
	job->type = type;
	job->id = w->next_id++;
	ipc_message_init(&job->message, type, job->id);
}

int workshop_inspect(struct workshop *w, struct workshop_job *job,
		     const struct workshop_inspect *v)
{
	prepare(w, job, WORKSHOP_INSPECT);
	return queue(w, job, NULL, workshop_put_inspect(&job->message, v));
}

int workshop_import(struct workshop *w, struct workshop_job *job, const char *model,
		    const struct workshop_import *v)
{
	prepare(w, job, WORKSHOP_IMPORT);
	return queue(w, job, model, workshop_put_import(&job->message, v));
}

int workshop_prove(struct workshop *w, struct workshop_job *job, const char *model,
		   const struct workshop_prove *v)
{
	prepare(w, job, WORKSHOP_PROVE);
	return queue(w, job, model, workshop_put_prove(&job->message, v));
}

void workshop_cancel(struct workshop *w, struct workshop_job *job)
{
	if (!job->id)
		return;
	/* What it works on cannot be taken back otherwise. */
	if (job == w->first && w->stage != STAGE_NONE)
		stop(w);
	if (job == w->first)
		w->deadline = loop_cancel(w->deadline);
	unlink_job(w, job);
	go_on_soon(w);
}
