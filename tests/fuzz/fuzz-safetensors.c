/* SPDX-License-Identifier: MIT */
/*
 * A folder of PEFT for a small base: two lengths, of adapter_config.json and of
 * added_tokens.json, these texts, and adapter_model.safetensors. What the conversion accepts,
 * the loader accepts too, and a pass with it computes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/fixture.h"
#include "tests/fuzz/fuzz.h"
#include "util/macro.h"

enum { VOCABULARY = 8, HEAD = 4 };

static struct bm_model *base(void)
{
	static const struct fixture small = {
		.dim = 16, .heads = 2, .kv_heads = 1, .head_dim = 8, .ffn = 24, .layers = 1,
		.vocab = VOCABULARY, .context = 8, .type = TENSOR_F32, .seed = 1,
	};
	static struct bm_model *made;

	if (!made)
		made = fixture_open(&small, 1);
	return made;
}

static void pass(struct bm_model *m, const struct adapter *a, uint32_t n_extra)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
	_cleanup_free_ float *logits = calloc(VOCABULARY + n_extra, sizeof(*logits));
	const struct bm_delta *delta = adapter_delta(a);
	const int32_t token = VOCABULARY - 1 + (int32_t)n_extra;
	const float scale = 1.0f;
	struct bm_item item = { .tokens = &token, .n_tokens = 1, .deltas = &delta,
				.scales = &scale, .n_deltas = 1, .logits = logits,
				.n_extra = n_extra };

	if (!logits || bm_sequence_new(&s, m, 8, BM_KV_F16) < 0)
		return;
	item.seq = s;
	if (bm_forward(m, &item, 1, NULL) < 0 || bm_sequence_length(s) != 1)
		abort();
}

static void use(struct bm_model *m, const struct peft *p)
{
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	_cleanup_close_ int fd = memfd_create("adapter", MFD_CLOEXEC);
	_cleanup_(adapter_unrefp) struct adapter *a = NULL;
	const struct peft_facts *facts = peft_facts(p);
	struct diag d = DIAG_NULL;

	if (fd < 0 || gguf_writer_new(&w) < 0)
		abort();
	if (peft_write(p, w) < 0 || gguf_writer_write(w, fd) < 0)
		abort();
	if (adapter_load_fd(&a, m, fd, &d) < 0) {
		/* The vocabulary judges what a new token may be called. */
		if (!facts->extra_tokens)
			abort();
		return;
	}
	if (adapter_matrix_count(a) != facts->matrices || adapter_rank(a) != facts->rank)
		abort();
	pass(m, a, facts->extra_tokens);
}

/* The next part in a block of its own, so that a sanitizer sees what is read beyond. */
static struct peft_file take(const char *name, const uint8_t **data, size_t *left, size_t len)
{
	char *block;

	len = MIN(len, *left);
	block = malloc(len ? len : 1);
	if (!block)
		abort();
	memcpy(block, *data, len);
	*data += len;
	*left -= len;
	return (struct peft_file){ name, block, len };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(peft_freep) struct peft *p = NULL;
	struct bm_model *m = base();
	struct peft_file files[3];
	struct diag d = DIAG_NULL;
	size_t config, tokens;
	int r;

	if (size < HEAD)
		return 0;
	config = (size_t)data[0] | (size_t)data[1] << 8;
	tokens = (size_t)data[2] | (size_t)data[3] << 8;
	data += HEAD;
	size -= HEAD;
	files[0] = take("adapter_config.json", &data, &size, config);
	files[1] = take("added_tokens.json", &data, &size, tokens);
	files[2] = take("adapter_model.safetensors", &data, &size, size);
	/* Without new tokens there is no such file. */
	if (tokens == 0)
		files[1].name = "README.md";
	r = peft_convert(&p, m, files, ARRAY_SIZE(files), &d);
	if (r < 0 && (p || (r != -EINVAL && r != -ENOMEM) || d.code == DIAG_NONE || !d.text[0]))
		abort();
	if (r == 0)
		use(m, p);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		free((char *)files[i].data);
	return 0;
}
