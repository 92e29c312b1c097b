/* SPDX-License-Identifier: MIT */
/*
 * What an adapter says of itself: the text that a package carries, and the part of it that the
 * catalogue repeats for each installed version. Stands on util alone, as the catalogue does.
 *
 *   version: 1
 *   name: proofread              # 1 to 64 of a-z, 0-9, - and _, the first a letter or digit
 *   task: proofread              # of the same form
 *   style: friendly              # optional, the same: one of several adapters of a task
 *   title: Correct errors        # optional, one line
 *   languages: [en, de]          # optional, BCP 47
 *   sequence: 3                  # optional, 1: counts releases; an older one is no update
 *   base: [64 hex digits, …]     # digests of the weights that it was made for, or just one
 *   tokenizer: 64 hex digits     # digests of tokenizer and chat template; base_model/identity.h
 *   template: 64 hex digits      # says of what exactly
 *   rank: 16                     # the largest of its matrices
 *   scale: 1.0                   # optional, 0 to 8
 *   training: {steps: 1200}      # optional; single values, kept as text
 *   prompt: "{{ text }}"         # Jinja over `text` and the task's options
 *   canaries:                    # optional: what comes out where all is right, greedily
 *     - text: …                  # put through `prompt` and the model's chat template
 *       output: …
 *       max_tokens: 24
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/diag.h"
#include "util/identity.h"

#define ADAPTER_MAX_RANK 256
#define ADAPTER_MAX_SCALE 8.0f

/* Besides these, the text is at most YAML_MAX_SIZE bytes. */
#define MANIFEST_MAX_NAME 64
#define MANIFEST_MAX_TITLE 256		/* bytes, as all lengths here */
#define MANIFEST_MAX_LANGUAGES 32
#define MANIFEST_MAX_BASES 16
#define MANIFEST_MAX_PROMPT 16384
#define MANIFEST_MAX_FACTS 64
#define MANIFEST_MAX_FACT 1024
#define MANIFEST_MAX_CANARIES 16
#define MANIFEST_MAX_CANARY_TEXT 4096
#define MANIFEST_MAX_CANARY_TOKENS 256

struct manifest_fact {
	const char *key, *value;
};

struct manifest_canary {
	const char *text, *output;
	uint32_t max_tokens;
};

struct manifest {
	const char *name, *task;
	const char *style;	/* or NULL */
	const char *title;	/* the name where none is given */
	const char *prompt;
	const char *const *languages;
	size_t n_languages;
	uint32_t sequence, rank;
	float scale;
	const struct digest *bases;
	size_t n_bases;
	struct digest tokenizer, template;
	const struct manifest_fact *training;
	size_t n_training;
	const struct manifest_canary *canaries;
	size_t n_canaries;
};

/* A manifest that was read, with all that it points to. */
struct manifest_file;

/* 0; -EINVAL with "line:column" in @d, or "prompt" for a template that is none; -ENOMEM. */
int manifest_parse(struct manifest_file **ret, const char *text, size_t len, struct diag *d);
struct manifest_file *manifest_file_free(struct manifest_file *f);
DEFINE_CLEANUP(struct manifest_file *, manifest_file_free)
/* Lives as long as @f. */
const struct manifest *manifest_of(const struct manifest_file *f);

/* Appends the text that reads back as @m. 0 or -ENOMEM; nothing is checked. */
int manifest_write(const struct manifest *m, struct buf *out);

/* The first thing in which a model is not the one that an adapter was made for. */
enum manifest_mismatch { MANIFEST_FITS, MANIFEST_WEIGHTS, MANIFEST_TOKENIZER, MANIFEST_TEMPLATE };

enum manifest_mismatch manifest_mismatch(const struct manifest *m, const struct identity *model);

/* Whether @offered may take the place of @served by itself: 0, or -EINVAL and DIAG_SIG for
 * another name or an older sequence. */
int manifest_check_update(const struct manifest *served, const struct manifest *offered,
			  struct diag *d);
