/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/readback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

enum { FIRST_WAIT_MS = 30, LONGEST_WAIT_MS = 500 };

/* A call on its way. */
struct passage {
	struct readback *r;
	const struct tool *tool;
	json_t *arguments, *before, *after;
	struct loop_timer *timer;
	uint64_t deadline;
	uint64_t wait_ms;
	enum tools_outcome outcome;	/* what the runner said */
	char text[160];
	bool only_read;
	backend_fn done;
	void *arg;
	struct passage *next;
};

struct readback {
	struct loop *loop;
	struct tool_registry *registry;
	const struct runner *const *runners;
	struct backend backend;
	struct passage *passages;
	readback_fn seen;
	void *seen_arg;
};

static void passage_free(struct passage *p)
{
	loop_cancel(p->timer);
	tool_unref(p->tool);
	json_decref(p->arguments);
	json_decref(p->before);
	json_decref(p->after);
	free(p);
}

static void end(struct passage *p, enum tools_outcome outcome, bool verified, const char *text)
{
	const struct backend_result result = {
		.outcome = outcome, .verified = verified, .before = p->before, .after = p->after,
		.text = text,
	};
	struct passage **at = &p->r->passages;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	p->done(p->arg, &result);
	passage_free(p);
}

static uint32_t left(const struct passage *p)
{
	uint64_t now = loop_now();

	return now < p->deadline ? (uint32_t)(p->deadline - now) : 1;
}

/* Its arguments are those of the call that it has, too. */
static json_t *reading_arguments(const struct tool *reader, const json_t *arguments)
{
	json_auto_t *out = json_object();
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)arguments, key, v)
		if (tool_has_argument(reader, key) && json_object_set(out, key, v))
			return NULL;
	return json_incref(out);
}

/* -ENOTSUP where its state cannot be read. */
static int look(struct passage *p, backend_fn done)
{
	const struct tool *reader = p->tool->read_back
		? tool_registry_find(p->r->registry, p->tool->read_back) : NULL;
	json_auto_t *arguments = reader ? reading_arguments(reader, p->arguments) : NULL;

	if (!reader)
		return -ENOTSUP;
	return arguments ? readback_look(p->r, reader, arguments, left(p), done, p) : -ENOMEM;
}

/* The caller's; NULL where nothing was read. */
static json_t *state_read(const struct passage *p, const struct backend_result *result)
{
	if (result->outcome != OUTCOME_DONE || !result->after)
		return NULL;
	if (p->r->seen)
		p->r->seen(p->r->seen_arg, p->tool->read_back, p->arguments, result->after);
	return json_deep_copy(result->after);
}

static void settle(struct passage *p)
{
	bool shown = tool_shows_effect(p->tool, p->arguments, p->before, p->after);

	if (shown || p->outcome == OUTCOME_DONE)
		end(p, OUTCOME_DONE, shown, "");
	else
		end(p, OUTCOME_SENT, false, p->text);
}

static void look_again(void *arg);

static void on_after(void *arg, const struct backend_result *result)
{
	struct passage *p = arg;
	bool waits = p->tool->expect || p->tool->expect_change;
	json_t *state = state_read(p, result);

	if (state) {
		json_decref(p->after);
		p->after = state;
	}
	if (!waits || tool_shows_effect(p->tool, p->arguments, p->before, p->after) ||
	    left(p) <= p->wait_ms ||
	    loop_after(p->r->loop, &p->timer, p->wait_ms, look_again, p) < 0) {
		settle(p);
		return;
	}
	p->wait_ms = MIN(p->wait_ms * 2, (uint64_t)LONGEST_WAIT_MS);
}

static void look_again(void *arg)
{
	struct passage *p = arg;

	p->timer = NULL;
	if (look(p, on_after) < 0)
		settle(p);
}

static void on_sent(void *arg, const struct backend_result *result)
{
	struct passage *p = arg;

	p->outcome = result->outcome;
	snprintf(p->text, sizeof(p->text), "%s", result->text);
	if (result->outcome == OUTCOME_FAILED)
		end(p, OUTCOME_FAILED, false, p->text);
	else
		look_again(p);
}

static void send_call(struct passage *p)
{
	const struct runner *runner = p->r->runners[p->tool->backend];
	int r = runner ? runner->run(runner->data, p->tool, p->arguments, left(p), on_sent, p)
		       : -ENOTCONN;

	if (r < 0)
		end(p, OUTCOME_FAILED, false, strerror(-r));
}

static void on_before(void *arg, const struct backend_result *result)
{
	struct passage *p = arg;

	p->before = state_read(p, result);
	if (p->only_read) {
		p->after = json_incref(p->before);
		end(p, result->outcome, p->before, result->text);
	} else if (p->tool->expect && !p->tool->expect_change &&
		   tool_shows_effect(p->tool, p->arguments, NULL, p->before)) {
		p->after = json_incref(p->before);
		end(p, OUTCOME_ALREADY, true, "");
	} else if (!p->before && loop_now() >= p->deadline) {
		/* What hangs would do it whenever it goes on. */
		end(p, OUTCOME_FAILED, false, "it did not answer in time");
	} else {
		send_call(p);
	}
}

static struct passage *begin(struct readback *r, const struct tool *tool, const json_t *arguments,
			     backend_fn done, void *arg)
{
	struct passage *p = calloc(1, sizeof(*p));
	json_t *copy = json_deep_copy(arguments);

	if (!p || !copy) {
		free(p);
		json_decref(copy);
		return NULL;
	}
	*p = (struct passage){ .r = r, .tool = tool_ref(tool), .arguments = copy,
			       .deadline = loop_now() + tool->timeout_ms,
			       .wait_ms = FIRST_WAIT_MS, .done = done, .arg = arg,
			       .next = r->passages };
	r->passages = p;
	return p;
}

/* Nothing was sent. */
static int give_up(struct passage *p, int err)
{
	p->r->passages = p->next;
	passage_free(p);
	return err;
}

static int run_call(void *data, const struct tool *tool, const json_t *arguments, backend_fn done,
		    void *arg)
{
	struct readback *r = data;
	struct passage *p;
	int err;

	if (tool->risk == POLICY_RISK_READ || !tool->read_back)
		return readback_look(r, tool, arguments, tool->timeout_ms, done, arg);
	p = begin(r, tool, arguments, done, arg);
	if (!p)
		return -ENOMEM;
	err = look(p, on_before);
	return err < 0 ? give_up(p, err) : 0;
}

static int run_read(void *data, const struct tool *tool, const json_t *arguments, backend_fn done,
		    void *arg)
{
	struct passage *p;
	int err;

	if (!tool->read_back)
		return -ENOTSUP;
	p = begin(data, tool, arguments, done, arg);
	if (!p)
		return -ENOMEM;
	p->only_read = true;
	err = look(p, on_before);
	return err < 0 ? give_up(p, err) : 0;
}

int readback_look(struct readback *r, const struct tool *tool, const json_t *arguments,
		  uint32_t ms, backend_fn done, void *arg)
{
	const struct runner *runner = r->runners[tool->backend];

	return runner ? runner->run(runner->data, tool, arguments, ms, done, arg) : -ENOTCONN;
}

int readback_new(struct readback **ret, struct loop *loop, struct tool_registry *registry,
		 const struct runner *const *runners)
{
	struct readback *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	*r = (struct readback){ .loop = loop, .registry = registry, .runners = runners,
				.backend = { .call = run_call, .read = run_read, .data = r } };
	*ret = r;
	return 0;
}

void readback_set_seen(struct readback *r, readback_fn seen, void *arg)
{
	r->seen = seen;
	r->seen_arg = arg;
}

struct readback *readback_free(struct readback *r)
{
	if (!r)
		return NULL;
	while (r->passages) {
		struct passage *next = r->passages->next;

		passage_free(r->passages);
		r->passages = next;
	}
	free(r);
	return NULL;
}

const struct backend *readback_backend(const struct readback *r)
{
	return &r->backend;
}
