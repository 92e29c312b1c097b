/* SPDX-License-Identifier: MIT */
/*
 * A base with W + s·B·A merged into its weights, beside a PEFT folder that says the same: rows
 * are brought into the checkpoint's order, the product is added there, and the rows are brought
 * back, as converters and PEFT do it.
 */
#pragma once

#include "tests/adapters/folder.h"
#include "tests/base_model/sample.h"

/* In which order a checkpoint has the rows of a file's tensor. */
enum order { PLAIN, HALVES_IN_TURNS, QUERY, KEY, VALUE, QUERY_IN_TURNS, HEADS_OF_ALL };

/* A module of a layer is these rows of these tensors, one after the other. */
struct module {
	const char *name;
	struct {
		const char *tensor;
		enum order order;
	} of[3];
};

struct naming;

/* The base's weights, to be changed, and the folder that says how. */
struct merge {
	struct bm_model *base;
	const struct naming *names;	/* of its modules */
	float *weights[256];	/* by tensor: a copy */
	struct folder folder;
	uint64_t seed;
	/* What the case makes of every module. */
	const char *dtype;
	uint32_t (*rank)(const char *module, uint32_t layer);
	double (*scale)(const char *module, uint32_t layer, uint32_t rank);
};

/* Opens the base, with a copy of its weights; the case fills in the rest before. */
void merge_init(struct merge *g, const struct sample *s);
/* Random updates into the folder and into the weights: of one module, of all of a layer's, of
 * the output where the base has one of its own. */
void merge_module(struct merge *g, const struct module *module, uint32_t layer);
void merge_all(struct merge *g);
void merge_output(struct merge *g);
/* Compares the two ways once all is changed, and the largest rank; releases everything. */
void merge_check(struct merge *g, const char *targets, const char *more, uint32_t rank);
void merge_deinit(struct merge *g);
/* The folder as a GGUF LoRA, in an unlinked file. */
int merge_import(struct merge *g, struct peft_facts *facts);
