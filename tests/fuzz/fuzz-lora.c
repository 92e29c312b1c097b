/* SPDX-License-Identifier: MIT */
/*
 * An adapter's file for a small base; one that is accepted is used for a token, of its own where
 * it brings some, and the next is drawn: whatever the numbers were, it is one of the vocabulary.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fixture.h"
#include "tests/fuzz/fuzz.h"

enum { VOCABULARY = 130, WIDTH = 16 };

static struct bm_model *base(void)
{
	static const struct fixture small = {
		.dim = WIDTH, .heads = 2, .kv_heads = 1, .head_dim = 8, .ffn = 24, .layers = 1,
		.vocab = VOCABULARY, .context = 8, .type = TENSOR_F32, .seed = 1,
		.tokenizer = true,
	};
	static struct bm_model *made;

	if (!made)
		made = fixture_open(&small, 1);
	return made;
}

static void draw(float *logits, uint32_t n, float temperature)
{
	const struct bm_sampling o = { .temperature = temperature, .top_p = 0.9f,
				       .repetition_penalty = 1.0f };
	_cleanup_(bm_sampler_freep) struct bm_sampler *s = NULL;
	int32_t token;

	if (bm_sampler_new(&s, &o, n) < 0)
		return;
	token = bm_sampler_pick(s, logits);
	if (token < 0 || (uint32_t)token >= n)
		abort();
}

/* The text of a token becomes it in a template, and in data nothing does. */
static void recognise(const struct tokenizer *t, int32_t id)
{
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	const char *name;
	size_t len;

	if (!tokenizer_name(t, id, &name, &len) ||
	    tokenizer_encode(t, name, len, TOKENIZE_SPECIAL, &list) < 0 || list.n != 1 ||
	    list.ids[0] != id || tokenizer_encode(t, name, len, 0, &list) < 0)
		abort();
	for (size_t i = 1; i < list.n; i++)
		if (list.ids[i] >= VOCABULARY)
			abort();
}

static void use(struct bm_model *m, const struct adapter *a)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
	const struct bm_delta *delta = adapter_delta(a);
	const uint32_t n_extra = bm_delta_tokens(delta);
	const int32_t token = n_extra ? (int32_t)(VOCABULARY + n_extra - 1) : 3;
	const float scale = ADAPTER_MAX_SCALE;
	static float logits[VOCABULARY + TOKENIZER_MAX_EXTRA];
	struct bm_item item = { .tokens = &token, .n_tokens = 1, .deltas = &delta,
				.scales = &scale, .n_deltas = 1, .logits = logits,
				.n_extra = n_extra };

	if (bm_sequence_new(&s, m, 8, BM_KV_F16) < 0)
		return;
	item.seq = s;
	if (bm_forward(m, &item, 1, NULL) < 0 || bm_sequence_length(s) != 1)
		abort();
	draw(logits, VOCABULARY + n_extra, 0.0f);
	draw(logits, VOCABULARY + n_extra, 1.0f);
	for (uint32_t i = 0; i < n_extra; i++)
		recognise(adapter_tokenizer(a), (int32_t)(VOCABULARY + i));
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
