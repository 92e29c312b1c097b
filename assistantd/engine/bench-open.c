/* SPDX-License-Identifier: MIT */
/* Opening a model: how long, and what it takes of memory that the file does not give back. */
#include "assistantd/engine/bench.h"
#include "util/macro.h"

static int tell_memory(struct bench *b, const char *variant)
{
	int64_t bytes = bench_anonymous_bytes();

	if (bytes < 0)
		return (int)bytes;
	return bench_sample(b, "open", variant, (double)bytes, "bytes",
			    json_pack("{s:I}", "file_bytes", (json_int_t)
				      gguf_size(bm_model_gguf(b->vm.model))));
}

/* A prompt and some tokens, so that all scratch memory was touched; the cache goes again. */
static int use(struct bench *b)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	int r = bm_sequence_new(&seq, b->vm.model, (uint32_t)(b->prompt + b->generate), BM_KV_F16);

	if (r == 0)
		r = bench_feed(b, seq, BENCH_NO_ADAPTER, b->prompt,
			       bm_model_max_batch(b->vm.model));
	if (r == 0)
		r = bench_feed(b, seq, BENCH_NO_ADAPTER, b->generate, 1);
	return r;
}

int bench_open(struct bench *b)
{
	int r;

	if (b->vm.n_adapters)
		return bench_unavailable(b, "open", "ready", "adapters were opened with the model");
	r = bench_sample(b, "open", "ready", b->open_s, "s", NULL);
	if (r == 0)
		r = tell_memory(b, "memory when ready");
	if (r == 0)
		r = use(b);
	if (r == 0)
		r = tell_memory(b, "memory after use");
	return r;
}
