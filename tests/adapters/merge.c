/* SPDX-License-Identifier: MIT */
#include "tests/adapters/merge.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/fixture.h"
#include "util/macro.h"

enum { TOKENS = 12, MAX_ROWS = 512, MAX_RANK = 16 };

#define LLAMA_REST \
	{ "self_attn.v_proj", { { "attn_v" } } }, { "self_attn.o_proj", { { "attn_output" } } }, \
	{ "mlp.gate_proj", { { "ffn_gate" } } }, { "mlp.up_proj", { { "ffn_up" } } }, \
	{ "mlp.down_proj", { { "ffn_down" } } }

static const struct naming {
	const char *architectures, *prefix, *output;
	struct module modules[8];
} namings[] = {
	{ "llama mistral3 smollm3 granite minicpm", "model.layers", "lm_head",
	  { { "self_attn.q_proj", { { "attn_q", HALVES_IN_TURNS } } },
	    { "self_attn.k_proj", { { "attn_k", HALVES_IN_TURNS } } }, LLAMA_REST } },
	{ "qwen2 qwen3 gemma gemma2 gemma3 olmo2 stablelm", "model.layers", "lm_head",
	  { { "self_attn.q_proj", { { "attn_q" } } }, { "self_attn.k_proj", { { "attn_k" } } },
	    LLAMA_REST } },
	{ "phi2", "model.layers", "lm_head",
	  { { "self_attn.q_proj", { { "attn_qkv", QUERY } } },
	    { "self_attn.k_proj", { { "attn_qkv", KEY } } },
	    { "self_attn.v_proj", { { "attn_qkv", VALUE } } },
	    { "self_attn.dense", { { "attn_output" } } }, { "mlp.fc1", { { "ffn_up" } } },
	    { "mlp.fc2", { { "ffn_down" } } } } },
	{ "phi3", "model.layers", "lm_head",
	  { { "self_attn.qkv_proj", { { "attn_qkv" } } }, { "self_attn.o_proj",
	      { { "attn_output" } } }, { "mlp.gate_up_proj", { { "ffn_up" } } },
	    { "mlp.down_proj", { { "ffn_down" } } } } },
	{ "gptneox", "gpt_neox.layers", "embed_out",
	  { { "attention.query_key_value", { { "attn_qkv", HEADS_OF_ALL } } },
	    { "attention.dense", { { "attn_output" } } },
	    { "mlp.dense_h_to_4h", { { "ffn_up" } } },
	    { "mlp.dense_4h_to_h", { { "ffn_down" } } } } },
	{ "openelm", "transformer.layers", "lm_head",
	  { { "attn.qkv_proj", { { "attn_qkv" } } }, { "attn.out_proj", { { "attn_output" } } },
	    { "ffn.proj_1", { { "ffn_gate" }, { "ffn_up" } } },
	    { "ffn.proj_2", { { "ffn_down" } } } } },
};

static const struct naming *naming_of(const char *architecture)
{
	for (size_t i = 0; i < ARRAY_SIZE(namings); i++) {
		char names[128], *rest = names;

		snprintf(names, sizeof(names), "%s", namings[i].architectures);
		for (char *name; (name = strtok_r(rest, " ", &rest));)
			if (strcmp(name, architecture) == 0)
				return &namings[i];
	}
	ck_abort_msg("no names of %s", architecture);
}

static float *weights_of(struct merge *g, const char *name, const struct gguf_tensor **t)
{
	const struct gguf *file = bm_model_gguf(g->base);

	*t = gguf_tensor(file, name);
	ck_assert_msg(*t, "%s", name);
	return g->weights[*t - gguf_tensor_at(file, 0)];
}

/* Adds the rows of one tensor to @rows, in the checkpoint's order. */
static size_t list_rows(struct merge *g, const char *name, enum order order, uint32_t layer,
			float **rows)
{
	const struct bm_layer_config *l = &bm_model_config(g->base)->layers[layer];
	const uint32_t width = SAMPLE_HEAD_DIM, q = l->n_heads * width, kv = l->n_kv_heads * width;
	const struct gguf_tensor *t;
	float *w = weights_of(g, name, &t);
	uint32_t first = order == KEY ? q : order == VALUE ? q + kv : 0;
	uint32_t end = order == QUERY || order == QUERY_IN_TURNS ? q : order == KEY ? q + kv :
		       (uint32_t)t->ne[1];
	size_t n = 0;

	if (order == HALVES_IN_TURNS || order == QUERY_IN_TURNS) {
		for (uint32_t head = 0; head < end / width; head++)
			for (uint32_t half = 0; half < 2; half++)
				for (uint32_t i = 0; i < width / 2; i++)
					rows[n++] = w + (head * width + 2 * i + half) * t->ne[0];
	} else if (order == HEADS_OF_ALL) {
		for (uint32_t head = 0; head < l->n_heads; head++)
			for (uint32_t part = 0; part < 3; part++)
				for (uint32_t i = 0; i < width; i++)
					rows[n++] = w + (part * q + head * width + i) * t->ne[0];
	} else {
		for (uint32_t row = first; row < end; row++)
			rows[n++] = w + row * t->ne[0];
	}
	return n;
}

/* What the file can hold of a value: halves are cut, not rounded. */
static float held(float value, const char *dtype)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	bits &= strcmp(dtype, "F32") == 0 ? UINT32_MAX : 0xffff0000u;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void random_values(float *x, size_t n, const char *dtype, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++)
		x[i] = held(0.2f * fixture_random(seed), dtype);
}

static void add_product(float **rows, size_t n, uint32_t cols, uint32_t rank, double scale,
			const float *a, const float *b)
{
	for (size_t row = 0; row < n; row++)
		for (uint32_t col = 0; col < cols; col++) {
			double sum = 0.0;

			for (uint32_t k = 0; k < rank; k++)
				sum += (double)b[row * rank + k] * a[k * cols + col];
			rows[row][col] = (float)(rows[row][col] + scale * sum);
		}
}

/* A random update of a module, into the folder and into the weights. */
static void change(struct merge *g, const char *path, const char *module, uint32_t layer,
		   float **rows, size_t n, uint32_t cols)
{
	uint32_t rank = g->rank(module, layer);
	float a[MAX_RANK * 256], b[MAX_ROWS * MAX_RANK];
	char name[200];

	ck_assert(rank <= MAX_RANK && n <= MAX_ROWS && cols <= 256);
	random_values(a, rank * cols, g->dtype, &g->seed);
	random_values(b, n * rank, g->dtype, &g->seed);
	snprintf(name, sizeof(name), "base_model.model.%s.lora_A.weight", path);
	folder_add(&g->folder, name, g->dtype, rank, cols, a);
	snprintf(name, sizeof(name), "base_model.model.%s.lora_B.weight", path);
	folder_add(&g->folder, name, g->dtype, n, rank, b);
	add_product(rows, n, cols, rank, g->scale(module, layer, rank), a, b);
}

void merge_module(struct merge *g, const struct module *module, uint32_t layer)
{
	float *rows[MAX_ROWS];
	const struct gguf_tensor *t = NULL;
	char name[100], path[100];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(module->of) && module->of[i].tensor; i++) {
		snprintf(name, sizeof(name), "blk.%u.%s.weight", layer, module->of[i].tensor);
		weights_of(g, name, &t);
		n += list_rows(g, name, module->of[i].order, layer, rows + n);
	}
	snprintf(path, sizeof(path), "%s.%u.%s", g->names->prefix, layer, module->name);
	change(g, path, module->name, layer, rows, n, (uint32_t)t->ne[0]);
}

void merge_output(struct merge *g)
{
	const struct gguf_tensor *t = gguf_tensor(bm_model_gguf(g->base), "output.weight");
	float *rows[MAX_ROWS];
	size_t n;

	if (!t)
		return;
	n = list_rows(g, "output.weight", PLAIN, 0, rows);
	change(g, g->names->output, g->names->output, 0, rows, n, (uint32_t)t->ne[0]);
}

/* A model with the changed weights. */
static struct bm_model *merged_model(struct merge *g)
{
	const struct bm_params params = { .threads = 1, .max_batch = 64 };
	const struct gguf *file = bm_model_gguf(g->base);
	_cleanup_close_ int fd = memfd_create("merged", MFD_CLOEXEC);
	struct diag d = DIAG_NULL;
	struct bm_model *m = NULL;
	struct gguf_writer *w;

	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_copy(w, file, ""), 0);
	for (size_t i = 0; i < gguf_n_tensors(file); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(file, i);

		ck_assert_int_eq(gguf_writer_tensor(w, t->name, t->type, t->n_dims, t->ne,
						    g->weights[i]), 0);
	}
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	gguf_writer_free(w);
	ck_assert_msg(bm_model_open_fd(&m, fd, &params, &d) == 0, "%s: %s", d.field, d.text);
	return m;
}

int merge_import(struct merge *g, struct peft_facts *facts)
{
	int fd = memfd_create("imported", MFD_CLOEXEC);
	struct diag d = DIAG_NULL;
	struct peft *p = NULL;
	struct gguf_writer *w;

	ck_assert_msg(peft_convert(&p, g->base, g->folder.files, g->folder.n_files, &d) == 0,
		      "%s: %s: %s", bm_model_config(g->base)->architecture, d.field, d.text);
	*facts = *peft_facts(p);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(peft_write(p, w), 0);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	gguf_writer_free(w);
	peft_free(p);
	return fd;
}

static struct adapter *import(struct merge *g, struct peft_facts *facts)
{
	_cleanup_close_ int fd = merge_import(g, facts);
	struct diag d = DIAG_NULL;
	struct adapter *a = NULL;

	ck_assert_msg(adapter_load_fd(&a, g->base, fd, &d) == 0, "%s: %s", d.field, d.text);
	return a;
}

static void logits_of(struct bm_model *m, const struct adapter *a, float *logits)
{
	const struct bm_delta *delta = a ? adapter_delta(a) : NULL;
	const float scale = 1.0f;
	struct bm_sequence *s = NULL;
	int32_t tokens[TOKENS];
	struct bm_item item = { .tokens = tokens, .n_tokens = TOKENS, .deltas = &delta,
				.scales = &scale, .n_deltas = a ? 1 : 0, .logits = logits,
				.all_logits = true };

	for (int i = 0; i < TOKENS; i++)
		tokens[i] = (i * i + 7 * i + 3) % SAMPLE_VOCAB;
	ck_assert_int_eq(bm_sequence_new(&s, m, SAMPLE_CONTEXT, BM_KV_F32), 0);
	item.seq = s;
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	bm_sequence_free(s);
}

static double distance(const float *x, const float *y, size_t n, double *deviation)
{
	double worst = 0.0, sum = 0.0, squares = 0.0;

	for (size_t i = 0; i < n; i++) {
		worst = fmax(worst, fabs((double)x[i] - y[i]));
		sum += y[i];
		squares += (double)y[i] * y[i];
	}
	*deviation = sqrt(squares / (double)n - sum / (double)n * sum / (double)n);
	return worst;
}

void merge_init(struct merge *g, const struct sample *s)
{
	const struct gguf *file;

	g->base = sample_open(s, 1);
	g->names = naming_of(s->architecture);
	file = bm_model_gguf(g->base);
	ck_assert_uint_le(gguf_n_tensors(file), ARRAY_SIZE(g->weights));
	for (size_t i = 0; i < gguf_n_tensors(file); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(file, i);

		g->weights[i] = malloc(t->size);
		ck_assert_ptr_nonnull(g->weights[i]);
		memcpy(g->weights[i], t->data, t->size);
	}
}

void merge_deinit(struct merge *g)
{
	for (size_t i = 0; i < ARRAY_SIZE(g->weights); i++)
		free(g->weights[i]);
	bm_model_free(g->base);
	folder_deinit(&g->folder);
}

void merge_check(struct merge *g, const char *targets, const char *more, uint32_t rank)
{
	float imported[TOKENS * SAMPLE_VOCAB], merged[TOKENS * SAMPLE_VOCAB];
	float plain[TOKENS * SAMPLE_VOCAB];
	struct peft_facts facts;
	struct bm_model *m;
	struct adapter *a;
	double deviation, worst;

	folder_finish(&g->folder, targets, more);
	a = import(g, &facts);
	ck_assert_uint_eq(facts.rank, rank);
	ck_assert_uint_eq(facts.matrices, adapter_matrix_count(a));
	m = merged_model(g);
	logits_of(g->base, a, imported);
	logits_of(g->base, NULL, plain);
	logits_of(m, NULL, merged);
	worst = distance(imported, merged, ARRAY_SIZE(merged), &deviation);
	ck_assert_msg(worst <= 1e-3 * deviation, "%s: %g of %g",
		      bm_model_config(m)->architecture, worst, deviation);
	/* Or else the comparison would say nothing. */
	ck_assert_double_gt(distance(plain, merged, ARRAY_SIZE(merged), &deviation),
			    0.1 * deviation);
	adapter_unref(a);
	bm_model_free(m);
	merge_deinit(g);
}

void merge_all(struct merge *g)
{
	for (uint32_t layer = 0; layer < bm_model_config(g->base)->n_layers; layer++)
		for (size_t i = 0; i < 8 && g->names->modules[i].name; i++)
			merge_module(g, &g->names->modules[i], layer);
}
