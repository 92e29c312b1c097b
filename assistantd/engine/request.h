/* SPDX-License-Identifier: MIT */
/*
 * One request in the engine: reads its prompt, then writes, or scores texts behind it. It is
 * pinned to the model and to its adapters from its first token to its last. Used by the
 * scheduler's thread alone.
 */
#pragma once

#include "assistantd/engine/batch.h"
#include "assistantd/engine/preparer.h"
#include "assistantd/engine/residents.h"
#include "assistantd/engine/scoring.h"
#include "assistantd/ipc/ipc.h"
#include "base_model/base_model.h"

struct request {
	uint64_t id;
	uint32_t lane;
	uint32_t n_prompt;
	struct scoring *scoring;		/* of SCORE; of START, writer and stream */
	size_t finished;		/* texts with scores, when it got its room */
	struct bm_writer *writer;
	struct bm_stream *stream;
	const struct tokenizer *tokenizer;	/* the model's, or of one of its adapters */
	struct adapter *adapters[ENGINE_USES_MAX];	/* references; NULL behind the last */
	struct adapter_uses uses;
	struct residents *residents;	/* where what was computed stays */
	struct prefix_key key;
	bool keeps_prefix;		/* its beginning is to be stored */
	struct prefix_head prefix;
	uint64_t served;		/* the pass that served it last */
	bool was_parked;		/* once is enough */
	uint64_t began_us, wrote_us;	/* start of reading, and of writing */
	struct engine_done done;
};

/* Begins with what @residents knows of its prompt. Takes over the adapters of @p, whose prompt
 * was built. 0; -EINVAL; -ENOSPC and -ENOMEM, and then @p is as it was. */
int request_new(struct request **ret, struct bm_model *m, struct residents *residents,
		struct preparation *p);
/* What it has computed stays with the residents while they have room. */
struct request *request_free(struct request *r);
DEFINE_CLEANUP(struct request *, request_free)

/* What the cache of its texts is found by. */
struct prefix_key request_key(const struct preparation *p);
/* When it is done: its beginning as a file, where that is wanted and can be had; else -1. */
int request_prefix(struct request *r);

/* Gives up its cache until it is resumed: 0; -ENOSPC where there is no room; -ENOMEM. */
void request_park(struct request *r);
int request_resume(struct request *r);
bool request_parked(const struct request *r);
/* Whether it has come on since it got its room. */
bool request_has_come_on(const struct request *r);
/* What the next pass is planned by: 0; -ENOSPC where it has no room to go on; -ENOMEM. */
int request_entry(struct request *r, struct batch_entry *ret);
/* What the planned pass computes for it: fills @items, at most BATCH_SCORES, and returns how many.
 * Rows of logits begin at @logits; *@used are, of one that scores no more than @scores. */
size_t request_items(struct request *r, const struct batch_entry *plan, size_t scores,
		     float *logits, struct bm_item *items, size_t *used);
/*
 * After the pass of these items: appends the text that may be shown to @piece. 0; 1 when the
 * request is done, with @r->done filled; -ENOMEM.
 */
int request_advance(struct request *r, const struct bm_item *items, size_t n,
		    struct engine_piece *piece);
/* What one that scored has to tell when it is done. */
void request_scored(const struct request *r, struct engine_scored *ret);

/* Microseconds of a clock that only goes forward. */
uint64_t request_clock(void);
