/* SPDX-License-Identifier: MIT */
/* New tokens of a PEFT folder, and the tokens that an adapter waits for. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/adapters/folder.h"
#include "tests/base_model/family-samples.h"
#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/macro.h"

#define WEIGHTS "adapter_model.safetensors"
#define EMBEDDING "base_model.model.model.embed_tokens.weight"
#define OUTPUT "base_model.model.lm_head.weight"
#define ADDED "{\"<off>\":51,\"<on>\":50}"

enum { DIM = SAMPLE_DIM, VOCAB = SAMPLE_VOCAB, RANK = 4, MORE = 2 };

struct tokens {
	struct bm_model *m;
	struct folder f;
	float rows[(VOCAB + MORE + 1) * DIM];	/* the base's, and more */
};

static void tokens_init(struct tokens *t, const char *architecture, enum tensor_type type)
{
	struct sample s = family_case_find(architecture)->s;
	float values[RANK * DIM];
	uint64_t seed = 4;

	s.type = type;
	*t = (struct tokens){ .f = FOLDER_NULL, .m = sample_open(&s, 1) };
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = 0.1f * fixture_random(&seed);
	folder_add(&t->f, "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", "F32",
		   RANK, DIM, values);
	folder_add(&t->f, "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight", "F32",
		   DIM, RANK, values);
	for (size_t i = VOCAB * DIM; i < ARRAY_SIZE(t->rows); i++)
		t->rows[i] = fixture_random(&seed);
}

/* All rows of a tensor of the base, and @more; @factor is on the row 7. */
static void add_rows(struct tokens *t, const char *name, const char *of, int more, float factor)
{
	const struct gguf_tensor *base = gguf_tensor(bm_model_gguf(t->m), of);

	for (uint32_t row = 0; row < VOCAB; row++) {
		ck_assert(bm_tensor_row(base, row, t->rows + row * DIM));
		for (int i = 0; row == 7 && i < DIM; i++)
			t->rows[row * DIM + i] *= factor;
	}
	folder_add(&t->f, name, "F32", (uint64_t)(VOCAB + more), DIM, t->rows);
}

static void finish(struct tokens *t, const char *added, const char *more)
{
	folder_finish(&t->f, "[\"layers.0.self_attn.q_proj\"]", more);
	if (added)
		folder_file(&t->f, "added_tokens.json", added);
}

static void tokens_deinit(struct tokens *t)
{
	folder_deinit(&t->f);
	bm_model_free(t->m);
}

static void expect(struct tokens *t, enum diag_code code, const char *field)
{
	struct diag d = DIAG_NULL;
	struct peft *p = NULL;

	ck_assert_int_eq(peft_convert(&p, t->m, t->f.files, t->f.n_files, &d), -EINVAL);
	ck_assert_msg(d.code == code && strcmp(d.field, field) == 0,
		      "expected %s %s, got %s %s: %s", diag_code_name(code), field,
		      diag_code_name(d.code), d.field, d.text);
	tokens_deinit(t);
}

static struct gguf *convert(struct tokens *t, struct peft_facts *facts)
{
	_cleanup_close_ int fd = memfd_create("imported", MFD_CLOEXEC);
	struct diag d = DIAG_NULL;
	struct gguf *file = NULL;
	struct gguf_writer *w;
	struct peft *p = NULL;

	ck_assert_msg(peft_convert(&p, t->m, t->f.files, t->f.n_files, &d) == 0, "%s: %s", d.field,
		      d.text);
	*facts = *peft_facts(p);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(peft_write(p, w), 0);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	gguf_writer_free(w);
	peft_free(p);
	ck_assert_int_eq(gguf_open_fd(&file, fd, &d), 0);
	return file;
}

static void check_rows(const struct tokens *t, const struct gguf *file, const char *name)
{
	const struct gguf_tensor *rows = gguf_tensor(file, name);

	ck_assert(rows && rows->type == TENSOR_F32 && rows->ne[0] == DIM && rows->ne[1] == MORE);
	ck_assert_mem_eq(rows->data, t->rows + VOCAB * DIM, rows->size);
}

static const struct {
	const char *architecture;
	enum tensor_type type;
	bool output;
} good[] = {
	{ "llama", TENSOR_F32, false }, { "llama", TENSOR_Q8_0, false },
	{ "llama", TENSOR_F16, true }, { "qwen3", TENSOR_Q8_0, true },
};

START_TEST(new_tokens)
{
	struct gguf_array names;
	struct gguf_strings at;
	struct peft_facts facts;
	struct gguf *file;
	struct tokens t;
	const char *text;
	size_t len;

	tokens_init(&t, good[_i].architecture, good[_i].type);
	add_rows(&t, EMBEDDING, "token_embd.weight", MORE, 1.001f);
	if (good[_i].output)
		add_rows(&t, OUTPUT, strcmp(good[_i].architecture, "llama") == 0 ?
			 "token_embd.weight" : "output.weight", MORE, 1.0f);
	finish(&t, ADDED, "");
	/* What else names them says the same; ids of the base's own say nothing. */
	folder_file(&t.f, "tokenizer_config.json", "{\"added_tokens_decoder\":{\"1\":{\"content\":"
		    "\"<s>\"},\"51\":{\"content\":\"<off>\"}},\"model_max_length\":1}");
	file = convert(&t, &facts);
	ck_assert_uint_eq(facts.extra_tokens, MORE);
	ck_assert_uint_eq(facts.matrices, 1);
	check_rows(&t, file, "token_embd.extra");
	if (good[_i].output)
		check_rows(&t, file, "output.extra");
	else
		ck_assert_ptr_null(gguf_tensor(file, "output.extra"));
	ck_assert_int_eq(gguf_array(file, "assistantd.tokens.text", GGUF_TYPE_STRING, &names,
				    NULL), 0);
	ck_assert_uint_eq(names.count, MORE);
	gguf_strings_init(&at, &names);
	ck_assert(gguf_strings_next(&at, &text, &len) && len == 4 && memcmp(text, "<on>", 4) == 0);
	ck_assert(gguf_strings_next(&at, &text, &len) && len == 5 && memcmp(text, "<off>", 5) == 0);
	gguf_free(file);
	tokens_deinit(&t);
}
END_TEST

START_TEST(invocation_tokens)
{
	static const uint32_t expected[] = { 7, 51, 0 };
	struct gguf_array ids;
	struct peft_facts facts;
	struct gguf *file;
	struct tokens t;

	tokens_init(&t, "llama", TENSOR_F32);
	add_rows(&t, EMBEDDING, "token_embd.weight", MORE, 1.0f);
	finish(&t, ADDED, ",\"alora_invocation_tokens\":[7,51,0]");
	file = convert(&t, &facts);
	ck_assert_uint_eq(facts.invocation_tokens, 3);
	ck_assert_int_eq(gguf_array(file, "adapter.alora.invocation_tokens", GGUF_TYPE_U32, &ids,
				    NULL), 0);
	ck_assert_uint_eq(ids.count, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(gguf_array_u32(&ids, (uint64_t)i), expected[i]);
	gguf_free(file);
	tokens_deinit(&t);
}
END_TEST

/* All rows, and none of them new: nothing is brought. */
START_TEST(rows_of_the_base_alone)
{
	struct peft_facts facts;
	struct gguf *file;
	struct tokens t;

	tokens_init(&t, "llama", TENSOR_Q8_0);
	add_rows(&t, EMBEDDING, "token_embd.weight", 0, 1.0f);
	finish(&t, "{\"<s>\":1}", "");
	file = convert(&t, &facts);
	ck_assert_uint_eq(facts.extra_tokens, 0);
	ck_assert_uint_eq(gguf_n_tensors(file), 2);
	gguf_free(file);
	tokens_deinit(&t);
}
END_TEST

START_TEST(rows_are_refused)
{
	static const struct {
		const char *architecture;
		enum tensor_type type;
		int embedding, output;	/* rows more than the base's; -100: no tensor */
		float factor;
		const char *added;
		enum diag_code code;
		const char *field;
	} cases[] = {
		{ "llama", TENSOR_F32, 2, -100, 1.01f, ADDED, DIAG_RANGE, WEIGHTS ": " EMBEDDING },
		{ "llama", TENSOR_Q8_0, 2, -100, 1.02f, ADDED, DIAG_RANGE, WEIGHTS ": " EMBEDDING },
		{ "qwen3", TENSOR_F32, 2, 2, 1.01f, ADDED, DIAG_RANGE, WEIGHTS ": " EMBEDDING },
		{ "llama", TENSOR_F32, 2, -100, 1.0f, NULL, DIAG_PAIR, WEIGHTS ": " EMBEDDING },
		{ "llama", TENSOR_F32, 2, -100, 1.0f, "{\"<on>\":50}", DIAG_PAIR,
		  WEIGHTS ": " EMBEDDING },
		{ "llama", TENSOR_F32, 1, -100, 1.0f, ADDED, DIAG_PAIR, WEIGHTS ": <off>" },
		{ "llama", TENSOR_F32, -100, -100, 1.0f, ADDED, DIAG_PAIR, WEIGHTS ": <on>" },
		{ "llama", TENSOR_F32, -1, -100, 1.0f, NULL, DIAG_SHAPE, WEIGHTS ": " EMBEDDING },
		{ "qwen3", TENSOR_F32, 2, -100, 1.0f, ADDED, DIAG_PAIR, WEIGHTS ": " EMBEDDING },
		{ "qwen3", TENSOR_F32, -100, 2, 1.0f, ADDED, DIAG_PAIR, WEIGHTS ": " OUTPUT },
		{ "qwen3", TENSOR_F32, 2, 1, 1.0f, ADDED, DIAG_PAIR, WEIGHTS ": " OUTPUT },
		{ "llama", TENSOR_F32, 2, -100, 1.0f, "{\"<on>\":50,\"<off>\":50}", DIAG_DUP,
		  "added_tokens.json: <off>" },
		{ "llama", TENSOR_F32, 2, -100, 1.0f, "{\"<on>\":\"50\"}", DIAG_TYPE,
		  "added_tokens.json: added tokens" },
		{ "llama", TENSOR_F32, 2, -100, 1.0f, "{\"<on>\":1074}", DIAG_LIMIT,
		  "added_tokens.json: <on>" },
		{ "llama", TENSOR_F32, 2, -100, 1.0f, "[]", DIAG_SYNTAX, "added_tokens.json" },
		{ "llama", TENSOR_F32, 2, -100, 1.0f, "{", DIAG_SYNTAX, "added_tokens.json" },
	};
	struct tokens t;

	tokens_init(&t, cases[_i].architecture, cases[_i].type);
	if (cases[_i].embedding > -100)
		add_rows(&t, EMBEDDING, "token_embd.weight", cases[_i].embedding, cases[_i].factor);
	if (cases[_i].output > -100)
		add_rows(&t, OUTPUT, "output.weight", cases[_i].output, 1.0f);
	finish(&t, cases[_i].added, "");
	expect(&t, cases[_i].code, cases[_i].field);
}
END_TEST

/* Every file with names is read, and all say the same. */
START_TEST(names_that_differ)
{
	struct tokens t;

	tokens_init(&t, "llama", TENSOR_F32);
	add_rows(&t, EMBEDDING, "token_embd.weight", MORE, 1.0f);
	finish(&t, ADDED, "");
	folder_file(&t.f, "tokenizer.json", "{\"added_tokens\":[{\"id\":0,\"content\":\"<s>\"},"
		    "{\"id\":51,\"content\":\"<other>\"}]}");
	expect(&t, DIAG_DUP, "tokenizer.json: <other>");
	tokens_init(&t, "llama", TENSOR_F32);
	finish(&t, NULL, "");
	folder_file(&t.f, "tokenizer_config.json", "{\"added_tokens_decoder\":{\"x\":{}}}");
	expect(&t, DIAG_TYPE, "tokenizer_config.json: added tokens");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, new_tokens, 0, ARRAY_SIZE(good));
	tcase_add_test(tc, invocation_tokens);
	tcase_add_test(tc, rows_of_the_base_alone);
	tcase_add_loop_test(tc, rows_are_refused, 0, 16);
	tcase_add_test(tc, names_that_differ);
	return run_tests("new tokens of PEFT", tc);
}
