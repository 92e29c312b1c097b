/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/job.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "assistantd/daemon/action.h"
#include "assistantd/daemon/ahead.h"
#include "assistantd/daemon/apps.h"
#include "assistantd/daemon/ask.h"
#include "assistantd/daemon/job-private.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/passage.h"
#include "assistantd/daemon/pieces.h"
#include "assistantd/daemon/proofs.h"
#include "assistantd/daemon/training.h"
#include "util/clock.h"
#include "util/jinja.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { KEEP_MS = 600000, KEPT_MAX = 32, RATE_RETRY_MS = 10000 };

size_t text_units(const char *text, size_t len, enum offset_unit unit)
{
	size_t units = 0, size;

	if (unit == UNIT_UTF8)
		return len;
	for (size_t i = 0; i < len; i += size)
		units += utf8_decode(text + i, len - i, &size) > 0xffff && unit == UNIT_UTF16 &&
			 size == 4 ? 2 : 1;
	return units;
}

struct job *job_new(struct daemon *d)
{
	struct job *job = calloc(1, sizeof(*job)), **at = &d->jobs;

	if (!job)
		return NULL;
	job->d = d;
	job->in_fd = job->out_fd = -1;
	job->created_ms = loop_now();
	job->wall_ms = clock_ms(CLOCK_REALTIME);
	job->finish = "stop";
	job->source = "model";
	job->scale = 1;
	while (*at)
		at = &(*at)->next;
	*at = job;
	return job;
}

static void free_results(struct job *job)
{
	for (size_t i = 0; i < job->n_candidates; i++)
		free(job->candidates[i].text);
	pieces_drop(job);
	jinja_free(job->prompt);
	library_release(&job->hold);
	edits_deinit(&job->edits);
	summary_deinit(&job->summary);
	spans_deinit(&job->lines);
	notice_groups_deinit(&job->groups);
	buf_deinit(&job->result);
	buf_deinit(&job->stream);
	buf_deinit(&job->input);
	free(job->question);
	free(job->effects);
	errand_deinit(&job->errand);
	action_free(job->action);
	ask_free(job->ask);
	restyling_free(job->restyling);
}

void job_free(struct job *job)
{
	struct daemon *d = job->d;
	struct job **at = &d->jobs;

	while (*at && *at != job)
		at = &(*at)->next;
	if (*at)
		*at = job->next;
	loop_cancel(job->deadline);
	loop_unwatch(job->in_source);
	loop_unwatch(job->out_source);
	closep(&job->in_fd);
	closep(&job->out_fd);
	if (job->call)
		dbus_message_unref(job->call);
	if (job->caller)
		caller_unref(job->caller);
	free_results(job);
	options_deinit(&job->options);
	free(job->path);
	free(job);
}

void job_warn(struct job *job, const char *warning)
{
	for (size_t i = 0; i < job->n_warnings; i++)
		if (job->warnings[i] == warning)
			return;
	if (job->n_warnings < JOB_WARNINGS_MAX)
		job->warnings[job->n_warnings++] = warning;
}

/* The counts of the queue follow the state. */
static void leave_queue(struct job *job)
{
	if (job->state == JOB_QUEUED) {
		job->d->queued--;
		job->caller->queued--;
	}
}

static void leave_running(struct job *job)
{
	uint64_t took = loop_now() - job->begun_ms;

	if (!job->counted_running)
		return;
	job->counted_running = false;
	job->d->running--;
	job->caller->running--;
	job->d->mean_ms = job->d->mean_ms ? (7 * job->d->mean_ms + took) / 8 : took;
}

void job_done(struct job *job)
{
	job_finish(job, NULL, "%s", "");
}

void job_finish(struct job *job, const char *error, const char *fmt, ...)
{
	struct buf text = BUF_NULL;
	va_list args;

	if (job->state >= JOB_STORING)
		return;
	pieces_stop(job);
	restyling_stop(job);
	agent_drop(job->confirming);
	job->confirming = NULL;
	if (job->action)
		job->effects = action_effects(job->action);
	leave_queue(job);
	leave_running(job);
	if (job->state == JOB_READING) {
		/* A text that did not come whole is not kept. */
		job_stop_reading(job);
		buf_reset(&job->input);
	}
	job->state = JOB_STORING;
	training_look(job->d->training);
	job->error = error;
	if (error) {
		va_start(args, fmt);
		buf_vprintf(&text, fmt, args);
		va_end(args);
		if (job->retry_after_ms)
			buf_printf(&text, "; retry after %u ms", job->retry_after_ms);
		free(job->question);
		job->question = buf_steal(&text);
		buf_reset(&job->result);
	}
	/* Not before the text is written: it may name what is held. */
	library_release(&job->hold);
	job->deadline = loop_cancel(job->deadline);
	if (!error && job->serving.n_uses && !job->options.is_private)
		ahead_learn(job->d->ahead, job->task->name, job->options.style);
	receipt_write(job);
}

static void forget_kept(void *arg)
{
	struct job *job = arg;

	job->deadline = NULL;
	job_free(job);
}

/* A detached request stays for Fetch; any other is gone once it was answered. */
void job_answered(struct job *job)
{
	size_t kept = 0;

	job->state = JOB_ANSWERED;
	for (struct job *j = job->d->jobs; j; j = j->next)
		kept += j->state == JOB_ANSWERED;
	if (job->out_fd >= 0 && job_flush_output(job))
		return;
	if (!job->options.detach || kept > KEPT_MAX ||
	    loop_after(job->d->loop, &job->deadline, KEEP_MS, forget_kept, job) < 0)
		job_free(job);
}

struct job *job_kept(struct daemon *d, uint64_t id, const char *identity)
{
	for (struct job *j = d->jobs; j; j = j->next)
		if (j->state == JOB_ANSWERED && j->id == (int64_t)id && j->options.detach &&
		    strcmp(j->caller->identity, identity) == 0)
			return j;
	return NULL;
}

static void on_deadline(void *arg)
{
	struct job *job = arg;

	job->deadline = NULL;
	job->finish = "deadline";
	/* What was sent is read back and written down; the caller is told now. */
	if (action_stop(job)) {
		answer_early(job, "TimedOut", "the command was sent; its effect is not known yet");
		return;
	}
	job_finish(job, "TimedOut", "not done in time; use Start, or raise timeout_ms and the "
		   "client's own time-out (busctl --timeout=, gdbus --timeout)");
}

uint32_t jobs_retry_after(const struct daemon *d)
{
	uint64_t each = d->mean_ms ? d->mean_ms : 1000;
	uint64_t waits = each * (d->queued + 1) / d->config.running_max;

	return (uint32_t)CLAMP(waits, (uint64_t)200, (uint64_t)60000);
}

int job_enqueue(struct job *job)
{
	struct daemon *d = job->d;
	uint32_t timeout = job->options.timeout_ms;

	if (d->queued >= d->config.queued_max ||
	    job->caller->queued >= d->config.caller_queued_max) {
		job->retry_after_ms = jobs_retry_after(d);
		return -EBUSY;
	}
	if (!timeout && job->call)
		timeout = d->config.timeout_ms;
	if (timeout && loop_after(d->loop, &job->deadline, timeout, on_deadline, job) < 0)
		return -ENOMEM;
	job->text = (struct span){ 0, job->input.len };
	job->state = JOB_QUEUED;
	d->queued++;
	job->caller->queued++;
	training_look(d->training);
	return 0;
}

/* Whether the work of the task waits for what it works with. */
static bool must_wait(const struct job *job)
{
	enum engine_state state = engine_state(job->d->engine);

	/* What "it" is, and which timers there are, the store knows. */
	if (job->task->kind == TASK_ASK)
		return !job->d->recalled;
	if (state == ENGINE_READY || job->task->kind == TASK_TOOL ||
	    job->task->kind == TASK_NOTIFICATIONS)
		return false;
	return state != ENGINE_NO_MODEL;
}

/* By what its caller may do; an error where it may not. */
static bool admit(struct job *job)
{
	struct daemon *d = job->d;

	if (apps_blocked(d->apps, job->caller)) {
		job_finish(job, DBUS_ERROR_ACCESS_DENIED, "you have shut this program out");
		return false;
	}
	if (apps_count_request(d->apps, job->caller))
		return true;
	job->retry_after_ms = RATE_RETRY_MS;
	job_finish(job, DBUS_ERROR_LIMITS_EXCEEDED, "more than %u requests within a minute",
		   d->config.requests_per_minute);
	return false;
}

static void begin(struct job *job)
{
	if (!admit(job))
		return;
	leave_queue(job);
	job->state = JOB_RUNNING;
	job->counted_running = true;
	job->d->running++;
	job->caller->running++;
	job->begun_ms = loop_now();
	job->queued_ms = (uint32_t)(job->begun_ms - job->created_ms);
	job_work(job);
}

/* Whether an adapter of it is to be proven first; it goes on with jobs_proven(). */
static bool wait_for_proofs(struct job *job)
{
	bool waits = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->serving.n_uses; i++) {
		const struct serving_use *use = &job->serving.uses[i];

		if (!use->unproven)
			continue;
		r = proofs_want(job->d->proofs, &use->adapter);
		waits = true;
	}
	job->awaits_proof = waits && r == 0;
	if (r < 0)
		job_finish(job, "Internal", "the adapter cannot be proven: %s", strerror(-r));
	else if (waits)
		answer_progress(job, STAGE_LOADING);
	return waits;
}

void job_work(struct job *job)
{
	struct daemon *d = job->d;
	int r;

	if (job->task->kind == TASK_ASK) {
		ask_begin(job);
		return;
	}
	if (job->task->kind == TASK_TOOL) {
		errand_begin(job);
		return;
	}
	if (job->task->kind == TASK_NOTIFICATIONS) {
		notifications_begin(job);
		return;
	}
	r = task_serving(d, job->task, &job->options, &job->serving);
	if (r < 0)
		job_finish(job, r == -ENOENT ? "AdapterUnknown" : "AdapterMismatch", "%s",
			   job->serving.trouble);
	else if (wait_for_proofs(job))
		return;
	else if (job->serving.chooses)
		(job->task->kind == TASK_TONE ? restyling_begin : proofread_begin)(job);
	else if (job->serving.prompt)
		rewrite_begin(job);
	else if (job->task->has_baseline)
		baseline_begin(job);
	else if (engine_state(d->engine) == ENGINE_NO_MODEL)
		job_finish(job, "ModelMissing", "%s", job->serving.reason);
	else
		job_finish(job, "TaskUnavailable", "%s", job->serving.reason);
}

void jobs_proven(struct daemon *d)
{
	for (struct job *j = d->jobs, *next; j; j = next) {
		next = j->next;
		if (!j->awaits_proof || j->state != JOB_RUNNING || must_wait(j))
			continue;
		j->awaits_proof = false;
		job_work(j);
	}
}

/* The one that may begin next: interactive ones first, then the oldest. */
static struct job *next_job(struct daemon *d)
{
	struct job *found = NULL;

	for (struct job *j = d->jobs; j; j = j->next) {
		if (j->state != JOB_QUEUED || !j->caller->known || must_wait(j) ||
		    j->caller->running >= d->config.caller_running_max)
			continue;
		if (!found || j->options.priority > found->options.priority)
			found = j;
	}
	return found;
}

void jobs_pump(struct daemon *d)
{
	struct job *job;

	while (d->running < d->config.running_max && (job = next_job(d)))
		begin(job);
}

struct job *job_at(struct daemon *d, const char *path, const char *sender)
{
	for (struct job *j = d->jobs; j; j = j->next)
		if (j->path && j->state != JOB_ANSWERED && strcmp(j->path, path) == 0 &&
		    (!sender || strcmp(j->caller->name, sender) == 0))
			return j;
	return NULL;
}

void job_close(struct job *job)
{
	/* The receipt is written all the same; only the answer falls away. */
	job->departed = true;
	free(job->path);
	job->path = NULL;
	if (action_stop(job))
		return;
	job->finish = "cancelled";
	job_finish(job, "Cancelled", "closed by the caller");
}

void jobs_caller_gone(struct daemon *d, const char *name)
{
	for (struct job *j = d->jobs, *next; j; j = next) {
		next = j->next;
		if (!j->caller || strcmp(j->caller->name, name) != 0 || j->state == JOB_ANSWERED)
			continue;
		if (j->options.detach)
			j->departed = true;
		else
			job_close(j);
	}
	jobs_pump(d);
}

void jobs_shut_out(struct daemon *d, const struct caller *c)
{
	for (struct job *j = d->jobs, *next; j; j = next) {
		next = j->next;
		if (j->caller == c && j->state < JOB_STORING && !action_stop(j))
			job_finish(j, DBUS_ERROR_ACCESS_DENIED, "you have shut this program out");
	}
}

void jobs_caller_reads(struct daemon *d, const struct caller *c)
{
	for (struct job *j = d->jobs; j; j = j->next)
		if (j->caller == c && j->state == JOB_RUNNING)
			answer_resume(j);
}

void jobs_drop_all(struct daemon *d)
{
	while (d->jobs) {
		pieces_stop(d->jobs);
		restyling_stop(d->jobs);
		agent_drop(d->jobs->confirming);
		job_free(d->jobs);
	}
}
