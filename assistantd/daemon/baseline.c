/* SPDX-License-Identifier: MIT */
/* Summaries and replies without a model: their results say so. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/job.h"
#include "assistantd/daemon/summary.h"
#include "assistantd/daemon/verbatim.h"
#include "util/macro.h"

/* What is read of a text, so that no text keeps the others waiting. */
enum { SUMMARY_BYTES = 1 << 20, REPLY_BYTES = 64 * 1024 };

static size_t readable(struct job *job, size_t max)
{
	if (job->text.len > max)
		job_warn(job, "only the beginning of the text was read");
	return MIN(job->text.len, max);
}

/* A sentence of its own in the result: who says it, unless that was said, and a capital, but for
 * addresses and code. */
static int add_line(struct job *job, const struct statement *s, bool named)
{
	size_t from = job->result.len, first, end = s->text.start + s->text.len;
	bool capital = !verbatim_word(job->input.data, end, s->text.start) &&
		       !verbatim_line(job->input.data, end, s->text.start);
	int r = 0;

	if (named)
		r = buf_append(&job->result, job->input.data + s->speaker.start, s->speaker.len);
	first = job->result.len;
	if (r == 0)
		r = buf_append(&job->result, job->input.data + s->text.start, s->text.len);
	if (r == 0 && capital)
		job->result.data[first] = (char)toupper((unsigned char)job->result.data[first]);
	if (r == 0)
		text_on_one_line(job->result.data + first, job->result.len - first);
	return r < 0 ? r : spans_add(&job->lines, from, job->result.len);
}

static int add_between(struct job *job)
{
	char last = job->result.data[job->result.len - 1];

	if (job->options.summary == SUMMARY_KEYPOINTS)
		return buf_append_char(&job->result, '\n');
	return buf_append_str(&job->result, isalnum((unsigned char)last) ? ". " : " ");
}

static int write_summary(struct job *job)
{
	struct span before = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->summary.n; i++) {
		struct statement *s = &job->summary.items[i];
		bool named = s->speaker.len && (s->speaker.len != before.len ||
			     memcmp(job->input.data + s->speaker.start,
				    job->input.data + before.start, before.len) != 0);

		if (job->options.summary == SUMMARY_KEYPOINTS)
			named = s->speaker.len;
		before = s->speaker;
		if (!named)
			s->speaker.len = 0;
		if (i)
			r = add_between(job);
		if (r == 0)
			r = add_line(job, s, named);
	}
	if (r == 0 && job->summary.cut)
		r = buf_append_str(&job->result, "…");
	return r;
}

static int summarize(struct job *job)
{
	bool headline = job->options.summary == SUMMARY_HEADLINE;
	const struct summary_of how = {
		.rarity = job->d->rarity, .words = job->d->words,
		.want = headline ? 1 : job->options.sentences,
		.longest = headline ? SUMMARY_LINE : 0,
	};
	int r = summary_extract(job->input.data + job->text.start, readable(job, SUMMARY_BYTES),
				&how, &job->summary);

	for (size_t i = 0; i < job->summary.n; i++) {
		job->summary.items[i].speaker.start += job->text.start;
		job->summary.items[i].text.start += job->text.start;
	}
	return r < 0 ? r : write_summary(job);
}

/* Of the conversation so far: who wrote last, and what was said, the newest first. */
static int look_back(const struct thread *thread, struct reply_to *to, struct buf *earlier)
{
	int r = 0;

	for (size_t i = thread->n; r == 0 && i > 0; i--) {
		const struct thread_message *m = &thread->items[i - 1];

		r = buf_append_str(earlier, m->text);
		if (r == 0)
			r = buf_append_char(earlier, '\n');
		if (!m->me && !to->name && m->from && *m->from)
			to->name = m->from;
	}
	to->earlier = earlier->len ? earlier->data : NULL;
	return r;
}

static bool has_hint(const struct job *job)
{
	return job->options.hint && *job->options.hint;
}

/* 0; HINT_E_UNKNOWN where no reply says what the hint wants; -ENOMEM. */
static int suggest(struct job *job)
{
	_cleanup_(hint_deinit) struct hint hint = { 0 };
	struct reply replies[JOB_CANDIDATES_MAX];
	struct reply_to to = { .text = job->input.data + job->text.start,
			       .len = readable(job, REPLY_BYTES) };
	_cleanup_(buf_deinit) struct buf earlier = BUF_NULL;
	size_t n = 0;
	int r = look_back(&job->options.thread, &to, &earlier);

	if (r == 0 && has_hint(job)) {
		r = hints_find(job->d->hints, replies_mentions(job->d->replies),
			       job->options.hint, &hint);
		to.hint = &hint;
	}
	if (r == 0)
		r = replies_choose(job->d->replies, job->d->message_kinds, &to, replies,
				   MIN((size_t)job->options.count, (size_t)JOB_CANDIDATES_MAX),
				   &n);
	for (size_t i = 0; i < n; i++)
		job->candidates[job->n_candidates++] =
			(struct candidate){ replies[i].kind, replies[i].intent,
					    replies[i].text };
	if (r == 0 && n == 0)
		r = HINT_E_UNKNOWN;
	return r ? r : buf_append_str(&job->result, job->candidates[0].text);
}

void baseline_begin(struct job *job)
{
	int r;

	job->source = "baseline";
	if (job->task->kind == TASK_REPLY && !(job->d->replies && job->d->message_kinds &&
					       (job->d->hints || !has_hint(job)))) {
		job_finish(job, "TaskUnavailable", "the files of replies could not be read");
		return;
	}
	r = job->task->kind == TASK_SUMMARIZE ? summarize(job) : suggest(job);
	if (r == HINT_E_UNKNOWN) {
		job_finish(job, "Unsupported", "without a larger model, no reply to this message "
			   "says '%.80s'; try \"yes\", \"no\", \"later\", \"ask for Friday\", "
			   "or \"say\" with the words themselves", job->options.hint);
		return;
	}
	if (r < 0) {
		job_finish(job, "Internal", "%s", strerror(-r));
		return;
	}
	answer_delta(job, 0, job->result.data, job->result.len);
	job_done(job);
}
