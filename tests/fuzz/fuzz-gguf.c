/* SPDX-License-Identifier: MIT */
/*
 * Parses the input as a model file and reads all that an accepted one holds: each key by each
 * accessor, each string, the bounds of each tensor. A refusal without a reason is a defect.
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
	return 0;
}
