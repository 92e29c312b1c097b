/* SPDX-License-Identifier: MIT */
/*
 * Learns a byte-level BPE vocabulary (Sennrich, Haddow and Birch 2016, arXiv:1508.07909):
 * 256 bytes, then the pair of symbols that occurs most often within words becomes one, again
 * and again. Digits stand alone, so that numbers are read and copied figure by figure. The same
 * text gives the same vocabulary.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

/* Control tokens of every vocabulary, before the bytes: those of the chat template, and
 * <|function_0|> and so on, which no text comes to and to which adapters give a meaning. */
enum { BPE_BEGIN, BPE_END, BPE_SYSTEM, BPE_USER, BPE_ASSISTANT, BPE_FUNCTION };
enum { BPE_FUNCTIONS = 64, BPE_CONTROLS = BPE_FUNCTION + BPE_FUNCTIONS };

struct bpe;

/* 0 or -ENOMEM. */
int bpe_new(struct bpe **ret);
struct bpe *bpe_free(struct bpe *b);
DEFINE_CLEANUP(struct bpe *, bpe_free)

/* Counts the words of @text, at most 2^30 bytes (-EINVAL); -ENOMEM. */
int bpe_count(struct bpe *b, const char *text, size_t len);
/* Learns up to @vocab tokens, controls and bytes included (-EINVAL below 325 or above 2^18);
 * fewer when no pair occurs twice any more. -ENOMEM. */
int bpe_learn(struct bpe *b, uint32_t vocab);
uint32_t bpe_n_tokens(const struct bpe *b);
/* Writes a GGUF file with the tokenizer and its chat template and nothing else. */
int bpe_write(const struct bpe *b, int fd);
