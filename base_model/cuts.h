/* SPDX-License-Identifier: MIT */
/* The cuts that files name in tokenizer.ggml.pre. */
#pragma once

#include "base_model/passes.h"

struct pattern;

struct pretokenizer {
	const char *name;		/* NULL at the end of the table */
	const struct pass *passes;	/* up to one without fn; none of a file's own */
	bool ignores_merges, adds_bos;
	struct pattern **patterns;	/* after the passes: the file's own */
	size_t n_patterns;
};

extern const struct pretokenizer cuts[];
