/* SPDX-License-Identifier: MIT */
/* What a question says: to an agent all of it, in a notification what fits and is enough. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/agents-private.h"
#include "assistantd/daemon/out.h"
#include "util/buf.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { NOTE_BYTES_MAX = 600 };

static char *copy(const char *text)
{
	return strdup(text ? text : "");
}

static int copy_calls(struct question *q, const struct agent_question *from)
{
	q->calls = calloc(from->n_calls, sizeof(*q->calls));
	if (!q->calls)
		return -ENOMEM;
	for (; q->n_calls < from->n_calls; q->n_calls++) {
		const struct agent_call *c = &from->calls[q->n_calls];
		struct question_call *to = &q->calls[q->n_calls];

		*to = (struct question_call){ copy(c->tool), copy(c->title), copy(c->target),
					      copy(c->arguments), c->risk, c->pin, c->always };
		if (!to->tool || !to->title || !to->target || !to->arguments) {
			q->n_calls++;
			return -ENOMEM;
		}
	}
	return 0;
}

/* The beginning of @text that ends with a whole character. */
static char *excerpt(const char *text)
{
	size_t len = strlen(text), at = 0, size;

	while (at < len) {
		utf8_decode(text + at, len - at, &size);
		if (at + size > AGENT_EXCERPT_MAX)
			break;
		at += size;
	}
	return strndup(text, at);
}

static int copy_sources(struct question *q, const struct agent_question *from)
{
	size_t n = MIN(from->n_sources, (size_t)AGENT_SOURCES_MAX);

	q->sources = calloc(n + 1, sizeof(*q->sources));
	if (!q->sources)
		return -ENOMEM;
	for (; q->n_sources < n; q->n_sources++) {
		const struct agent_source *s = &from->sources[q->n_sources];
		struct question_source *to = &q->sources[q->n_sources];

		*to = (struct question_source){ s->label, copy(s->origin),
						excerpt(s->excerpt ? s->excerpt : "") };
		if (!to->origin || !to->excerpt) {
			q->n_sources++;
			return -ENOMEM;
		}
	}
	return 0;
}

int question_init(struct question *q, struct callers *callers, const struct agent_question *from)
{
	int r;

	*q = (struct question){ .caller = caller_get(callers, from->caller->name),
				.title = copy(from->title), .summary = copy(from->summary),
				.parent_window = copy(from->parent_window),
				.undo = from->undo };
	if (!q->caller || !q->title || !q->summary || !q->parent_window)
		return -ENOMEM;
	r = copy_calls(q, from);
	return r < 0 ? r : copy_sources(q, from);
}

void question_deinit(struct question *q)
{
	while (q->n_calls) {
		struct question_call *c = &q->calls[--q->n_calls];

		free(c->tool);
		free(c->title);
		free(c->target);
		free(c->arguments);
	}
	while (q->n_sources) {
		struct question_source *s = &q->sources[--q->n_sources];

		free(s->origin);
		free(s->excerpt);
	}
	free(q->calls);
	free(q->sources);
	free(q->title);
	free(q->summary);
	free(q->parent_window);
	caller_unref(q->caller);
	*q = (struct question){ 0 };
}

size_t question_pin(const struct question *q, size_t from)
{
	while (from < q->n_calls && !q->calls[from].pin)
		from++;
	return from;
}

static bool offers_always(const struct question *q)
{
	for (size_t i = 0; i < q->n_calls; i++)
		if (q->calls[i].always)
			return true;
	return false;
}

static enum policy_risk highest_risk(const struct question *q)
{
	enum policy_risk risk = POLICY_RISK_READ;

	for (size_t i = 0; i < q->n_calls; i++)
		risk = MAX(risk, q->calls[i].risk);
	return risk;
}

/* The tool and its arguments; of several calls the tools by name and a list of arguments. */
static int whole_call(const struct question *q, struct buf *tool, struct buf *arguments)
{
	int r = q->n_calls > 1 ? buf_append_char(arguments, '[') : 0;

	for (size_t i = 0; r == 0 && i < q->n_calls; i++) {
		const char *name = q->calls[i].tool;

		if (i == 0 || strcmp(name, q->calls[i - 1].tool) != 0)
			r = buf_printf(tool, "%s%s", i ? ", " : "", name);
		if (r == 0)
			r = buf_printf(arguments, "%s%s", i ? "," : "", q->calls[i].arguments);
	}
	return r == 0 && q->n_calls > 1 ? buf_append_char(arguments, ']') : r;
}

static void append_calls(const struct question *q, DBusMessageIter *dict)
{
	struct out_list list;

	out_open_list(&list, dict, "calls");
	for (size_t i = 0; i < q->n_calls; i++) {
		DBusMessageIter *item = out_list_next(&list);

		out_dict_str(item, "tool", q->calls[i].tool);
		out_dict_str(item, "title", q->calls[i].title);
		out_dict_str(item, "target", q->calls[i].target);
		out_dict_str(item, "arguments", q->calls[i].arguments);
		out_dict_u32(item, "risk", q->calls[i].risk);
		out_dict_bool(item, "pin", q->calls[i].pin);
		out_dict_bool(item, "always", q->calls[i].always);
		out_list_end_item(&list);
	}
	out_close_list(&list);
}

static void append_sources(const struct question *q, DBusMessageIter *dict)
{
	struct out_list list;

	out_open_list(&list, dict, "sources");
	for (size_t i = 0; i < q->n_sources; i++) {
		DBusMessageIter *item = out_list_next(&list);

		out_dict_u32(item, "label", q->sources[i].label);
		out_dict_str(item, "origin", q->sources[i].origin);
		out_dict_str(item, "excerpt", q->sources[i].excerpt);
		out_list_end_item(&list);
	}
	out_close_list(&list);
}

DBusMessage *question_message(const struct question *q, const struct agent *agent, uint64_t id,
			      uint32_t expires_ms, unsigned tries)
{
	_cleanup_(buf_deinit) struct buf tool = BUF_NULL, arguments = BUF_NULL;
	DBusMessage *m;
	DBusMessageIter at, dict;
	dbus_uint64_t call = id;

	if (whole_call(q, &tool, &arguments) < 0)
		return NULL;
	m = dbus_message_new_method_call(agent->caller->name, agent->path,
					 "org.assistantd.Agent1", "Confirm");
	if (!m)
		return NULL;
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_UINT64, &call);
	out_open_dict(&at, &dict);
	out_dict_str(&dict, "caller", q->caller->identity);
	out_dict_str(&dict, "tool", tool.data);
	out_dict_str(&dict, "title", q->title);
	out_dict_str(&dict, "summary", q->summary);
	out_dict_str(&dict, "arguments", arguments.data);
	out_dict_u32(&dict, "risk", highest_risk(q));
	append_calls(q, &dict);
	append_sources(q, &dict);
	out_dict_bool(&dict, "undo", q->undo);
	out_dict_bool(&dict, "always", offers_always(q));
	if (question_pin(q, 0) < q->n_calls) {
		out_dict_bool(&dict, "pin", true);
		out_dict_u32(&dict, "tries", tries);
	}
	out_dict_str(&dict, "parent_window", q->parent_window);
	out_dict_u32(&dict, "expires_ms", expires_ms);
	out_close_dict(&at, &dict);
	return m;
}

int question_note(const struct question *q, char **ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	int r = buf_printf(&text, "%s\nasked by %s", q->summary, q->caller->identity);

	for (size_t i = 0; r == 0 && i < q->n_calls; i++)
		r = buf_printf(&text, "\n%s %s", q->calls[i].tool, q->calls[i].arguments);
	if (r < 0)
		return r;
	if (text.len > NOTE_BYTES_MAX)
		return -E2BIG;
	*ret = buf_steal(&text);
	return *ret ? 0 : -ENOMEM;
}
