/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/pieces.h"

#include <errno.h>
#include <string.h>

#include "assistantd/daemon/passage.h"
#include "util/macro.h"

/* Between this piece and the next one, or the end. */
static struct span gap_after(const struct job *job, size_t i)
{
	size_t from = job->pieces[i].span.start + job->pieces[i].span.len;
	size_t to = i + 1 < job->n_pieces ? job->pieces[i + 1].span.start
					  : job->text.start + job->text.len;

	return (struct span){ from, to - from };
}

static void append(struct job *job, const char *text, size_t len)
{
	if (buf_append(&job->result, text, len) == 0)
		job->units += text_units(text, len, job->options.unit);
}

int piece_set(struct piece *p, const char *text, size_t len)
{
	buf_reset(&p->out);
	return buf_append(&p->out, text, len);
}

static int compare(struct job *job, const struct piece *p)
{
	size_t first = job->edits.n;
	int r = edits_compare(piece_text(p), p->span.len, p->out.data, p->out.len, p->span.start,
			      &job->edits);

	if (r == 0 && p->passage)
		passage_explain(p->passage, p->span.start, job->edits.items + first,
				job->edits.n - first);
	return r;
}

static void complete(struct job *job)
{
	int r = 0;

	for (size_t i = 0; r == 0 && job->task->kind == TASK_PROOFREAD && i < job->n_pieces; i++)
		r = compare(job, &job->pieces[i]);
	if (r < 0)
		job_finish(job, "Internal", "%s", strerror(-r));
	else
		job_done(job);
}

/* The piece in its final form, at @at in the result: what was streamed of it needs no saying
 * again, unless it was taken back. */
static void tell_rest(struct job *job, const struct piece *p, size_t from, size_t at)
{
	size_t same = p->replaced || job->streamed > p->out.len ? 0 : job->streamed;

	from += text_units(job->result.data + at, same, job->options.unit);
	answer_delta(job, from, job->result.data + at + same, job->result.len - at - same);
	job->streamed = 0;
}

static bool next_is_finished(const struct job *job)
{
	return job->n_emitted < job->n_pieces && job->pieces[job->n_emitted].finished;
}

/* Puts finished pieces behind each other and tells the caller. */
static void emit(struct job *job)
{
	while (next_is_finished(job)) {
		struct piece *p = &job->pieces[job->n_emitted];
		struct span gap = gap_after(job, job->n_emitted);
		size_t from = job->units, at = job->result.len;

		append(job, p->out.data, p->out.len);
		append(job, job->input.data + gap.start, gap.len);
		job->n_emitted++;
		tell_rest(job, p, from, at);
	}
}

/* Keeps a few pieces in the engine; pieces without a letter need no model. */
static void begin_more(struct job *job)
{
	size_t limit = MIN(job->n_emitted + JOB_PIECES_AT_ONCE, job->n_pieces);

	while (job->state == JOB_RUNNING && job->n_begun < limit) {
		struct piece *p = &job->pieces[job->n_begun++];

		if (has_letters(piece_text(p), p->span.len)) {
			job->begin_piece(p);
		} else if (piece_set(p, piece_text(p), p->span.len) == 0) {
			p->finished = true;
		} else {
			job_finish(job, "Internal", "out of memory");
			return;
		}
	}
}

/* Never one inside the other: a text can have millions of pieces that need no model, and one that
 * is begun can be finished at once. */
static void go_on(struct job *job)
{
	if (job->goes_on)
		return;
	job->goes_on = true;
	do {
		emit(job);
		begin_more(job);
	} while (job->state == JOB_RUNNING && next_is_finished(job));
	job->goes_on = false;
	if (job->state == JOB_RUNNING && job->n_emitted == job->n_pieces)
		complete(job);
}

void piece_finish(struct piece *p)
{
	p->finished = true;
	go_on(p->job);
}

static int cut(struct job *job, size_t limit)
{
	struct spans spans = { 0 };
	const char *text = job->input.data + job->text.start;
	int r = 0;

	if (limit)
		r = sentences_pack(text, job->text.len, limit, &spans);
	job->n_pieces = limit ? spans.n : 1;
	job->pieces = calloc(job->n_pieces + 1, sizeof(*job->pieces));
	if (!job->pieces) {
		job->n_pieces = 0;
		r = -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < job->n_pieces; i++) {
		struct span s = limit ? spans.items[i] : (struct span){ 0, job->text.len };

		job->pieces[i].job = job;
		job->pieces[i].span = (struct span){ s.start + job->text.start, s.len };
	}
	spans_deinit(&spans);
	return r;
}

void pieces_begin(struct job *job, size_t limit, void (*begin)(struct piece *p))
{
	struct span before;
	int r = cut(job, limit);

	if (r < 0) {
		job_finish(job, "Internal", "%s", strerror(-r));
		return;
	}
	job->begin_piece = begin;
	/* What stands before the first piece is kept, too. */
	before = (struct span){ job->text.start, job->n_pieces
				? job->pieces[0].span.start - job->text.start : job->text.len };
	append(job, job->input.data + before.start, before.len);
	if (before.len)
		answer_delta(job, 0, job->result.data, job->result.len);
	if (job->n_pieces == 0)
		job_done(job);
	else
		go_on(job);
}

void pieces_stop(struct job *job)
{
	for (size_t i = 0; i < job->n_begun; i++)
		engine_cancel(job->d->engine, &job->pieces[i].call);
}

void pieces_drop(struct job *job)
{
	for (size_t i = 0; i < job->n_pieces; i++) {
		buf_deinit(&job->pieces[i].out);
		passage_free(job->pieces[i].passage);
	}
	free(job->pieces);
	job->pieces = NULL;
	job->n_pieces = job->n_begun = 0;
}
