/* SPDX-License-Identifier: MIT */
#include "adapters/peft-names.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

#define MAX_MODULES 8

struct peft_layout {
	const char *architectures[4];	/* none: every other */
	const char *prefixes[3];	/* of "layers.N." and of the embedding */
	const char *outputs[2];		/* paths of the output */
	const char *embedding;		/* behind a prefix */
	struct peft_module modules[MAX_MODULES];
};

/* Multimodal models have the language model one level deeper, by two generations of names. */
#define PREFIXES { "model.", "model.language_model.", "language_model.model." }
#define OUTPUTS { "lm_head", "language_model.lm_head" }

/* Data: one entry for each way to name modules; the last is Llama's, which most took over. */
static const struct peft_layout layouts[] = {
	{ { "phi2" }, PREFIXES, OUTPUTS, "embed_tokens",
	  { { "self_attn.q_proj", BM_ATTN_Q, 1 }, { "self_attn.k_proj", BM_ATTN_K, 1 },
	    { "self_attn.v_proj", BM_ATTN_V, 1 }, { "self_attn.dense", BM_ATTN_OUTPUT, 1 },
	    { "mlp.fc1", BM_FFN_UP, 1 }, { "mlp.fc2", BM_FFN_DOWN, 1 } } },
	{ { "phi3" }, PREFIXES, OUTPUTS, "embed_tokens",
	  { { "self_attn.qkv_proj", BM_ATTN_Q, 3 }, { "self_attn.o_proj", BM_ATTN_OUTPUT, 1 },
	    { "mlp.gate_up_proj", BM_FFN_GATE, 2 }, { "mlp.down_proj", BM_FFN_DOWN, 1 } } },
	{ { "gptneox" }, { "gpt_neox." }, { "embed_out" }, "embed_in",
	  { { "attention.query_key_value", BM_ATTN_Q, 3, true },
	    { "attention.dense", BM_ATTN_OUTPUT, 1 }, { "mlp.dense_h_to_4h", BM_FFN_UP, 1 },
	    { "mlp.dense_4h_to_h", BM_FFN_DOWN, 1 } } },
	{ { "openelm" }, { "transformer." }, { "lm_head" }, "token_embeddings",
	  { { "attn.qkv_proj", BM_ATTN_Q, 3 }, { "attn.out_proj", BM_ATTN_OUTPUT, 1 },
	    { "ffn.proj_1", BM_FFN_GATE, 2 }, { "ffn.proj_2", BM_FFN_DOWN, 1 } } },
	{ { NULL }, PREFIXES, OUTPUTS, "embed_tokens",
	  { { "self_attn.q_proj", BM_ATTN_Q, 1 }, { "self_attn.k_proj", BM_ATTN_K, 1 },
	    { "self_attn.v_proj", BM_ATTN_V, 1 }, { "self_attn.o_proj", BM_ATTN_OUTPUT, 1 },
	    { "mlp.gate_proj", BM_FFN_GATE, 1 }, { "mlp.up_proj", BM_FFN_UP, 1 },
	    { "mlp.down_proj", BM_FFN_DOWN, 1 } } },
};

/* Data: parts of names of tensors that say what an update is that we do not have. */
static const struct {
	const char *part, *why;
} refused[] = {
	{ ".lora_magnitude_vector", "DoRA is not supported" },
	{ ".lora_embedding_", "updates of the embedding are not supported" },
	{ ".lora_A.bias", "biases of updates are not supported" },
	{ ".lora_B.bias", "biases of updates are not supported" },
	{ ".modules_to_save.", "modules_to_save replaces a module of the base" },
	{ ".token_adapter.", "trainable_token_indices changes rows of the base's embedding" },
	{ ".bias", "it changes a bias of the base" },
};

const struct peft_layout *peft_layout_of(const struct bm_model *m)
{
	const char *architecture = bm_model_config(m)->architecture;

	for (size_t i = 0;; i++) {
		const char *const *names = layouts[i].architectures;

		if (!*names)
			return &layouts[i];
		for (size_t k = 0; k < ARRAY_SIZE(layouts[i].architectures) && names[k]; k++)
			if (strcmp(names[k], architecture) == 0)
				return &layouts[i];
	}
}

static struct peft_module output_module(const struct peft_layout *layout)
{
	return (struct peft_module){ layout->outputs[0], BM_OUTPUT, 1 };
}

bool peft_layout_module(const struct peft_layout *layout, size_t index, struct peft_module *ret)
{
	size_t n = 0;

	while (n < MAX_MODULES && layout->modules[n].name)
		n++;
	*ret = index < n ? layout->modules[index] : output_module(layout);
	return index <= n;
}

void peft_module_path(const struct peft_layout *layout, unsigned prefix,
		      const struct peft_module *module, int layer, char ret[PEFT_MAX_PATH])
{
	if (layer < 0)
		snprintf(ret, PEFT_MAX_PATH, "%s", module->name);
	else
		snprintf(ret, PEFT_MAX_PATH, "%slayers.%d.%s", layout->prefixes[prefix], layer,
			 module->name);
}

/* Cuts @end off @path; false where it does not end so. */
static bool cut_end(char *path, const char *end)
{
	size_t len = strlen(path), n = strlen(end);

	if (len <= n || strcmp(path + len - n, end) != 0)
		return false;
	path[len - n] = '\0';
	return true;
}

/* PATH.lora_A.weight, or PATH.lora_A.NAME.weight as a model saves itself: leaves the path. */
static bool cut_half(struct peft_name *n)
{
	char *half, *name;

	if (!cut_end(n->path, ".weight"))
		return false;
	half = strstr(n->path, ".lora_A");
	if (!half)
		half = strstr(n->path, ".lora_B");
	if (!half || half == n->path)
		return false;
	name = half + strlen(".lora_A");
	if (*name == '.' ? !name[1] || strchr(name + 1, '.') : *name != '\0')
		return false;
	n->letter = (size_t)(name - 1 - n->path);
	*half = '\0';
	return true;
}

/* "12.mlp.up_proj" → 12, "mlp.up_proj"; NULL for what is no such number. */
static const char *take_layer(const char *s, int *layer)
{
	char *end;
	unsigned long value;

	if (!isdigit((unsigned char)*s) || (*s == '0' && s[1] != '.'))
		return NULL;
	value = strtoul(s, &end, 10);
	if (*end != '.' || end - s > 6)
		return NULL;
	*layer = (int)value;
	return end + 1;
}

static bool find_in_layer(struct peft_name *n, const struct peft_layout *layout,
			  const char *rest)
{
	const char *name = take_layer(rest, &n->layer);

	for (size_t i = 0; name && i < MAX_MODULES && layout->modules[i].name; i++)
		if (strcmp(name, layout->modules[i].name) == 0) {
			n->module = layout->modules[i];
			return true;
		}
	return false;
}

static bool find_module(struct peft_name *n, const struct peft_layout *layout)
{
	static const char layers[] = "layers.";

	for (size_t i = 0; i < ARRAY_SIZE(layout->outputs) && layout->outputs[i]; i++)
		if (strcmp(n->path, layout->outputs[i]) == 0) {
			n->module = output_module(layout);
			n->layer = -1;
			return true;
		}
	for (unsigned i = 0; i < ARRAY_SIZE(layout->prefixes) && layout->prefixes[i]; i++) {
		size_t len = strlen(layout->prefixes[i]);

		n->prefix = i;
		if (strncmp(n->path, layout->prefixes[i], len) == 0 &&
		    strncmp(n->path + len, layers, strlen(layers)) == 0 &&
		    find_in_layer(n, layout, n->path + len + strlen(layers)))
			return true;
	}
	return false;
}

static bool is_embedding(const char *path, const struct peft_layout *layout)
{
	for (size_t i = 0; i < ARRAY_SIZE(layout->prefixes) && layout->prefixes[i]; i++) {
		size_t len = strlen(layout->prefixes[i]);

		if (strncmp(path, layout->prefixes[i], len) == 0 &&
		    strcmp(path + len, layout->embedding) == 0)
			return true;
	}
	return false;
}

/* A tensor of the base itself: rows of tokens, or what no adapter may bring. */
static int parse_whole(struct peft_name *n, const struct peft_layout *layout, const char *name,
		       struct diag *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (strstr(name, refused[i].part))
			return diag_set(d, -EINVAL, DIAG_UNSUP, name, "%s", refused[i].why);
	if (cut_end(n->path, ".weight")) {
		cut_end(n->path, ".base_layer");
		n->role = PEFT_EMBEDDING;
		if (is_embedding(n->path, layout))
			return 0;
		n->role = PEFT_OUTPUT;
		if (find_module(n, layout) && n->layer < 0)
			return 0;
	}
	return diag_set(d, -EINVAL, DIAG_UNSUP, name,
			"expected an update, MODULE.lora_A.weight and MODULE.lora_B.weight");
}

int peft_name_parse(struct peft_name *ret, const struct peft_layout *layout,
		    const struct bm_model *m, const char *name, struct diag *d)
{
	static const char model[] = "base_model.model.";
	uint32_t n_layers = bm_model_config(m)->n_layers;
	size_t len = strlen(model);

	*ret = (struct peft_name){ .role = PEFT_LORA };
	if (strncmp(name, model, len) != 0 || strlen(name + len) >= sizeof(ret->path))
		return diag_set(d, -EINVAL, DIAG_UNSUP, name, "expected a name that begins with %s",
				model);
	strcpy(ret->path, name + len);
	if (!cut_half(ret)) {
		strcpy(ret->path, name + len);
		return parse_whole(ret, layout, name, d);
	}
	ret->letter += len;
	if (!find_module(ret, layout))
		return diag_set(d, -EINVAL, DIAG_SHAPE, name,
				"a base of architecture %s has no module '%.100s'",
				bm_model_config(m)->architecture, ret->path);
	if (ret->layer >= 0 && (uint32_t)ret->layer >= n_layers)
		return diag_set(d, -EINVAL, DIAG_SHAPE, name, "layer %d, the base has %u",
				ret->layer, n_layers);
	return 0;
}

uint32_t peft_source_row(const struct bm_model *m, const struct peft_module *module,
			 uint32_t layer, enum bm_matrix matrix, uint32_t row)
{
	uint32_t width = bm_model_config(m)->head_dim, head = row / width, i = row % width;
	uint32_t before = 0, rows, cols;

	/* The file has the halves' components in turns, the checkpoint half by half. */
	if ((matrix == BM_ATTN_Q || matrix == BM_ATTN_K) && bm_model_pairs_neighbours(m))
		i = i % 2 * (width / 2) + i / 2;
	if (module->interleaved)
		return (head * module->parts + (matrix - module->first)) * width + i;
	for (enum bm_matrix part = module->first; part < matrix; part++) {
		bm_matrix_shape(m, layer, part, &rows, &cols);
		before += rows;
	}
	return before + head * width + i;
}
