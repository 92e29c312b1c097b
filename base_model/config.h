/* SPDX-License-Identifier: MIT */
#pragma once

#include "base_model/model.h"

/* Reads and checks the hyper-parameters; -EINVAL with @d naming the key. */
int config_read(struct bm_config *c, const struct gguf *g, struct diag *d);
void config_deinit(struct bm_config *c);
