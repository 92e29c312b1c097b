/* SPDX-License-Identifier: MIT */
#include "adapters/tokens.h"

#include <errno.h>
#include <string.h>

#include "adapters/values.h"
#include "base_model/base_model.h"
#include "util/macro.h"

static const char key[] = "assistantd.tokens.text";
static const char embedding_name[] = "token_embd.extra";
static const char output_name[] = "output.extra";

bool tokens_tensor(const char *name)
{
	return strcmp(name, embedding_name) == 0 || strcmp(name, output_name) == 0;
}

static int check_rows(const struct gguf_tensor *t, uint64_t dim, uint64_t n, struct diag *d)
{
	int r = values_check_type(t, d);

	if (r < 0)
		return r;
	if (t->ne[0] != dim || t->ne[1] != n || t->ne[2] != 1 || t->ne[3] != 1)
		return diag_set(d, -EINVAL, DIAG_SHAPE, t->name,
				"[%llu, %llu, %llu, %llu], expected [%llu, %llu]",
				(unsigned long long)t->ne[0], (unsigned long long)t->ne[1],
				(unsigned long long)t->ne[2], (unsigned long long)t->ne[3],
				(unsigned long long)dim, (unsigned long long)n);
	return values_check_finite(t, d);
}

/* Names without rows, rows without names, one half of the rows. */
static int check_complete(bool has_texts, const struct gguf_tensor *embedding,
			  const struct gguf_tensor *output, const struct bm_model *m,
			  struct diag *d)
{
	if (!has_texts)
		return diag_set(d, -EINVAL, DIAG_PAIR, key, "missing, but there is '%s'",
				(embedding ? embedding : output)->name);
	if (!embedding)
		return diag_set(d, -EINVAL, DIAG_PAIR, embedding_name, "missing");
	if (!output && gguf_tensor(bm_model_gguf(m), "output.weight"))
		return diag_set(d, -EINVAL, DIAG_PAIR, output_name,
				"missing, the base has an output matrix of its own");
	if (!bm_model_tokenizer(m))
		return diag_set(d, -EINVAL, DIAG_VOCAB, key, "the base has no vocabulary");
	return 0;
}

int tokens_read(struct tokenizer **ret, struct bm_delta *delta, const struct gguf *g,
		const struct bm_model *m, struct diag *d)
{
	const struct gguf_tensor *embedding = gguf_tensor(g, embedding_name);
	const struct gguf_tensor *output = gguf_tensor(g, output_name);
	_cleanup_(tokenizer_freep) struct tokenizer *t = NULL;
	uint32_t dim = bm_model_config(m)->dim;
	struct gguf_array texts;
	int r = gguf_array(g, key, GGUF_TYPE_STRING, &texts, d);

	if (r < 0)
		return r;
	if (r == GGUF_E_ABSENT && !embedding && !output) {
		*ret = NULL;
		return 0;
	}
	if ((r = check_complete(r == 0, embedding, output, m, d)) < 0 ||
	    (r = tokenizer_extend(&t, bm_model_tokenizer(m), &texts, key, d)) < 0 ||
	    (r = check_rows(embedding, dim, texts.count, d)) < 0 ||
	    (output && (r = check_rows(output, dim, texts.count, d)) < 0))
		return r;
	r = bm_delta_set_tokens(delta, embedding, output);
	if (r < 0)
		return diag_set(d, r, DIAG_SYSTEM, embedding_name, "%s", strerror(-r));
	*ret = TAKE(t);
	return 0;
}
