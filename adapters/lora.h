/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "adapters/adapters.h"

struct gguf;

struct lora_summary {
	uint32_t max_rank;
	uint32_t matrix_count;
	int32_t invocation[ADAPTER_MAX_INVOCATION];
	uint32_t n_invocation;
};

/* Checks the parsed file against @m and builds the update in compute form, and *@tokenizer where it
 * brings tokens, else NULL; see adapter_load_fd(). Keeps nothing of @g. */
int lora_build(struct bm_delta **ret, struct tokenizer **tokenizer, struct lora_summary *summary,
	       const struct gguf *g, const struct bm_model *m, struct diag *d);
