/* SPDX-License-Identifier: MIT */
/* What is not run is refused: architectures by name, numbers out of range, and tensors that a
 * file of its family lacks or must not have. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base_model/gguf-write.h"
#include "tests/base_model/family-samples.h"
#include "tests/check-main.h"
#include "util/macro.h"

static const struct {
	const char *architecture, *why;
} architectures[] = {
	{ "llama4", "a mixture of experts" },
	{ "qwen3moe", "a mixture of experts" },
	{ "gpt-oss", "a mixture of experts" },
	{ "mamba", "a recurrent model" },
	{ "rwkv7", "a recurrent model" },
	{ "jamba", "a hybrid of attention and recurrence" },
	{ "granitehybrid", "a hybrid of attention and recurrence" },
	{ "bert", "an encoder, which writes no text" },
	{ "gemma-embedding", "an encoder, which writes no text" },
	{ "t5", "an encoder with a decoder" },
	{ "clip", "a multimodal projector, not the language model beside it" },
	{ "llada", "a diffusion model" },
	{ "wavtokenizer-dec", "a decoder of speech" },
	{ "gpt9", "unknown" },
	{ "Llama", "unknown" },
};

START_TEST(architecture)
{
	const char *name = architectures[_i].architecture;
	struct bm_params params = { .threads = 1 };
	int fd = memfd_create("architecture", MFD_CLOEXEC);
	struct gguf_writer *w = NULL;
	struct bm_model *m = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_str(w, "general.architecture", name, strlen(name)), 0);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	gguf_writer_free(w);
	ck_assert_int_eq(bm_model_open_fd(&m, fd, &params, &d), -EINVAL);
	close(fd);
	ck_assert_int_eq(d.code, DIAG_UNSUP);
	ck_assert_str_eq(d.field, "general.architecture");
	ck_assert_msg(strstr(d.text, name) && strstr(d.text, architectures[_i].why), "%s", d.text);
}
END_TEST

static const struct {
	const char *architecture, *keys;
	enum diag_code code;
	const char *field;
} keys[] = {
	{ "llama", "attention.head_count", DIAG_RANGE, "llama.attention.head_count" },
	{ "llama", "attention.head_count=I4,4,4", DIAG_SHAPE, "llama.attention.head_count" },
	{ "llama", "attention.head_count=I4", DIAG_SHAPE, "llama.attention.head_count" },
	{ "llama", "attention.head_count=U", DIAG_SHAPE, "llama.attention.head_count" },
	{ "llama", "attention.head_count=I4,-1", DIAG_RANGE, "llama.attention.head_count" },
	{ "llama", "attention.head_count=U4,0", DIAG_RANGE, "llama.attention.head_count" },
	{ "llama", "attention.head_count=B11", DIAG_TYPE, "llama.attention.head_count" },
	{ "llama", "attention.head_count=f4", DIAG_TYPE, "llama.attention.head_count" },
	{ "llama", "attention.head_count_kv=U2,3", DIAG_RANGE, "llama.attention.head_count_kv" },
	{ "llama", "attention.head_count_kv=U2,8", DIAG_RANGE, "llama.attention.head_count_kv" },
	{ "llama", "attention.head_count_kv=U2,0", DIAG_RANGE, "llama.attention.head_count_kv" },
	{ "llama", "attention.head_count=U4,8", DIAG_SHAPE, "blk.1.attn_q.weight" },
	{ "llama", "feed_forward_length=U96", DIAG_SHAPE, "llama.feed_forward_length" },
	{ "llama", "feed_forward_length=U96,0", DIAG_RANGE, "llama.feed_forward_length" },
	{ "llama", "feed_forward_length=U96,64", DIAG_SHAPE, "blk.1.ffn_gate.weight" },
	{ "llama", "attention.key_length=u1", DIAG_RANGE, "llama.attention.key_length" },
	{ "llama", "attention.key_length=u1025", DIAG_RANGE, "llama.attention.key_length" },
	{ "llama", "attention.value_length=u8", DIAG_UNSUP, "llama.attention.value_length" },
	{ "llama", "attention.layer_norm_rms_epsilon", DIAG_RANGE,
	  "llama.attention.layer_norm_rms_epsilon" },
	{ "llama", "attention.layer_norm_rms_epsilon=f0", DIAG_RANGE,
	  "llama.attention.layer_norm_rms_epsilon" },
	{ "gptneox", "attention.layer_norm_epsilon=fnan", DIAG_RANGE,
	  "gptneox.attention.layer_norm_epsilon" },
	{ "gptneox", "use_parallel_residual", DIAG_RANGE, "gptneox.use_parallel_residual" },
	{ "gptneox", "use_parallel_residual=u1", DIAG_TYPE, "gptneox.use_parallel_residual" },

	{ "llama", "rope.dimension_count=u0", DIAG_RANGE, "llama.rope.dimension_count" },
	{ "llama", "rope.dimension_count=u7", DIAG_RANGE, "llama.rope.dimension_count" },
	{ "llama", "rope.dimension_count=u18", DIAG_RANGE, "llama.rope.dimension_count" },
	{ "llama", "rope.freq_base=f0", DIAG_RANGE, "llama.rope.freq_base" },
	{ "llama", "rope.freq_base=u10000", DIAG_TYPE, "llama.rope.freq_base" },
	{ "gemma3", "rope.freq_base_swa=f-1", DIAG_RANGE, "gemma3.rope.freq_base_swa" },
	{ "llama", "rope.scaling.type=sdynamic", DIAG_UNSUP, "llama.rope.scaling.type" },
	{ "llama", "rope.scaling.type=u1", DIAG_TYPE, "llama.rope.scaling.type" },
	{ "llama", "rope.scaling.type=slongrope", DIAG_SHAPE, "rope_factors_long.weight" },
	{ "qwen2", "rope.scaling.type=slongrope", DIAG_SHAPE, "rope_factors_long.weight" },
	{ "llama", "rope.scaling.factor=f0", DIAG_RANGE, "llama.rope.scaling.factor" },
	{ "llama", "rope.scale_linear=fnan", DIAG_RANGE, "llama.rope.scale_linear" },
	{ "llama", "rope.scaling.attn_factor=finf", DIAG_RANGE, "llama.rope.scaling.attn_factor" },
	{ "llama", "rope.scaling.original_context_length=u0", DIAG_RANGE,
	  "llama.rope.scaling.original_context_length" },
	{ "mistral3", "rope.scaling.yarn_beta_fast=f0", DIAG_RANGE,
	  "mistral3.rope.scaling.yarn_beta_fast" },
	{ "mistral3", "rope.scaling.yarn_beta_slow=fnan", DIAG_RANGE,
	  "mistral3.rope.scaling.yarn_beta_slow" },
	{ "mistral3", "rope.scaling.yarn_log_multiplier=f-1", DIAG_RANGE,
	  "mistral3.rope.scaling.yarn_log_multiplier" },
	{ "mistral3", "rope.scaling.yarn_ext_factor=f0.5", DIAG_UNSUP,
	  "mistral3.rope.scaling.yarn_ext_factor" },
	{ "mistral3", "rope.scaling.yarn_attn_factor=f2", DIAG_UNSUP,
	  "mistral3.rope.scaling.yarn_attn_factor" },
	{ "mistral3", "attention.temperature_scale=f-0.1", DIAG_RANGE,
	  "mistral3.attention.temperature_scale" },
	{ "mistral3", "attention.temperature_length=u0", DIAG_RANGE,
	  "mistral3.attention.temperature_length" },

	{ "granite", "logit_scale=f0", DIAG_RANGE, "granite.logit_scale" },
	{ "granite", "logit_scale=f1e-30", DIAG_RANGE, "granite.logit_scale" },
	{ "granite", "embedding_scale=fnan", DIAG_RANGE, "granite.embedding_scale" },
	{ "granite", "residual_scale=f-1", DIAG_RANGE, "granite.residual_scale" },
	{ "granite", "attention.scale=finf", DIAG_RANGE, "granite.attention.scale" },
	{ "gemma2", "attn_logit_softcapping=f-1", DIAG_RANGE, "gemma2.attn_logit_softcapping" },
	{ "gemma2", "final_logit_softcapping=finf", DIAG_RANGE, "gemma2.final_logit_softcapping" },

	{ "gemma2", "attention.sliding_window=u4294967295", DIAG_RANGE,
	  "gemma2.attention.sliding_window" },
	{ "gemma2", "attention.sliding_window_pattern=B101", DIAG_SHAPE,
	  "gemma2.attention.sliding_window_pattern" },
	{ "gemma2", "attention.sliding_window_pattern=U1,0,1,0", DIAG_TYPE,
	  "gemma2.attention.sliding_window_pattern" },
	{ "qwen2", "attention.sliding_window=u8", DIAG_UNSUP, "qwen2.attention.sliding_window" },

	{ "llama", "expert_count=u8", DIAG_UNSUP, "llama.expert_count" },
	{ "llama", "attention.causal=b0", DIAG_UNSUP, "llama.attention.causal" },
	{ "llama", "attention.clamp_kqv=f8", DIAG_UNSUP, "llama.attention.clamp_kqv" },
	{ "llama", "attention.max_alibi_bias=f8", DIAG_UNSUP, "llama.attention.max_alibi_bias" },
	{ "llama", ".split.count=u3", DIAG_UNSUP, "split.count" },
};

START_TEST(key)
{
	sample_refused(&family_case_find(keys[_i].architecture)->s, keys[_i].keys, keys[_i].code,
		       keys[_i].field);
}
END_TEST

/* Without this or with that tensor; those of a layer begin with a colon in its stead. */
static const struct {
	const char *architecture, *less, *more;
	enum diag_code code;
	const char *field;
} tensors[] = {
	{ "llama", "ffn_gate.weight:D,F ", "", DIAG_SHAPE, "blk.0.ffn_gate.weight" },
	{ "llama", "", "attn_q_norm.weight:H", DIAG_SHAPE, "blk.0.attn_q_norm.weight" },
	{ "llama", "", "attn_qkv.weight:D,Q+2K", DIAG_SHAPE, "blk.0.attn_q.weight" },
	{ "llama", "", "attn_norm.bias:D", DIAG_SHAPE, "blk.0.attn_norm.bias" },
	{ "qwen2", "attn_k.bias:K ", "", DIAG_SHAPE, "blk.0.attn_k.bias" },
	{ "qwen2", "", "attn_output.bias:D", DIAG_SHAPE, "blk.0.attn_output.bias" },
	{ "qwen3", "attn_q_norm.weight:H ", "attn_q_norm.weight:Q", DIAG_SHAPE,
	  "blk.0.attn_q_norm.weight" },
	{ "gemma2", "post_ffw_norm.weight:D ", "", DIAG_SHAPE, "blk.0.post_ffw_norm.weight" },
	{ "gemma", "", "post_ffw_norm.weight:D", DIAG_SHAPE, "blk.0.post_ffw_norm.weight" },
	{ "olmo2", "", "attn_norm.weight:D", DIAG_SHAPE, "blk.0.attn_norm.weight" },
	{ "phi2", "attn_norm.bias:D ", "", DIAG_SHAPE, "blk.0.attn_norm.bias" },
	{ "phi2", "attn_qkv.bias:Q+2K ", "attn_qkv.bias:Q", DIAG_SHAPE, "blk.0.attn_qkv.bias" },
	{ "phi2", "", "ffn_gate.weight:D,F", DIAG_SHAPE, "blk.0.ffn_gate.weight" },
	{ "phi3", "ffn_up.weight:D,2F ", "ffn_up.weight:D,F", DIAG_SHAPE, "blk.0.ffn_up.weight" },
	{ "stablelm", "attn_q_norm.weight:H,N ", "attn_q_norm.weight:H", DIAG_SHAPE,
	  "blk.0.attn_q_norm.weight" },
	{ "gemma", "", ":output.weight:D,V", DIAG_SHAPE, "output.weight" },
	{ "gemma", "", ":rope_freqs.weight:R", DIAG_SHAPE, "rope_freqs.weight" },
	{ "phi2", ":output.weight:D,V ", "", DIAG_SHAPE, "output.weight" },
	{ "phi2", ":output.bias:V ", "", DIAG_SHAPE, "output.bias" },
	{ "phi2", ":output_norm.bias:D ", "", DIAG_SHAPE, "output_norm.bias" },
	{ "phi3", ":rope_factors_short.weight:R ", "", DIAG_SHAPE, "rope_factors_short.weight" },
	{ "phi3", ":rope_factors_long.weight:R ", ":rope_factors_long.weight:H", DIAG_SHAPE,
	  "rope_factors_long.weight" },
};

/* @text without @less, and with @more, where these are for it. */
static void change(char *out, size_t size, const char *text, const char *less, const char *more,
		   bool layer)
{
	const char *at = NULL;
	size_t before = strlen(text), after = 0;

	if (*less && (*less == ':') != layer) {
		less += *less == ':';
		at = strstr(text, less);
		ck_assert_msg(at != NULL, "%s", less);
		before = (size_t)(at - text);
		after = before + strlen(less);
	} else {
		after = before;
	}
	if (*more && (*more == ':') == layer)
		more = "";
	snprintf(out, size, "%.*s%s %s", (int)before, text, text + after, more + (*more == ':'));
}

START_TEST(tensor)
{
	struct sample s = family_case_find(tensors[_i].architecture)->s;
	char texts[2][512];

	change(texts[0], sizeof(texts[0]), s.tensors, tensors[_i].less, tensors[_i].more, false);
	change(texts[1], sizeof(texts[1]), s.layer_tensors, tensors[_i].less, tensors[_i].more,
	       true);
	s.tensors = texts[0];
	s.layer_tensors = texts[1];
	sample_refused(&s, "", tensors[_i].code, tensors[_i].field);
}
END_TEST

START_TEST(zero_factor)
{
	struct sample s = family_case_find("phi3")->s;

	s.poisoned = "rope_factors_short.weight";
	sample_refused(&s, "", DIAG_RANGE, "rope factors");
}
END_TEST

/* A bit of each byte of the metadata and the tensors' names: refused with a reason, or run,
 * whatever the numbers are then. */
START_TEST(flip)
{
	static const char *const flipped[] = { "mistral3", "openelm", "gemma3", "phi3" };
	_cleanup_close_ int fd = sample_fd(&family_case_find(flipped[_i])->s, "");
	struct bm_params params = { .threads = 1, .max_batch = 4 };
	static float logits[SAMPLE_VOCAB];
	static uint8_t bytes[1 << 20];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
	const int32_t tokens[] = { 1, 2, 3 };

	ck_assert_int_gt(n, 1500);
	/* Nine further: the next byte, and another of its bits. */
	for (size_t bit = 0; bit < 1500 * 8; bit += 9) {
		_cleanup_(bm_model_freep) struct bm_model *m = NULL;
		_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
		struct bm_item item = { .tokens = tokens, .n_tokens = 3, .logits = logits };
		struct diag d = DIAG_NULL;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(pwrite(fd, &bytes[bit / 8], 1, (off_t)(bit / 8)), 1);
		if (bm_model_open_fd(&m, fd, &params, &d) == 0) {
			ck_assert_int_eq(bm_sequence_new(&s, m, 3, BM_KV_F16), 0);
			item.seq = s;
			ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
		} else {
			ck_assert_msg(d.code != DIAG_NONE && d.text[0], "bit %zu", bit);
		}
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(pwrite(fd, &bytes[bit / 8], 1, (off_t)(bit / 8)), 1);
	}
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, architecture, 0, ARRAY_SIZE(architectures));
	tcase_add_loop_test(tc, key, 0, ARRAY_SIZE(keys));
	tcase_add_loop_test(tc, tensor, 0, ARRAY_SIZE(tensors));
	tcase_add_test(tc, zero_factor);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, flip, 0, 4);
	return run_tests("refused families", tc);
}
