/* SPDX-License-Identifier: MIT */
/* Summaries and replies without a model: their results say so. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/job.h"
#include "assistantd/daemon/summary.h"
#include "util/macro.h"

static int join(struct job *job, const char *between)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->sentences.n; i++) {
		struct span *s = &job->sentences.items[i];

		if (i > 0)
			r = buf_append_str(&job->result, between);
		if (r == 0)
			r = buf_append(&job->result, job->input.data + s->start, s->len);
	}
	return r;
}

/* What is read of a text, so that no text keeps the others waiting. */
enum { SUMMARY_BYTES = 1 << 20, REPLY_BYTES = 64 * 1024 };

static size_t readable(struct job *job, size_t max)
{
	if (job->text.len > max)
		job_warn(job, "only the beginning of the text was read");
	return MIN(job->text.len, max);
}

static int summarize(struct job *job)
{
	const char *text = job->input.data + job->text.start;
	bool headline = job->options.summary == SUMMARY_HEADLINE;
	size_t want = headline ? 1 : job->options.sentences;
	int r = summary_extract(text, readable(job, SUMMARY_BYTES), want, &job->sentences,
				&job->headline);

	for (size_t i = 0; i < job->sentences.n; i++)
		job->sentences.items[i].start += job->text.start;
	if (r < 0)
		return r;
	return join(job, job->options.summary == SUMMARY_KEYPOINTS ? "\n" : " ");
}

static int suggest(struct job *job)
{
	struct reply replies[JOB_CANDIDATES_MAX];
	const char *kind;
	size_t n = replies_choose(job->d->replies, job->input.data + job->text.start,
				  readable(job, REPLY_BYTES), replies,
				  MIN((size_t)job->options.count, (size_t)JOB_CANDIDATES_MAX),
				  &kind);

	for (size_t i = 0; i < n; i++) {
		char *copy = strdup(replies[i].text);

		if (!copy)
			return -ENOMEM;
		job->candidates[job->n_candidates++] =
			(struct candidate){ replies[i].intent, copy };
	}
	return n ? buf_append_str(&job->result, job->candidates[0].text) : -ENOENT;
}

void baseline_begin(struct job *job)
{
	int r;

	job->source = "baseline";
	if (job->task->kind == TASK_REPLY && !job->d->replies) {
		job_finish(job, "TaskUnavailable", "the file of replies could not be read");
		return;
	}
	r = job->task->kind == TASK_SUMMARIZE ? summarize(job) : suggest(job);
	if (r < 0) {
		job_finish(job, "Internal", "%s", strerror(-r));
		return;
	}
	answer_delta(job, 0, job->result.data, job->result.len);
	job_done(job);
}
