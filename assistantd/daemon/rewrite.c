/* SPDX-License-Identifier: MIT */
/*
 * A text through the model, which writes it anew, piece by piece.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/corrections.h"
#include "assistantd/daemon/faithful.h"
#include "assistantd/daemon/fit.h"
#include "assistantd/daemon/job.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/passage.h"
#include "assistantd/daemon/pieces.h"
#include "util/jinja.h"
#include "util/macro.h"

/* A prompt's own tokens, and bytes of usual text to a token, on the safe side. */
enum { PROMPT_TOKENS = 24, PIECE_MIN = 64, PIECE_MAX = 1500 };
static const float bytes_per_token = 2.6f;

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

static int leave_piece(struct piece *p, const char *why)
{
	job_warn(p->job, why);
	p->replaced = true;
	return piece_set(p, piece_text(p), p->span.len);
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
	return piece_set(p, bounded.data, bounded.len);
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
	else if (job->task->kind == TASK_PROOFREAD)
		passage_check(p);
	else
		piece_finish(p);
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
	pieces_stop(job);
	pieces_drop(job);
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

void piece_failed(struct piece *p, int error, const struct engine_failed *failed)
{
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
		leave_piece(p, "a part was left as it was: it is too long for the model");
		piece_finish(p);
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

static void on_failed(void *arg, int error, const struct engine_failed *failed)
{
	piece_failed(arg, error, failed);
}

static const struct engine_call_ops call_ops = { .counted = on_counted, .text = on_text,
						.done = on_done, .failed = on_failed };

/* Where words of a prompt are from, besides the template itself. */
enum { FROM_TEXT = 1, FROM_OPTIONS };

/* The task's template over the piece: what the model reads as the user's turn. -ENOTSUP with a
 * hint that it has no place for. */
static int render(struct piece *p, struct engine_start *start, struct diag *d)
{
	struct job *job = p->job;
	json_t *text = json_stringn(piece_text(p), p->span.len);
	json_t *style = json_string(job->options.style ? job->options.style : "");
	json_t *hint = json_string(job->options.hint ? job->options.hint : "");
	struct jinja_variable variables[] = { { "text", text, FROM_TEXT, NULL },
					      { "style", style, FROM_TEXT, NULL },
					      { "hint", hint, FROM_OPTIONS, NULL } };
	bool hinted = !job->options.hint || !*job->options.hint;
	_cleanup_(jinja_output_freep) struct jinja_output *out = NULL;
	int r = text && style && hint ? jinja_render(&out, job->prompt, variables,
						     ARRAY_SIZE(variables), NULL, d) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < jinja_output_count(out); i++) {
		struct jinja_segment s = jinja_output_at(out, i);
		enum engine_cut cut = s.label == FROM_TEXT && !job->task->piecewise ?
				      ENGINE_CUT_TAIL : ENGINE_CUT_NEVER;

		hinted = hinted || s.label == FROM_OPTIONS;
		if (!s.label && start->n_fixed == i)
			start->n_fixed++;
		r = engine_start_add(start, ENGINE_ROLE_USER, 0, cut, 0, s.text, s.len);
		if (r == 0)
			start->segments[i].own = !s.label;
	}
	json_decref(text);
	json_decref(style);
	json_decref(hint);
	return r == 0 && !hinted ? -ENOTSUP : r;
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

void piece_refused(struct piece *p, int result, const struct diag *d)
{
	if (result == ENGINE_E_REFUSED)
		job_finish(p->job, "Internal", "this text ended the engine three times and is "
			   "refused");
	else if (result == -EPIPE)
		job_finish(p->job, "EngineLost", "the engine is being started again");
	else
		job_finish(p->job, "Internal", "%s", d && d->code ? d->text : strerror(-result));
}

static void begin_piece(struct piece *p)
{
	struct diag d = DIAG_NULL;
	int r = send_piece(p, &d);

	if (r == -ENOTSUP)
		job_finish(p->job, "Unsupported", "the prompt of %s has no place for a hint",
			   p->job->serving.n_uses ? p->job->adapter : p->job->task->name);
	else if (r != 0)
		piece_refused(p, r, &d);
}

static size_t piece_limit(const struct job *job)
{
	float tokens = (float)engine_model(job->d->engine)->context - PROMPT_TOKENS;
	float bytes = tokens / (1 + job->task->answer_share) * bytes_per_token;

	return bytes < PIECE_MIN ? PIECE_MIN : MIN((size_t)bytes, (size_t)PIECE_MAX);
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
	int r = jinja_parse(&job->prompt, job->serving.prompt, strlen(job->serving.prompt), &d);

	if (r < 0) {
		job_finish(job, "Internal", "the prompt of %s: %s: %s", job->task->name, d.field,
			   d.text);
		return;
	}
	pin(job);
	if (job->task->kind == TASK_PROOFREAD && !job->d->proofreader)
		job_warn(job, "without a spelling dictionary, or what belongs to it, the model "
			 "writes by itself");
	pieces_begin(job, job->task->piecewise ? piece_limit(job) : 0, begin_piece);
}
