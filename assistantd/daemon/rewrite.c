/* SPDX-License-Identifier: MIT */
/*
 * A text through the model. A long one goes piece by piece, several at once, and is put
 * together in its order: what stands between the pieces stays as it was.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/corrections.h"
#include "assistantd/daemon/faithful.h"
#include "assistantd/daemon/fit.h"
#include "assistantd/daemon/job.h"
#include "assistantd/daemon/log.h"
#include "util/jinja.h"
#include "util/macro.h"

/* A prompt's own tokens, and bytes of usual text to a token, on the safe side. */
enum { PROMPT_TOKENS = 24, PIECE_MIN = 64, PIECE_MAX = 1500 };
static const float bytes_per_token = 2.6f;

static const char *piece_text(const struct piece *p)
{
	return p->job->input.data + p->span.start;
}

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

/* Blanks around an answer are the model's, not the text's. */
static struct span trimmed(const struct buf *b)
{
	size_t from = 0, to = b->len;

	while (from < to && isspace((unsigned char)b->data[from]))
		from++;
	while (to > from && isspace((unsigned char)b->data[to - 1]))
		to--;
	return (struct span){ from, to - from };
}

static int set_out(struct piece *p, const char *text, size_t len)
{
	buf_reset(&p->out);
	return buf_append(&p->out, text, len);
}

static int leave_piece(struct piece *p, const char *why)
{
	job_warn(p->job, why);
	p->replaced = true;
	return set_out(p, piece_text(p), p->span.len);
}

/* Takes back what is no correction. */
static int bound_corrections(struct piece *p)
{
	_cleanup_(buf_deinit) struct buf bounded = BUF_NULL;
	struct span s = trimmed(&p->out);
	bool rejected = false;
	int r = corrections_apply(piece_text(p), p->span.len, p->out.data + s.start, s.len,
				  &bounded, &rejected);

	if (r < 0 || !rejected)
		return r;
	p->replaced = true;
	job_warn(p->job, "some of the model's changes were no corrections and were left out");
	return set_out(p, bounded.data, bounded.len);
}

/* What came back empty, or is beyond what its task can explain, leaves the piece as it was. */
static int check_piece(struct piece *p)
{
	struct span s = trimmed(&p->out);
	int r = 0;

	if (s.len == 0 || s.len > 6 * p->span.len + 200) {
		return leave_piece(p, "a part was left as it was: the model's answer did not fit "
				   "it");
	}
	if (p->job->task->kind == TASK_TONE &&
	    !faithful(piece_text(p), p->span.len, p->out.data + s.start, s.len))
		return leave_piece(p, "a part was left as it was: in other words it lost a name, "
				   "a number or a \"not\", or got one");
	if (p->job->task->kind == TASK_PROOFREAD)
		r = bound_corrections(p);
	s = trimmed(&p->out);
	memmove(p->out.data, p->out.data + s.start, s.len);
	p->out.len = s.len;
	p->out.data[s.len] = '\0';
	return r;
}

static void begin_pieces(struct job *job);

static void complete(struct job *job)
{
	int r = 0;

	for (size_t i = 0; r == 0 && job->task->kind == TASK_PROOFREAD && i < job->n_pieces; i++) {
		struct piece *p = &job->pieces[i];

		r = edits_compare(piece_text(p), p->span.len, p->out.data, p->out.len,
				  p->span.start, &job->edits);
	}
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

/* Puts finished pieces behind each other and tells the caller, then goes on. */
static void emit(struct job *job)
{
	while (job->n_emitted < job->n_pieces && job->pieces[job->n_emitted].finished) {
		struct piece *p = &job->pieces[job->n_emitted];
		struct span gap = gap_after(job, job->n_emitted);
		size_t from = job->units, at = job->result.len;

		append(job, p->out.data, p->out.len);
		append(job, job->input.data + gap.start, gap.len);
		job->n_emitted++;
		tell_rest(job, p, from, at);
	}
	if (job->n_emitted == job->n_pieces)
		complete(job);
	else
		begin_pieces(job);
}

static void on_counted(void *arg, const struct engine_counted *counted)
{
	struct piece *p = arg;

	if (counted->cut)
		job_warn(p->job, "the text was cut to fit the model's context");
	answer_progress(p->job, STAGE_READING);
}

static void on_text(void *arg, const char *text, size_t len, uint32_t n_tokens)
{
	struct piece *p = arg;
	struct job *job = p->job;
	size_t units;

	(void)n_tokens;
	/* Blanks before the first letter are not the text's. */
	while (p->out.len == 0 && len > 0 && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	if (buf_append(&p->out, text, len) < 0 || p != &job->pieces[job->n_emitted] ||
	    p->out.len == job->streamed)
		return;
	units = text_units(p->out.data, job->streamed, job->options.unit);
	answer_delta(job, job->units + units, p->out.data + job->streamed,
		     p->out.len - job->streamed);
	job->streamed = p->out.len;
}

static void on_done(void *arg, const struct engine_done *done)
{
	struct piece *p = arg;
	struct job *job = p->job;

	p->finished = true;
	job->tokens_in += done->tokens_in;
	job->tokens_out += done->tokens_out;
	job->loading_ms += done->loading_ms;
	job->reading_ms += done->reading_ms;
	job->writing_ms += done->writing_ms;
	if (done->finish == ENGINE_FINISH_LENGTH) {
		job->finish = "length";
		job_warn(job, "an answer was cut at its longest allowed length");
	}
	if (check_piece(p) < 0)
		job_finish(job, "Internal", "out of memory");
	else
		emit(job);
}

/* The request's adapter with this content, or NULL. */
static const struct installed *adapter_of(const struct job *job, const struct digest *digest)
{
	for (size_t i = 0; i < job->serving.n_uses; i++)
		if (digest_equal(&job->serving.uses[i].adapter.entry->digest, digest))
			return &job->serving.uses[i].adapter;
	return NULL;
}

static const char *name_of(const struct job *job, const struct digest *digest)
{
	const struct installed *i = adapter_of(job, digest);

	return i ? i->entry->manifest.name : "";
}

/* As before rewrite_begin(); of @job nothing has been written yet. */
static void undo(struct job *job)
{
	rewrite_stop(job);
	for (size_t i = 0; i < job->n_pieces; i++)
		buf_deinit(&job->pieces[i].out);
	free(job->pieces);
	job->pieces = NULL;
	job->n_pieces = job->n_begun = 0;
	job->prompt = jinja_free(job->prompt);
	buf_reset(&job->result);
	job->units = 0;
	job->adapter[0] = job->recorded[0] = '\0';
	job->adapter_digest[0] = job->base_digest[0] = '\0';
	job->scale = 1;
	library_release(&job->hold);
}

/*
 * An adapter's file is not what was installed, and is not tried again until it changes. What
 * was chosen for the caller is chosen anew without it, as long as nothing has been written.
 */
static void on_spoilt(struct job *job, const struct digest *digest, const char *text)
{
	const struct installed *i = adapter_of(job, digest);
	struct fit fit = { .state = FIT_GOOD };

	if (i) {
		spoilt_files_note(job->d->spoilt, i, text);
		fit_find(job->d, i, &fit);
	}
	if (job->options.n_adapters || job->n_emitted || job->streamed ||
	    (fit.state != FIT_FILE && fit.state != FIT_ABSENT)) {
		job_finish(job, "AdapterMismatch", "%s: %s", name_of(job, digest), text);
		return;
	}
	undo(job);
	job_work(job);
}

static void on_failed(void *arg, int error, const struct engine_failed *failed)
{
	struct piece *p = arg;
	struct job *job = p->job;
	const char *text = failed->text.len ? failed->text.data : "", *at_fault;

	switch (error) {
	case ENGINE_E_LOST:
		job_finish(job, "EngineLost", "the engine ended while it worked on this; it has "
			   "been started again");
		break;
	case ENGINE_E_TOO_LONG:
		if (!job->task->piecewise || job->n_pieces == 1) {
			job_finish(job, "TooLong", "%u tokens with the answer; the model has room "
				   "for %u", failed->needed, failed->limit);
			break;
		}
		p->finished = true;
		leave_piece(p, "a part was left as it was: it is too long for the model");
		emit(job);
		break;
	case ENGINE_E_DIGEST:
	case ENGINE_E_ADAPTER:
		on_spoilt(job, &failed->adapter, text);
		break;
	case ENGINE_E_INVALID:
		at_fault = name_of(job, &failed->adapter);
		job_finish(job, *at_fault ? "AdapterMismatch" : "Internal", "%s%s%s", at_fault,
			   *at_fault ? ": " : "", text);
		break;
	case ENGINE_E_NO_MODEL:
		job_finish(job, "ModelMissing", "%s", text);
		break;
	case ENGINE_E_BUSY:
		job->retry_after_ms = jobs_retry_after(job->d);
		job_finish(job, "Busy", "%s", text);
		break;
	default:
		job_finish(job, "Internal", "%s", *text ? text : "the engine failed");
	}
}

static const struct engine_call_ops call_ops = { .counted = on_counted, .text = on_text,
						.done = on_done, .failed = on_failed };

/* The task's template over the piece: what the model reads as the user's turn. */
static int render(struct piece *p, struct engine_start *start, struct diag *d)
{
	struct job *job = p->job;
	json_t *text = json_stringn(piece_text(p), p->span.len);
	json_t *style = json_string(job->options.style ? job->options.style : "");
	struct jinja_variable variables[] = { { "text", text, 1, NULL },
					      { "style", style, 1, NULL } };
	_cleanup_(jinja_output_freep) struct jinja_output *out = NULL;
	int r = text && style ? jinja_render(&out, job->prompt, variables, ARRAY_SIZE(variables),
					     NULL, d) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < jinja_output_count(out); i++) {
		struct jinja_segment s = jinja_output_at(out, i);
		enum engine_cut cut = s.label && !job->task->piecewise ? ENGINE_CUT_TAIL
								       : ENGINE_CUT_NEVER;

		if (!s.label && start->n_fixed == i)
			start->n_fixed++;
		r = engine_start_add(start, ENGINE_ROLE_USER, 0, cut, 0, s.text, s.len);
		if (r == 0)
			start->segments[i].own = !s.label;
	}
	json_decref(text);
	json_decref(style);
	return r;
}

static int open_adapters(const struct job *job, struct engine_start *start)
{
	for (size_t i = 0; i < job->serving.n_uses; i++) {
		const struct serving_use *use = &job->serving.uses[i];
		int fd = library_open(&use->adapter);

		if (fd < 0)
			return fd;
		start->uses[start->n_uses++] = (struct engine_use){
			.fd = fd, .digest = use->adapter.entry->digest, .scale = use->scale };
	}
	return 0;
}

static int send_piece(struct piece *p, struct diag *d)
{
	struct job *job = p->job;
	struct engine_start *start = malloc(sizeof(*start));
	int r;

	if (!start)
		return -ENOMEM;
	*start = (struct engine_start)ENGINE_START_NULL;
	start->max_tokens = job->options.max_tokens;
	start->answer_share = job->task->answer_share;
	start->temperature = (float)job->options.temperature;
	start->seed = job->options.seed;
	start->lane = job->options.priority;
	start->draft = true;
	p->call.ops = &call_ops;
	p->call.arg = p;
	r = open_adapters(job, start);
	if (r == 0)
		r = render(p, start, d);
	if (r == 0)
		r = engine_start_call(job->d->engine, &p->call, ENGINE_START, start);
	engine_start_deinit(start);
	free(start);
	return r;
}

static void begin_piece(struct piece *p)
{
	struct diag d = DIAG_NULL;
	int r = send_piece(p, &d);

	if (r == 0)
		return;
	if (r == ENGINE_E_REFUSED)
		job_finish(p->job, "Internal", "this text ended the engine three times and is "
			   "refused");
	else if (r == -EPIPE)
		job_finish(p->job, "EngineLost", "the engine is being started again");
	else
		job_finish(p->job, "Internal", "%s", d.code ? d.text : strerror(-r));
}

/* Keeps a few pieces in the engine; pieces without a letter need no model. */
static void begin_pieces(struct job *job)
{
	size_t limit = MIN(job->n_emitted + JOB_PIECES_AT_ONCE, job->n_pieces);

	while (job->state == JOB_RUNNING && job->n_begun < limit) {
		struct piece *p = &job->pieces[job->n_begun++];

		if (has_letters(piece_text(p), p->span.len)) {
			begin_piece(p);
		} else if (set_out(p, piece_text(p), p->span.len) == 0) {
			p->finished = true;
		} else {
			job_finish(job, "Internal", "out of memory");
			return;
		}
	}
	if (job->state == JOB_RUNNING && job->n_emitted < job->n_pieces &&
	    job->pieces[job->n_emitted].finished)
		emit(job);
}

static size_t piece_limit(const struct job *job)
{
	float tokens = (float)engine_model(job->d->engine)->context - PROMPT_TOKENS;
	float bytes = tokens / (1 + job->task->answer_share) * bytes_per_token;

	return bytes < PIECE_MIN ? PIECE_MIN : MIN((size_t)bytes, (size_t)PIECE_MAX);
}

static int cut_pieces(struct job *job)
{
	struct spans spans = { 0 };
	const char *text = job->input.data + job->text.start;
	int r = 0;

	if (job->task->piecewise)
		r = sentences_pack(text, job->text.len, piece_limit(job), &spans);
	job->n_pieces = job->task->piecewise ? spans.n : 1;
	job->pieces = calloc(job->n_pieces + 1, sizeof(*job->pieces));
	if (!job->pieces) {
		job->n_pieces = 0;
		r = -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < job->n_pieces; i++) {
		struct span s = job->task->piecewise ? spans.items[i]
						     : (struct span){ 0, job->text.len };

		job->pieces[i].job = job;
		job->pieces[i].span = (struct span){ s.start + job->text.start, s.len };
	}
	spans_deinit(&spans);
	return r;
}

/* The request is pinned: these are the digests that the receipt names. */
static void pin(struct job *job)
{
	char *at = job->adapter_digest;

	library_hold(job->d->library, &job->hold);
	digest_to_hex(&engine_model(job->d->engine)->digest, job->base_digest);
	job->generation = library_generation(job->d->library);
	serving_names(&job->serving, false, job->adapter);
	serving_names(&job->serving, job->serving.n_uses > 1, job->recorded);
	if (job->serving.n_uses == 1)
		job->scale = job->serving.uses[0].scale;
	for (size_t i = 0; i < job->serving.n_uses; i++, at += DIGEST_HEX_LEN) {
		if (i)
			*at++ = ',';
		digest_to_hex(&job->serving.uses[i].adapter.entry->digest, at);
	}
}

void rewrite_begin(struct job *job)
{
	struct diag d = DIAG_NULL;
	struct span before;
	int r = jinja_parse(&job->prompt, job->serving.prompt, strlen(job->serving.prompt), &d);

	if (r < 0) {
		job_finish(job, "Internal", "the prompt of %s: %s: %s", job->task->name, d.field,
			   d.text);
		return;
	}
	pin(job);
	r = cut_pieces(job);
	if (r < 0) {
		job_finish(job, "Internal", "%s", strerror(-r));
		return;
	}
	/* What stands before the first piece is kept, too. */
	before = (struct span){ job->text.start, job->n_pieces
				? job->pieces[0].span.start - job->text.start : job->text.len };
	append(job, job->input.data + before.start, before.len);
	if (before.len)
		answer_delta(job, 0, job->result.data, job->result.len);
	if (job->n_pieces == 0)
		job_done(job);
	else
		begin_pieces(job);
}

void rewrite_stop(struct job *job)
{
	for (size_t i = 0; i < job->n_begun; i++)
		engine_cancel(job->d->engine, &job->pieces[i].call);
}
