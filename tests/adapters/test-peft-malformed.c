/* SPDX-License-Identifier: MIT */
/* Folders that are refused, each by the file, the field and the reason. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/adapters/folder.h"
#include "tests/base_model/family-samples.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

#define CONFIG "adapter_config.json"
#define WEIGHTS "adapter_model.safetensors"
#define LAYER "base_model.model.model.layers.0."
#define QUERY LAYER "self_attn.q_proj."
#define NAME(tensor) WEIGHTS ": " tensor

/* Llama's sample: 64 wide, 64 rows of queries, 32 of keys, 2 layers. */
enum { DIM = SAMPLE_DIM, RANK = 4 };

static void add(struct folder *f, const char *name, uint64_t rows, uint64_t cols)
{
	_cleanup_free_ float *values = calloc(rows * cols, sizeof(*values));
	uint64_t seed = 1;

	ck_assert_ptr_nonnull(values);
	for (uint64_t i = 0; i < rows * cols; i++)
		values[i] = 0.1f * fixture_random(&seed);
	folder_add(f, name, "F32", rows, cols, values);
}

static void add_query(struct folder *f)
{
	add(f, QUERY "lora_A.weight", RANK, DIM);
	add(f, QUERY "lora_B.weight", DIM, RANK);
}

static void expect(const struct bm_model *m, const struct folder *f, enum diag_code code,
		   const char *field)
{
	struct diag d = DIAG_NULL;
	struct peft *p = NULL;

	ck_assert_msg(peft_convert(&p, m, f->files, f->n_files, &d) == -EINVAL, "%s", field);
	ck_assert_msg(d.code == code && strcmp(d.field, field) == 0,
		      "expected %s %s, got %s %s: %s", diag_code_name(code), field,
		      diag_code_name(d.code), d.field, d.text);
	ck_assert(d.text[0]);
	ck_assert_ptr_null(p);
}

static struct bm_model *base(const char *architecture)
{
	return sample_open(&family_case_find(architecture)->s, 1);
}

/* Of the configuration alone; the tensors are those of the queries of layer 0. */
static const struct {
	const char *targets, *more;
	enum diag_code code;
	const char *key;
} configs[] = {
#define Q "[\"layers.0.self_attn.q_proj\"]"
	{ Q, ",\"peft_type\":\"LOHA\"", DIAG_UNSUP, "peft_type" },
	{ Q, ",\"peft_type\":null", DIAG_UNSUP, "peft_type" },
	{ Q, ",\"task_type\":\"SEQ_CLS\"", DIAG_UNSUP, "task_type" },
	{ Q, ",\"r\":0", DIAG_RANGE, "r" },
	{ Q, ",\"r\":257", DIAG_RANGE, "r" },
	{ Q, ",\"r\":4.5", DIAG_TYPE, "r" },
	{ Q, ",\"r\":\"4\"", DIAG_TYPE, "r" },
	{ Q, ",\"lora_alpha\":0", DIAG_RANGE, "lora_alpha" },
	{ Q, ",\"lora_alpha\":-1", DIAG_RANGE, "lora_alpha" },
	{ Q, ",\"lora_alpha\":1e300", DIAG_RANGE, "lora_alpha" },
	{ Q, ",\"lora_alpha\":[8]", DIAG_TYPE, "lora_alpha" },
	{ Q, ",\"lora_alpha\":40000,\"use_rslora\":true", DIAG_RANGE, "lora_alpha" },
	{ Q, ",\"use_rslora\":1", DIAG_TYPE, "use_rslora" },
	{ Q, ",\"rank_pattern\":[4]", DIAG_TYPE, "rank_pattern" },
	{ Q, ",\"rank_pattern\":{\"q_proj\":\"4\"}", DIAG_TYPE, "rank_pattern" },
	{ Q, ",\"rank_pattern\":{\"q_proj\":0}", DIAG_RANGE, "rank_pattern" },
	{ Q, ",\"rank_pattern\":{\"q_proj\":2.5}", DIAG_RANGE, "rank_pattern" },
	{ Q, ",\"rank_pattern\":{\"(q_proj\":4}", DIAG_UNSUP, "rank_pattern" },
	{ Q, ",\"rank_pattern\":{\"((((_|.)*)*)*)*x\":4}", DIAG_LIMIT, "rank_pattern" },
	{ Q, ",\"alpha_pattern\":{\"q_proj\":0}", DIAG_RANGE, "alpha_pattern" },
	{ Q, ",\"alpha_pattern\":{\"q_proj\":true}", DIAG_TYPE, "alpha_pattern" },
	{ "null", "", DIAG_TYPE, "target_modules" },
	{ "[1]", "", DIAG_TYPE, "target_modules" },
	{ "{}", "", DIAG_TYPE, "target_modules" },
	{ "\"(q\"", "", DIAG_UNSUP, "target_modules" },
	{ "\"((((_|.)*)*)*)*x\"", "", DIAG_LIMIT, "target_modules" },
	{ Q, ",\"exclude_modules\":3", DIAG_TYPE, "exclude_modules" },
	{ Q, ",\"layers_to_transform\":[-1]", DIAG_TYPE, "layers_to_transform" },
	{ Q, ",\"layers_to_transform\":\"0\"", DIAG_TYPE, "layers_to_transform" },
	{ "\"all-linear\"", ",\"layers_to_transform\":[0]", DIAG_PAIR, "layers_to_transform" },
	{ Q, ",\"layers_pattern\":\"layers\"", DIAG_PAIR, "layers_pattern" },
	{ Q, ",\"layers_to_transform\":0,\"layers_pattern\":\"l.*\"", DIAG_UNSUP,
	  "layers_pattern" },
	{ Q, ",\"init_lora_weights\":\"pissa_niter_16\"", DIAG_UNSUP, "init_lora_weights" },
	{ Q, ",\"init_lora_weights\":\"olora\"", DIAG_UNSUP, "init_lora_weights" },
	{ Q, ",\"init_lora_weights\":\"corda\"", DIAG_UNSUP, "init_lora_weights" },
	{ Q, ",\"init_lora_weights\":\"loftq\"", DIAG_UNSUP, "init_lora_weights" },
	{ Q, ",\"alora_invocation_tokens\":7", DIAG_TYPE, "alora_invocation_tokens" },
	{ Q, ",\"alora_invocation_tokens\":[-7]", DIAG_TYPE, "alora_invocation_tokens" },
	{ Q, ",\"alora_invocation_tokens\":[7,50]", DIAG_RANGE, "alora_invocation_tokens" },
	{ Q, ",\"use_dora\":true", DIAG_UNSUP, "use_dora" },
	{ Q, ",\"modules_to_save\":[\"lm_head\"]", DIAG_UNSUP, "modules_to_save" },
	{ Q, ",\"bias\":\"all\"", DIAG_UNSUP, "bias" },
	{ Q, ",\"bias\":\"lora_only\"", DIAG_UNSUP, "bias" },
	{ Q, ",\"lora_bias\":true", DIAG_UNSUP, "lora_bias" },
	{ Q, ",\"use_qalora\":true", DIAG_UNSUP, "use_qalora" },
	{ Q, ",\"layer_replication\":[[0,2]]", DIAG_UNSUP, "layer_replication" },
	{ Q, ",\"trainable_token_indices\":[3]", DIAG_UNSUP, "trainable_token_indices" },
	{ Q, ",\"target_parameters\":[\"a.b\"]", DIAG_UNSUP, "target_parameters" },
	{ Q, ",\"megatron_config\":{\"a\":1}", DIAG_UNSUP, "megatron_config" },
	{ Q, ",\"fan_in_fan_out\":true", DIAG_UNSUP, "fan_in_fan_out" },
	{ Q, ",\"arrow_config\":{\"a\":1}", DIAG_UNSUP, "arrow_config" },
	{ Q, ",\"some_day\":1", DIAG_UNSUP, "some_day" },
	{ Q, ",\"some_day\":\"yes\"", DIAG_UNSUP, "some_day" },
};

START_TEST(config_is_refused)
{
	struct folder f = FOLDER_NULL;
	struct bm_model *m = base("llama");
	char field[100];

	add_query(&f);
	folder_finish(&f, configs[_i].targets, configs[_i].more);
	snprintf(field, sizeof(field), CONFIG ": %s", configs[_i].key);
	expect(m, &f, configs[_i].code, field);
	folder_deinit(&f);
	bm_model_free(m);
}
END_TEST

START_TEST(config_is_no_object)
{
	static const struct {
		const char *text;
		enum diag_code code;
		const char *field;
	} cases[] = {
		{ "", DIAG_SYNTAX, CONFIG },
		{ "{", DIAG_SYNTAX, CONFIG },
		{ "[]", DIAG_TYPE, CONFIG },
		{ "{\"r\":1,\"r\":2}", DIAG_SYNTAX, CONFIG },
		{ "{\"peft_type\":\"LORA\",\"r\":NaN}", DIAG_SYNTAX, CONFIG },
		{ "{}", DIAG_PAIR, CONFIG ": peft_type" },
		{ "{\"peft_type\":\"LORA\"}", DIAG_PAIR, CONFIG ": r" },
		{ "{\"peft_type\":\"LORA\",\"r\":4}", DIAG_PAIR, CONFIG ": lora_alpha" },
		{ "{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":8}", DIAG_PAIR,
		  CONFIG ": target_modules" },
	};
	struct bm_model *m = base("llama");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct folder f = FOLDER_NULL;

		add_query(&f);
		folder_finish(&f, Q, "");
		f.files[0].data = cases[i].text;
		f.files[0].len = strlen(cases[i].text);
		expect(m, &f, cases[i].code, cases[i].field);
		folder_deinit(&f);
	}
	bm_model_free(m);
}
END_TEST

/* Beside the queries of layer 0, or in their place, a tensor of another name or shape. */
static const struct {
	const char *targets, *more, *name;
	uint64_t rows, cols;
	bool alone;
	enum diag_code code;
	const char *field;	/* NULL: the tensor */
} tensors[] = {
	{ Q, "", "lora_A.weight", RANK, DIM, false, DIAG_UNSUP, NULL },
	{ Q, "", "base_model.model.other.lora_A.weight", RANK, DIM, true, DIAG_SHAPE, NULL },
	{ Q, "", LAYER "mlp.fc1.lora_A.weight", RANK, DIM, true, DIAG_SHAPE, NULL },
	{ Q, "", "base_model.model.model.layers.x.mlp.up_proj.lora_A.weight", RANK, DIM, true,
	  DIAG_SHAPE, NULL },
	{ Q, "", "base_model.model.model.layers.2.mlp.up_proj.lora_A.weight", RANK, DIM, true,
	  DIAG_SHAPE, NULL },
	{ Q, "", "base_model.model.model.layers.00.mlp.up_proj.lora_A.weight", RANK, DIM, true,
	  DIAG_SHAPE, NULL },
	{ Q, "", "base_model.model.model.layers.99999999999999999999.mlp.up_proj.lora_A.weight",
	  RANK, DIM, true, DIAG_SHAPE, NULL },
	{ Q, "", "base_model.model.model.vision_tower.q_proj.lora_A.weight", RANK, DIM, true,
	  DIAG_SHAPE, NULL },
	{ Q, "", QUERY "lora_A.weight", RANK, DIM, true, DIAG_PAIR, NULL },
	{ Q, "", QUERY "lora_B.weight", DIM, RANK, true, DIAG_PAIR, NULL },
	{ Q, "", LAYER "self_attn.k_proj.lora_B.weight", 32, RANK, false, DIAG_PAIR, NULL },
	{ Q, "", QUERY "lora_magnitude_vector", DIM, 1, false, DIAG_UNSUP, NULL },
	{ Q, "", QUERY "lora_B.bias", DIM, 1, false, DIAG_UNSUP, NULL },
	{ Q, "", QUERY "bias", DIM, 1, false, DIAG_UNSUP, NULL },
	{ Q, "", "base_model.model.model.embed_tokens.lora_embedding_A", RANK, 50, false,
	  DIAG_UNSUP, NULL },
	{ Q, "", "base_model.model.lm_head.modules_to_save.weight", 50, DIM, false, DIAG_UNSUP,
	  NULL },
	{ Q, "", "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta", 2,
	  DIM, false, DIAG_UNSUP, NULL },
	{ Q, "", "base_model.model.model.norm.weight", DIM, 1, false, DIAG_UNSUP, NULL },
	{ Q, "", QUERY "base_layer.weight", DIM, DIM, false, DIAG_UNSUP, NULL },
	{ Q, "", QUERY "lora_C.weight", RANK, DIM, false, DIAG_UNSUP, NULL },
	{ Q, "", QUERY "lora_A.a.b.weight", RANK, DIM, false, DIAG_UNSUP, NULL },
	/* What the configuration targets is what is there, no more and no less. */
	{ "[\"k_proj\"]", "", NULL, 0, 0, false, DIAG_UNSUP, NAME(QUERY "lora_A.weight") },
	{ Q, ",\"exclude_modules\":[\"q_proj\"]", NULL, 0, 0, false, DIAG_UNSUP,
	  NAME(QUERY "lora_A.weight") },
	{ "[\"q_proj\"]", "", NULL, 0, 0, false, DIAG_PAIR,
	  NAME("model.layers.1.self_attn.q_proj") },
	{ "[\"q_proj\"]", ",\"layers_to_transform\":[1]", NULL, 0, 0, false, DIAG_UNSUP,
	  NAME(QUERY "lora_A.weight") },
	{ "[\"q_proj\"]", ",\"layers_to_transform\":0,\"layers_pattern\":[\"h\"]", NULL, 0, 0,
	  false, DIAG_UNSUP, NAME(QUERY "lora_A.weight") },
	{ "\"all-linear\"", "", NULL, 0, 0, false, DIAG_PAIR,
	  NAME("model.layers.1.self_attn.q_proj") },
	{ "[\"q_proj\",\"lm_head\"]", ",\"layers_to_transform\":[0]", NULL, 0, 0, false,
	  DIAG_PAIR, NAME("lm_head") },
	{ Q, ",\"rank_pattern\":{\"q_proj\":3}", NULL, 0, 0, false, DIAG_SHAPE,
	  NAME(QUERY "lora_A.weight") },
	{ Q, ",\"r\":3", NULL, 0, 0, false, DIAG_SHAPE, NAME(QUERY "lora_A.weight") },
};

START_TEST(tensor_is_refused)
{
	const char *field = tensors[_i].field;
	struct folder f = FOLDER_NULL;
	struct bm_model *m = base("llama");
	char name[200];

	if (!tensors[_i].alone)
		add_query(&f);
	if (tensors[_i].name)
		add(&f, tensors[_i].name, tensors[_i].rows, tensors[_i].cols);
	folder_finish(&f, tensors[_i].targets, tensors[_i].more);
	snprintf(name, sizeof(name), WEIGHTS ": %s", tensors[_i].name ? tensors[_i].name : "");
	name[sizeof((struct diag *)NULL)->field - 1] = '\0';
	expect(m, &f, tensors[_i].code, field ? field : name);
	folder_deinit(&f);
	bm_model_free(m);
}
END_TEST

/* Shapes of the halves and of what they hold. */
START_TEST(halves_are_refused)
{
	static const struct {
		uint64_t a[2], b[2];
		float value;
		const char *dtype;
		enum diag_code code;
		const char *half;
	} cases[] = {
		{ { RANK, DIM - 1 }, { DIM, RANK }, 0.1f, "F32", DIAG_SHAPE, "lora_A.weight" },
		{ { RANK, DIM }, { DIM - 1, RANK }, 0.1f, "F32", DIAG_SHAPE, "lora_B.weight" },
		{ { RANK, DIM }, { DIM, RANK + 1 }, 0.1f, "F32", DIAG_SHAPE, "lora_B.weight" },
		{ { RANK, DIM }, { RANK, DIM }, 0.1f, "F32", DIAG_SHAPE, "lora_B.weight" },
		{ { RANK, DIM }, { DIM, RANK }, 0.1f, "I16", DIAG_UNSUP, "lora_A.weight" },
		{ { RANK, DIM }, { DIM, RANK }, 1.0f / 0.0f, "F32", DIAG_RANGE,
		  "lora_A.weight" },
		{ { RANK, DIM }, { DIM, RANK }, 1.0f / 0.0f, "BF16", DIAG_RANGE,
		  "lora_A.weight" },
	};
	float values[DIM * DIM];
	struct bm_model *m = base("llama");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct folder f = FOLDER_NULL;
		char field[200];

		for (size_t k = 0; k < ARRAY_SIZE(values); k++)
			values[k] = cases[i].value;
		folder_add(&f, QUERY "lora_A.weight", cases[i].dtype, cases[i].a[0],
			   cases[i].a[1], values);
		folder_add(&f, QUERY "lora_B.weight", cases[i].dtype, cases[i].b[0],
			   cases[i].b[1], values);
		folder_finish(&f, Q, "");
		snprintf(field, sizeof(field), NAME(QUERY "%s"), cases[i].half);
		expect(m, &f, cases[i].code, field);
		folder_deinit(&f);
	}
	bm_model_free(m);
}
END_TEST

/* Two that mean one thing, and what the base has not. */
START_TEST(twice_and_nowhere)
{
	struct folder f = FOLDER_NULL;
	struct bm_model *m = base("llama");

	add_query(&f);
	add(&f, QUERY "lora_A.default.weight", RANK, DIM);
	add(&f, QUERY "lora_B.default.weight", DIM, RANK);
	folder_finish(&f, Q, "");
	expect(m, &f, DIAG_DUP, NAME(QUERY "lora_A.weight"));
	folder_deinit(&f);
	/* Its output is its embedding. */
	add(&f, "base_model.model.lm_head.lora_A.weight", RANK, DIM);
	add(&f, "base_model.model.lm_head.lora_B.weight", SAMPLE_VOCAB, RANK);
	folder_finish(&f, "[\"lm_head\"]", "");
	expect(m, &f, DIAG_UNSUP, NAME("base_model.model.lm_head.lora_A.weight"));
	folder_deinit(&f);
	add_query(&f);
	add(&f, "base_model.model.model.language_model.layers.1.self_attn.q_proj.lora_A.weight",
	    RANK, DIM);
	add(&f, "base_model.model.model.language_model.layers.1.self_attn.q_proj.lora_B.weight",
	    DIM, RANK);
	folder_finish(&f, "[\"q_proj\"]", "");
	expect(m, &f, DIAG_DUP, NAME(QUERY "lora_A.weight"));
	folder_deinit(&f);
	bm_model_free(m);
}
END_TEST

START_TEST(files_of_the_folder)
{
	struct folder f = FOLDER_NULL;
	struct bm_model *m = base("llama");

	expect(m, &f, DIAG_PAIR, CONFIG);
	add_query(&f);
	folder_finish(&f, Q, "");
	f.files[1].name = "adapter_model.bin";
	expect(m, &f, DIAG_UNSUP, "adapter_model.bin");
	f.files[1].name = "README.md";
	expect(m, &f, DIAG_PAIR, WEIGHTS);
	f.files[1].name = WEIGHTS;
	f.files[1].len--;
	expect(m, &f, DIAG_TRUNC, NAME(QUERY "lora_B.weight"));
	f.files[1].len = 4;
	expect(m, &f, DIAG_TRUNC, NAME("header"));
	folder_deinit(&f);
	bm_model_free(m);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, config_is_refused, 0, ARRAY_SIZE(configs));
	tcase_add_test(tc, config_is_no_object);
	tcase_add_loop_test(tc, tensor_is_refused, 0, ARRAY_SIZE(tensors));
	tcase_add_test(tc, halves_are_refused);
	tcase_add_test(tc, twice_and_nowhere);
	tcase_add_test(tc, files_of_the_folder);
	return run_tests("malformed folders of PEFT", tc);
}
