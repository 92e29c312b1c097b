/* SPDX-License-Identifier: MIT */
/* What an adapter is bound to: the digests follow the content and nothing else. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base_model/base_model.h"
#include "tests/check-main.h"

/* What a file has; each test changes one thing. */
struct file {
	bool reversed;		/* keys and tensors in the other order */
	const char *description, *tokens[2], *extra_key, *template, *other_template;
	const char *tensor;
	uint32_t special;
	bool special_is_string;
	uint64_t rows;		/* of eight weights, two dimensions */
	enum tensor_type type;
	float last;
};

static const struct file plain = {
	.description = "one", .tokens = { "a", "bc" }, .template = "{{ messages }}",
	.tensor = "b.weight", .special = 1, .rows = 2, .type = TENSOR_F32, .last = 8.0f,
};

static int put_key(struct gguf_writer *w, const struct file *f, int which)
{
	switch (which) {
	case 0:
		return gguf_writer_str(w, "general.name", f->description, strlen(f->description));
	case 1:
		return gguf_writer_strings(w, "tokenizer.ggml.tokens", f->tokens, 2);
	case 2:
		return f->special_is_string ? gguf_writer_str(w, "tokenizer.ggml.bos", "1", 1)
					    : gguf_writer_u32(w, "tokenizer.ggml.bos", f->special);
	case 3:
		return f->template ? gguf_writer_str(w, "tokenizer.chat_template", f->template,
						     strlen(f->template)) : 0;
	case 4:
		return f->other_template ? gguf_writer_str(w, "tokenizer.chat_template.tool",
							   f->other_template,
							   strlen(f->other_template)) : 0;
	default:
		return f->extra_key ? gguf_writer_bool(w, f->extra_key, true) : 0;
	}
}

static int put_tensor(struct gguf_writer *w, const struct file *f, float *data, int which)
{
	const uint64_t one = 1, ne[2] = { 8 / f->rows, f->rows };

	return which == 0 ? gguf_writer_tensor(w, "a.weight", TENSOR_F32, 1, &one, data)
			  : gguf_writer_tensor(w, f->tensor, f->type, 2, ne, data);
}

static struct identity identity_of(const struct file *f)
{
	float data[8] = { 1, 2, 3, 4, 5, 6, 7, f->last };
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	FILE *file = tmpfile();
	struct diag d = DIAG_NULL;
	struct identity whole, text;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_str(w, "general.architecture", "llama", 5), 0);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(put_key(w, f, f->reversed ? 5 - i : i), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(put_tensor(w, f, data, f->reversed ? 1 - i : i), 0);
	ck_assert_int_eq(gguf_writer_write(w, fileno(file)), 0);
	ck_assert_msg(gguf_open_fd(&g, fileno(file), &d) == 0, "%s: %s", d.field, d.text);
	fclose(file);
	ck_assert_int_eq(bm_identify(g, &whole, &d), 0);
	text = (struct identity){ .weights = whole.template };
	ck_assert_int_eq(bm_identify_text(g, &text, &d), 0);
	ck_assert(digest_equal(&text.weights, &whole.template));
	ck_assert(digest_equal(&text.tokenizer, &whole.tokenizer));
	ck_assert(digest_equal(&text.template, &whole.template));
	return whole;
}

enum { WEIGHTS = 1, TOKENIZER = 2, TEMPLATE = 4 };

static int differences(const struct file *f)
{
	struct identity a = identity_of(&plain), b = identity_of(f);

	return (digest_equal(&a.weights, &b.weights) ? 0 : WEIGHTS) |
	       (digest_equal(&a.tokenizer, &b.tokenizer) ? 0 : TOKENIZER) |
	       (digest_equal(&a.template, &b.template) ? 0 : TEMPLATE);
}

/* What differs when CHANGE was done to *f. */
#define CHANGED(change)                                      \
	({                                                   \
		struct file changed = plain, *f = &changed;  \
		change;                                      \
		differences(f);                              \
	})

START_TEST(order_and_description_do_not_count)
{
	ck_assert_int_eq(differences(&plain), 0);
	ck_assert_int_eq(CHANGED(f->reversed = true), 0);
	ck_assert_int_eq(CHANGED(f->description = "another, and longer"), 0);
	ck_assert_int_eq(CHANGED(f->extra_key = "token"), 0);
}
END_TEST

START_TEST(weights_are_name_type_shape_and_bytes)
{
	ck_assert_int_eq(CHANGED(f->tensor = "c.weight"), WEIGHTS);
	ck_assert_int_eq(CHANGED(f->rows = 4), WEIGHTS);
	ck_assert_int_eq(CHANGED(f->type = TENSOR_F16), WEIGHTS);
	ck_assert_int_eq(CHANGED(f->last = 9.0f), WEIGHTS);
}
END_TEST

START_TEST(tokenizer_is_every_key_of_it)
{
	ck_assert_int_eq(CHANGED(f->tokens[1] = "bd"), TOKENIZER);
	/* The same bytes, cut elsewhere. */
	ck_assert_int_eq(CHANGED((f->tokens[0] = "ab", f->tokens[1] = "c")), TOKENIZER);
	ck_assert_int_eq(CHANGED(f->special = 0), TOKENIZER);
	ck_assert_int_eq(CHANGED(f->special_is_string = true), TOKENIZER);
	ck_assert_int_eq(CHANGED(f->extra_key = "tokenizer.ggml.add_bos_token"), TOKENIZER);
}
END_TEST

START_TEST(template_is_the_main_one)
{
	static const char sha256_of_nothing[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	struct file without = plain;
	struct identity none;
	char hex[DIGEST_HEX_LEN + 1];

	ck_assert_int_eq(CHANGED(f->template = "{{ messages  }}"), TEMPLATE);
	ck_assert_int_eq(CHANGED(f->template = NULL), TEMPLATE);
	ck_assert_int_eq(CHANGED(f->other_template = "{{ tools }}"), 0);
	without.template = NULL;
	none = identity_of(&without);
	digest_to_hex(&none.template, hex);
	ck_assert_str_eq(hex, sha256_of_nothing);
}
END_TEST

START_TEST(a_template_is_a_string)
{
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	FILE *file = tmpfile();
	struct diag d = DIAG_NULL;
	struct identity i;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_str(w, "general.architecture", "llama", 5), 0);
	ck_assert_int_eq(gguf_writer_u32(w, "tokenizer.chat_template", 1), 0);
	ck_assert_int_eq(gguf_writer_write(w, fileno(file)), 0);
	ck_assert_int_eq(gguf_open_fd(&g, fileno(file), NULL), 0);
	fclose(file);
	ck_assert_int_eq(bm_identify(g, &i, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_TYPE);
	ck_assert_str_eq(d.field, "tokenizer.chat_template");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("identity");

	tcase_add_test(tc, order_and_description_do_not_count);
	tcase_add_test(tc, weights_are_name_type_shape_and_bytes);
	tcase_add_test(tc, tokenizer_is_every_key_of_it);
	tcase_add_test(tc, template_is_the_main_one);
	tcase_add_test(tc, a_template_is_a_string);
	return run_tests("identity of a model", tc);
}
