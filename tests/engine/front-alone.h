/* SPDX-License-Identifier: MIT */
/* What is right: passes of one sequence, alone, beside nothing and with nothing known. */
#pragma once

#include "tests/engine/front.h"

/* From which token each adapter acts, and its scale; 0: it does not. */
struct front_acting {
	float scales[FRONT_ADAPTERS];
	int64_t from[FRONT_ADAPTERS];
};

struct front_alone {
	const struct front *f;
	const struct front_acting *acting;
	struct bm_sequence *seq;
	uint32_t n_extra;
	float *logits;		/* of the last token of the last pass */
};

void front_alone_init(struct front_alone *a, const struct front *f, const struct tokenizer *t,
		      const struct front_acting *acting);
void front_alone_deinit(struct front_alone *a);
/* One pass for the first of @tokens [@n], on which the same adapters act: the length after it. */
size_t front_alone_pass(struct front_alone *a, const int32_t *tokens, size_t n);

/* The vocabulary of a case. */
const struct tokenizer *front_tokenizer(const struct front *f, const struct front_case *c);
/* Texts to score behind the prompt of a case, or by themselves; and their scores. */
void front_make_texts(const struct front *f, struct front_case *c, const struct front_words *words,
		      uint64_t *state);
void front_solve_texts(struct front *f, struct front_case *c, const struct token_list *prompt,
		       const struct front_acting *acting);
