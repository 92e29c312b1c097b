/* SPDX-License-Identifier: MIT */
#include "base_model/family.h"

#include <math.h>
#include <string.h>

#include "util/macro.h"

#define QKV_BIASES (MATRIX_BIT(BM_ATTN_Q) | MATRIX_BIT(BM_ATTN_K) | MATRIX_BIT(BM_ATTN_V))
#define ATTN_BIASES (QKV_BIASES | MATRIX_BIT(BM_ATTN_OUTPUT))
#define FFN_BIASES (MATRIX_BIT(BM_FFN_GATE) | MATRIX_BIT(BM_FFN_UP) | MATRIX_BIT(BM_FFN_DOWN))
#define PLAIN_FFN_BIASES (MATRIX_BIT(BM_FFN_UP) | MATRIX_BIT(BM_FFN_DOWN))

/* Hu et al. 2024, arXiv:2404.06395, table of the 2.4B model. */
static void minicpm_defaults(struct bm_config *c)
{
	c->embedding_scale = 12.0f;
	c->residual_scale = 1.4f / sqrtf((float)c->n_layers);
	c->logit_divisor = 256.0f / (float)c->dim;
}

static void gemma_defaults(struct bm_config *c)
{
	c->embedding_scale = sqrtf((float)c->dim);
}

/* The largest models of Gemma 2 and 3 divide by the width of a head that the dimension alone
 * would give. */
static void gemma_large(struct bm_config *c, uint32_t layers_of_large)
{
	if (c->n_layers == layers_of_large)
		c->attention_scale = 1.0f / sqrtf((float)c->dim / (float)c->n_heads);
}

/* Gemma Team 2024, arXiv:2408.00118. */
static void gemma2_defaults(struct bm_config *c)
{
	gemma_defaults(c);
	gemma_large(c, 46);
	c->attention_cap = 50.0f;
	c->logit_cap = 30.0f;
	c->window = 4096;
}

/* Gemma Team 2025, arXiv:2503.19786. */
static void gemma3_defaults(struct bm_config *c)
{
	gemma_defaults(c);
	gemma_large(c, 62);
	c->window_rope_base = 10000.0f;
}

/* Data: one entry for each family. */
static const struct family families[] = {
	{ .name = "llama", .pre_norm = true, .ffn_norm = ALWAYS, .rope_factors = true,
	  .windows = true, .output = MAYBE, .maybe_biases = ATTN_BIASES | FFN_BIASES },
	{ .name = "mistral3", .pre_norm = true, .ffn_norm = ALWAYS, .rope_factors = true,
	  .windows = true, .output = MAYBE, .maybe_biases = ATTN_BIASES | FFN_BIASES },
	{ .name = "smollm3", .pre_norm = true, .ffn_norm = ALWAYS, .rope_factors = true,
	  .unrotated_every = 4, .output = MAYBE },
	{ .name = "granite", .pre_norm = true, .ffn_norm = ALWAYS, .rope_factors = true,
	  .output = MAYBE, .maybe_biases = ATTN_BIASES | FFN_BIASES },
	{ .name = "minicpm", .pre_norm = true, .ffn_norm = ALWAYS, .rope_factors = true,
	  .output = MAYBE, .maybe_biases = ATTN_BIASES | FFN_BIASES,
	  .defaults = minicpm_defaults },
	{ .name = "qwen2", .pre_norm = true, .ffn_norm = ALWAYS, .pairs = ROPE_HALVES,
	  .output = MAYBE, .biases = QKV_BIASES, .maybe_biases = MATRIX_BIT(BM_OUTPUT) },
	{ .name = "qwen3", .pre_norm = true, .ffn_norm = ALWAYS, .head_norm = HEAD_NORM_SHARED,
	  .head_norms = ALWAYS, .pairs = ROPE_HALVES, .output = MAYBE },
	{ .name = "gemma", .pre_norm = true, .ffn_norm = ALWAYS, .ffn = FFN_GELU_GATE,
	  .pairs = ROPE_HALVES, .defaults = gemma_defaults },
	{ .name = "gemma2", .pre_norm = true, .post_norm = true, .ffn_norm = ALWAYS,
	  .ffn = FFN_GELU_GATE, .pairs = ROPE_HALVES, .windows = true, .window_period = 2,
	  .defaults = gemma2_defaults },
	{ .name = "gemma3", .pre_norm = true, .post_norm = true, .ffn_norm = ALWAYS,
	  .head_norm = HEAD_NORM_SHARED, .head_norms = ALWAYS, .ffn = FFN_GELU_GATE,
	  .pairs = ROPE_HALVES, .windows = true, .window_period = 6, .window_rope = true,
	  .output = MAYBE, .defaults = gemma3_defaults },
	{ .name = "phi2", .layer_norm = true, .pre_norm = true, .ffn = FFN_GELU,
	  .pairs = ROPE_HALVES, .output = ALWAYS,
	  .biases = ATTN_BIASES | PLAIN_FFN_BIASES | MATRIX_BIT(BM_OUTPUT) },
	{ .name = "phi3", .pre_norm = true, .ffn_norm = ALWAYS, .fused_gate = true,
	  .pairs = ROPE_HALVES, .rope_factors = true, .windows = true, .output = MAYBE },
	{ .name = "olmo2", .post_norm = true, .head_norm = HEAD_NORM_WHOLE, .head_norms = ALWAYS,
	  .pairs = ROPE_HALVES, .windows = true, .window_period = 4, .window_rope = true,
	  .output = ALWAYS },
	{ .name = "stablelm", .layer_norm = true, .pre_norm = true, .ffn_norm = MAYBE,
	  .head_norm = HEAD_NORM_OWN, .head_norms = MAYBE, .pairs = ROPE_HALVES,
	  .output = ALWAYS, .maybe_biases = QKV_BIASES },
	{ .name = "gptneox", .layer_norm = true, .pre_norm = true, .ffn_norm = ALWAYS,
	  .parallel_by_key = true, .ffn = FFN_GELU, .pairs = ROPE_HALVES, .output = ALWAYS,
	  .biases = ATTN_BIASES | PLAIN_FFN_BIASES },
	{ .name = "openelm", .pre_norm = true, .ffn_norm = ALWAYS, .head_norm = HEAD_NORM_SHARED,
	  .head_norms = ALWAYS, .pairs = ROPE_HALVES },
};

/* Data: names that users meet, by what sets them apart. */
static const struct {
	const char *why;
	const char *names[32];
} refused[] = {
	{ "a mixture of experts",
	  { "afmoe", "arctic", "bailingmoe", "bailingmoe2", "dbrx", "deepseek", "deepseek2",
	    "dots1", "ernie4_5-moe", "exaone-moe", "glm4moe", "gpt-oss", "granitemoe", "grok",
	    "grovemoe", "hunyuan-moe", "lfm2moe", "llama4", "mimo2", "minimax-m2", "olmoe",
	    "phimoe", "qwen2moe", "qwen3moe", "qwen3vlmoe", "smallthinker" } },
	{ "a recurrent model", { "arwkv7", "mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7" } },
	{ "a hybrid of attention and recurrence",
	  { "falcon-h1", "granitehybrid", "jamba", "kimi-linear", "lfm2", "nemotron_h",
	    "nemotron_h_moe", "plamo2", "qwen35", "qwen35moe", "qwen3next" } },
	{ "an encoder, which writes no text",
	  { "bert", "eurobert", "gemma-embedding", "jina-bert-v2", "jina-bert-v3", "llama-embed",
	    "modern-bert", "neo-bert", "nomic-bert", "nomic-bert-moe", "t5encoder" } },
	{ "an encoder with a decoder", { "t5" } },
	{ "a multimodal projector, not the language model beside it", { "clip" } },
	{ "a diffusion model", { "dream", "llada", "llada-moe", "rnd1" } },
	{ "a decoder of speech", { "wavtokenizer-dec" } },
};

const struct family *family_find(const char *name, const char **why)
{
	*why = "unknown";
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strcmp(name, families[i].name) == 0)
			return &families[i];
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		for (size_t n = 0; n < ARRAY_SIZE(refused[i].names) && refused[i].names[n]; n++)
			if (strcmp(name, refused[i].names[n]) == 0)
				*why = refused[i].why;
	return NULL;
}
