/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/engine-private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/log.h"
#include "util/macro.h"

static struct engine_call *find_call(const struct engine *e, uint64_t id)
{
	struct engine_call *c = e->calls;

	while (c && c->id != id)
		c = c->next;
	return c;
}

static void forget_call(struct engine *e, struct engine_call *call)
{
	struct engine_call **at = &e->calls;

	while (*at && *at != call)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = call->next;
	call->id = 0;
	e->n_calls--;
	if (e->n_calls == 0 && e->change_waits)
		engine_change_model(e);
}

static void fail_call(struct engine *e, struct engine_call *call, int error,
		      const struct engine_failed *failed)
{
	const struct engine_failed nothing = { 0 };

	forget_call(e, call);
	if (call->ops->failed)
		call->ops->failed(call->arg, error, failed ? failed : &nothing);
}

static void on_usage(struct engine *e, struct ipc_message *m)
{
	struct engine_usage usage, *grown;
	size_t i = 0;

	if (engine_get_usage(m, &usage) < 0)
		return;
	while (i < e->n_usage && !digest_equal(&e->usage[i].digest, &usage.digest))
		i++;
	if (i == e->n_usage) {
		grown = reallocarray(e->usage, e->n_usage + 1, sizeof(*grown));
		if (!grown)
			return;
		e->usage = grown;
		e->n_usage++;
	}
	e->usage[i] = usage;
	/* The totals hold for all of them. */
	for (size_t k = 0; k < e->n_usage; k++)
		e->usage[k].used = usage.used;
	e->changed(e->arg);
}

static void on_tokens(struct engine *e, struct ipc_message *m)
{
	struct engine_tokens *tokens = calloc(1, sizeof(*tokens));

	if (!tokens || engine_get_tokens(m, tokens) < 0) {
		free(tokens);
		return;
	}
	for (uint32_t i = 0; i < tokens->n; i++) {
		const struct engine_piece *p = &tokens->pieces[i];
		struct engine_call *call = find_call(e, p->id);

		if (call && call->ops->text)
			call->ops->text(call->arg, p->text.len ? p->text.data : "", p->text.len,
					p->n_tokens);
	}
	engine_tokens_deinit(tokens);
	free(tokens);
}

static void on_done(struct engine *e, struct ipc_message *m, struct engine_call *call)
{
	struct engine_done done;

	if (engine_get_done(m, &done) < 0) {
		fail_call(e, call, ENGINE_E_INTERNAL, NULL);
		return;
	}
	if (call->fingerprinted)
		suspects_clear(&e->suspects, &call->fingerprint);
	forget_call(e, call);
	if (call->ops->done)
		call->ops->done(call->arg, &done);
}

static void on_scored(struct engine *e, struct ipc_message *m, struct engine_call *call)
{
	struct engine_scored scored;

	if (engine_get_scored(m, &scored) < 0) {
		fail_call(e, call, ENGINE_E_INTERNAL, NULL);
		return;
	}
	if (call->fingerprinted)
		suspects_clear(&e->suspects, &call->fingerprint);
	forget_call(e, call);
	if (call->ops->scored)
		call->ops->scored(call->arg, &scored);
}

static void on_failed(struct engine *e, struct ipc_message *m, struct engine_call *call)
{
	struct engine_failed failed;

	if (engine_get_failed(m, &failed) < 0) {
		fail_call(e, call, ENGINE_E_INTERNAL, NULL);
		return;
	}
	fail_call(e, call, (int)failed.error, &failed);
	engine_failed_deinit(&failed);
}

static void on_counted(struct engine *e, struct ipc_message *m, struct engine_call *call)
{
	struct engine_counted counted;

	if (engine_get_counted(m, &counted) < 0)
		return;
	if (m->type == ENGINE_COUNTED)
		forget_call(e, call);
	if (call->ops->counted)
		call->ops->counted(call->arg, &counted);
}

static void on_prefix(struct engine *e, struct ipc_message *m, struct engine_call *call)
{
	struct engine_prefix v;

	if (engine_get_prefix(m, &v) < 0)
		return;
	if (call->keeps_prefix)
		prefix_store_keep(e->config.prefixes, &call->prefix, TAKE_FD(v.fd));
	engine_prefix_deinit(&v);
}

static void on_message(void *arg, struct ipc_message *m)
{
	struct engine *e = arg;
	/* Of a call that was cancelled nothing is told any more. */
	struct engine_call *call = m->id ? find_call(e, m->id) : NULL;

	switch (m->type) {
	case ENGINE_HELLO:
		engine_on_hello(e, m);
		break;
	case ENGINE_MODEL:
		engine_on_model(e, m);
		break;
	case ENGINE_USAGE:
		on_usage(e, m);
		break;
	case ENGINE_TOKENS:
		on_tokens(e, m);
		break;
	case ENGINE_DONE:
		if (call)
			on_done(e, m, call);
		break;
	case ENGINE_FAILED:
		if (call)
			on_failed(e, m, call);
		break;
	case ENGINE_SCORED:
		if (call)
			on_scored(e, m, call);
		break;
	case ENGINE_PREFIX:
		if (call)
			on_prefix(e, m, call);
		break;
	case ENGINE_STARTED:
	case ENGINE_COUNTED:
		if (call)
			on_counted(e, m, call);
		break;
	default:
		log_error("engine: unknown message %u", m->type);
	}
}

static void on_started(void *arg)
{
	struct engine *e = arg;

	e->has_hello = false;
	/* A file that ends the engine again and again is left alone until it is changed. */
	if (e->failed_loads >= ENGINE_LOAD_ATTEMPTS && e->model_path) {
		free(e->model_path);
		e->model_path = NULL;
		engine_no_model(e, "the model's file ended the engine three times");
		return;
	}
	if (e->state != ENGINE_STARTING)
		engine_set_state(e, ENGINE_STARTING);
}

static void on_ended(void *arg)
{
	struct engine *e = arg;
	struct engine_call *call;

	if (e->state == ENGINE_LOADING)
		e->failed_loads++;
	e->state = ENGINE_STARTING;
	e->has_hello = false;
	e->n_usage = 0;
	suspects_crash(&e->suspects);
	for (call = e->calls; call; call = call->next)
		if (call->fingerprinted)
			suspects_blame(&e->suspects, &call->fingerprint);
	while (e->calls)
		fail_call(e, e->calls, ENGINE_E_LOST, NULL);
	e->changed(e->arg);
}

int engine_new(struct engine **ret, struct loop *loop, const struct engine_config *config,
	       loop_fn changed, void *arg)
{
	static const struct child_ops ops = { on_message, on_ended, on_started };
	static char *const argv[] = { (char *)"assistant-engine", (char *)"serve", NULL };
	struct engine *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	*e = (struct engine){ .loop = loop, .config = *config, .changed = changed, .arg = arg,
			      .next_id = 1,
			      .budget = { .budget = config->memory_budget,
					  .adapter_budget = config->adapter_budget } };
	*ret = e;
	r = child_new(&e->child, loop, config->path, argv, &ops, e);
	if (r < 0)
		*ret = engine_free(e);
	return r;
}

struct engine *engine_free(struct engine *e)
{
	if (!e)
		return NULL;
	child_free(e->child);
	engine_model_deinit(&e->model);
	free(e->model_path);
	free(e->next_path);
	free(e->usage);
	free(e);
	return NULL;
}

const struct engine_hello *engine_sandbox(const struct engine *e)
{
	return e->has_hello ? &e->hello : NULL;
}

pid_t engine_pid(const struct engine *e)
{
	return child_pid(e->child);
}

const struct engine_usage *engine_adapter_usage(const struct engine *e, const struct digest *d)
{
	for (size_t i = 0; i < e->n_usage; i++)
		if (digest_equal(&e->usage[i].digest, d))
			return &e->usage[i];
	return NULL;
}

const struct engine_usage *engine_usage_at(const struct engine *e, size_t index)
{
	return index < e->n_usage ? &e->usage[index] : NULL;
}

uint64_t engine_adapter_bytes(const struct engine *e)
{
	return e->n_usage ? e->usage[0].used : 0;
}

size_t engine_calls(const struct engine *e)
{
	return e->n_calls;
}

static int send_call(struct engine *e, struct engine_call *call, uint64_t id,
		     struct ipc_message *m, int r)
{
	r = child_send(e->child, m, r);
	if (r < 0)
		return r;
	call->id = id;
	call->next = e->calls;
	e->calls = call;
	e->n_calls++;
	return 0;
}

static void offer_prefix(struct engine *e, struct engine_call *call, struct engine_start *start)
{
	start->keeps_prefix = prefix_store_offer(e->config.prefixes, &e->model.digest,
						 e->config.kv_q8_0, start, &call->prefix) == 0;
	for (const struct engine_call *c = e->calls; c; c = c->next)
		if (c->keeps_prefix && digest_equal(&c->prefix, &call->prefix))
			start->keeps_prefix = false;
}

int engine_start_call(struct engine *e, struct engine_call *call, uint32_t type,
		      struct engine_start *start)
{
	struct ipc_message m;
	uint64_t id = e->next_id++;

	call->fingerprinted = suspects_fingerprint(start, NULL, &call->fingerprint) == 0;
	if (call->fingerprinted && suspects_refused(&e->suspects, &call->fingerprint))
		return ENGINE_E_REFUSED;
	if (type == ENGINE_START)
		offer_prefix(e, call, start);
	call->keeps_prefix = start->keeps_prefix;
	ipc_message_init(&m, type, id);
	return send_call(e, call, id, &m, engine_put_start(&m, start));
}

int engine_score_call(struct engine *e, struct engine_call *call,
		      const struct engine_score *score)
{
	struct ipc_message m;
	uint64_t id = e->next_id++;

	call->keeps_prefix = false;
	call->fingerprinted = suspects_fingerprint(&score->prompt, &score->texts,
						   &call->fingerprint) == 0;
	if (call->fingerprinted && suspects_refused(&e->suspects, &call->fingerprint))
		return ENGINE_E_REFUSED;
	ipc_message_init(&m, ENGINE_SCORE, id);
	return send_call(e, call, id, &m, engine_put_score(&m, score));
}

int engine_adapter_call(struct engine *e, struct engine_call *call, uint32_t type,
			const struct engine_adapter *adapter)
{
	struct ipc_message m;
	uint64_t id = e->next_id++;

	call->fingerprinted = call->keeps_prefix = false;
	ipc_message_init(&m, type, id);
	return send_call(e, call, id, &m, engine_put_adapter(&m, adapter));
}

void engine_cancel(struct engine *e, struct engine_call *call)
{
	struct ipc_message m;

	if (!call->id)
		return;
	ipc_message_init(&m, ENGINE_CANCEL, call->id);
	forget_call(e, call);
	child_send(e->child, &m, 0);
}
