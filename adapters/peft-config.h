/* SPDX-License-Identifier: MIT */
/*
 * adapter_config.json as PEFT saves it (class LoraConfig, github.com/huggingface/peft,
 * src/peft/tuners/lora/config.py). A key that could change what the adapter computes is
 * understood or refused by its name; so is one that we do not know, unless its value is that
 * of a feature left off: null, false, or empty.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/diag.h"

#define PEFT_CONFIG "adapter_config.json"
#define PEFT_WEIGHTS "adapter_model.safetensors"

/* Says in the field of @d that it is in @file; returns @error, and does nothing where it is
 * none. */
int peft_in_file(struct diag *d, const char *file, int error);

struct peft_config;

/* 0; -EINVAL with @d, whose field is the key; -ENOMEM. */
int peft_config_parse(struct peft_config **ret, const char *text, size_t len, struct diag *d);
struct peft_config *peft_config_free(struct peft_config *c);
DEFINE_CLEANUP(struct peft_config *, peft_config_free)

/* What the configuration says of one module of the base. */
struct peft_setting {
	bool targeted;
	uint32_t rank;
	double strength;	/* the update is strength / rank · B·A */
};

/* @path is the module's name in the base, "model.layers.3.mlp.up_proj"; @layer its number, or
 * -1 where it belongs to none. 0; -EINVAL where expressions take too many steps; -ENOMEM. */
int peft_config_of(struct peft_config *c, const char *path, int layer, struct peft_setting *ret,
		   struct diag *d);
/* Tokens that the adapter waits for (aLoRA); none for others. */
const uint32_t *peft_config_invocation(const struct peft_config *c, size_t *n);
