/* SPDX-License-Identifier: MIT */
/* The cuts that files name in tokenizer.ggml.pre. */
#pragma once

#include "base_model/splitters.h"

struct pattern;

struct pretokenizer {
	const char *name;		/* NULL at the end of the table */
	const struct splitter *splitters; /* up to one without fn; none of a file's own */
	bool ignores_merges, adds_bos;
	struct pattern **patterns;	/* after those: the file's own */
	size_t n_patterns;
};

extern const struct pretokenizer cuts[];
