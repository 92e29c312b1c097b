/* SPDX-License-Identifier: MIT */
/* What the caller is told: progress, text as it comes, and exactly one answer. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/action.h"
#include "assistantd/daemon/ask.h"
#include "assistantd/daemon/job-private.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/trim.h"
#include "util/macro.h"
#include "util/utf8.h"

#define REQUEST_INTERFACE "org.assistantd.Request1"

/* A signal without its text, about. */
enum { MESSAGE_BYTES = 320 };

/* A signal to the caller alone; NULL where there is nobody to tell. */
static DBusMessage *signal_to(struct job *job, const char *name, DBusMessageIter *at)
{
	DBusMessage *m;

	if (!job->path || job->departed)
		return NULL;
	m = dbus_message_new_signal(job->path, REQUEST_INTERFACE, name);
	if (m && !dbus_message_set_destination(m, job->caller->name)) {
		dbus_message_unref(m);
		return NULL;
	}
	if (m)
		dbus_message_iter_init_append(m, at);
	return m;
}

void answer_progress(struct job *job, enum job_stage stage)
{
	DBusMessageIter at, dict;
	DBusMessage *m = caller_reads(job->caller) ? signal_to(job, "Progress", &at) : NULL;

	if (!m)
		return;
	out_open_dict(&at, &dict);
	out_dict_u32(&dict, "stage", stage);
	out_dict_u32(&dict, "position", job->d->queued);
	out_close_dict(&at, &dict);
	bus_send(job->d->bus, m);
	caller_sent(job->caller, MESSAGE_BYTES);
}

/* Cuts the stream where it is @units long. */
static void cut_stream(struct job *job, size_t units)
{
	size_t at = 0, seen = 0, size;

	if (units >= job->stream_units)
		return;
	for (; at < job->stream.len && seen < units; at += size) {
		utf8_decode(job->stream.data + at, job->stream.len - at, &size);
		seen += text_units(job->stream.data + at, size, job->options.unit);
	}
	job->stream.len = at;
	job->stream_units = seen;
	job->told = MIN(job->told, at);
	job->told_units = MIN(job->told_units, seen);
}

static void tell_stream(struct job *job)
{
	const char *rest = job->stream.data + job->told;
	size_t len = job->stream.len - job->told;
	DBusMessageIter at;
	DBusMessage *m;

	if (len == 0)
		return;
	m = signal_to(job, "Delta", &at);
	if (!m)
		return;
	out_u32(&at, ++job->seq);
	out_u32(&at, 0);
	out_u32(&at, (uint32_t)job->told_units);
	out_string(&at, rest, len);
	bus_send(job->d->bus, m);
	caller_sent(job->caller, len + MESSAGE_BYTES);
	job->told = job->stream.len;
	job->told_units = job->stream_units;
}

void answer_resume(struct job *job)
{
	if (caller_reads(job->caller))
		tell_stream(job);
}

void answer_delta(struct job *job, size_t from, const char *text, size_t len)
{
	/* Who gave a descriptor reads the text there. */
	if (job->out_fd >= 0 || len == 0 || !job->path || job->departed)
		return;
	cut_stream(job, from);
	if (buf_append(&job->stream, text, len) < 0)
		return;
	job->stream_units += text_units(text, len, job->options.unit);
	answer_resume(job);
}

/* A place of @text, in the caller's unit. */
static void out_place(DBusMessageIter *dict, const struct job *job, const struct buf *text,
		      struct span s)
{
	enum offset_unit unit = job->options.unit;

	out_dict_u32(dict, "start", (uint32_t)text_units(text->data, s.start, unit));
	out_dict_u32(dict, "length", (uint32_t)text_units(text->data + s.start, s.len, unit));
}

static void out_source(struct out_list *sources, const struct job *job, struct span s)
{
	out_place(out_list_next(sources), job, &job->input, s);
	out_list_end_item(sources);
}

/* Edits stand in the order of the text, so that it is counted through only once. */
static void out_edits(const struct job *job, DBusMessageIter *dict)
{
	enum offset_unit unit = job->options.unit;
	size_t at = 0, units = 0;
	struct out_list list;

	out_open_list(&list, dict, "edits");
	for (size_t i = 0; i < job->edits.n; i++) {
		const struct edit *e = &job->edits.items[i];
		DBusMessageIter *item = out_list_next(&list);

		units += text_units(job->input.data + at, e->start - at, unit);
		at = e->start;
		out_dict_u32(item, "start", (uint32_t)units);
		out_dict_u32(item, "length",
			     (uint32_t)text_units(job->input.data + at, e->len, unit));
		out_dict_string(item, "original", job->input.data + e->start, e->len);
		out_dict_string(item, "replacement", e->replacement, e->replacement_len);
		if (e->kind) {
			out_dict_str(item, "kind", e->kind);
			out_dict_double(item, "confidence", e->confidence);
		}
		out_list_end_item(&list);
	}
	out_close_list(&list);
}

/* The most telling sentence as a line, for where there is room for no more. */
static void out_headline(const struct job *job, DBusMessageIter *dict)
{
	const struct statement *best = &job->summary.items[job->summary.best];
	bool cut = job->summary.cut;
	struct span s = trim_clause(job->input.data, best->text, SUMMARY_LINE, &cut);
	char line[SUMMARY_LINE + sizeof("…")];

	snprintf(line, sizeof(line), "%.*s%s", (int)s.len, job->input.data + s.start,
		 cut || job->summary.cut ? "…" : "");
	line[0] = (char)toupper((unsigned char)line[0]);
	text_on_one_line(line, strlen(line));
	out_dict_str(dict, "headline", line);
}

static void out_summary(const struct job *job, DBusMessageIter *dict)
{
	struct out_list list, sources;

	if (job->summary.n == 0)
		return;
	out_headline(job, dict);
	if (job->options.summary == SUMMARY_KEYPOINTS)
		out_dict_lines(dict, "keypoints", job->result.data);
	out_open_list(&list, dict, "sentences");
	for (size_t i = 0; i < job->summary.n; i++) {
		const struct statement *s = &job->summary.items[i];
		DBusMessageIter *item = out_list_next(&list);

		out_place(item, job, &job->result, job->lines.items[i]);
		out_dict_bool(item, "extracted", true);
		out_open_list(&sources, item, "sources");
		if (s->speaker.len)
			out_source(&sources, job, s->speaker);
		out_source(&sources, job, s->text);
		out_close_list(&sources);
		out_list_end_item(&list);
	}
	out_close_list(&list);
}

static void out_candidates(const struct job *job, DBusMessageIter *dict)
{
	struct out_list list;

	out_open_list(&list, dict, "candidates");
	for (size_t i = 0; i < job->n_candidates; i++) {
		DBusMessageIter *item = out_list_next(&list);

		out_dict_str(item, "text", job->candidates[i].text);
		out_dict_str(item, "intent", job->candidates[i].intent);
		out_dict_str(item, "kind", job->candidates[i].kind);
		out_list_end_item(&list);
	}
	out_close_list(&list);
}

void answer_results(const struct job *job, DBusMessageIter *dict)
{
	out_dict_u64(dict, "id", (uint64_t)job->id);
	out_dict_str(dict, "finish", job->finish);
	out_dict_str(dict, "source", job->source);
	out_dict_str(dict, "adapter", job->adapter);
	out_dict_str(dict, "adapter_digest", job->adapter_digest);
	out_dict_str(dict, "base_digest", job->base_digest);
	out_dict_u32(dict, "generation", job->generation);
	out_dict_str(dict, "language", job->options.language ? job->options.language : "en");
	out_dict_u32(dict, "tokens_in", (uint32_t)job->tokens_in);
	out_dict_u32(dict, "tokens_out", (uint32_t)job->tokens_out);
	out_dict_u32(dict, "time_ms", (uint32_t)(loop_now() - job->created_ms));
	out_dict_strings(dict, "warnings", job->warnings, job->n_warnings);
	if (job->kind)
		out_dict_str(dict, "kind", job->kind);
	if (job->ask)
		ask_out(job->ask, dict);
	switch (job->task->kind) {
	case TASK_PROOFREAD:
		out_edits(job, dict);
		break;
	case TASK_SUMMARIZE:
		out_summary(job, dict);
		break;
	case TASK_REPLY:
		out_candidates(job, dict);
		break;
	case TASK_NOTIFICATIONS:
		notifications_out(job, dict);
		break;
	case TASK_ASK:
	case TASK_TOOL:
		if (job->action)
			action_out(job->action, dict);
		break;
	case TASK_TONE:
		break;
	}
}

static void reply_to_run(struct job *job)
{
	DBusMessageIter at, dict;
	DBusMessage *m;

	if (job->error) {
		m = out_error(job->call, job->error, "%s", job->question ? job->question : "");
		bus_send(job->d->bus, m);
		return;
	}
	m = dbus_message_new_method_return(job->call);
	if (!m)
		return;
	dbus_message_iter_init_append(m, &at);
	out_string(&at, job->result.len ? job->result.data : "", job->result.len);
	out_open_dict(&at, &dict);
	answer_results(job, &dict);
	out_close_dict(&at, &dict);
	bus_send(job->d->bus, m);
}

void answer_outcome(const struct job *job, DBusMessageIter *at)
{
	DBusMessageIter dict;

	out_u32(at, job->error ? 2 : job->refused ? 1 : 0);
	out_open_dict(at, &dict);
	if (job->error) {
		char name[128];

		snprintf(name, sizeof(name), ERROR_PREFIX "%s", job->error);
		out_dict_str(&dict, "error", name);
		out_dict_str(&dict, "message", job->question);
		out_dict_u32(&dict, "retry_after_ms", job->retry_after_ms);
	} else if (job->out_fd < 0) {
		out_dict_string(&dict, "text", job->result.len ? job->result.data : "",
				job->result.len);
	}
	answer_results(job, &dict);
	out_close_dict(at, &dict);
}

static void respond(struct job *job)
{
	DBusMessageIter at;
	DBusMessage *m;

	/* What was held back makes the stream whole. */
	if (!job->error)
		tell_stream(job);
	m = signal_to(job, "Response", &at);
	if (!m)
		return;
	answer_outcome(job, &at);
	bus_send(job->d->bus, m);
}

void answer_early(struct job *job, const char *error, const char *text)
{
	job->error = error;
	free(job->question);
	job->question = strdup(text);
	if (job->call)
		reply_to_run(job);
	respond(job);
	job->error = NULL;
	job->departed = true;
}

void answer_final(struct job *job)
{
	struct daemon *d = job->d;

	if (job->call && !job->departed)
		reply_to_run(job);
	respond(job);
	job_answered(job);
	jobs_pump(d);
}
