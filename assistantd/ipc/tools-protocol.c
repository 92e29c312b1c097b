/* SPDX-License-Identifier: MIT */
#include "assistantd/ipc/tools-protocol.h"

#include "assistantd/ipc/codec.h"

static void code_configure(struct codec *c, struct tools_configure *v)
{
	codec_text(c, &v->host);
	codec_below(c, &v->port, 65536);
	codec_text(c, &v->user);
	codec_text(c, &v->password);
	codec_text(c, &v->prefix);
	codec_bool(c, &v->alarms);
}

static void code_call(struct codec *c, struct tools_call *v)
{
	codec_text(c, &v->entity);
	codec_text(c, &v->service);
	codec_text(c, &v->data);
	codec_u32(c, &v->deadline_ms);
}

static void code_hello(struct codec *c, struct tools_hello *v)
{
	codec_bool(c, &v->no_new_privs);
	codec_bool(c, &v->not_dumpable);
	codec_bool(c, &v->seccomp);
	codec_u32(c, &v->landlock_abi);
}

static void code_link(struct codec *c, struct tools_link *v)
{
	codec_bool(c, &v->up);
	codec_text(c, &v->text);
}

static void code_entity(struct codec *c, struct tools_entity *v)
{
	codec_text(c, &v->id);
	codec_text(c, &v->domain);
	codec_text(c, &v->name);
	codec_text(c, &v->device_class);
	codec_text(c, &v->state);
	codec_text(c, &v->attributes);
	codec_text(c, &v->services);
	codec_bool(c, &v->available);
}

static void code_result(struct codec *c, struct tools_result *v)
{
	codec_below(c, &v->outcome, OUTCOME_COUNT);
	codec_bool(c, &v->verified);
	codec_text(c, &v->before);
	codec_text(c, &v->after);
	codec_text(c, &v->text);
}

void tools_configure_deinit(struct tools_configure *v)
{
	buf_deinit(&v->host);
	buf_deinit(&v->user);
	buf_deinit(&v->password);
	buf_deinit(&v->prefix);
}

void tools_call_deinit(struct tools_call *v)
{
	buf_deinit(&v->entity);
	buf_deinit(&v->service);
	buf_deinit(&v->data);
}

void tools_link_deinit(struct tools_link *v)
{
	buf_deinit(&v->text);
}

void tools_entity_deinit(struct tools_entity *v)
{
	buf_deinit(&v->id);
	buf_deinit(&v->domain);
	buf_deinit(&v->name);
	buf_deinit(&v->device_class);
	buf_deinit(&v->state);
	buf_deinit(&v->attributes);
	buf_deinit(&v->services);
}

void tools_result_deinit(struct tools_result *v)
{
	buf_deinit(&v->before);
	buf_deinit(&v->after);
	buf_deinit(&v->text);
}

const char *tools_outcome_name(enum tools_outcome outcome)
{
	static const char *const names[OUTCOME_COUNT] = {
		"done", "already", "sent", "failed", "denied", "cancelled", "not_run",
	};

	return (unsigned)outcome < OUTCOME_COUNT ? names[outcome] : "failed";
}

#define NULL_MESSAGE { 0 }

CODEC_DEFINE(tools, configure, NULL_MESSAGE, tools_configure_deinit)
CODEC_DEFINE(tools, call, NULL_MESSAGE, tools_call_deinit)
CODEC_DEFINE(tools, hello, NULL_MESSAGE, CODEC_NOTHING)
CODEC_DEFINE(tools, link, NULL_MESSAGE, tools_link_deinit)
CODEC_DEFINE(tools, entity, NULL_MESSAGE, tools_entity_deinit)
CODEC_DEFINE(tools, result, NULL_MESSAGE, tools_result_deinit)
