/* SPDX-License-Identifier: MIT */
/*
 * Trains a small model of the Llama architecture: RMS norms, rotary positions on adjacent
 * pairs (2i, 2i+1), grouped attention, SwiGLU, one matrix for embedding and output.
 * All in f32; a step's result does not depend on the number of threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

struct train_shape {
	uint32_t vocab, width, layers, heads, kv_heads, ffn, context;
	float rope_base, eps;
};

struct train_rates {
	float peak;		/* learning rate after the warm-up */
	float floor;		/* share of the peak at the end, 0 to 1 */
	uint64_t warmup, total;	/* steps */
};

enum { TRAIN_IGNORE = -1 };	/* target of a position that is not learnt */

struct trainer;

/*
 * Weights drawn from @seed: normal with deviation 0.02, those that write into the residual
 * stream divided by sqrt(2 layers). @rows sequences of @shape.context tokens per batch.
 * 0, -EINVAL (a shape that does not divide, or sizes past the address space), -ENOMEM.
 */
int trainer_new(struct trainer **ret, const struct train_shape *shape, size_t rows,
		unsigned threads, uint64_t seed);
struct trainer *trainer_free(struct trainer *t);
DEFINE_CLEANUP(struct trainer *, trainer_free)

size_t trainer_n_weights(const struct trainer *t);
/* Both [n_weights] and owned by @t; gradients are summed until trainer_step(). */
float *trainer_weights(struct trainer *t);
const float *trainer_gradients(const struct trainer *t);

/*
 * Mean cross-entropy, in nats, over the positions of @tokens and @targets [rows][context]
 * whose target is not TRAIN_IGNORE; with @backward its gradient is added to the gradients.
 * 0, or -EINVAL for an id outside the vocabulary or no target at all.
 */
int trainer_loss(struct trainer *t, const int32_t *tokens, const int32_t *targets, bool backward,
		 double *loss);
/* AdamW (0.9, 0.95, decay of matrices 0.1) with the gradient's norm clipped to 1;
 * clears the gradients and returns the norm that they had. */
double trainer_step(struct trainer *t, float rate);
uint64_t trainer_steps(const struct trainer *t);
/* Linear warm-up, then half a cosine down to the floor. */
float train_rate(const struct train_rates *r, uint64_t step);

/* Weights, moments and step count at the position of @fd. Loading demands the same shape:
 * -EINVAL when the file is of another one or cut short, which leaves @t unusable for
 * training until a load succeeds. The format is of this machine's byte order. */
int trainer_save(const struct trainer *t, int fd);
int trainer_load(struct trainer *t, int fd);
