/* SPDX-License-Identifier: MIT */
/*
 * The cut that a model file gives by regular expressions: one in tokenizer.ggml.pretokenizer, or
 * those of "pre_tokenizer" in tokenizer.huggingface.json, which is a whole tokenizer.json.
 * Format of that: the tokenizers library of Hugging Face.
 */
#pragma once

#include "base_model/gguf.h"
#include "base_model/pretokenize.h"

/* 0; GGUF_E_ABSENT when the file gives none; -EINVAL with @d, naming what is not supported;
 * -ENOMEM. */
int expressions_read(struct pretokenizer **ret, const struct gguf *g, struct diag *d);
