/* SPDX-License-Identifier: MIT */
#include "assistantd/ipc/engine-protocol.h"

#include <string.h>

#include "assistantd/ipc/codec.h"

static void code_open(struct codec *c, struct engine_open *v)
{
	codec_fd(c, &v->fd);
	codec_bool(c, &v->has_digests);
	if (v->has_digests) {
		codec_digest(c, &v->digest);
		codec_digest(c, &v->weights);
	}
	codec_below(c, &v->threads, 65);
	codec_u64(c, &v->budget);
	codec_u64(c, &v->adapter_budget);
	codec_below(c, &v->kv, ENGINE_KV_COUNT);
}

static void code_use(struct codec *c, struct engine_use *v)
{
	codec_fd(c, &v->fd);
	codec_digest(c, &v->digest);
	codec_f32(c, &v->scale);
	if (!(v->scale >= -ENGINE_SCALE_MAX && v->scale <= ENGINE_SCALE_MAX))
		codec_fail(c, -EBADMSG);
}

static void code_start(struct codec *c, struct engine_start *v)
{
	codec_below(c, &v->n_uses, ENGINE_USES_MAX + 1);
	for (uint32_t i = 0; c->err == 0 && i < v->n_uses; i++)
		code_use(c, &v->uses[i]);
	codec_u32(c, &v->max_tokens);
	codec_f32(c, &v->answer_share);
	codec_f32(c, &v->temperature);
	codec_u64(c, &v->seed);
	codec_below(c, &v->lane, 2);
	codec_bool(c, &v->draft);
	codec_below(c, &v->n_segments, ENGINE_SEGMENTS_MAX + 1);
	for (uint32_t i = 0; c->err == 0 && i < v->n_segments; i++) {
		struct engine_segment *s = &v->segments[i];

		codec_below(c, &s->turn, ENGINE_MESSAGES_MAX);
		codec_below(c, &s->role, ENGINE_ROLE_COUNT);
		codec_below(c, &s->cut, ENGINE_CUT_COUNT);
		codec_u32(c, &s->priority);
		codec_text(c, &s->text);
		codec_bool(c, &s->own);
		if (i > 0 && s->turn < s[-1].turn)
			codec_fail(c, -EBADMSG);
	}
	codec_below(c, &v->n_fixed, v->n_segments + 1);
	codec_optional_fd(c, &v->prefix_fd);
	codec_bool(c, &v->keeps_prefix);
}

/* As many as @n, none of them empty. */
static bool are_texts(const struct buf *texts, uint32_t n)
{
	size_t at = 0;
	uint32_t found = 0;

	for (; at < texts->len && texts->data[at]; found++)
		at += strlen(texts->data + at) + 1;
	/* Behind the last byte the buffer has a NUL that is none of a text's. */
	return found == n && n > 0 && at == texts->len;
}

static void code_score(struct codec *c, struct engine_score *v)
{
	code_start(c, &v->prompt);
	codec_text(c, &v->texts);
	codec_below(c, &v->n_texts, ENGINE_TEXTS_MAX + 1);
	codec_bool(c, &v->ends);
	if (c->err == 0 && !are_texts(&v->texts, v->n_texts))
		codec_fail(c, -EBADMSG);
}

static void code_scored(struct codec *c, struct engine_scored *v)
{
	codec_below(c, &v->n, ENGINE_TEXTS_MAX + 1);
	for (uint32_t i = 0; c->err == 0 && i < v->n; i++) {
		codec_f64(c, &v->scores[i]);
		codec_u32(c, &v->tokens[i]);
	}
	codec_u32(c, &v->tokens_in);
	codec_u32(c, &v->known);
	codec_u32(c, &v->loading_ms);
	codec_u32(c, &v->reading_ms);
}

static void code_prefix(struct codec *c, struct engine_prefix *v)
{
	codec_fd(c, &v->fd);
}

static void code_adapter(struct codec *c, struct engine_adapter *v)
{
	codec_optional_fd(c, &v->fd);
	codec_digest(c, &v->digest);
	codec_bool(c, &v->pinned);
	codec_bool(c, &v->ahead);
}

static void code_budget(struct codec *c, struct engine_budget *v)
{
	codec_u64(c, &v->budget);
	codec_u64(c, &v->adapter_budget);
	codec_below(c, &v->idle, ENGINE_IDLE_COUNT);
}

static void code_hello(struct codec *c, struct engine_hello *v)
{
	codec_u32(c, &v->pid);
	codec_bool(c, &v->no_new_privs);
	codec_bool(c, &v->not_dumpable);
	codec_bool(c, &v->seccomp);
	codec_u32(c, &v->landlock_abi);
}

static void code_model(struct codec *c, struct engine_model *v)
{
	codec_bool(c, &v->ok);
	codec_digest(c, &v->digest);
	codec_digest(c, &v->identity.weights);
	codec_digest(c, &v->identity.tokenizer);
	codec_digest(c, &v->identity.template);
	codec_u32(c, &v->context);
	codec_u32(c, &v->vocabulary);
	codec_u64(c, &v->bytes);
	codec_text(c, &v->architecture);
	codec_text(c, &v->name);
	codec_text(c, &v->kernels);
	codec_text(c, &v->error);
}

static void code_counted(struct codec *c, struct engine_counted *v)
{
	codec_u32(c, &v->needed);
	codec_u32(c, &v->limit);
	codec_u32(c, &v->cut);
}

static void code_tokens(struct codec *c, struct engine_tokens *v)
{
	codec_below(c, &v->n, ENGINE_REQUESTS_MAX + 1);
	for (uint32_t i = 0; c->err == 0 && i < v->n; i++) {
		codec_u64(c, &v->pieces[i].id);
		codec_u32(c, &v->pieces[i].n_tokens);
		codec_text(c, &v->pieces[i].text);
	}
}

static void code_done(struct codec *c, struct engine_done *v)
{
	codec_below(c, &v->finish, ENGINE_FINISH_COUNT);
	codec_u32(c, &v->tokens_in);
	codec_u32(c, &v->tokens_out);
	codec_u32(c, &v->known);
	codec_u32(c, &v->guessed);
	codec_u32(c, &v->right);
	codec_u32(c, &v->loading_ms);
	codec_u32(c, &v->reading_ms);
	codec_u32(c, &v->writing_ms);
}

static void code_failed(struct codec *c, struct engine_failed *v)
{
	codec_below(c, &v->error, ENGINE_E_COUNT);
	codec_u32(c, &v->needed);
	codec_u32(c, &v->limit);
	codec_digest(c, &v->adapter);
	codec_text(c, &v->text);
}

static void code_usage(struct codec *c, struct engine_usage *v)
{
	codec_digest(c, &v->digest);
	codec_u64(c, &v->bytes);
	codec_u64(c, &v->hits);
	codec_u64(c, &v->misses);
	codec_u64(c, &v->loads);
	codec_u64(c, &v->evictions);
	codec_u64(c, &v->ahead);
	codec_u64(c, &v->ahead_used);
	codec_u64(c, &v->load_us);
	codec_u64(c, &v->total_load_us);
	codec_u64(c, &v->used_at);
	codec_bool(c, &v->resident);
	codec_bool(c, &v->pinned);
	codec_u64(c, &v->used);
	codec_u64(c, &v->budget);
}

void engine_open_deinit(struct engine_open *v)
{
	codec_close(&v->fd);
}

void engine_start_deinit(struct engine_start *v)
{
	/* A segment whose decoding failed is not counted, but may hold its text. */
	for (uint32_t i = 0; i < ENGINE_SEGMENTS_MAX; i++)
		buf_deinit(&v->segments[i].text);
	v->n_segments = 0;
	for (uint32_t i = 0; i < ENGINE_USES_MAX; i++)
		codec_close(&v->uses[i].fd);
	codec_close(&v->prefix_fd);
	v->n_uses = 0;
}

void engine_score_deinit(struct engine_score *v)
{
	engine_start_deinit(&v->prompt);
	buf_deinit(&v->texts);
	v->n_texts = 0;
}

void engine_prefix_deinit(struct engine_prefix *v)
{
	codec_close(&v->fd);
}

void engine_adapter_deinit(struct engine_adapter *v)
{
	codec_close(&v->fd);
}

void engine_model_deinit(struct engine_model *v)
{
	buf_deinit(&v->architecture);
	buf_deinit(&v->name);
	buf_deinit(&v->kernels);
	buf_deinit(&v->error);
}

void engine_tokens_deinit(struct engine_tokens *v)
{
	for (uint32_t i = 0; i < ENGINE_REQUESTS_MAX; i++)
		buf_deinit(&v->pieces[i].text);
	v->n = 0;
}

void engine_failed_deinit(struct engine_failed *v)
{
	buf_deinit(&v->text);
}

int engine_start_add(struct engine_start *v, enum engine_role role, uint32_t turn,
		     enum engine_cut cut, uint32_t priority, const char *text, size_t len)
{
	struct engine_segment *s = &v->segments[v->n_segments];
	int r;

	if (v->n_segments == ENGINE_SEGMENTS_MAX || turn >= ENGINE_MESSAGES_MAX)
		return -E2BIG;
	*s = (struct engine_segment){ turn, role, cut, priority, BUF_NULL, false };
	r = buf_append(&s->text, text, len);
	if (r == 0)
		v->n_segments++;
	return r;
}

int engine_score_add(struct engine_score *v, const char *text, size_t len)
{
	int r;

	if (v->n_texts == ENGINE_TEXTS_MAX)
		return -E2BIG;
	if (len == 0 || memchr(text, '\0', len))
		return -EINVAL;
	r = buf_reserve(&v->texts, len + 1);
	if (r < 0)
		return r;
	buf_append(&v->texts, text, len);
	buf_append_char(&v->texts, '\0');
	v->n_texts++;
	return 0;
}

#define NULL_MESSAGE { 0 }

CODEC_DEFINE(engine, open, ENGINE_OPEN_NULL, engine_open_deinit)
CODEC_DEFINE(engine, start, ENGINE_START_NULL, engine_start_deinit)
CODEC_DEFINE(engine, score, ENGINE_SCORE_NULL, engine_score_deinit)
CODEC_DEFINE(engine, prefix, ENGINE_PREFIX_NULL, engine_prefix_deinit)
CODEC_DEFINE(engine, adapter, ENGINE_ADAPTER_NULL, engine_adapter_deinit)
CODEC_DEFINE(engine, budget, NULL_MESSAGE, CODEC_NOTHING)
CODEC_DEFINE(engine, hello, NULL_MESSAGE, CODEC_NOTHING)
CODEC_DEFINE(engine, model, NULL_MESSAGE, engine_model_deinit)
CODEC_DEFINE(engine, counted, NULL_MESSAGE, CODEC_NOTHING)
CODEC_DEFINE(engine, tokens, NULL_MESSAGE, engine_tokens_deinit)
CODEC_DEFINE(engine, done, NULL_MESSAGE, CODEC_NOTHING)
CODEC_DEFINE(engine, scored, NULL_MESSAGE, CODEC_NOTHING)
CODEC_DEFINE(engine, failed, NULL_MESSAGE, engine_failed_deinit)
CODEC_DEFINE(engine, usage, NULL_MESSAGE, CODEC_NOTHING)
