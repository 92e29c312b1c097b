/* SPDX-License-Identifier: MIT */
/*
 * What the front end and `assistant-engine training` say to each other: a process that trains
 * one adapter for one base model. What it says carries the id of TRAIN_BEGIN.
 *
 * It speaks first, with ENGINE_HELLO. Pausing is no message: the front end stops the process
 * with SIGSTOP and continues it with SIGCONT, at any point. A process that ends, or is ended,
 * without DONE or FAILED is started again with the same BEGIN: what is in the checkpoint's file
 * continues the run to the same weights, bit for bit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "assistantd/ipc/defect.h"
#include "assistantd/ipc/message.h"
#include "util/digest.h"

enum train_message {
	/* to the process */
	TRAIN_BEGIN = 1,	/* struct train_begin; PROGRESS…, then one DONE or FAILED */
	TRAIN_STOP,		/* no body: writes a checkpoint, then FAILED, TRAIN_E_STOPPED */
	/* from the process, beside ENGINE_HELLO */
	TRAIN_PROGRESS = 65,	/* struct train_progress, about every second and at each stage */
	TRAIN_DONE,		/* struct train_done */
	TRAIN_FAILED,		/* struct train_failed */
};

enum { TRAIN_LANGUAGES_MAX = 32, TRAIN_USUAL_RANK = 16 };

struct train_begin {
	int base_fd;		/* descriptors are owned after decoding */
	bool has_digests;	/* they are known, and the base need not be read whole */
	struct digest digest, weights;
	int data_fd;		/* lines of JSON: adapters/train/row.h */
	int held_out_fd;	/* the same, or -1: a part of the data is held out */
	/* A regular file for reading and writing, empty at first: two slots, written in turn. */
	int checkpoint_fd;
	/* So large files of the process may become, which whoever started it sees to; 0: any. */
	uint64_t file_bytes;
	/* The manifest's; empty where it has none. */
	struct buf name, task, style, title, prompt;
	struct buf languages[TRAIN_LANGUAGES_MAX];
	uint32_t n_languages;
	uint32_t sequence;	/* 0: 1 */
	/* 0: as is right for the base and the data. */
	uint32_t rank;
	uint32_t context;	/* tokens of a row */
	uint32_t rows;		/* of a step */
	uint32_t epochs;	/* at most */
	uint32_t threads;
	float alpha, rate;
	uint64_t seed;
	uint64_t tokens;	/* that are read at most, instead of so many epochs or beside */
};

#define TRAIN_BEGIN_NULL { .base_fd = -1, .data_fd = -1, .held_out_fd = -1, .checkpoint_fd = -1 }

enum train_stage {
	TRAIN_READING,		/* the base and the data */
	TRAIN_MEASURING,	/* the base alone on what is held out */
	TRAIN_TRAINING,
	TRAIN_PROVING,		/* examples, canaries, the proof */
	TRAIN_STAGE_COUNT,
};

/* Losses are in nats per learnt token; 0 stands for what is not known yet. */
struct train_progress {
	uint32_t stage;		/* enum train_stage */
	uint64_t step, total;	/* total: at most */
	uint64_t tokens;	/* read so far, over all epochs */
	float loss, held_out, held_out_base;
	float rate;		/* of learning */
	float tokens_per_s;
	uint32_t seconds_left;	/* at most, of the process running */
};

struct train_done {
	bool better;		/* than the base alone: the gate's verdict */
	float held_out_base, held_out;
	uint64_t steps, tokens;
	uint32_t n_canaries;
	int package_fd;		/* sealed memfd; -1: not better; owned after decoding */
	struct digest digest;	/* of the package */
	struct buf manifest;	/* its text */
	int report_fd;		/* sealed memfd: one page of HTML; owned after decoding */
	struct buf text;	/* the verdict as a sentence */
};

#define TRAIN_DONE_NULL { .package_fd = -1, .report_fd = -1 }

enum train_error {
	TRAIN_E_DATA = 1,	/* field: "line 17", "line 17: messages[2].role" */
	TRAIN_E_HELD_OUT,	/* the same, of the file of its own */
	TRAIN_E_BASE,
	TRAIN_E_OPTIONS,	/* field: the option */
	TRAIN_E_CHECKPOINT,	/* of another run, or damaged: nothing was changed */
	TRAIN_E_DIVERGED,
	TRAIN_E_SPACE,		/* no room for the checkpoint; the run can go on later */
	TRAIN_E_MEMORY,
	TRAIN_E_STOPPED,	/* as was asked for */
	TRAIN_E_INTERNAL,
	TRAIN_E_COUNT,
};

struct train_failed {
	uint32_t error;		/* enum train_error */
	struct ipc_defect defect;
};

/* Encoders fill an initialised message: 0 or the error of ipc_put_…(). */
int train_put_begin(struct ipc_message *m, const struct train_begin *v);
int train_put_progress(struct ipc_message *m, const struct train_progress *v);
int train_put_done(struct ipc_message *m, const struct train_done *v);
int train_put_failed(struct ipc_message *m, const struct train_failed *v);

/* Decoders: 0; -EBADMSG for a message of another form or a value out of range; -ENOMEM. */
int train_get_begin(struct ipc_message *m, struct train_begin *v);
int train_get_progress(struct ipc_message *m, struct train_progress *v);
int train_get_done(struct ipc_message *m, struct train_done *v);
int train_get_failed(struct ipc_message *m, struct train_failed *v);

/* Release what a decoder or a builder put in, descriptors included. */
void train_begin_deinit(struct train_begin *v);
void train_done_deinit(struct train_done *v);
void train_failed_deinit(struct train_failed *v);
