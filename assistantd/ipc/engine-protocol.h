/* SPDX-License-Identifier: MIT */
/*
 * What the front end and assistant-engine say to each other. The front end opens files and
 * names things; the engine sees descriptors and digests. Every message is one struct with an
 * encoder and a decoder; a decoder leaves nothing to free when it fails.
 *
 * The engine speaks first, with HELLO. Requests carry ids that the front end chose; what the
 * engine says about one carries that id in the header of the message.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "assistantd/ipc/message.h"
#include "util/digest.h"
#include "util/identity.h"

enum engine_message {
	/* to the engine */
	ENGINE_OPEN_MODEL = 1,	/* struct engine_open; answered by ENGINE_MODEL */
	ENGINE_START,		/* struct engine_start; STARTED, TOKENS…, DONE | FAILED */
	ENGINE_CANCEL,		/* no body; nothing follows for that id but one FAILED */
	ENGINE_COUNT,		/* struct engine_start; answered by COUNTED or FAILED */
	ENGINE_LOAD,		/* struct engine_adapter; answered by DONE or FAILED */
	ENGINE_UNLOAD,		/* struct engine_adapter without descriptor; DONE or FAILED */
	ENGINE_PIN,		/* the same with @pinned; with a descriptor it is loaded, too */
	ENGINE_BUDGET,		/* struct engine_budget: from now on; no answer */
	ENGINE_SCORE,		/* struct engine_score; STARTED, then SCORED or FAILED */
	/* from the engine */
	ENGINE_HELLO = 64,	/* struct engine_hello */
	ENGINE_MODEL,		/* struct engine_model */
	ENGINE_STARTED,		/* struct engine_counted: the prompt is being read */
	ENGINE_TOKENS,		/* struct engine_tokens: one message per step, for all requests */
	ENGINE_DONE,		/* struct engine_done */
	ENGINE_FAILED,		/* struct engine_failed */
	ENGINE_COUNTED,		/* struct engine_counted */
	ENGINE_USAGE,		/* struct engine_usage, after each change: one adapter */
	ENGINE_PREFIX,		/* struct engine_prefix: what START asked for; before DONE */
	ENGINE_SCORED,		/* struct engine_scored */
};

enum {
	ENGINE_MESSAGES_MAX = 16,	/* turns of one prompt */
	ENGINE_SEGMENTS_MAX = 64,	/* of all turns together */
	ENGINE_REQUESTS_MAX = 32,	/* at once in the engine */
	ENGINE_USES_MAX = 4,		/* adapters of one request */
	ENGINE_TEXTS_MAX = 512,		/* that are scored by one request */
};

#define ENGINE_SCALE_MAX 8.0f

/* What became of a request; numbers travel. */
enum engine_error {
	ENGINE_E_INTERNAL = 1,
	ENGINE_E_CANCELLED,
	ENGINE_E_NO_MODEL,
	ENGINE_E_TOO_LONG,	/* does not fit the context; @needed and @limit say by how much */
	ENGINE_E_ADAPTER,	/* the adapter's file is bad or made for another base */
	ENGINE_E_DIGEST,	/* the adapter's file is not the one that was named */
	ENGINE_E_BUSY,		/* pinned, in use, or no room beside what runs */
	ENGINE_E_LIMIT,		/* larger than the budget */
	ENGINE_E_INVALID,	/* the prompt cannot be built, or does not invoke its adapter */
	ENGINE_E_MEMORY,
	ENGINE_E_COUNT,
};

/* How a segment gives way when a prompt is longer than the context. */
enum engine_cut { ENGINE_CUT_NEVER, ENGINE_CUT_HEAD, ENGINE_CUT_TAIL, ENGINE_CUT_COUNT };

/* How keys and values are kept: q8_0 is half of f16. */
enum engine_kv { ENGINE_KV_F16, ENGINE_KV_Q8_0, ENGINE_KV_COUNT };

struct engine_open {
	int fd;			/* owned after decoding */
	bool has_digests;	/* these are known, and the file need not be read whole */
	struct digest digest, weights;	/* of the file, and of its tensors alone */
	uint32_t threads;	/* 0: one per processor */
	uint64_t budget;	/* bytes of adapters and KV caches together; 0: without a limit */
	uint64_t adapter_budget;	/* of them, of resident adapters */
	uint32_t kv;		/* enum engine_kv */
};

#define ENGINE_OPEN_NULL { .fd = -1 }

struct engine_segment {
	uint32_t turn;		/* which message it belongs to, ascending */
	uint32_t role;		/* enum engine_role of that message */
	uint32_t cut;		/* enum engine_cut: the end of the text that goes first */
	uint32_t priority;	/* lower ones are cut first */
	struct buf text;
	bool own;		/* the task's: tokens that an adapter brings are recognised */
};

enum engine_role { ENGINE_ROLE_SYSTEM, ENGINE_ROLE_USER, ENGINE_ROLE_ASSISTANT,
		   ENGINE_ROLE_COUNT };

/* An adapter of a request; with the scale 0 it is as if it were not there. */
struct engine_use {
	int fd;			/* owned after decoding */
	struct digest digest;
	float scale;		/* at most ENGINE_SCALE_MAX either way */
};

struct engine_start {
	struct engine_use uses[ENGINE_USES_MAX];	/* distinct; their order means nothing */
	uint32_t n_uses;
	uint32_t max_tokens;	/* 0: what the context leaves, or @answer_share allows */
	/* Tokens to keep free for the answer, as a share of the prompt's: a correction is about
	 * as long as its text. 0: only room for one token is asked for. */
	float answer_share;
	float temperature;
	uint64_t seed;
	uint32_t lane;		/* 0 background, 1 interactive: goes first */
	bool draft;		/* the answer repeats much of the prompt: guess from it */
	struct engine_segment segments[ENGINE_SEGMENTS_MAX];
	uint32_t n_segments;
	uint32_t n_fixed;	/* the first of them, which are the task's and not the user's */
	int prefix_fd;		/* what is stored of their tokens, or -1; owned after decoding */
	bool keeps_prefix;	/* where that is not valid, PREFIX is wanted */
};

#define ENGINE_START_NULL { .uses = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 }, { .fd = -1 } }, \
			    .prefix_fd = -1 }

/*
 * How likely texts are behind a prompt, of which adapters, segments and lane count; without
 * segments each text stands by itself. Texts that begin alike are read once.
 */
struct engine_score {
	struct engine_start prompt;
	struct buf texts;	/* none empty, each with a NUL behind it */
	uint32_t n_texts;	/* 1 to ENGINE_TEXTS_MAX */
	bool ends;		/* that they end there counts, too */
};

#define ENGINE_SCORE_NULL { .prompt = ENGINE_START_NULL }

struct engine_prefix {
	int fd;			/* a sealed memfd; owned after decoding */
};

#define ENGINE_PREFIX_NULL { .fd = -1 }

/* What stays in memory that nobody uses at the moment. */
enum engine_idle {
	ENGINE_IDLE_ALL,	/* as far as the budget has room */
	ENGINE_IDLE_TEXTS,	/* beginnings of texts; of adapters, the pinned ones */
	ENGINE_IDLE_NOTHING,	/* but pinned adapters */
	ENGINE_IDLE_COUNT,
};

/* What runs is not touched: it goes on with what it has. */
struct engine_budget {
	uint64_t budget, adapter_budget;	/* as in struct engine_open */
	uint32_t idle;		/* enum engine_idle */
};

struct engine_adapter {
	int fd;			/* LOAD, and PIN where it need not be resident, else -1; owned
				 * after decoding */
	struct digest digest;
	bool pinned;
	/* LOAD before anybody asks: after all else, and only where nothing goes for it that
	 * was used since it was; else BUSY. */
	bool ahead;
};

#define ENGINE_ADAPTER_NULL { .fd = -1 }

struct engine_hello {
	uint32_t pid;
	bool no_new_privs, not_dumpable, seccomp;
	uint32_t landlock_abi;	/* 0: none */
};

struct engine_model {
	bool ok;
	/* when ok */
	struct digest digest;		/* the file's: names what was computed with it */
	struct identity identity;	/* what adapters are bound to */
	uint32_t context, vocabulary;
	uint64_t bytes;
	struct buf architecture, name, kernels;
	/* when not */
	struct buf error;
};

struct engine_counted {
	uint32_t needed, limit;	/* tokens of the prompt, and of prompt and answer together */
	uint32_t cut;		/* tokens that segments gave up */
};

struct engine_piece {
	uint64_t id;
	uint32_t n_tokens;
	struct buf text;
};

struct engine_tokens {
	struct engine_piece pieces[ENGINE_REQUESTS_MAX];
	uint32_t n;
};

enum engine_finish { ENGINE_FINISH_STOP, ENGINE_FINISH_LENGTH, ENGINE_FINISH_COUNT };

struct engine_done {
	uint32_t finish;
	uint32_t tokens_in, tokens_out;
	uint32_t known;		/* tokens of the prompt that earlier requests had computed */
	uint32_t guessed, right;	/* tokens that drafting put forward, and that came true */
	uint32_t loading_ms, reading_ms, writing_ms;
};

struct engine_scored {
	uint32_t n;
	/* Σ ln p(token) of each text, in nats; NaN for one that does not fit the context. */
	double scores[ENGINE_TEXTS_MAX];
	uint32_t tokens[ENGINE_TEXTS_MAX];
	uint32_t tokens_in;	/* that were computed */
	uint32_t known;		/* of the prompt, that earlier requests had computed */
	uint32_t loading_ms, reading_ms;
};

struct engine_failed {
	uint32_t error;		/* enum engine_error */
	uint32_t needed, limit;
	struct digest adapter;	/* of ADAPTER, DIGEST and INVALID: the one at fault, or zeros */
	struct buf text;	/* what is wrong, for the user */
};

struct engine_usage {
	struct digest digest;
	uint64_t bytes, hits, misses, loads, evictions;
	uint64_t ahead, ahead_used;	/* loads before anybody asked; those that were used */
	uint64_t load_us, total_load_us;	/* microseconds of the last load, and of all */
	uint64_t used_at;	/* seconds since 1970; 0: never */
	bool resident, pinned;
	uint64_t used, budget;	/* of the whole cache */
};

/* Encoders fill an initialised message: 0 or the error of ipc_put_…(). */
int engine_put_open(struct ipc_message *m, const struct engine_open *v);
int engine_put_start(struct ipc_message *m, const struct engine_start *v);
int engine_put_score(struct ipc_message *m, const struct engine_score *v);
int engine_put_prefix(struct ipc_message *m, const struct engine_prefix *v);
int engine_put_adapter(struct ipc_message *m, const struct engine_adapter *v);
int engine_put_budget(struct ipc_message *m, const struct engine_budget *v);
int engine_put_hello(struct ipc_message *m, const struct engine_hello *v);
int engine_put_model(struct ipc_message *m, const struct engine_model *v);
int engine_put_counted(struct ipc_message *m, const struct engine_counted *v);
int engine_put_tokens(struct ipc_message *m, const struct engine_tokens *v);
int engine_put_done(struct ipc_message *m, const struct engine_done *v);
int engine_put_scored(struct ipc_message *m, const struct engine_scored *v);
int engine_put_failed(struct ipc_message *m, const struct engine_failed *v);
int engine_put_usage(struct ipc_message *m, const struct engine_usage *v);

/* Decoders: 0; -EBADMSG for a message of another form or a value out of range; -ENOMEM. */
int engine_get_open(struct ipc_message *m, struct engine_open *v);
int engine_get_start(struct ipc_message *m, struct engine_start *v);
int engine_get_score(struct ipc_message *m, struct engine_score *v);
int engine_get_prefix(struct ipc_message *m, struct engine_prefix *v);
int engine_get_adapter(struct ipc_message *m, struct engine_adapter *v);
int engine_get_budget(struct ipc_message *m, struct engine_budget *v);
int engine_get_hello(struct ipc_message *m, struct engine_hello *v);
int engine_get_model(struct ipc_message *m, struct engine_model *v);
int engine_get_counted(struct ipc_message *m, struct engine_counted *v);
int engine_get_tokens(struct ipc_message *m, struct engine_tokens *v);
int engine_get_done(struct ipc_message *m, struct engine_done *v);
int engine_get_scored(struct ipc_message *m, struct engine_scored *v);
int engine_get_failed(struct ipc_message *m, struct engine_failed *v);
int engine_get_usage(struct ipc_message *m, struct engine_usage *v);

/* Release what a decoder or a builder put in, descriptors included. */
void engine_open_deinit(struct engine_open *v);
void engine_start_deinit(struct engine_start *v);
void engine_score_deinit(struct engine_score *v);
void engine_prefix_deinit(struct engine_prefix *v);
void engine_adapter_deinit(struct engine_adapter *v);
void engine_model_deinit(struct engine_model *v);
void engine_tokens_deinit(struct engine_tokens *v);
void engine_failed_deinit(struct engine_failed *v);

/* Adds one segment with a copy of @text: 0, -E2BIG, -ENOMEM. */
int engine_start_add(struct engine_start *v, enum engine_role role, uint32_t turn,
		     enum engine_cut cut, uint32_t priority, const char *text, size_t len);
/* Adds a text: 0; -E2BIG; -EINVAL for one that is empty or has a NUL; -ENOMEM. */
int engine_score_add(struct engine_score *v, const char *text, size_t len);
