/* SPDX-License-Identifier: MIT */
#include "assistantd/ipc/workshop-protocol.h"

#include "assistantd/ipc/codec.h"

static void code_identity(struct codec *c, struct identity *v)
{
	codec_digest(c, &v->weights);
	codec_digest(c, &v->tokenizer);
	codec_digest(c, &v->template);
}

static void code_open(struct codec *c, struct workshop_open *v)
{
	codec_fd(c, &v->fd);
	codec_bool(c, &v->has_digests);
	codec_digest(c, &v->digest);
	codec_digest(c, &v->weights);
}

static void code_model(struct codec *c, struct workshop_model *v)
{
	codec_defect(c, &v->defect);
	codec_digest(c, &v->digest);
	code_identity(c, &v->identity);
	codec_u32(c, &v->context);
}

static void code_inspect(struct codec *c, struct workshop_inspect *v)
{
	codec_fd(c, &v->fd);
	codec_below(c, &v->n_keys, WORKSHOP_KEYS_MAX + 1);
	for (uint32_t i = 0; c->err == 0 && i < v->n_keys; i++)
		codec_text(c, &v->keys[i]);
}

static void code_inspected(struct codec *c, struct workshop_inspected *v)
{
	codec_defect(c, &v->defect);
	codec_digest(c, &v->digest);
	codec_u64(c, &v->bytes);
	codec_below(c, &v->kind, WORKSHOP_KIND_COUNT);
	codec_text(c, &v->manifest);
	codec_text(c, &v->architecture);
	codec_u32(c, &v->rank);
	codec_u32(c, &v->matrices);
	codec_f32(c, &v->alpha);
	codec_u32(c, &v->n_invocation);
	codec_u32(c, &v->n_tokens);
	codec_below(c, &v->signature, WORKSHOP_SIGNATURE_COUNT);
	codec_text(c, &v->key_id);
	codec_text(c, &v->comment);
}

static void code_import(struct codec *c, struct workshop_import *v)
{
	codec_below(c, &v->n_files, WORKSHOP_FILES_MAX + 1);
	for (uint32_t i = 0; c->err == 0 && i < v->n_files; i++) {
		codec_text(c, &v->files[i].name);
		codec_fd(c, &v->files[i].fd);
	}
	codec_optional_fd(c, &v->signature_fd);
	codec_text(c, &v->name);
	codec_text(c, &v->task);
	codec_text(c, &v->style);
	codec_text(c, &v->title);
	codec_text(c, &v->prompt);
	codec_below(c, &v->n_languages, WORKSHOP_LANGUAGES_MAX + 1);
	for (uint32_t i = 0; c->err == 0 && i < v->n_languages; i++)
		codec_text(c, &v->languages[i]);
	codec_f32(c, &v->scale);
	codec_u32(c, &v->sequence);
}

static void code_imported(struct codec *c, struct workshop_imported *v)
{
	codec_defect(c, &v->defect);
	codec_optional_fd(c, &v->fd);
	codec_digest(c, &v->digest);
	codec_u64(c, &v->bytes);
	codec_text(c, &v->manifest);
}

static void code_prove(struct codec *c, struct workshop_prove *v)
{
	codec_fd(c, &v->fd);
	codec_digest(c, &v->digest);
	codec_f32(c, &v->scale);
}

static void code_proved(struct codec *c, struct workshop_proved *v)
{
	codec_defect(c, &v->defect);
	codec_below(c, &v->mismatch, WORKSHOP_MISMATCH_COUNT);
	codec_below(c, &v->verdict, WORKSHOP_VERDICT_COUNT);
	codec_f32(c, &v->effect);
	codec_f32(c, &v->loss_base);
	codec_f32(c, &v->loss_adapted);
	codec_u32(c, &v->n_canaries);
	codec_u32(c, &v->canary);
	codec_text(c, &v->text);
}

void workshop_open_deinit(struct workshop_open *v)
{
	codec_close(&v->fd);
}

void workshop_model_deinit(struct workshop_model *v)
{
	ipc_defect_deinit(&v->defect);
}

void workshop_inspect_deinit(struct workshop_inspect *v)
{
	codec_close(&v->fd);
	/* One whose decoding failed is not counted, but may hold its text. */
	for (uint32_t i = 0; i < WORKSHOP_KEYS_MAX; i++)
		buf_deinit(&v->keys[i]);
	v->n_keys = 0;
}

void workshop_inspected_deinit(struct workshop_inspected *v)
{
	ipc_defect_deinit(&v->defect);
	buf_deinit(&v->manifest);
	buf_deinit(&v->architecture);
	buf_deinit(&v->key_id);
	buf_deinit(&v->comment);
}

void workshop_import_deinit(struct workshop_import *v)
{
	for (uint32_t i = 0; i < WORKSHOP_FILES_MAX; i++) {
		buf_deinit(&v->files[i].name);
		codec_close(&v->files[i].fd);
	}
	v->n_files = 0;
	codec_close(&v->signature_fd);
	buf_deinit(&v->name);
	buf_deinit(&v->task);
	buf_deinit(&v->style);
	buf_deinit(&v->title);
	buf_deinit(&v->prompt);
	for (uint32_t i = 0; i < WORKSHOP_LANGUAGES_MAX; i++)
		buf_deinit(&v->languages[i]);
	v->n_languages = 0;
}

void workshop_imported_deinit(struct workshop_imported *v)
{
	ipc_defect_deinit(&v->defect);
	codec_close(&v->fd);
	buf_deinit(&v->manifest);
}

void workshop_prove_deinit(struct workshop_prove *v)
{
	codec_close(&v->fd);
}

void workshop_proved_deinit(struct workshop_proved *v)
{
	ipc_defect_deinit(&v->defect);
	buf_deinit(&v->text);
}

#define NULL_MESSAGE { 0 }

CODEC_DEFINE(workshop, open, WORKSHOP_OPEN_NULL, workshop_open_deinit)
CODEC_DEFINE(workshop, model, NULL_MESSAGE, workshop_model_deinit)
CODEC_DEFINE(workshop, inspect, WORKSHOP_INSPECT_NULL, workshop_inspect_deinit)
CODEC_DEFINE(workshop, inspected, NULL_MESSAGE, workshop_inspected_deinit)
CODEC_DEFINE(workshop, import, WORKSHOP_IMPORT_NULL, workshop_import_deinit)
CODEC_DEFINE(workshop, imported, WORKSHOP_IMPORTED_NULL, workshop_imported_deinit)
CODEC_DEFINE(workshop, prove, WORKSHOP_PROVE_NULL, workshop_prove_deinit)
CODEC_DEFINE(workshop, proved, NULL_MESSAGE, workshop_proved_deinit)
