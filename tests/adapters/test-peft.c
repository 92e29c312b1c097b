/* SPDX-License-Identifier: MIT */
/* PEFT folders of every family, imported, beside the base that they are merged into. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "tests/adapters/merge.h"
#include "tests/base_model/family-samples.h"
#include "tests/check-main.h"
#include "util/macro.h"

static uint32_t rank_4(const char *module, uint32_t layer)
{
	return 4;
}

static double scale_2(const char *module, uint32_t layer, uint32_t rank)
{
	return 8.0 / rank;
}

START_TEST(every_family)
{
	struct sample s = family_cases[_i].s;
	struct merge g = { .seed = 5, .dtype = "F32", .rank = rank_4, .scale = scale_2 };
	bool joined = strcmp(s.architecture, "phi2") == 0;

	/* Their queries, keys and values are interleaved, so there are as many of each. */
	if (strcmp(s.architecture, "gptneox") == 0)
		s.first.kv_heads = s.first.heads;
	merge_init(&g, &s);
	merge_all(&g);
	merge_check(&g, "\"all-linear\"", "", joined ? 12 : 4);
}
END_TEST

START_TEST(the_output)
{
	static const char *const names[] = { "qwen3", "gptneox" };
	struct merge g = { .seed = 6, .dtype = "BF16", .rank = rank_4, .scale = scale_2 };
	struct sample s = family_case_find(names[_i])->s;

	merge_init(&g, &s);
	merge_output(&g);
	merge_check(&g, _i ? "[\"embed_out\"]" : "[\"lm_head\"]", "", 4);
}
END_TEST

static double scale_stabilized(const char *module, uint32_t layer, uint32_t rank)
{
	return 3.0 / sqrt(rank);
}

START_TEST(rank_stabilized)
{
	struct merge g = { .seed = 7, .dtype = "F16", .rank = rank_4, .scale = scale_stabilized };

	merge_init(&g, &family_case_find("llama")->s);
	merge_all(&g);
	merge_check(&g, "\"model\\\\.layers\\\\.\\\\d+\\\\.(self_attn|mlp)\\\\.[a-z]+_proj\"",
		    ",\"lora_alpha\":3,\"use_rslora\":true", 4);
}
END_TEST

static uint32_t rank_by_pattern(const char *module, uint32_t layer)
{
	return strcmp(module, "self_attn.v_proj") == 0 ? 7 : layer == 1 ? 2 : 4;
}

static double scale_by_pattern(const char *module, uint32_t layer, uint32_t rank)
{
	double alpha = strcmp(module, "mlp.down_proj") == 0 ? 2.5 :
		       strcmp(module, "self_attn.k_proj") == 0 && layer == 0 ? 30.0 : 8.0;

	return alpha / rank;
}

#define PATTERNS ",\"rank_pattern\":{\"v_proj\":7,\"layers.1.*\":2}," \
		 "\"alpha_pattern\":{\"down_proj\":2.5,\"model.layers.0.self_attn.k_proj\":30}"

START_TEST(ranks_and_alphas_by_module)
{
	struct merge g = { .seed = 8, .dtype = _i ? "F16" : "F32", .rank = rank_by_pattern,
			   .scale = scale_by_pattern };

	merge_init(&g, &family_case_find(_i ? "granite" : "qwen2")->s);
	merge_all(&g);
	merge_check(&g, "[\"q_proj\",\"k_proj\",\"v_proj\",\"o_proj\",\"mlp.gate_proj\","
		    "\"up_proj\",\"down_proj\"]", PATTERNS, 7);
}
END_TEST

/* Two of three in one tensor, with ranks and strengths of their own, in one layer; in a family
 * whose rows change places, too. */
START_TEST(some_parts_of_a_fused_tensor)
{
	static const struct module parts[2][2] = {
		{ { "self_attn.v_proj", { { "attn_qkv", VALUE } } },
		  { "self_attn.k_proj", { { "attn_qkv", KEY } } } },
		{ { "self_attn.v_proj", { { "attn_qkv", VALUE } } },
		  { "self_attn.q_proj", { { "attn_qkv", QUERY_IN_TURNS } } } },
	};
	struct merge g = { .seed = 9, .dtype = "F32", .rank = rank_by_pattern,
			   .scale = scale_by_pattern };
	struct sample s = family_case_find(_i ? "llama" : "phi2")->s;

	if (_i)
		s.layer_tensors = "attn_norm.weight:D ffn_norm.weight:D attn_qkv.weight:D,Q+2K "
				  "attn_output.weight:Q,D ffn_gate.weight:D,F ffn_up.weight:D,F "
				  "ffn_down.weight:F,D ";
	merge_init(&g, &s);
	merge_module(&g, &parts[_i][0], 0);
	merge_module(&g, &parts[_i][1], 0);
	merge_check(&g, _i ? "[\"v_proj\",\"q_proj\"]" : "[\"v_proj\",\"k_proj\"]",
		    ",\"layers_to_transform\":[0],\"layers_pattern\":\"layers\"" PATTERNS, 11);
}
END_TEST

/* The gate and the up of phi3 where the file has them apart is openelm's case; here queries,
 * keys and values. */
START_TEST(a_fused_module_of_separate_tensors)
{
	static const struct module fused = {
		"self_attn.qkv_proj", { { "attn_q" }, { "attn_k" }, { "attn_v" } },
	};
	struct merge g = { .seed = 10, .dtype = "F32", .rank = rank_4, .scale = scale_2 };
	struct sample s = family_case_find("phi3")->s;

	s.layer_tensors = "attn_norm.weight:D ffn_norm.weight:D attn_q.weight:D,Q "
			  "attn_k.weight:D,K attn_v.weight:D,K attn_output.weight:Q,D "
			  "ffn_up.weight:D,2F ffn_down.weight:F,D ";
	merge_init(&g, &s);
	merge_module(&g, &fused, 1);
	merge_check(&g, "[\"model.layers.1.self_attn.qkv_proj\"]", "", 4);
}
END_TEST

/* Values and types stay what they were where one alpha says all. */
START_TEST(one_strength_keeps_the_bits)
{
	static const struct module module = { "self_attn.v_proj", { { "attn_v" } } };
	struct merge g = { .seed = 11, .dtype = "BF16", .rank = rank_4, .scale = scale_2 };
	_cleanup_close_ int fd = -1;
	struct diag d = DIAG_NULL;
	const struct gguf_tensor *b;
	struct gguf *file = NULL;
	struct peft_facts facts;
	float alpha = 0.0f;

	merge_init(&g, &family_case_find("qwen2")->s);
	merge_module(&g, &module, 0);
	folder_finish(&g.folder, "[\"layers.0.self_attn.v_proj\"]", ",\"use_rslora\":true");
	fd = merge_import(&g, &facts);
	ck_assert_int_eq(gguf_open_fd(&file, fd, &d), 0);
	ck_assert_int_eq(gguf_f32(file, "adapter.lora.alpha", &alpha, &d), 0);
	ck_assert(alpha == 16.0f && facts.alpha == 16.0f);	/* 8 · √4 */
	b = gguf_tensor(file, "blk.0.attn_v.weight.lora_b");
	ck_assert(b && b->type == TENSOR_BF16);
	/* The folder has A and then B. */
	ck_assert_mem_eq(b->data, g.folder.data.data + g.folder.data.len - b->size, b->size);
	gguf_free(file);
	merge_deinit(&g);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, every_family, 0, FAMILY_CASES);
	tcase_add_loop_test(tc, the_output, 0, 2);
	tcase_add_test(tc, rank_stabilized);
	tcase_add_loop_test(tc, ranks_and_alphas_by_module, 0, 2);
	tcase_add_loop_test(tc, some_parts_of_a_fused_tensor, 0, 2);
	tcase_add_test(tc, a_fused_module_of_separate_tensors);
	tcase_add_test(tc, one_strength_keeps_the_bits);
	return run_tests("peft", tc);
}
