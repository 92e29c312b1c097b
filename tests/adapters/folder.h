/* SPDX-License-Identifier: MIT */
/* PEFT folders in memory: what a test adds, and files of it. */
#pragma once

#include "adapters/peft.h"
#include "util/buf.h"

struct folder {
	struct buf header, data;	/* of adapter_model.safetensors, while it grows */
	struct buf weights, config;
	struct peft_file files[4];
	size_t n_files;
};

#define FOLDER_NULL { .n_files = 0 }

/* The tensor @name of @rows by @cols values, as dtype F32, F16 or BF16. The test fails where
 * this does. */
void folder_add(struct folder *f, const char *name, const char *dtype, uint64_t rows,
		uint64_t cols, const float *values);
/* The whole folder; @more are further members of the configuration, each behind a comma, and
 * win over what every configuration here has: r 4, lora_alpha 8. */
void folder_finish(struct folder *f, const char *targets, const char *more);
/* Another file, borrowed. */
void folder_file(struct folder *f, const char *name, const char *text);
void folder_deinit(struct folder *f);

/* A safetensors file of these parts. */
void safetensors_assemble(struct buf *file, const char *header, size_t len, const void *data,
			  size_t data_len);
