/* SPDX-License-Identifier: MIT */
/*
 * One request in the engine: reads its prompt, then writes token by token. It is pinned to
 * the model and to one adapter from its first token to its last. Used by the scheduler's
 * thread alone.
 */
#pragma once

#include "adapters/adapters.h"
#include "assistantd/engine/prompt.h"
#include "assistantd/ipc/ipc.h"
#include "base_model/base_model.h"

struct request {
	uint64_t id;
	uint32_t lane;
	struct prompt prompt;
	size_t read;			/* tokens of the prompt that were computed */
	struct bm_sequence *sequence;
	struct bm_sampler *sampler;
	struct bm_stream *stream;
	struct adapter *adapter;	/* a reference, or NULL */
	const struct bm_delta *delta;
	float scale;
	float *logits;			/* [n_vocab] */
	int32_t token;			/* the last one chosen */
	uint64_t began_us, wrote_us;	/* start of reading, and of writing */
	struct engine_done done;
};

/*
 * Takes over @adapter (may be NULL). 0; PROMPT_E_TOO_LONG with @counted; -EINVAL with @d;
 * -ENOMEM.
 */
int request_new(struct request **ret, uint64_t id, const struct bm_model *m,
		struct engine_start *start, struct adapter *adapter,
		struct engine_counted *counted, struct diag *d);
struct request *request_free(struct request *r);
DEFINE_CLEANUP(struct request *, request_free)

/* What the next pass computes for it: at most @room tokens, at least 1. */
struct bm_item request_item(struct request *r, size_t room);
/* True while the prompt is being read. */
bool request_reading(const struct request *r);
/*
 * After the pass of @item: chooses a token when the prompt has been read, and appends the
 * text that may be shown to @piece. 0; 1 when the request is done, with @r->done filled;
 * -ENOMEM.
 */
int request_advance(struct request *r, const struct bm_model *m, const struct bm_item *item,
		    struct engine_piece *piece);

/* Microseconds of a clock that only goes forward. */
uint64_t request_clock(void);
