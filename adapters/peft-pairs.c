/* SPDX-License-Identifier: MIT */
#include "adapters/peft-pairs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapters.h"
#include "util/macro.h"

/* What reading the names needs beside the result. */
struct reader {
	struct peft_pairs *p;
	const struct bm_model *m;
	const struct peft_layout *layout;
	struct peft_config *config;
	const struct safetensors *file;
	bool prefixed;		/* a module of a layer was there: */
	const char *at_fault;	/* the file with what is wrong */
	unsigned prefix;	/* how its path begins, as every other must */
	struct diag *d;
};

bool peft_tensor_type(const struct safetensors_tensor *t, enum tensor_type *ret)
{
	switch ((int)t->type) {
	case SAFETENSORS_F32:
		*ret = TENSOR_F32;
		return true;
	case SAFETENSORS_F16:
		*ret = TENSOR_F16;
		return true;
	case SAFETENSORS_BF16:
		*ret = TENSOR_BF16;
		return true;
	}
	return false;
}

static size_t index_of(const struct peft_pairs *p, uint32_t layer, enum bm_matrix matrix)
{
	return matrix == BM_OUTPUT ? p->n_of - 1 : (size_t)layer * BM_OUTPUT + matrix;
}

const struct peft_pair *peft_pairs_find(const struct peft_pairs *p, uint32_t layer,
					enum bm_matrix matrix)
{
	return p->of[index_of(p, layer, matrix)];
}

/* PATH.lora_A… → PATH.lora_B…, or back. */
static const struct safetensors_tensor *other_half(const struct reader *r, const char *name,
						   size_t letter)
{
	char other[SAFETENSORS_MAX_NAME + 1];

	memcpy(other, name, strlen(name) + 1);
	other[letter] = other[letter] == 'A' ? 'B' : 'A';
	return safetensors_find(r->file, other);
}

/* Rows of all parts of a module and its columns; no rows where the base lacks one of them. */
static void module_shape(const struct bm_model *m, const struct peft_module *module,
			 uint32_t layer, uint64_t *rows, uint32_t *cols)
{
	uint32_t n, first = 0;

	*rows = 0;
	for (unsigned i = 0; i < module->parts; i++) {
		bm_matrix_shape(m, layer, module->first + i, &n, cols);
		first = i ? first : n;
		*rows += n;
		/* Head by head, each has as many. */
		if (n == 0 || (module->interleaved && n != first)) {
			*rows = 0;
			return;
		}
	}
}

static int setting_of(struct reader *r, const char *path, int layer, struct peft_setting *ret)
{
	int e = peft_config_of(r->config, path, layer, ret, r->d);

	if (e < 0)
		r->at_fault = PEFT_CONFIG;
	return e;
}

static int check_half(const struct safetensors_tensor *t, uint64_t rows, uint64_t cols,
		      const char *expected, struct diag *d)
{
	enum tensor_type type;

	if (!peft_tensor_type(t, &type))
		return diag_set(d, -EINVAL, DIAG_UNSUP, t->name,
				"dtype %s, expected F32, F16 or BF16",
				safetensors_type_name(t->type));
	if (t->n_dims != 2)
		return diag_set(d, -EINVAL, DIAG_SHAPE, t->name, "%u dimensions, expected 2",
				t->n_dims);
	if (t->shape[0] == rows && t->shape[1] == cols)
		return 0;
	return diag_set(d, -EINVAL, DIAG_SHAPE, t->name, "[%llu, %llu], expected [%llu, %llu]: %s",
			(unsigned long long)t->shape[0], (unsigned long long)t->shape[1],
			(unsigned long long)rows, (unsigned long long)cols, expected);
}

static int check_pair(const struct reader *r, const struct peft_pair *pair)
{
	const char *name = pair->a->name;
	uint32_t cols = 0, layer;
	enum bm_matrix matrix;
	uint64_t rows;
	int e;

	module_shape(r->m, &pair->module, pair->layer, &rows, &cols);
	if (rows == 0)
		return diag_set(r->d, -EINVAL, DIAG_SHAPE, name, "the base has no such module");
	if (pair->module.first == BM_OUTPUT &&
	    bm_matrix_find(r->m, "output.weight", &layer, &matrix) != 0)
		return diag_set(r->d, -EINVAL, DIAG_UNSUP, name,
				"the base's output is its embedding, which no adapter changes");
	e = check_half(pair->a, pair->rank, cols, "rank by the base's columns", r->d);
	return e < 0 ? e : check_half(pair->b, rows, pair->rank, "the base's rows by rank", r->d);
}

/* @name is a lora_A. */
static int add_pair(struct reader *r, const struct safetensors_tensor *a,
		    const struct peft_name *name)
{
	struct peft_pair *pair = &r->p->all[r->p->n];
	struct peft_setting setting;
	int e;

	*pair = (struct peft_pair){
		.a = a, .b = other_half(r, a->name, name->letter), .module = name->module,
		.layer = (uint32_t)MAX(name->layer, 0),
	};
	if (!pair->b)
		return diag_set(r->d, -EINVAL, DIAG_PAIR, a->name, "its lora_B is missing");
	if (name->layer >= 0 && r->prefixed && name->prefix != r->prefix)
		return diag_set(r->d, -EINVAL, DIAG_DUP, a->name,
				"its path begins otherwise than those of other modules");
	if (name->layer >= 0) {
		r->prefixed = true;
		r->prefix = name->prefix;
	}
	e = setting_of(r, name->path, name->layer, &setting);
	if (e < 0)
		return e;
	if (!setting.targeted)
		return diag_set(r->d, -EINVAL, DIAG_UNSUP, a->name,
				"not among the modules that " PEFT_CONFIG " targets");
	pair->rank = setting.rank;
	pair->strength = setting.strength;
	e = check_pair(r, pair);
	if (e < 0)
		return e;
	for (unsigned i = 0; i < pair->module.parts; i++) {
		size_t at = index_of(r->p, pair->layer, pair->module.first + i);

		if (r->p->of[at])
			return diag_set(r->d, -EINVAL, DIAG_DUP, a->name,
					"a second update of what '%.100s' changes",
					r->p->of[at]->a->name);
		r->p->of[at] = pair;
	}
	r->p->n++;
	return 0;
}

static int add_tensor(struct reader *r, const struct safetensors_tensor *t)
{
	const struct safetensors_tensor **rows;
	struct peft_name name;
	int e = peft_name_parse(&name, r->layout, r->m, t->name, r->d);

	if (e < 0)
		return e;
	if (name.role == PEFT_LORA) {
		if (t->name[name.letter] == 'A')
			return add_pair(r, t, &name);
		return other_half(r, t->name, name.letter) ? 0 :
			diag_set(r->d, -EINVAL, DIAG_PAIR, t->name, "its lora_A is missing");
	}
	rows = name.role == PEFT_EMBEDDING ? &r->p->embedding : &r->p->output;
	if (*rows)
		return diag_set(r->d, -EINVAL, DIAG_DUP, t->name, "given twice, with '%.100s'",
				(*rows)->name);
	*rows = t;
	return 0;
}

/* A module that the configuration names has its tensors, or the file is not whole. */
static int check_present(struct reader *r, const struct peft_module *module, uint32_t layer)
{
	int number = module->first == BM_OUTPUT ? -1 : (int)layer, e;
	struct peft_setting setting;
	char path[PEFT_MAX_PATH];
	uint64_t rows;
	uint32_t cols;

	module_shape(r->m, module, layer, &rows, &cols);
	if (rows == 0 || peft_pairs_find(r->p, layer, module->first))
		return 0;
	peft_module_path(r->layout, r->prefix, module, number, path);
	e = setting_of(r, path, number, &setting);
	if (e == 0 && setting.targeted)
		return diag_set(r->d, -EINVAL, DIAG_PAIR, path,
				PEFT_CONFIG " targets it, but there are no tensors for it");
	return e;
}

static int check_complete(struct reader *r)
{
	uint32_t n_layers = bm_model_config(r->m)->n_layers;
	struct peft_module module;
	int e = 0;

	for (size_t i = 0; peft_layout_module(r->layout, i, &module); i++) {
		uint32_t n = module.first == BM_OUTPUT ? 1 : n_layers;

		for (uint32_t layer = 0; e == 0 && layer < n; layer++)
			e = check_present(r, &module, layer);
	}
	return e;
}

static int read_pairs(struct reader *r)
{
	int e = 0;

	for (size_t i = 0; e == 0 && i < safetensors_count(r->file); i++)
		e = add_tensor(r, safetensors_at(r->file, i));
	if (e == 0 && r->p->n == 0)
		return diag_set(r->d, -EINVAL, DIAG_PAIR, "tensors",
				"the adapter changes no module");
	return e < 0 ? e : check_complete(r);
}

int peft_pairs_read(struct peft_pairs *p, const struct bm_model *m, struct peft_config *c,
		    const struct safetensors *f, struct diag *d)
{
	struct reader r = { .p = p, .m = m, .layout = peft_layout_of(m), .config = c, .file = f,
			    .at_fault = PEFT_WEIGHTS, .d = d };
	int e;

	p->n_of = (size_t)bm_model_config(m)->n_layers * BM_OUTPUT + 1;
	p->of = calloc(p->n_of, sizeof(*p->of));
	p->all = calloc(safetensors_count(f) + 1, sizeof(*p->all));
	if (!p->of || !p->all)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	e = read_pairs(&r);
	return peft_in_file(d, r.at_fault, e);
}

void peft_pairs_deinit(struct peft_pairs *p)
{
	free(p->all);
	free(p->of);
}
