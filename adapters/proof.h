/* SPDX-License-Identifier: MIT */
/*
 * Whether an adapter does something to a model, and nothing terrible: what the two write is
 * compared on a few plain sentences and on the canaries of the adapter's manifest.
 *
 * NO_EFFECT. The effect at a position is the root mean square of what the adapter changes of
 * the logits, as a share of the base's standard deviation there; the largest one counts. A
 * model whose products are quantised turns any change, however small, into a little noise,
 * which does not grow with the change: so a small effect has to, too. Measured:
 *                                           effect                with 8 times the scale
 *   four adapters of examples/tiny          0.32 to 0.75          1.4 to 3.3
 *   the same at 1/10, 1/100                 0.098 to 0.25,        0.32 to 0.69,
 *                                           0.052 to 0.12         0.095 to 0.25
 *   the same at 1e-3 to 1e-7 (noise)        up to 0.070           up to 0.105
 *   zeros                                   0                     0
 *   four random adapters, random 3B model   0.0064 to 2.2         2.2 (of 0.0070)
 *   one of them at 1e-2 to 1e-7 (noise)     0.0008 to 0.0012
 *   three random ones, small random model   1.2 to 1.5
 * Less than PROOF_EFFECT is none; less than PROOF_SURE must become that much, and PROOF_GROWTH
 * times as much, where the scale is PROOF_RAISE times as large.
 *
 * HARMFUL. Of what the base knows of plain sentences, the nats per token by which it is better
 * than a guess among all tokens, an adapter may cost half, and always PROOF_RISE. The base of
 * examples/tiny has 5.26 nats of 8.32: the bound is 6.79, and its own adapters at 8 times the
 * scale have 6.28 to 9.76. A model
 * that knows nothing, such as one of random weights, loses nothing, and no adapter harms it.
 * The bound is not for adapters that are invoked: they were made for what follows.
 *
 * What this cannot tell: a wrong adapter of the right size. Those of examples/tiny with
 * transposed values, with those of another layer, or beside a base whose layers were shuffled,
 * have effects of 0.13 to 0.96 and cost less than 0.2 nats: less than the right ones. For
 * that there are digests (manifest.h) and canaries.
 *
 * One pass of twice 24 tokens for each of four sentences: 2.4 s with a model of 3B in q4_0 on two
 * threads. Canaries come on top, all of them in one batch.
 *
 * CANARY_MISMATCH. The model's text for each of the manifest's canaries is its output, byte
 * by byte. Sums have one order, so it is on any machine.
 */
#pragma once

#include "adapters/manifest.h"
#include "util/diag.h"

struct adapter;
struct bm_model;
struct stop;

#define PROOF_VERSION 2		/* another one may give another verdict */
#define PROOF_EFFECT (1.0f / 256)
#define PROOF_SURE (1.0f / 8)
#define PROOF_RAISE 8.0f
#define PROOF_GROWTH 3.0f
#define PROOF_RISE 1.0f

enum proof_verdict { PROOF_GOOD, PROOF_NO_EFFECT, PROOF_HARMFUL, PROOF_CANARY_MISMATCH };

struct proof {
	enum proof_verdict verdict;
	float effect;
	float loss_base, loss_adapted;	/* nats per token of the sentences */
	uint32_t n_canaries;
	uint32_t canary;		/* the first that failed */
	char text[256];			/* the verdict as a sentence */
};

/*
 * Proves @a, which was loaded for @m, at @scale. @manifest, or NULL: without canaries. 0, also
 * for a bad verdict; -EINVAL with @d for a model without a tokenizer or a canary that it
 * has no room for; -ENOMEM; -ECANCELED by @stop (NULL: never).
 */
int proof_run(struct proof *ret, struct bm_model *m, const struct adapter *a, float scale,
	      const struct manifest *manifest, const struct stop *stop, struct diag *d);
