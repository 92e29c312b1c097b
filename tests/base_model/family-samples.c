/* SPDX-License-Identifier: MIT */
/*
 * Data table: a small random model of every family and of its variants, and what the plain
 * computation needs to know of it.
 */
#include "tests/base_model/family-samples.h"

#include <check.h>
#include <string.h>

#define EMBEDDING "token_embd.weight:D,V output_norm.weight:D "
#define OUTPUT "output.weight:D,V "
#define NORMS "attn_norm.weight:D ffn_norm.weight:D "
#define POST_NORMS "post_attention_norm.weight:D post_ffw_norm.weight:D "
#define PROJECTIONS "attn_q.weight:D,Q attn_k.weight:D,K attn_v.weight:D,K attn_output.weight:Q,D "
#define FUSED "attn_qkv.weight:D,Q+2K attn_output.weight:Q,D "
#define QKV_BIAS "attn_q.bias:Q attn_k.bias:K attn_v.bias:K "
#define FUSED_BIAS "attn_qkv.bias:Q+2K attn_output.bias:D "
#define GATED "ffn_gate.weight:D,F ffn_up.weight:D,F ffn_down.weight:F,D "
#define PLAIN "ffn_up.weight:D,F ffn_up.bias:F ffn_down.weight:F,D ffn_down.bias:D "
#define HEAD_NORMS "attn_q_norm.weight:H attn_k_norm.weight:H "
#define RMS "attention.layer_norm_rms_epsilon=f1e-5 "
#define LAYER "attention.layer_norm_epsilon=f1e-5 "
#define SHAPE(n) .layers = n, .first = { 4, 2, 96 }
#define SAME(n) .layers = n, .heads = { 4 }, .kv_heads = { 2 }, .ffn = { 96 }, .eps = 1e-5

const struct family_case family_cases[FAMILY_CASES] = {
	{ .s = { "llama", RMS, EMBEDDING, NORMS PROJECTIONS GATED, SHAPE(2) },
	  .o = { SAME(2) }, .base = 1e4 },
	{ .s = { "llama", RMS "attention.sliding_window=u5 attention.scale=f0.2 "
		 "rope.freq_base=f500000", EMBEDDING OUTPUT "rope_freqs.weight:R ",
		 NORMS PROJECTIONS QKV_BIAS "attn_output.bias:D ffn_gate.bias:F ffn_up.bias:F "
		 "ffn_down.bias:D " GATED, SHAPE(2) },
	  .o = { SAME(2), .window = 5, .windowed = 3, .attention = 0.2 }, .base = 5e5,
	  .factors = "rope_freqs.weight" },
	{ .s = { "llama", RMS "rope.scaling.factor=f4", EMBEDDING, NORMS PROJECTIONS GATED,
		 SHAPE(1) },
	  .o = { SAME(1) }, .base = 1e4, .linear = 4.0 },
	{ .s = { "mistral3", RMS "rope.freq_base=f1e6 rope.scaling.type=syarn "
		 "rope.scaling.factor=f16 rope.scaling.original_context_length=u16 "
		 "rope.scaling.yarn_beta_fast=f4 rope.scaling.yarn_beta_slow=f0.25 "
		 "rope.scaling.yarn_log_multiplier=f1 attention.temperature_scale=f0.5",
		 EMBEDDING, NORMS PROJECTIONS GATED, SHAPE(2) },
	  .o = { SAME(2), .temperature = 0.5, .temperature_length = 16.0, .magnitude = 1.0 },
	  .base = 1e6, .yarn = 16.0 },
	{ .s = { "mistral3", RMS "rope.freq_base=f1e6 rope.scaling.type=syarn "
		 "rope.scaling.factor=f16 rope.scaling.original_context_length=u16 "
		 "rope.scaling.yarn_beta_fast=f4 rope.scaling.yarn_beta_slow=f0.25 "
		 "rope.scaling.yarn_log_multiplier=f0.5 attention.temperature_scale=f0.5 "
		 "attention.temperature_length=u10",
		 EMBEDDING OUTPUT, NORMS PROJECTIONS GATED, SHAPE(1) },
	  .o = { SAME(1), .temperature = 0.5, .temperature_length = 10.0,
		 .magnitude = 1.2772588722 / 1.1386294361 },
	  .base = 1e6, .yarn = 16.0 },
	{ .s = { "smollm3", RMS "rope.freq_base=f5e6", EMBEDDING, NORMS PROJECTIONS GATED,
		 SHAPE(5) },
	  .o = { SAME(5), .unrotated = 8 }, .base = 5e6 },
	{ .s = { "granite", RMS "logit_scale=f8 residual_scale=f0.25 embedding_scale=f12 "
		 "attention.scale=f0.5", EMBEDDING, NORMS PROJECTIONS GATED, SHAPE(2) },
	  .o = { SAME(2), .embedding = 12.0, .residual = 0.25, .logits = 0.125,
		 .attention = 0.5 }, .base = 1e4 },
	{ .s = { "minicpm", RMS "rope.scaling.type=slongrope "
		 "rope.scaling.original_context_length=u16", EMBEDDING
		 "rope_factors_long.weight:R rope_factors_short.weight:R ",
		 NORMS PROJECTIONS GATED, SHAPE(2) },
	  .o = { SAME(2), .embedding = 12.0, .residual = 0.98994949366, .logits = 0.25 },
	  .base = 1e4, .factors = "rope_factors_long.weight" },
	{ .s = { "qwen2", RMS "rope.freq_base=f1e6", EMBEDDING, NORMS PROJECTIONS QKV_BIAS GATED,
		 SHAPE(2) },
	  .o = { SAME(2), .halves = true }, .base = 1e6 },
	{ .s = { "qwen3", RMS "rope.freq_base=f1e6", EMBEDDING OUTPUT,
		 NORMS PROJECTIONS HEAD_NORMS GATED, SHAPE(2) },
	  .o = { SAME(2), .halves = true }, .base = 1e6 },
	{ .s = { "gemma", RMS, EMBEDDING, NORMS PROJECTIONS GATED, SHAPE(2) },
	  .o = { SAME(2), .halves = true, .gelu = true, .embedding = 8.0 }, .base = 1e4 },
	{ .s = { "gemma2", RMS "attn_logit_softcapping=f5 final_logit_softcapping=f3 "
		 "attention.sliding_window=u6", EMBEDDING,
		 NORMS POST_NORMS PROJECTIONS GATED, SHAPE(4) },
	  .o = { SAME(4), .halves = true, .gelu = true, .embedding = 8.0, .cap = 5.0,
		 .logit_cap = 3.0, .window = 6, .windowed = 5 }, .base = 1e4 },
	{ .s = { "gemma3", RMS "attention.sliding_window=u5 rope.freq_base=f1e6 "
		 "rope.scaling.type=slinear rope.scaling.factor=f8", EMBEDDING,
		 NORMS POST_NORMS PROJECTIONS HEAD_NORMS GATED, SHAPE(7) },
	  .o = { SAME(7), .halves = true, .gelu = true, .embedding = 8.0, .window = 5,
		 .windowed = 0x5f }, .base = 1e6, .linear = 8.0, .window_base = 1e4 },
	{ .s = { "phi2", LAYER, EMBEDDING OUTPUT "output_norm.bias:D output.bias:V ",
		 "attn_norm.weight:D attn_norm.bias:D " FUSED FUSED_BIAS PLAIN, SHAPE(2),
		 .rope_dim = 8 },
	  .o = { SAME(2), .halves = true, .gelu = true, .layer_norm = true }, .base = 1e4 },
	{ .s = { "phi3", RMS "rope.scaling.original_context_length=u128 "
		 "rope.scaling.attn_factor=f1.25 attention.sliding_window=u7", EMBEDDING
		 "rope_factors_long.weight:R rope_factors_short.weight:R ",
		 NORMS FUSED "ffn_up.weight:D,2F ffn_down.weight:F,D ", SHAPE(2), .rope_dim = 12 },
	  .o = { SAME(2), .halves = true, .magnitude = 1.25, .window = 7, .windowed = 3 },
	  .base = 1e4, .factors = "rope_factors_short.weight" },
	{ .s = { "olmo2", RMS, EMBEDDING OUTPUT,
		 POST_NORMS PROJECTIONS "attn_q_norm.weight:Q attn_k_norm.weight:K " GATED,
		 SHAPE(2) },
	  .o = { SAME(2), .halves = true }, .base = 1e4 },
	{ .s = { "olmo2", RMS "attention.sliding_window=u4 attention.sliding_window_pattern=B10110 "
		 "rope.scaling.type=syarn rope.scaling.factor=f16 rope.freq_base=f1e6 "
		 "rope.scaling.original_context_length=u16 rope.scaling.yarn_beta_fast=f4 "
		 "rope.scaling.yarn_beta_slow=f0.25",
		 EMBEDDING OUTPUT, POST_NORMS PROJECTIONS
		 "attn_q_norm.weight:Q attn_k_norm.weight:K " GATED, SHAPE(5) },
	  .o = { SAME(5), .halves = true, .window = 4, .windowed = 0xd,
		 .magnitude = 1.2772588722 }, .base = 1e6, .yarn = 16.0, .window_base = 1e6 },
	{ .s = { "stablelm", LAYER, EMBEDDING OUTPUT "output_norm.bias:D ",
		 "attn_norm.weight:D attn_norm.bias:D attn_q_norm.weight:H,N "
		 "attn_k_norm.weight:H,M " PROJECTIONS QKV_BIAS GATED, SHAPE(2), .rope_dim = 4 },
	  .o = { SAME(2), .halves = true, .layer_norm = true }, .base = 1e4 },
	{ .s = { "stablelm", LAYER, EMBEDDING OUTPUT "output_norm.bias:D ",
		 NORMS "attn_norm.bias:D ffn_norm.bias:D " PROJECTIONS GATED, SHAPE(2),
		 .rope_dim = 4 },
	  .o = { SAME(2), .halves = true, .layer_norm = true }, .base = 1e4 },
	{ .s = { "gptneox", LAYER "use_parallel_residual=b1", EMBEDDING OUTPUT
		 "output_norm.bias:D ", NORMS "attn_norm.bias:D ffn_norm.bias:D " FUSED
		 FUSED_BIAS PLAIN, SHAPE(2), .rope_dim = 4 },
	  .o = { SAME(2), .halves = true, .gelu = true, .layer_norm = true, .parallel = true },
	  .base = 1e4 },
	{ .s = { "gptneox", LAYER "use_parallel_residual=b0", EMBEDDING OUTPUT
		 "output_norm.bias:D ", NORMS "attn_norm.bias:D ffn_norm.bias:D " FUSED
		 FUSED_BIAS PLAIN, SHAPE(2), .rope_dim = 4 },
	  .o = { SAME(2), .halves = true, .gelu = true, .layer_norm = true }, .base = 1e4 },
	{ .s = { "openelm", RMS, EMBEDDING, NORMS FUSED HEAD_NORMS GATED, SHAPE(2),
		 .second = { 8, 4, 160 } },
	  .o = { .layers = 2, .heads = { 4, 8 }, .kv_heads = { 2, 4 }, .ffn = { 96, 160 },
		 .eps = 1e-5, .halves = true }, .base = 1e4 },
};

const struct family_case *family_case_find(const char *architecture)
{
	for (int i = 0; i < FAMILY_CASES; i++)
		if (strcmp(family_cases[i].s.architecture, architecture) == 0)
			return &family_cases[i];
	ck_abort_msg("no sample of %s", architecture);
}
