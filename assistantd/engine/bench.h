/* SPDX-License-Identifier: MIT */
/*
 * What `assistant-engine bench` measures. A measurement is a function that is called once
 * per round and tells its samples; several of them, and several rounds, take turns in one
 * process, so that what the machine does meanwhile happens to all of them alike. A sample
 * belongs to a row: the measurement's name and a variant ("prompt", "adapter").
 */
#pragma once

#include <jansson.h>

#include "assistantd/engine/verb-model.h"

enum {
	BENCH_NO_ADAPTER = -1,
	BENCH_KV_TYPES = 2,
};

struct bench_row;
struct trainer;

struct bench {
	const char *path;
	struct verb_options options;
	struct verb_model vm;
	uint64_t prompt, generate, long_context, rounds;
	uint64_t round;			/* the running one, from 0 */
	double open_s;			/* what opening the model took */
	float *logits;			/* [n_vocab] */
	struct bm_sequence *filled[BENCH_KV_TYPES];	/* bench_context()'s */
	struct trainer *trainer;	/* bench_train()'s */
	bool as_json;
	struct bench_row *rows;		/* in order of appearance, for the table at the end */
	size_t n_rows;
};

/*
 * Measurements: 0, or -errno. Names, and what they need, are in verb-bench.c's table.
 *
 * read      the mapping, as the model's threads read it: bytes/s
 * int8      products in the registers: operations/s
 * speed     a prompt, then generation behind it, without and with the first adapter: tokens/s
 * batch     4 sequences with 4 adapters and 16 with one, together and in turn: tokens/s
 * adapter   switch between residents, and load from the file: s
 * context   generation behind a long context, by type of KV cache: tokens/s
 * draft     repeating a text of 300 tokens with ten changes, plain and drafted: tokens/s
 * prefix    first token of 40 behind 300 that are known, and of the 40 alone: s
 * stolen    generation with and without a process that takes one processor away
 * loading   tokens of a stream, alone and beside adapters that are loaded: s
 * train     steps of training an adapter of rank 16 on 512 tokens: tokens/s, operations/s
 * open      time to open the model: s; memory that is neither the file's nor a cache's: bytes
 */
int bench_read(struct bench *b);
int bench_int8(struct bench *b);
int bench_speed(struct bench *b);
int bench_batch(struct bench *b);
int bench_adapter(struct bench *b);
int bench_context(struct bench *b);
int bench_draft(struct bench *b);
int bench_prefix(struct bench *b);
int bench_stolen(struct bench *b);
int bench_loading(struct bench *b);
int bench_train(struct bench *b);
int bench_open(struct bench *b);
/* Kernels alone, no model, on matrices of that size; writes JSON lines or a table. 0 or
 * bm_kernel_speeds()'s error. */
int bench_kernels(uint32_t rows, uint32_t cols, bool as_json);

/* Anonymous memory of this process; -errno. */
int64_t bench_anonymous_bytes(void);
/* Seconds of a clock that only goes forward. */
double bench_clock(void);
/* Sorts the @n values, at least one. */
double bench_median(double *values, size_t n);
/*
 * One sample of a row, in @unit ("tokens/s", "s", "bytes", …). @detail (may be NULL; taken
 * over) is an object whose members stand beside it in the JSON line. 0 or -ENOMEM.
 */
int bench_sample(struct bench *b, const char *measurement, const char *variant, double value,
		 const char *unit, json_t *detail);
/* A sample of @tokens that took @seconds, in tokens/s. */
int bench_tell_speed(struct bench *b, const char *measurement, const char *variant,
		     uint64_t tokens, double seconds);
/* Says why a row has no sample: 0 or -ENOMEM. */
int bench_unavailable(struct bench *b, const char *measurement, const char *variant,
		      const char *why);
/* Everything that was sampled, as medians. */
void bench_print_table(const struct bench *b);
void bench_deinit(struct bench *b);

/*
 * Appends @n tokens in passes of up to @batch, with the adapter of that index or
 * BENCH_NO_ADAPTER; any tokens do, speed does not depend on them. 0 or bm_forward()'s error.
 */
int bench_feed(struct bench *b, struct bm_sequence *seq, int adapter, uint64_t n, uint32_t batch);
/* What bm_forward() gets for @n_tokens at @tokens. */
struct bm_item bench_item(struct bench *b, struct bm_sequence *seq, int adapter,
			  const int32_t *tokens, size_t n_tokens);
/* Token number @at of the text that is fed. */
int32_t bench_token(const struct bench *b, uint64_t at);
/* Weights that one token reads, in bytes: not the embedding's rows that it does not choose. */
uint64_t bench_token_bytes(const struct bench *b);
/* Weights that every token of a prompt is multiplied with: the layers'. */
uint64_t bench_weights(const struct bench *b);
