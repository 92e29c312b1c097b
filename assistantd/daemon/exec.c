/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/child.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { SPARE_MS = 2000 };	/* for the child's own end of a command that is over time */

struct command_wait {
	struct exec *c;
	uint64_t id;
	const struct tool *tool;
	struct ipc_message message;	/* kept until the child runs */
	bool sent;
	struct loop_timer *timer;
	backend_fn done;
	void *arg;
	struct command_wait *next;
};

struct exec {
	struct loop *loop;
	struct child *child;
	char *argv[2];
	struct runner runner;
	struct command_wait *waiting;
	uint64_t next_id;
};

static struct command_wait *take(struct exec *c, uint64_t id)
{
	for (struct command_wait **at = &c->waiting; *at; at = &(*at)->next) {
		struct command_wait *w = *at;

		if (w->id != id)
			continue;
		*at = w->next;
		return w;
	}
	return NULL;
}

static void wait_free(struct command_wait *w)
{
	loop_cancel(w->timer);
	ipc_message_deinit(&w->message);
	tool_unref(w->tool);
	free(w);
}

static void answer(struct command_wait *w, enum tools_outcome outcome, const json_t *state,
		   const char *text)
{
	char *found = state ? json_dumps(state, JSON_COMPACT) : NULL;
	const struct backend_result result = {
		.outcome = outcome, .verified = state != NULL, .after = state, .result = found,
		.text = text,
	};

	w->done(w->arg, &result);
	free(found);
	wait_free(w);
}

/* What a program writes may be anything: what is not UTF-8, or ends a string, becomes U+FFFD. */
static json_t *clean_text(const struct buf *b)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	size_t len = b->len, size;
	int r = 0;

	while (len && (b->data[len - 1] == '\n' || b->data[len - 1] == '\r'))
		len--;
	for (size_t i = 0; r == 0 && i < len; i += size) {
		uint32_t cp = utf8_decode(b->data + i, len - i, &size);

		r = cp == UTF8_INVALID || cp == 0 ? buf_append_str(&out, "\xef\xbf\xbd")
						  : buf_append(&out, b->data + i, size);
	}
	return r < 0 ? NULL : json_stringn(out.data ? out.data : "", out.len);
}

/* What the command found; NULL where its output is none. */
static json_t *read_output(const struct tool *t, const struct exec_done *v)
{
	const char *form = json_string_value(json_object_get(t->spec, "output"));
	json_t *state, *text;

	if (!form || strcmp(form, "none") == 0 || v->cut)
		return NULL;
	if (strcmp(form, "text") == 0) {
		text = clean_text(&v->output);
		return text ? json_pack("{s:o}", "text", text) : NULL;
	}
	state = json_loadb(v->output.data ? v->output.data : "", v->output.len,
			   JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(state) &&
	    (!t->result_schema || tool_schema_validate(t->result_schema, state, NULL) == 0))
		return state;
	json_decref(state);
	return NULL;
}

/* Why it failed: its status, and the first line of what it says. */
static void describe(const struct exec_done *v, char *text, size_t size)
{
	json_auto_t *said = clean_text(&v->errors);
	const char *line = said ? json_string_value(said) : "";
	int n = (int)strcspn(line, "\r\n");

	if (v->end == EXEC_NOT_STARTED)
		snprintf(text, size, "it could not be started: %s", strerror((int)v->code));
	else if (v->end == EXEC_KILLED)
		snprintf(text, size, "it was ended by signal %u", v->code);
	else
		snprintf(text, size, "it ended with status %u%s%.*s", v->code, n ? ": " : "", n,
			 line);
}

static void conclude(struct command_wait *w, const struct exec_done *v)
{
	const struct tool *t = w->tool;
	bool reads = t->risk == POLICY_RISK_READ, proof = json_object_get(t->spec, "proof");
	json_auto_t *state = NULL;
	char text[160] = "";

	/* It may have done all, a part or nothing of it. */
	if (v->end == EXEC_TIMED_OUT) {
		answer(w, reads ? OUTCOME_FAILED : OUTCOME_SENT, NULL, "its time was over");
		return;
	}
	if (v->end != EXEC_EXITED || v->code) {
		describe(v, text, sizeof(text));
		answer(w, OUTCOME_FAILED, NULL, text);
		return;
	}
	state = read_output(t, v);
	if (reads && !state)
		answer(w, OUTCOME_FAILED, NULL, "its output is not what it should be");
	else
		answer(w, reads || proof ? OUTCOME_DONE : OUTCOME_SENT, state, "");
}

static void on_message(void *arg, struct ipc_message *m)
{
	struct exec *c = arg;
	struct command_wait *w = m->type == EXEC_DONE ? take(c, m->id) : NULL;
	struct exec_done v;

	if (!w)
		return;
	child_healthy(c->child);
	if (exec_get_done(m, &v) < 0)
		v = (struct exec_done){ .end = EXEC_TIMED_OUT };
	conclude(w, &v);
	exec_done_deinit(&v);
}

/* What was started may have done its work: nobody can say. */
static void on_ended(void *arg)
{
	struct exec *c = arg;

	for (struct command_wait *w = c->waiting, *next; w; w = next) {
		next = w->next;
		if (w->sent)
			answer(take(c, w->id), OUTCOME_SENT, NULL, "what ran it has ended");
	}
}

static void send_run(struct command_wait *w)
{
	struct ipc_message m = w->message;
	int r;

	ipc_message_init(&w->message, 0, 0);
	w->sent = true;
	r = child_send(w->c->child, &m, 0);
	if (r < 0)
		answer(take(w->c, w->id), OUTCOME_FAILED, NULL, strerror(-r));
}

static void on_started(void *arg)
{
	struct exec *c = arg;

	for (struct command_wait *w = c->waiting, *next; w; w = next) {
		next = w->next;
		if (!w->sent)
			send_run(w);
	}
}

/* The child ends a command by itself before; this one says nothing, or does not start. */
static void on_overdue(void *arg)
{
	struct command_wait *w = arg;

	w->timer = NULL;
	if (w->sent && w->tool->risk != POLICY_RISK_READ)
		answer(take(w->c, w->id), OUTCOME_SENT, NULL, "its time was over");
	else
		answer(take(w->c, w->id), OUTCOME_FAILED, NULL,
		       w->sent ? "its time was over" : "it could not be started");
}

static int add_word(void *arg, const char *word, size_t len)
{
	return exec_add_word(arg, word, len);
}

static int add_variable(struct buf *list, const char *name, const char *value)
{
	_cleanup_(buf_deinit) struct buf word = BUF_NULL;
	int r = buf_printf(&word, "%s=%s", name, value);

	return r < 0 ? r : exec_add_word(list, word.data, word.len);
}

static int put_environment(struct buf *list, const json_t *environment)
{
	const char *name;
	json_t *value;
	int r = json_object_get(environment, "PATH") ? 0
						    : add_variable(list, "PATH", "/usr/bin:/bin");

	json_object_foreach((json_t *)environment, name, value)
		if (r == 0)
			r = add_variable(list, name, json_string_value(value));
	return r;
}

static uint32_t limit_of(const json_t *limits, const char *name, uint32_t usual)
{
	const json_t *v = json_object_get(limits, name);

	return v ? (uint32_t)json_integer_value(v) : usual;
}

static int describe_run(const struct tool *t, const json_t *arguments, struct exec_run *v)
{
	const json_t *limits = json_object_get(t->spec, "limits");
	const json_t *writes = json_object_get(t->spec, "writes");
	const char *folder = json_string_value(json_object_get(t->spec, "folder"));
	int r = tool_command(t, arguments, add_word, &v->argv, NULL);

	v->network = json_is_true(json_object_get(t->spec, "network"));
	v->cpu_s = limit_of(limits, "cpu_s", 60);
	v->memory_mib = limit_of(limits, "memory_mib", 2048);
	v->files = limit_of(limits, "files", 256);
	v->file_mib = limit_of(limits, "file_mib", 100);
	if (r == 0)
		r = put_environment(&v->environment, json_object_get(t->spec, "environment"));
	for (size_t i = 0; r == 0 && i < json_array_size(writes); i++) {
		const char *path = json_string_value(json_array_get(writes, i));

		r = exec_add_word(&v->writable, path, strlen(path));
	}
	return r < 0 ? r : buf_append_str(&v->folder, folder ? folder : "/");
}

static int prepare(struct command_wait *w, const json_t *arguments, uint32_t ms)
{
	struct exec_run v = { .timeout_ms = ms - MIN(ms / 4, (uint32_t)SPARE_MS) };
	int r = describe_run(w->tool, arguments, &v);

	if (r == 0)
		r = exec_put_run(&w->message, &v);
	exec_run_deinit(&v);
	return r < 0 ? r : loop_after(w->c->loop, &w->timer, ms, on_overdue, w);
}

static int run(void *data, const struct tool *tool, const json_t *arguments, uint32_t ms,
	       backend_fn done, void *arg)
{
	struct exec *c = data;
	struct command_wait *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	*w = (struct command_wait){ .c = c, .id = c->next_id++, .tool = tool_ref(tool),
				    .done = done, .arg = arg, .next = c->waiting };
	ipc_message_init(&w->message, EXEC_RUN, w->id);
	r = prepare(w, arguments, ms);
	if (r == 0)
		r = child_want(c->child);
	if (r < 0) {
		wait_free(w);
		return r;
	}
	c->waiting = w;
	if (child_running(c->child))
		send_run(w);
	return 0;
}

int exec_new(struct exec **ret, struct loop *loop, const char *path)
{
	static const struct child_ops ops = { on_message, on_ended, on_started, true };
	struct exec *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	*c = (struct exec){ .loop = loop, .argv = { (char *)"assistant-commands" },
				.runner = { run, c }, .next_id = 1 };
	r = child_new(&c->child, loop, path, c->argv, &ops, c);
	if (r < 0)
		free(c);
	else
		*ret = c;
	return r;
}

struct exec *exec_free(struct exec *c)
{
	if (!c)
		return NULL;
	child_free(c->child);
	while (c->waiting)
		wait_free(take(c, c->waiting->id));
	free(c);
	return NULL;
}

const struct runner *exec_runner(const struct exec *c)
{
	return &c->runner;
}
