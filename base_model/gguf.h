/* SPDX-License-Identifier: MIT */
/*
 * GGUF version 3, little endian: metadata and tensors of a model file.
 * Format: github.com/ggml-org/ggml, docs/gguf.md.
 *
 * The parser is total: any bytes give a verdict. It accepts only files whose tensors are
 * contiguous but for zeroed padding and end where the file ends, so that one file has one
 * reading. It borrows the bytes; what it allocates is bounded by the metadata's size.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/diag.h"

#define GGUF_MAX_KEYS 65536
#define GGUF_MAX_KEY 255
#define GGUF_MAX_STRING ((uint64_t)16 << 20)
#define GGUF_MAX_ARRAY ((uint64_t)1 << 24)
#define GGUF_MAX_TENSORS 65536
#define GGUF_MAX_NAME 63
#define GGUF_MAX_DIMS 4

/* Positive results. */
enum { _GGUF_E_SUCCESS, GGUF_E_ABSENT };

enum gguf_type {
	GGUF_TYPE_U8, GGUF_TYPE_I8, GGUF_TYPE_U16, GGUF_TYPE_I16, GGUF_TYPE_U32, GGUF_TYPE_I32,
	GGUF_TYPE_F32, GGUF_TYPE_BOOL, GGUF_TYPE_STRING, GGUF_TYPE_ARRAY, GGUF_TYPE_U64,
	GGUF_TYPE_I64, GGUF_TYPE_F64, GGUF_TYPE_COUNT,
};

/* Weight types by ggml's numbers; those that we compute with. */
#define TENSOR_TYPES 40	/* above every number that a file may use */

enum tensor_type {
	TENSOR_F32 = 0,
	TENSOR_F16 = 1,
	TENSOR_Q4_0 = 2,
	TENSOR_Q4_1 = 3,
	TENSOR_Q5_0 = 6,
	TENSOR_Q5_1 = 7,
	TENSOR_Q8_0 = 8,
	TENSOR_Q2_K = 10,
	TENSOR_Q3_K = 11,
	TENSOR_Q4_K = 12,
	TENSOR_Q5_K = 13,
	TENSOR_Q6_K = 14,
	TENSOR_IQ4_NL = 20,
	TENSOR_IQ4_XS = 23,
	TENSOR_BF16 = 30,
	TENSOR_TQ2_0 = 35,
};

/* Name as users write it ("Q4_0"), also of types that we only know to exist; or NULL. */
const char *tensor_type_name(uint32_t type);
/* Weights in a block and its bytes; false for a type that no current file may use. */
bool tensor_type_block(uint32_t type, uint32_t *weights, uint32_t *bytes);
/* Bytes of a row of @weights; 0 for an unknown type or no whole number of blocks. */
uint64_t tensor_row_size(uint32_t type, uint64_t weights);

struct gguf_tensor {
	char name[GGUF_MAX_NAME + 1];
	uint32_t n_dims;
	uint64_t ne[GGUF_MAX_DIMS];	/* ne[0] is the length of a row; missing dimensions are 1 */
	enum tensor_type type;		/* may be a type that we do not compute with */
	const void *data;
	size_t size;
};

struct gguf_array {
	enum gguf_type type;
	uint64_t count;
	const uint8_t *data;	/* elements as in the file: unaligned, strings with their length */
};

struct gguf;

/*
 * Parses @fd (a regular file, which stays the caller's). A file of up to 16 MiB is copied:
 * whatever happens to it later, the bytes stay. A larger one is mapped read-only and its
 * bytes stay the file's: should another process truncate it, touching them raises SIGBUS
 * and ends the process. So models are opened in the engine process only, which is restarted,
 * and whoever installs one writes it beside the old one and renames it into place.
 * 0; -EINVAL with @d; -ENOMEM or the system's error.
 */
int gguf_open_fd(struct gguf **ret, int fd, struct diag *d);
/* Parses @len borrowed bytes, which must outlive the result. */
int gguf_parse(struct gguf **ret, const void *data, size_t len, struct diag *d);
struct gguf *gguf_free(struct gguf *g);
DEFINE_CLEANUP(struct gguf *, gguf_free)

size_t gguf_n_tensors(const struct gguf *g);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t index);
/* By name, or NULL. */
const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name);
/* Total bytes of the file. */
size_t gguf_size(const struct gguf *g);
/* Metadata keys in file order; false past the last. */
bool gguf_key_at(const struct gguf *g, size_t index, const char **key, size_t *len,
		 enum gguf_type *type);

/*
 * Values by key: 0, GGUF_E_ABSENT, or -EINVAL with the key and the expected type in @d.
 * gguf_u32 takes every integer type whose value fits.
 */
int gguf_u32(const struct gguf *g, const char *key, uint32_t *ret, struct diag *d);
int gguf_f32(const struct gguf *g, const char *key, float *ret, struct diag *d);
int gguf_bool(const struct gguf *g, const char *key, bool *ret, struct diag *d);
/* Not NUL-terminated. */
int gguf_str(const struct gguf *g, const char *key, const char **ret, size_t *len, struct diag *d);
int gguf_array(const struct gguf *g, const char *key, enum gguf_type element,
	       struct gguf_array *ret, struct diag *d);
/* Element of an array of GGUF_TYPE_U32, _I32 or _F32; @index must be below count. */
uint32_t gguf_array_u32(const struct gguf_array *a, uint64_t index);
float gguf_array_f32(const struct gguf_array *a, uint64_t index);

/* Walks an array of strings from its beginning; false past the last. */
struct gguf_strings {
	const uint8_t *at;
	uint64_t left;
};
void gguf_strings_init(struct gguf_strings *s, const struct gguf_array *a);
bool gguf_strings_next(struct gguf_strings *s, const char **ret, size_t *len);
