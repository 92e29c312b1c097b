/* SPDX-License-Identifier: MIT */
/*
 * safetensors: eight bytes of length, little endian, a JSON header that says where every
 * tensor lies, and the tensors. Format: github.com/huggingface/safetensors, README.md.
 *
 * The parser is total, takes linear time but for the sorting of names and offsets, and
 * accepts only files with one reading: tensors follow each other from the header's end to the
 * file's, without holes or overlap; no name or key stands twice. Memory is bounded by the
 * header's size. Values are not looked at.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/diag.h"

#define SAFETENSORS_MAX_HEADER 100000000
#define SAFETENSORS_MAX_TENSORS 65536
#define SAFETENSORS_MAX_NAME 255
#define SAFETENSORS_MAX_DIMS 8

enum safetensors_type {
	SAFETENSORS_BOOL, SAFETENSORS_F4, SAFETENSORS_F6_E2M3, SAFETENSORS_F6_E3M2,
	SAFETENSORS_U8, SAFETENSORS_I8, SAFETENSORS_F8_E5M2, SAFETENSORS_F8_E4M3,
	SAFETENSORS_F8_E8M0, SAFETENSORS_F8_E4M3FNUZ, SAFETENSORS_F8_E5M2FNUZ, SAFETENSORS_I16,
	SAFETENSORS_U16, SAFETENSORS_F16, SAFETENSORS_BF16, SAFETENSORS_I32, SAFETENSORS_U32,
	SAFETENSORS_F32, SAFETENSORS_C64, SAFETENSORS_F64, SAFETENSORS_I64, SAFETENSORS_U64,
	SAFETENSORS_TYPE_COUNT,
};

/* As the format spells it. */
const char *safetensors_type_name(enum safetensors_type type);

struct safetensors_tensor {
	const char *name;		/* UTF-8, ends at its NUL */
	enum safetensors_type type;
	uint32_t n_dims;
	uint64_t shape[SAFETENSORS_MAX_DIMS];	/* the first dimension changes slowest */
	uint64_t begin;			/* of its bytes, from the header's end */
	const char *data;		/* of any alignment */
	size_t size;
};

struct safetensors;

/* Parses @len borrowed bytes, which must outlive the result. 0; -EINVAL with @d, whose field
 * is a tensor's name or "header"; -ENOMEM. */
int safetensors_parse(struct safetensors **ret, const char *data, size_t len, struct diag *d);
struct safetensors *safetensors_free(struct safetensors *s);
DEFINE_CLEANUP(struct safetensors *, safetensors_free)

size_t safetensors_count(const struct safetensors *s);
/* In the order of names. */
const struct safetensors_tensor *safetensors_at(const struct safetensors *s, size_t index);
/* By name, or NULL. */
const struct safetensors_tensor *safetensors_find(const struct safetensors *s, const char *name);
