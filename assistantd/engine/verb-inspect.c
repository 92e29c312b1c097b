/* SPDX-License-Identifier: MIT */
/* inspect FILE [--json]: what a GGUF file holds, or the first thing that is wrong with it. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verbs.h"
#include "base_model/base_model.h"
#include "util/macro.h"
#include "util/utf8.h"

/* Metadata worth a line: what a person asks of a file. @suffix follows the architecture. */
static const char *const general_strings[] = {
	"general.type", "general.name", "general.license", "adapter.type", "tokenizer.ggml.model",
	"tokenizer.ggml.pre",
};
static const char *const architecture_numbers[] = {
	"block_count", "embedding_length", "feed_forward_length", "attention.head_count",
	"attention.head_count_kv", "context_length",
};

static void add_string(json_t *out, const struct gguf *g, const char *key)
{
	const char *s;
	size_t len;

	if (gguf_str(g, key, &s, &len, NULL) != 0 || !utf8_valid(s, len))
		return;
	len = MIN(len, (size_t)256);
	json_object_set_new(out, key, json_stringn(s, len - utf8_incomplete_tail(s, len)));
}

static void add_numbers(json_t *out, const struct gguf *g, const char *architecture)
{
	char key[160];
	uint32_t value;

	for (size_t i = 0; i < ARRAY_SIZE(architecture_numbers); i++) {
		snprintf(key, sizeof(key), "%s.%s", architecture, architecture_numbers[i]);
		if (gguf_u32(g, key, &value, NULL) == 0)
			json_object_set_new(out, key, json_integer(value));
	}
}

static void add_tensors(json_t *out, const struct gguf *g)
{
	json_t *types = json_object();
	uint64_t weights = 0;

	for (size_t i = 0; i < gguf_n_tensors(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);
		const char *type = tensor_type_name(t->type);
		json_int_t count = json_integer_value(json_object_get(types, type));

		weights += t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3];
		json_object_set_new(types, type, json_integer(count + 1));
	}
	json_object_set_new(out, "tensors", json_integer((json_int_t)gguf_n_tensors(g)));
	json_object_set_new(out, "weights", json_integer((json_int_t)weights));
	json_object_set_new(out, "weight_types", types);
}

static void add_digest(json_t *out, const char *key, const struct digest *digest)
{
	char hex[DIGEST_HEX_LEN + 1];

	digest_to_hex(digest, hex);
	json_object_set_new(out, key, json_string(hex));
}

/* What adapters for this model are bound to. An adapter has nothing of the kind. */
static int add_identity(json_t *out, const struct gguf *g, struct diag *d)
{
	const char *type = json_string_value(json_object_get(out, "general.type"));
	struct identity identity;
	int r;

	if (type && strcmp(type, "adapter") == 0)
		return 0;
	r = bm_identify(g, &identity, d);
	if (r < 0)
		return diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
	add_digest(out, "weights_digest", &identity.weights);
	add_digest(out, "tokenizer_digest", &identity.tokenizer);
	add_digest(out, "template_digest", &identity.template);
	return 0;
}

static json_t *summary(const struct gguf *g)
{
	json_t *out = json_object();
	struct gguf_array tokens;
	char architecture[65];
	const char *s;
	size_t len;

	if (gguf_str(g, "general.architecture", &s, &len, NULL) != 0)
		return out;
	snprintf(architecture, sizeof(architecture), "%.*s", (int)len, s);
	json_object_set_new(out, "general.architecture", json_string(architecture));
	for (size_t i = 0; i < ARRAY_SIZE(general_strings); i++)
		add_string(out, g, general_strings[i]);
	add_numbers(out, g, architecture);
	if (gguf_array(g, "tokenizer.ggml.tokens", GGUF_TYPE_STRING, &tokens, NULL) == 0)
		json_object_set_new(out, "tokens", json_integer((json_int_t)tokens.count));
	json_object_set_new(out, "bytes", json_integer((json_int_t)gguf_size(g)));
	add_tensors(out, g);
	return out;
}

static void print(const json_t *out)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)out, key, value) {
		/* ASCII only: what a file says must not steer a terminal. */
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII);

		printf("%-32s %s\n", key, text ? text : "");
		free(text);
	}
}

int verb_inspect(int argc, char **argv)
{
	bool as_json = argc == 3 && strcmp(argv[2], "--json") == 0;
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	_cleanup_close_ int fd = -1;
	struct diag d = DIAG_NULL;
	json_t *out;
	int r;

	if (argc != 2 && !as_json) {
		fprintf(stderr, "usage: assistant-engine inspect FILE [--json]\n");
		return VERB_USAGE;
	}
	fd = verb_open(argv[1], &d);
	if (fd < 0 || gguf_open_fd(&g, fd, &d) < 0)
		return verb_fail(argv[1], &d);
	out = summary(g);
	r = add_identity(out, g, &d);
	if (r < 0) {
		json_decref(out);
		return verb_fail(argv[1], &d);
	}
	if (as_json) {
		json_dumpf(out, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print(out);
	}
	json_decref(out);
	return VERB_OK;
}
