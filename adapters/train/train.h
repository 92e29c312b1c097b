/* SPDX-License-Identifier: MIT */
/*
 * Trains a small model of the Llama architecture (RMS norms, rotary positions on adjacent
 * pairs (2i, 2i+1), grouped attention, SwiGLU, one matrix for embedding and output), or an
 * adapter beside a model that stays as its file has it. Trained weights, sums and moments are
 * f32; matrix products round their inputs to bf16 where the CPU has such products. A step's
 * result does not depend on the number of threads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_model/base_model.h"
#include "util/cleanup.h"

struct train_shape {
	uint32_t vocab, width, layers, heads, kv_heads, ffn, context;
	float rope_base, eps;
};

struct train_rates {
	float peak;		/* learning rate after the warm-up */
	float floor;		/* share of the peak at the end, 0 to 1 */
	uint64_t warmup, hold, total;	/* steps: up to the peak, at the peak, of the run */
};

enum { TRAIN_IGNORE = -1 };	/* target of a position that is not learnt */

/* Sequences, [rows][context] each. */
struct train_batch {
	const int32_t *tokens, *targets;
	/* The place in its row where the example of a position begins: what stands before is
	 * another one's, so attention does not see it, and positions count from there. NULL: a
	 * row is one example. */
	const uint32_t *begins;
	/* How much of its gradient is added, for steps of several batches: of those that all count
	 * by their targets, the share of the step's. 0: all. */
	double weight;
};

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

/* Products of f32 inputs from now on, for tests that compare with something exact. */
void trainer_set_exact(struct trainer *t);
/*
 * From now on a pass keeps the input of each layer alone, and the way back computes the layer
 * again: the same bits in a fraction of the memory, for a third more work. 0 or -ENOMEM, which
 * leaves @t only to be freed. What is large does so by itself (train_from_model()).
 */
int trainer_set_recompute(struct trainer *t);

/*
 * Trains an adapter (Hu et al. 2021, arXiv:2106.09685) on every matrix from now on, and leaves
 * the base as it is: A normal, B zero. -EINVAL after the first step, or for a rank beyond 1
 * to 256 or an alpha that is not above 0; -ENOMEM, which leaves @t only to be freed.
 */
int trainer_add_lora(struct trainer *t, uint32_t rank, float alpha, uint64_t seed);

const struct train_shape *trainer_shape(const struct trainer *t);
/* As files name it: "llama" for a base of our own. */
const char *trainer_architecture(const struct trainer *t);
size_t trainer_n_weights(const struct trainer *t);
/* What the optimiser changes and its gradients, [n_trained]; owned by @t. Gradients are
 * summed until trainer_step(). */
size_t trainer_n_trained(const struct trainer *t);
float *trainer_trained(struct trainer *t);
const float *trainer_gradients(const struct trainer *t);

enum { TRAIN_MATRICES = BM_OUTPUT };	/* of a layer: those of enum bm_matrix before it */

struct train_view {
	size_t out, in;
	uint32_t rank;		/* 0: no adapter */
	float alpha;
	/* Matrices that are one tensor, whose rows stand one after the other in @out, from this one
	 * on; 0: one that belongs to those before it. */
	unsigned parts;
	float *w;		/* [out][in]; NULL where a model's is used as it is */
	const float *a, *b;	/* [rank][in], [out][rank], or NULL */
};

/* The pieces of a base of our own, to be filled or written: [vocab][width], [width] (before a
 * branch, or the last); and a matrix. */
float *trainer_embedding(struct trainer *t);
float *trainer_norm(struct trainer *t, uint32_t layer, enum bm_norm norm);
struct train_view trainer_matrix(struct trainer *t, uint32_t layer, enum bm_matrix matrix);

/*
 * Mean cross-entropy, in nats, over the positions of @batch whose target is not TRAIN_IGNORE;
 * with @backward its gradient is added to the gradients, by its weight. 0, -EINVAL for an id
 * outside the vocabulary, no target at all, beginnings that are no stretches, or a weight that
 * is not 0 to 1; -ENOMEM.
 */
int trainer_loss(struct trainer *t, const struct train_batch *batch, bool backward, double *loss);
/* What the last one was the mean of: @losses is [rows][context], in nats, 0 where nothing is
 * learnt. */
void trainer_losses(const struct trainer *t, double *losses);
/* Muon for the matrices of a base's layers, AdamW (0.9, 0.95, the gradient's norm clipped to 1)
 * for its embedding and norms and for adapters; the base's matrices decay by 0.1. Clears the
 * gradients and returns the norm that they had; where that is no finite number, nothing has
 * changed. */
double trainer_step(struct trainer *t, float rate);
uint64_t trainer_steps(const struct trainer *t);
/* Multiplications and additions of all matrix products so far but attention's, and the most per
 * second that its threads do of them in the registers. */
double trainer_operations(const struct trainer *t);
double trainer_peak(struct trainer *t);
/* Linear warm-up, the peak for @hold steps, then half a cosine down to the floor. */
float train_rate(const struct train_rates *r, uint64_t step);

/* Weights, moments and step count at the position of @fd. Loading demands the same shape:
 * -EINVAL when the file is of another one or cut short, which leaves @t unusable for
 * training until a load succeeds. The format is of this machine's byte order. */
int trainer_save(const struct trainer *t, int fd);
uint64_t trainer_save_size(const struct trainer *t);	/* of what that writes */
int trainer_load(struct trainer *t, int fd);
/* The weights alone, for a run of its own that goes on from another one, with other data, rates
 * or a longer context: the context may differ, else as trainer_load(). */
int trainer_load_weights(struct trainer *t, int fd);
