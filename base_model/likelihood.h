/* SPDX-License-Identifier: MIT */
#pragma once

#include "base_model/model.h"

/*
 * ln Σ exp(logits) of one row of @n logits, which is spoilt: what is subtracted from a token's
 * logit to have the logarithm of its share. The sum has one order on all CPUs.
 */
double bm_log_sum(const struct bm_model *m, float *logits, size_t n);
