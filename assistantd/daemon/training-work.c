/* SPDX-License-Identifier: MIT */
/* The run at work: what its process is told, and what becomes of what it says. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <time.h>

#include "assistantd/daemon/log.h"
#include "assistantd/daemon/notify.h"
#include "assistantd/daemon/stage.h"
#include "assistantd/daemon/training-private.h"
#include "util/macro.h"

/* How often a process may end by itself without a step in between; how many runs that have ended
 * are kept; how long until a checkpoint that is still held by another process, and until a full
 * disk, is tried again. */
enum { LOSSES_MAX = 4, ENDED_MAX = 16, AGAIN_MS = 1000, ROOM_MS = 300 * 1000 };

/* A package on its way in. */
struct installing {
	struct training *t;
	struct training_run *run;
	struct manifest expected;
};

void training_work_over(struct training *t)
{
	training_process_rest(t->process);
	t->opening = training_opening_cancel(t->opening);
	t->at_work = NULL;
	t->begun = t->stopped = t->put_down = t->told = false;
	t->lasting = loop_cancel(t->lasting);
	t->patience = loop_cancel(t->patience);
}

static void notify_of(const struct training *t, const struct training_run *r)
{
	static const char *const said[TRAINING_END_COUNT] = {
		[TRAINING_INSTALLED] = "is trained and installed",
		[TRAINING_REJECTED] = "is trained, and no better than the model alone",
		[TRAINING_FAILED] = "could not be trained",
	};
	char summary[160];
	const struct notify_note note = { .summary = summary, .body = r->text ? r->text : "",
					  .urgency = NOTIFY_NORMAL };

	snprintf(summary, sizeof(summary), "The adapter %s %s", r->order.name, said[r->end]);
	log_info("training %llu: %s: %s", (unsigned long long)r->id, summary, note.body);
	if (t->d->notify && notify_show(t->d->notify, &note, NULL, NULL, NULL) < 0)
		log_warning("training: out of memory; no notification");
}

/* The oldest of those that have ended goes; @kept stays. */
static void forget_old(struct training *t, const struct training_run *kept)
{
	struct training_run *oldest = NULL;
	size_t n = 0;

	for (struct training_run *r = t->runs; r; r = r->next) {
		if (r->end == TRAINING_OPEN || r == kept)
			continue;
		oldest = oldest ? oldest : r;
		n++;
	}
	if (n >= ENDED_MAX)
		(void)training_stop(t, oldest, NULL, NULL);
}

void training_end(struct training *t, struct training_run *r, enum training_end end, bool keep)
{
	int e;

	if (r == t->at_work)
		training_work_over(t);
	r->end = end;
	r->ended = time(NULL);
	r->has_data &= keep;
	e = training_filing_post(t->d->worker, r, TRAINING_SAVE | (keep ? 0 : TRAINING_CLEAN), -1,
				 NULL, NULL);
	if (e < 0)
		log_error("%s: %s", r->folder, strerror(-e));
	notify_of(t, r);
	training1_changed(t->d, r->id);
	forget_old(t, r);
	training_settle(t);
}

static uint32_t threads_for(const struct training *t, const struct training_run *r)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	if (r->order.threads)
		return r->order.threads;
	if (t->d->config.training_threads)
		return t->d->config.training_threads;
	/* One is left for whoever sits before the screen. */
	return (uint32_t)CLAMP(n - 1, 1, 64);
}

static void on_again(void *arg)
{
	struct training *t = arg;

	t->again = NULL;
	training_settle(t);
}

/* Where nothing is wrong with the data it may be mended, and resumed. */
static void fail(struct training *t, const char *field, const char *text, bool keep)
{
	struct training_run *r = t->at_work;

	training_run_say(r, "%s%s%s", field, *field ? ": " : "", text);
	training_end(t, r, TRAINING_FAILED, keep);
}

static void on_opened(void *arg, int result, const char *what, struct train_begin *begin)
{
	struct training *t = arg;

	t->opening = NULL;
	/* In its next life it goes on. */
	if (t->d->stopping)
		return;
	begin->threads = threads_for(t, t->at_work);
	if (result == 0)
		result = training_process_begin(t->process, begin);
	/* It has just ended by itself: on_lost() follows. */
	if (result == -EPIPE)
		return;
	if (result == -EWOULDBLOCK) {
		training_work_over(t);
		(void)loop_after(t->d->loop, &t->again, AGAIN_MS, on_again, t);
	} else if (result < 0) {
		fail(t, what, strerror(-result), true);
	} else {
		t->begun = true;
		/* It may have been to stand still before it was there. */
		training_process_pause(t->process, t->stopped);
		training_settle(t);
	}
}

static void on_ready(void *arg)
{
	struct training *t = arg;
	int e = training_opening_new(&t->opening, t->d->worker, t->at_work,
				     engine_digests(t->d->engine), on_opened, t);

	if (e < 0)
		fail(t, t->at_work->folder, strerror(-e), true);
}

static void on_progress(void *arg, const struct train_progress *progress)
{
	struct training *t = arg;

	/* A run that goes on is where it was, until its checkpoint has been read. */
	if (progress->stage == TRAIN_READING)
		t->at_work->figures.stage = TRAIN_READING;
	else
		t->at_work->figures = *progress;
	training1_changed(t->d, t->at_work->id);
}

/* The page stands in the run's folder; without it the run is as good. */
static void on_kept(void *arg, uint64_t id, int result)
{
	struct training_run *r = training_find(arg, id);

	if (r && result < 0)
		r->has_report = false;
}

static void keep_report(struct training *t, struct training_run *r, int report)
{
	int e = training_filing_post(t->d->worker, r, TRAINING_KEEP, report, on_kept, t);

	r->has_report = e == 0;
	if (e < 0)
		log_error("%s: the report: %s", r->folder, strerror(-e));
}

static void on_staged(void *arg, const char *error, const char *text,
		      const struct stage_facts *facts)
{
	struct installing *i = arg;
	struct training_run *r = i->run;
	struct training *t = i->t;

	r->installing = false;
	/* Cut off by the end of the service: it is done again from the checkpoint. */
	if (!error || !t->d->stopping) {
		if (error)
			training_run_say(r, "it could not be installed: %s", text);
		else
			digest_to_hex(&facts->inspected->digest, r->digest);
		training_end(t, r, error ? TRAINING_FAILED : TRAINING_INSTALLED, error);
	}
	free(i);
}

static void install(struct training *t, struct training_run *r, const struct train_done *done)
{
	struct installing *i = calloc(1, sizeof(*i));
	struct stage_order order = { .package = done->package_fd, .commit = true,
				     .done = on_staged, .arg = i };
	int e = i ? 0 : -ENOMEM;

	if (e == 0) {
		*i = (struct installing){ .t = t, .run = r,
					  .expected = { .name = r->order.name,
							.task = r->order.task,
							.style = r->order.style } };
		order.expected = &i->expected;
		e = stage_begin(t->d, &order);
	}
	r->installing = e == 0;
	if (e == 0)
		return;
	free(i);
	training_run_say(r, "%s", strerror(-e));
	training_end(t, r, TRAINING_FAILED, true);
}

static void on_done(void *arg, struct train_done *done)
{
	struct training *t = arg;
	struct training_run *r = t->at_work;

	r->figures.step = done->steps;
	r->figures.tokens = done->tokens;
	r->figures.held_out = done->held_out;
	r->figures.held_out_base = done->held_out_base;
	r->figures.seconds_left = 0;
	training_run_say(r, "%s", done->text.len ? done->text.data : "");
	keep_report(t, r, done->report_fd);
	training_work_over(t);
	if (!done->better) {
		training_end(t, r, TRAINING_REJECTED, false);
		return;
	}
	install(t, r, done);
	training1_changed(t->d, r->id);
	training_settle(t);
}

static void on_room(void *arg)
{
	struct training *t = arg;

	t->room = NULL;
	for (struct training_run *r = t->runs; r; r = r->next)
		r->no_space = false;
	training_settle(t);
}

/* Others may find room meanwhile; it is tried again after a while. */
static void wait_for_room(struct training *t)
{
	struct training_run *r = t->at_work;

	r->no_space = true;
	log_warning("%s: no room for the checkpoint", r->folder);
	training_work_over(t);
	if (!t->room && loop_after(t->d->loop, &t->room, ROOM_MS, on_room, t) < 0)
		log_error("training: out of memory; it goes on when it is resumed");
	training1_changed(t->d, r->id);
	training_settle(t);
}

static void on_failed(void *arg, enum train_error error, const char *field, const char *text)
{
	struct training *t = arg;
	struct training_run *r = t->at_work;

	if (error == TRAIN_E_SPACE) {
		wait_for_room(t);
	} else if (error == TRAIN_E_STOPPED) {
		training_work_over(t);
		training1_changed(t->d, r->id);
		training_settle(t);
	} else {
		/* Nothing that could be mended makes these better. */
		fail(t, field, text, error != TRAIN_E_DATA && error != TRAIN_E_HELD_OUT &&
				     error != TRAIN_E_OPTIONS);
	}
}

/* A new one is started meanwhile. */
static void on_lost(void *arg)
{
	struct training *t = arg;
	struct training_run *r = t->at_work;

	t->begun = t->stopped = false;
	t->opening = training_opening_cancel(t->opening);
	if (t->told) {
		training_work_over(t);
		training_settle(t);
		return;
	}
	if (r->figures.step > r->step_at_loss) {
		r->step_at_loss = r->figures.step;
		r->losses = 0;
	}
	if (++r->losses < LOSSES_MAX)
		return;
	training_run_say(r, "the process that trains ended by itself %d times at step %llu; the "
			 "log of the service has more", LOSSES_MAX,
			 (unsigned long long)r->figures.step);
	training_end(t, r, TRAINING_FAILED, true);
}

const struct training_process_events training_work_events = { on_ready, on_progress, on_done,
							      on_failed, on_lost };
