/* SPDX-License-Identifier: MIT */
#include "assistantd/ipc/train-protocol.h"

#include "assistantd/ipc/codec.h"

static void code_begin(struct codec *c, struct train_begin *v)
{
	codec_fd(c, &v->base_fd);
	codec_bool(c, &v->has_digests);
	codec_digest(c, &v->digest);
	codec_digest(c, &v->weights);
	codec_fd(c, &v->data_fd);
	codec_optional_fd(c, &v->held_out_fd);
	codec_fd(c, &v->checkpoint_fd);
	codec_u64(c, &v->file_bytes);
	codec_text(c, &v->name);
	codec_text(c, &v->task);
	codec_text(c, &v->style);
	codec_text(c, &v->title);
	codec_text(c, &v->prompt);
	codec_below(c, &v->n_languages, TRAIN_LANGUAGES_MAX + 1);
	for (uint32_t i = 0; c->err == 0 && i < v->n_languages; i++)
		codec_text(c, &v->languages[i]);
	codec_u32(c, &v->sequence);
	codec_u32(c, &v->rank);
	codec_u32(c, &v->context);
	codec_u32(c, &v->rows);
	codec_u32(c, &v->epochs);
	codec_u32(c, &v->threads);
	codec_f32(c, &v->alpha);
	codec_f32(c, &v->rate);
	codec_u64(c, &v->seed);
	codec_u64(c, &v->tokens);
}

static void code_progress(struct codec *c, struct train_progress *v)
{
	codec_below(c, &v->stage, TRAIN_STAGE_COUNT);
	codec_u64(c, &v->step);
	codec_u64(c, &v->total);
	codec_u64(c, &v->tokens);
	codec_f32(c, &v->loss);
	codec_f32(c, &v->held_out);
	codec_f32(c, &v->held_out_base);
	codec_f32(c, &v->rate);
	codec_f32(c, &v->tokens_per_s);
	codec_u32(c, &v->seconds_left);
}

static void code_done(struct codec *c, struct train_done *v)
{
	codec_bool(c, &v->better);
	codec_f32(c, &v->held_out_base);
	codec_f32(c, &v->held_out);
	codec_u64(c, &v->steps);
	codec_u64(c, &v->tokens);
	codec_u32(c, &v->n_canaries);
	codec_optional_fd(c, &v->package_fd);
	codec_digest(c, &v->digest);
	codec_text(c, &v->manifest);
	codec_fd(c, &v->report_fd);
	codec_text(c, &v->text);
	/* What is better is there to be installed, and nothing else is. */
	if (v->better != (v->package_fd >= 0))
		codec_fail(c, -EBADMSG);
}

static void code_failed(struct codec *c, struct train_failed *v)
{
	codec_below(c, &v->error, TRAIN_E_COUNT);
	if (v->error == 0)
		codec_fail(c, -EBADMSG);
	codec_defect(c, &v->defect);
}

void train_begin_deinit(struct train_begin *v)
{
	codec_close(&v->base_fd);
	codec_close(&v->data_fd);
	codec_close(&v->held_out_fd);
	codec_close(&v->checkpoint_fd);
	buf_deinit(&v->name);
	buf_deinit(&v->task);
	buf_deinit(&v->style);
	buf_deinit(&v->title);
	buf_deinit(&v->prompt);
	/* One whose decoding failed is not counted, but may hold its text. */
	for (uint32_t i = 0; i < TRAIN_LANGUAGES_MAX; i++)
		buf_deinit(&v->languages[i]);
	v->n_languages = 0;
}

void train_done_deinit(struct train_done *v)
{
	codec_close(&v->package_fd);
	codec_close(&v->report_fd);
	buf_deinit(&v->manifest);
	buf_deinit(&v->text);
}

void train_failed_deinit(struct train_failed *v)
{
	ipc_defect_deinit(&v->defect);
}

#define NULL_MESSAGE { 0 }

CODEC_DEFINE(train, begin, TRAIN_BEGIN_NULL, train_begin_deinit)
CODEC_DEFINE(train, progress, NULL_MESSAGE, CODEC_NOTHING)
CODEC_DEFINE(train, done, TRAIN_DONE_NULL, train_done_deinit)
CODEC_DEFINE(train, failed, NULL_MESSAGE, train_failed_deinit)
