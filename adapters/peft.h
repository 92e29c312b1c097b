/* SPDX-License-Identifier: MIT */
/*
 * Adapters as PEFT saves them, a folder with adapter_config.json and
 * adapter_model.safetensors, made a GGUF LoRA for one base: names become the base's, rows of
 * queries and keys stand in the order of its file, fused matrices are joined or split, and
 * the strengths of modules (rsLoRA, alpha_pattern) are brought to one alpha. What a low-rank
 * update cannot express is refused by its name.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/diag.h"

struct bm_model;
struct gguf_writer;

/* A file of the folder. Beside the two, names of new tokens are looked for in
 * added_tokens.json, tokenizer_config.json and tokenizer.json; others are not read. */
struct peft_file {
	const char *name;
	const char *data;
	size_t len;
};

/* What the files of a folder may have together: as much as an adapter may. */
#define PEFT_MAX_SIZE (UINT64_C(2) << 30)

struct buf;
/*
 * Reads a file of the folder into @content, which @ret borrows as it does @name; *@room, at first
 * PEFT_MAX_SIZE, is what the others may still have. 0; -EINVAL where it is more than that, -errno
 * with @d, whose field is @name. @fd stays the caller's.
 */
int peft_read(struct peft_file *ret, struct buf *content, const char *name, int fd,
	      uint64_t *room, struct diag *d);

struct peft_facts {
	uint32_t rank;		/* the largest */
	uint32_t matrices;	/* tensors of the base that are changed */
	uint32_t invocation_tokens, extra_tokens;
	float alpha;
};

struct peft;

/* Borrows nothing. 0; -EINVAL with @d, whose field is "FILE: tensor or key"; -ENOMEM. */
int peft_convert(struct peft **ret, const struct bm_model *m, const struct peft_file *files,
		 size_t n, struct diag *d);
struct peft *peft_free(struct peft *p);
DEFINE_CLEANUP(struct peft *, peft_free)
const struct peft_facts *peft_facts(const struct peft *p);
/* Adds all keys and tensors of the GGUF LoRA (adapters/lora.h) to @w, which borrows them from
 * @p. 0 or the writer's error. */
int peft_write(const struct peft *p, struct gguf_writer *w);
