/* SPDX-License-Identifier: MIT */
/*
 * Writes GGUF version 3. The same calls give the same bytes; what is written, gguf_parse()
 * accepts: sizes keep its limits, tensors follow each other aligned to 32 bytes, padding is
 * zero. Adding returns 0, -EINVAL for what the format or those limits forbid, or -ENOMEM.
 */
#pragma once

#include "base_model/gguf.h"

struct gguf_writer;

int gguf_writer_new(struct gguf_writer **ret);
struct gguf_writer *gguf_writer_free(struct gguf_writer *w);
DEFINE_CLEANUP(struct gguf_writer *, gguf_writer_free)

int gguf_writer_u32(struct gguf_writer *w, const char *key, uint32_t value);
int gguf_writer_f32(struct gguf_writer *w, const char *key, float value);
int gguf_writer_bool(struct gguf_writer *w, const char *key, bool value);
int gguf_writer_str(struct gguf_writer *w, const char *key, const char *value, size_t len);
/* @count values of a scalar type as they lie in memory. */
int gguf_writer_array(struct gguf_writer *w, const char *key, enum gguf_type element,
		      const void *values, size_t count);
/* Strings end at their NUL. */
int gguf_writer_strings(struct gguf_writer *w, const char *key, const char *const *values,
			size_t count);
/* Copies every key of @g that begins with @prefix. */
int gguf_writer_copy(struct gguf_writer *w, const struct gguf *g, const char *prefix);
/* Copies one key, as gguf_key_at() counts them. */
int gguf_writer_copy_key(struct gguf_writer *w, const struct gguf *g, size_t index);
/* @data is borrowed until the file is written: as many bytes as type and dimensions say. */
int gguf_writer_tensor(struct gguf_writer *w, const char *name, enum tensor_type type,
		       uint32_t n_dims, const uint64_t *ne, const void *data);

/* Writes everything at the position of @fd. -EEXIST when a key or a name was given twice, or
 * the error of write(). Does not sync. */
int gguf_writer_write(const struct gguf_writer *w, int fd);
