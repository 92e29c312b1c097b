/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/training-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/daemon/job.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/memory.h"
#include "assistantd/daemon/power.h"
#include "assistantd/daemon/training-folder.h"
#include "util/macro.h"

/* A moment after the last request; how long a reason lasts before memory is given back; how long
 * a checkpoint may take to write. */
enum { CALM_MS = 3000, LASTING_MS = 120 * 1000, PATIENCE_MS = 60 * 1000 };
enum { OPEN_MAX = 16 };
/* A checkpoint has two copies of the weights of an adapter, of their moments and of the best
 * ones: with rank 16 less than half of the file of any base, and for 8B no more than this. */
#define ROOM_MIN (UINT64_C(64) << 20)
#define ROOM_MAX (UINT64_C(2) << 30)

/* A run whose data are being copied. */
struct start {
	struct training *t;
	struct training_run *run;
	int data, held_out;
	uint64_t room;
	struct work work;
	training_started_fn started;
	void *arg;
};

/* Somebody waits for an answer. */
static bool has_requests(const struct daemon *d)
{
	for (const struct job *j = d->jobs; j; j = j->next)
		if ((j->state == JOB_QUEUED || j->state == JOB_RUNNING) && j->options.priority > 0)
			return true;
	return false;
}

static bool on_battery(const struct training *t)
{
	return !t->d->config.training_on_battery && power_on_battery(t->power);
}

/* What holds up whatever is at work, or NULL. */
static const char *hold(const struct training *t)
{
	if (t->requests)
		return "requests are worked on";
	if (memory_pressure(t->d->memory) != PRESSURE_NONE)
		return "programs wait for memory";
	return on_battery(t) ? "the computer runs on its battery" : NULL;
}

static bool can_work(const struct training_run *r)
{
	return r->end == TRAINING_OPEN && !r->paused && !r->no_space && !r->coming &&
	       !r->installing;
}

static struct training_run *next_run(const struct training *t)
{
	struct training_run *r = t->runs;

	while (r && !can_work(r))
		r = r->next;
	return r;
}

enum training_state training_state(const struct training *t, const struct training_run *r,
				   const char **why)
{
	bool its_turn = r == (t->at_work ? t->at_work : next_run(t));

	*why = "";
	if (r->end != TRAINING_OPEN)
		return TRAINING_STATE_ENDED;
	if (r->installing)
		return TRAINING_STATE_INSTALLING;
	if (r->paused)
		*why = "by you";
	else if (r->no_space)
		*why = "there is no room on the disk";
	else if (its_turn && hold(t))
		*why = hold(t);
	if (**why)
		return TRAINING_STATE_PAUSED;
	if (r == t->at_work)
		return TRAINING_STATE_RUNNING;
	*why = its_turn ? "for the end of an earlier process" : "for another run";
	return TRAINING_STATE_WAITING;
}

pid_t training_pid(const struct training *t, const struct training_run *r)
{
	return r == t->at_work ? training_process_pid(t->process) : 0;
}

static void on_lasting(void *arg)
{
	struct training *t = arg;

	t->lasting = NULL;
	t->put_down = true;
	training_settle(t);
}

static void on_patience(void *arg)
{
	struct training *t = arg;

	t->patience = NULL;
	log_warning("training: no checkpoint within %d s; what was done since the last is lost",
		    PATIENCE_MS / 1000);
	training_work_over(t);
	training_settle(t);
}

static void take_up(struct training *t, struct training_run *r)
{
	if (hold(t))
		return;
	t->at_work = r;
	if (training_process_want(t->process) < 0) {
		training_run_say(r, "out of memory");
		training_end(t, r, TRAINING_FAILED, true);
	}
}

/* With its checkpoint, as long as it may work on that. */
static int be_patient(struct training *t)
{
	t->patience = loop_cancel(t->patience);
	return t->stopped ? 0 : loop_after(t->d->loop, &t->patience, PATIENCE_MS, on_patience, t);
}

/* It writes its checkpoint and says so, unless there is nothing yet to write. */
static void ask_to_stop(struct training *t)
{
	t->told = true;
	if (!t->begun || training_process_stop(t->process) < 0 || be_patient(t) < 0)
		training_work_over(t);
}

/* The run at work, by what holds it up. */
static void settle_work(struct training *t)
{
	bool lasts = memory_pressure(t->d->memory) != PRESSURE_NONE || on_battery(t);
	bool stands;

	if (t->at_work->paused || memory_pressure(t->d->memory) == PRESSURE_HIGH)
		t->put_down = true;
	/* For its checkpoint it goes on, but not beside a request. */
	stands = t->put_down ? t->requests : hold(t) != NULL;
	if (stands != t->stopped) {
		t->stopped = stands;
		training_process_pause(t->process, stands);
		/* Without memory for its end, it is waited for. */
		if (t->told)
			(void)be_patient(t);
		training1_changed(t->d, t->at_work->id);
	}
	if (!lasts || t->put_down)
		t->lasting = loop_cancel(t->lasting);
	else if (!t->lasting)
		(void)loop_after(t->d->loop, &t->lasting, LASTING_MS, on_lasting, t);
	if (t->put_down && !stands && !t->told)
		ask_to_stop(t);
}

void training_settle(struct training *t)
{
	struct training_run *next;

	if (t->at_work)
		settle_work(t);
	next = t->at_work ? t->at_work : next_run(t);
	if (power_want(t->power, next != NULL) < 0)
		log_error("training: out of memory; the battery is not looked at");
	if (next && !t->at_work && !t->again)
		take_up(t, next);
}

static void on_calm(void *arg)
{
	struct training *t = arg;

	t->calm = NULL;
	t->requests = false;
	training_settle(t);
}

void training_look(struct training *t)
{
	if (!t)
		return;
	if (has_requests(t->d)) {
		t->requests = true;
		t->calm = loop_cancel(t->calm);
	} else if (t->requests && !t->calm &&
		   loop_after(t->d->loop, &t->calm, CALM_MS, on_calm, t) < 0) {
		t->requests = false;
	}
	training_settle(t);
}

static void on_power(void *arg)
{
	training_settle(arg);
}

int training_new(struct training **ret, struct daemon *d, const char *program)
{
	_cleanup_(training_freep) struct training *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->d = d;
	if (asprintf(&t->folder, "%s/training", d->paths.data) < 0) {
		t->folder = NULL;
		return -ENOMEM;
	}
	r = training_runs_read(&t->runs, t->folder, &t->last_id);
	if (r == 0)
		r = training_process_new(&t->process, d->loop, program,
					 d->config.require_sandbox, &training_work_events, t);
	if (r == 0)
		r = power_new(&t->power, d->loop, d->system, d->paths.power, on_power, t);
	if (r < 0)
		return r;
	training_settle(t);
	*ret = TAKE(t);
	return 0;
}

struct training *training_free(struct training *t)
{
	if (!t)
		return NULL;
	loop_cancel(t->calm);
	loop_cancel(t->lasting);
	loop_cancel(t->patience);
	loop_cancel(t->again);
	loop_cancel(t->room);
	training_process_free(t->process);
	power_free(t->power);
	while (t->runs) {
		struct training_run *next = t->runs->next;

		training_run_free(t->runs);
		t->runs = next;
	}
	free(t->folder);
	free(t);
	return NULL;
}

const struct training_run *training_next(const struct training *t, const struct training_run *r)
{
	r = r ? r->next : t->runs;
	while (r && r->coming)
		r = r->next;
	return r;
}

struct training_run *training_find(struct training *t, uint64_t id)
{
	struct training_run *r = t->runs;

	while (r && (r->id != id || r->coming))
		r = r->next;
	return r;
}

static void unlink_run(struct training *t, struct training_run *r)
{
	struct training_run **at = &t->runs;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	training_run_free(r);
}

static uint64_t room_for(const struct training_order *o)
{
	uint64_t rank = o->rank ? o->rank : TRAIN_USUAL_RANK;
	struct stat st;

	return ROOM_MIN + (stat(o->base, &st) == 0 ?
			   MIN((uint64_t)st.st_size / 2, ROOM_MAX) / TRAIN_USUAL_RANK * rank : 0);
}

static int run_start(struct work *work, struct store *store)
{
	struct start *s = container_of(work, struct start, work);
	_cleanup_free_ char *text = training_run_describe(s->run);

	(void)store;
	if (!text)
		return -ENOMEM;
	s->room = room_for(&s->run->order);
	return training_folder_create(s->run->folder, text, s->data, s->held_out, s->room);
}

static void answer_start(const struct start *s, int result)
{
	char text[200];

	if (result == -EINVAL || result == -EFBIG)
		snprintf(text, sizeof(text), "data: expected files with something in them, and "
			 "not more than %llu MiB", (unsigned long long)(TRAINING_DATA_MAX >> 20));
	else if (result == -ENOSPC)
		snprintf(text, sizeof(text), "the disk is too full: the run needs %llu MiB beside "
			 "its data", (unsigned long long)(s->room >> 20));
	else
		snprintf(text, sizeof(text), "the data cannot be copied: %s", strerror(-result));
	s->started(s->arg, result == -EINVAL ? DBUS_ERROR_INVALID_ARGS :
		   result == -EFBIG || result == -ENOSPC || result == -EDQUOT ?
		   DBUS_ERROR_LIMITS_EXCEEDED : "Internal", text, 0);
}

static void on_started(struct work *work, int result)
{
	struct start *s = container_of(work, struct start, work);
	struct training *t = s->t;

	s->run->coming = false;
	if (result < 0) {
		answer_start(s, result);
		unlink_run(t, s->run);
	} else {
		s->run->has_data = true;
		s->started(s->arg, NULL, "", s->run->id);
		training1_changed(t->d, s->run->id);
	}
	closep(&s->data);
	closep(&s->held_out);
	free(s);
	if (!t->d->stopping)
		training_settle(t);
}

static int check_start(const struct training *t, const char *name)
{
	size_t open = 0;

	for (const struct training_run *r = t->runs; r; r = r->next) {
		if (r->end != TRAINING_OPEN)
			continue;
		if (strcmp(r->order.name, name) == 0)
			return -EEXIST;
		open++;
	}
	return open >= OPEN_MAX ? -EAGAIN : 0;
}

static int duplicate(int from, int *ret)
{
	*ret = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, 3);
	return from >= 0 && *ret < 0 ? -errno : 0;
}

int training_start(struct training *t, struct training_order *order, int data, int held_out,
		   training_started_fn started, void *arg)
{
	struct training_run **at = &t->runs;
	struct start *s;
	int r = check_start(t, order->name);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	*s = (struct start){ .t = t, .data = -1, .held_out = -1,
			     .work = { .run = run_start, .done = on_started },
			     .started = started, .arg = arg };
	r = duplicate(data, &s->data);
	if (r == 0)
		r = duplicate(held_out, &s->held_out);
	if (r == 0)
		r = training_run_new(&s->run, t->folder, ++t->last_id);
	if (r < 0) {
		closep(&s->data);
		closep(&s->held_out);
		free(s);
		return r;
	}
	s->run->order = *order;
	*order = (struct training_order){ 0 };
	s->run->coming = true;
	while (*at)
		at = &(*at)->next;
	*at = s->run;
	worker_post(t->d->worker, &s->work);
	return 0;
}

int training_pause(struct training *t, struct training_run *r, training_filed_fn filed, void *arg)
{
	int e;

	if (r->end != TRAINING_OPEN)
		return -ESTALE;
	if (r->installing)
		return -EBUSY;
	r->paused = true;
	e = training_filing_post(t->d->worker, r, TRAINING_SAVE, -1, filed, arg);
	training_settle(t);
	training1_changed(t->d, r->id);
	return e;
}

int training_resume(struct training *t, struct training_run *r, training_filed_fn filed, void *arg)
{
	int e;

	if (r->end != TRAINING_OPEN && (r->end != TRAINING_FAILED || !r->has_data))
		return -ESTALE;
	if (r->end == TRAINING_FAILED) {
		e = check_start(t, r->order.name);
		if (e < 0)
			return e;
		/* Others of that name may have come since. */
		r->order.sequence = library_next_sequence(t->d->library, r->order.name);
	}
	r->end = TRAINING_OPEN;
	r->paused = r->no_space = false;
	r->ended = 0;
	r->losses = 0;
	training_run_say(r, "%s", "");
	e = training_filing_post(t->d->worker, r, TRAINING_SAVE, -1, filed, arg);
	training_settle(t);
	training1_changed(t->d, r->id);
	return e;
}

int training_stop(struct training *t, struct training_run *r, training_filed_fn filed, void *arg)
{
	uint64_t id = r->id;
	int e;

	if (r->installing)
		return -EBUSY;
	if (r == t->at_work)
		training_work_over(t);
	e = training_filing_post(t->d->worker, r, TRAINING_REMOVE, -1, filed, arg);
	unlink_run(t, r);
	training1_changed(t->d, id);
	training_settle(t);
	return e;
}
