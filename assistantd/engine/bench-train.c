/* SPDX-License-Identifier: MIT */
/* Steps of training an adapter on the model as it is, beside what the products could do. */
#include <errno.h>
#include <string.h>

#include "adapters/train/model-file.h"
#include "assistantd/engine/bench.h"
#include "util/macro.h"

enum { RANK = 16, SEQUENCE = 512 };

static uint32_t length(const struct bench *b)
{
	return MIN((uint32_t)SEQUENCE, bm_model_config(b->vm.model)->context);
}

/* Its first step touches all memory, and is none of the samples. */
static int start(struct bench *b, const struct train_batch *batch)
{
	struct diag d = DIAG_NULL;
	double loss;
	int r = train_from_model(&b->trainer, b->vm.model, length(b), 1, b->options.threads, &d);

	if (r == -EINVAL)
		return bench_unavailable(b, "train", "step", d.text);
	if (r == 0)
		r = trainer_add_lora(b->trainer, RANK, 2 * RANK, 1);
	if (r == 0)
		r = trainer_loss(b->trainer, batch, true, &loss);
	if (r == 0)
		trainer_step(b->trainer, 0);
	return r;
}

/* What a step cannot do without: each weight of the layers and of the output once forward and
 * once back, two operations each. */
static double useful_operations(const struct bench *b)
{
	const struct bm_config *c = bm_model_config(b->vm.model);
	double weights = (double)bench_weights(b) + (double)c->n_vocab * (double)c->dim;

	return 4 * weights * (double)length(b);
}

static int step(struct bench *b, const struct train_batch *batch)
{
	double before = trainer_peak(b->trainer), done = trainer_operations(b->trainer);
	double begin = bench_clock(), seconds, peak, loss;
	int64_t bytes;
	int r = trainer_loss(b->trainer, batch, true, &loss);

	if (r < 0)
		return r;
	trainer_step(b->trainer, 1e-4f);
	seconds = bench_clock() - begin;
	done = (trainer_operations(b->trainer) - done) / seconds;
	peak = MAX(before, trainer_peak(b->trainer));
	bytes = bench_anonymous_bytes();
	if (bytes < 0)
		return (int)bytes;
	r = bench_sample(b, "train", "step", (double)length(b) / seconds, "tokens/s",
			 json_pack("{s:i, s:f, s:f}", "sequence", (int)length(b), "share",
				   done / peak, "useful_share",
				   useful_operations(b) / seconds / peak));
	if (r == 0)
		r = bench_sample(b, "train", "products", done, "operations/s", NULL);
	if (r == 0)
		r = bench_sample(b, "train", "registers", peak, "operations/s", NULL);
	return r < 0 ? r : bench_sample(b, "train", "memory beyond the file", (double)bytes,
					"bytes", NULL);
}

int bench_train(struct bench *b)
{
	int32_t tokens[SEQUENCE], targets[SEQUENCE];
	const struct train_batch batch = { .tokens = tokens, .targets = targets };
	int r = 0;

	for (uint32_t i = 0; i < SEQUENCE; i++) {
		tokens[i] = bench_token(b, i);
		targets[i] = bench_token(b, i + 1);
	}
	if (!b->trainer)
		r = start(b, &batch);
	return r < 0 || !b->trainer ? r : step(b, &batch);
}
