/* SPDX-License-Identifier: MIT */
/*
 * How checkpoints of a family name their modules (github.com/huggingface/transformers,
 * src/transformers/models/FAMILY/modeling_FAMILY.py), which of our matrices the rows of a
 * module are, and in which order they stand there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_model/base_model.h"
#include "util/diag.h"

#define PEFT_MAX_PATH 320	/* of a module, with its NUL */

struct peft_module {
	const char *name;	/* behind the number of its layer; the output's: all of it */
	enum bm_matrix first;	/* its rows are these matrices, one after the other, */
	unsigned parts;
	bool interleaved;	/* or head by head: those of a query, a key and a value */
};

struct peft_layout;

/* Of the family of @m. */
const struct peft_layout *peft_layout_of(const struct bm_model *m);
/* Modules of a layer and then the output; false past the last. */
bool peft_layout_module(const struct peft_layout *layout, size_t index, struct peft_module *ret);

enum peft_role {
	PEFT_LORA,	/* one half of an update */
	PEFT_EMBEDDING,	/* all rows of the embedding */
	PEFT_OUTPUT,	/* all rows of the output */
};

/* What the name of a tensor in adapter_model.safetensors says. */
struct peft_name {
	enum peft_role role;
	struct peft_module module;	/* of a half */
	int layer;			/* -1 for the output */
	size_t letter;			/* where the name has A or B */
	unsigned prefix;		/* which of the family's ways to begin a path */
	char path[PEFT_MAX_PATH];	/* of the module in the base */
};

/* 0; -EINVAL with @d for a name that no adapter for @m can use, and why. */
int peft_name_parse(struct peft_name *ret, const struct peft_layout *layout,
		    const struct bm_model *m, const char *name, struct diag *d);
/* The path of a module by that prefix. */
void peft_module_path(const struct peft_layout *layout, unsigned prefix,
		      const struct peft_module *module, int layer, char ret[PEFT_MAX_PATH]);
/* Where the checkpoint has row @row of @matrix, one of the module's. */
uint32_t peft_source_row(const struct bm_model *m, const struct peft_module *module,
			 uint32_t layer, enum bm_matrix matrix, uint32_t row);
