/* SPDX-License-Identifier: MIT */
/*
 * Parses the input as a model file and reads all that an accepted one holds: each key by each
 * accessor, each string, the bounds of each tensor, its tokenizer. A refusal without a reason is
 * a defect.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/base_model.h"
#include "tests/fuzz/fuzz.h"

static volatile uint8_t sink;

static void touch(const void *data, size_t len)
{
	const uint8_t *bytes = data;

	if (len)
		sink = (uint8_t)(bytes[0] ^ bytes[len - 1]);
}

static void read_key(const struct gguf *g, const char *key)
{
	struct gguf_strings strings;
	struct gguf_array a;
	const char *s;
	uint32_t u;
	size_t len;
	float f;
	bool b;

	gguf_u32(g, key, &u, NULL);
	gguf_f32(g, key, &f, NULL);
	gguf_bool(g, key, &b, NULL);
	if (gguf_str(g, key, &s, &len, NULL) == 0)
		touch(s, len);
	if (gguf_array(g, key, GGUF_TYPE_I32, &a, NULL) == 0 && a.count)
		sink = (uint8_t)gguf_array_u32(&a, a.count - 1);
	if (gguf_array(g, key, GGUF_TYPE_F32, &a, NULL) == 0 && a.count)
		sink = gguf_array_f32(&a, a.count - 1) > 0.0f;
	if (gguf_array(g, key, GGUF_TYPE_STRING, &a, NULL) != 0)
		return;
	gguf_strings_init(&strings, &a);
	while (gguf_strings_next(&strings, &s, &len))
		touch(s, len);
}

/* Any tables that are accepted give tokens of the vocabulary, and those have their bytes. */
static void use_tokenizer(const struct gguf *g)
{
	static const char text[] = "<s>  The \xc3\xa9t\xe9's 1234!\r\n\n[x] \xe6\x97\xa5</s>";
	_cleanup_(tokenizer_freep) struct tokenizer *t = NULL;
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	_cleanup_(buf_deinit) struct buf back = BUF_NULL;
	struct diag d = DIAG_NULL;
	int r = tokenizer_new(&t, g, &d);

	if (r < 0) {
		if (t || d.code == DIAG_NONE)
			abort();
		return;
	}
	for (unsigned flags = 0; flags < 16; flags++)
		if (tokenizer_encode(t, text, sizeof(text) - 1, flags, &list) < 0)
			return;
	if (tokenizer_decode(t, list.ids, list.n, &back) < 0)
		abort();
	touch(back.data, back.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	struct diag d = DIAG_NULL;
	enum gguf_type type;
	const char *key;
	size_t len;
	int r = gguf_parse(&g, data, size, &d);

	if (r < 0) {
		if (g || d.code == DIAG_NONE || (r != -EINVAL && r != -ENOMEM))
			abort();
		return 0;
	}
	for (size_t i = 0; gguf_key_at(g, i, &key, &len, &type); i++) {
		char name[GGUF_MAX_KEY + 1] = { 0 };

		memcpy(name, key, len);
		read_key(g, name);
	}
	for (size_t i = 0; i < gguf_n_tensors(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);

		if (gguf_tensor(g, t->name) != t ||
		    (const uint8_t *)t->data + t->size > data + size)
			abort();
		touch(t->data, t->size);
	}
	use_tokenizer(g);
	return 0;
}
