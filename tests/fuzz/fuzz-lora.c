/* SPDX-License-Identifier: MIT */
/*
 * An adapter's file for a small base; one that is accepted is used for a token, and the next is
 * drawn: whatever the numbers were, it is one of the vocabulary.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fixture.h"
#include "tests/fuzz/fuzz.h"

enum { VOCABULARY = 8, WIDTH = 16 };

static struct bm_model *base(void)
{
	static const struct fixture small = {
		.dim = WIDTH, .heads = 2, .kv_heads = 1, .head_dim = 8, .ffn = 24, .layers = 1,
		.vocab = VOCABULARY, .context = 8, .type = TENSOR_F32, .seed = 1,
	};
	static struct bm_model *made;

	if (!made)
		made = fixture_open(&small, 1);
	return made;
}

static void draw(float *logits, float temperature)
{
	const struct bm_sampling o = { .temperature = temperature, .top_p = 0.9f,
				       .repetition_penalty = 1.0f };
	_cleanup_(bm_sampler_freep) struct bm_sampler *s = NULL;
	int32_t token;

	if (bm_sampler_new(&s, &o, VOCABULARY) < 0)
		return;
	token = bm_sampler_pick(s, logits);
	if (token < 0 || token >= VOCABULARY)
		abort();
}

static void use(struct bm_model *m, const struct adapter *a)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
	const struct bm_delta *delta = adapter_delta(a);
	const int32_t token = 3;
	const float scale = ADAPTER_MAX_SCALE;
	float logits[VOCABULARY];
	struct bm_item item = { .tokens = &token, .n_tokens = 1, .deltas = &delta,
				.scales = &scale, .n_deltas = 1, .logits = logits };

	if (bm_sequence_new(&s, m, 8, BM_KV_F16) < 0)
		return;
	item.seq = s;
	if (bm_forward(m, &item, 1, NULL) < 0 || bm_sequence_length(s) != 1)
		abort();
	draw(logits, 0.0f);
	draw(logits, 1.0f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("adapter", MFD_CLOEXEC);
	_cleanup_(adapter_unrefp) struct adapter *a = NULL;
	struct diag d = DIAG_NULL;
	struct bm_model *m = base();
	int r;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	r = adapter_load_fd(&a, m, fd, &d);
	if (r < 0) {
		if (a || (r != -EINVAL && r != -ENOMEM) || d.code == DIAG_NONE || !d.text[0])
			abort();
		return 0;
	}
	if (!adapter_matrix_count(a) || !adapter_rank(a) || adapter_rank(a) > ADAPTER_MAX_RANK ||
	    adapter_bytes(a) > 64 * size + 4096)
		abort();
	use(m, a);
	return 0;
}
