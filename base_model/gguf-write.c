/* SPDX-License-Identifier: MIT */
#include "base_model/gguf-write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/gguf-private.h"
#include "base_model/gguf-reader.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/macro.h"

#define FORMAT_VERSION 3
#define ALIGNMENT 32

struct written_key {
	char text[GGUF_MAX_KEY + 1];
};

struct gguf_writer {
	struct buf metadata;	/* key–value pairs as in the file */
	struct written_key *keys;
	size_t n_keys, cap_keys;
	struct gguf_tensor *tensors;
	size_t n_tensors, cap_tensors;
};

int gguf_writer_new(struct gguf_writer **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct gguf_writer *gguf_writer_free(struct gguf_writer *w)
{
	if (!w)
		return NULL;
	buf_deinit(&w->metadata);
	free(w->keys);
	free(w->tensors);
	free(w);
	return NULL;
}

/* Makes room for one more of @size bytes; the arrays double. */
static int grow(void *array, size_t n, size_t *cap, size_t size)
{
	size_t more = *cap ? *cap * 2 : 16;
	void *bigger;

	if (n < *cap)
		return 0;
	bigger = reallocarray(*(void **)array, more, size);
	if (!bigger)
		return -ENOMEM;
	*(void **)array = bigger;
	*cap = more;
	return 0;
}

static int put_u32(struct buf *b, uint32_t value)
{
	return buf_append(b, &value, sizeof(value));
}

static int put_u64(struct buf *b, uint64_t value)
{
	return buf_append(b, &value, sizeof(value));
}

static int put_string(struct buf *b, const char *s, size_t len)
{
	int r = put_u64(b, len);

	return r < 0 || len == 0 ? r : buf_append(b, s, len);
}

static bool good_name(const char *name, size_t max)
{
	size_t len = strnlen(name, max + 1);

	return len > 0 && len <= max && gguf_check_printable(name, len, "", NULL) == 0;
}

/* Starts a pair in @b: the key and the type of its value. */
static int start_pair(struct buf *b, const char *key, enum gguf_type type)
{
	int r;

	if (!good_name(key, GGUF_MAX_KEY))
		return -EINVAL;
	r = put_string(b, key, strlen(key));
	return r < 0 ? r : put_u32(b, type);
}

/* Takes the finished pair over: all of it or nothing. */
static int finish_pair(struct gguf_writer *w, const char *key, const struct buf *pair)
{
	int r;

	if (w->n_keys >= GGUF_MAX_KEYS)
		return -EINVAL;
	r = grow(&w->keys, w->n_keys, &w->cap_keys, sizeof(*w->keys));
	if (r < 0 || (r = buf_append(&w->metadata, pair->data, pair->len)) < 0)
		return r;
	memset(&w->keys[w->n_keys], 0, sizeof(*w->keys));
	memcpy(w->keys[w->n_keys++].text, key, strlen(key));
	return 0;
}

static int add_scalar(struct gguf_writer *w, const char *key, enum gguf_type type,
		      const void *value)
{
	_cleanup_(buf_deinit) struct buf b = BUF_NULL;
	int r = start_pair(&b, key, type);

	if (r < 0 || (r = buf_append(&b, value, gguf_type_size(type))) < 0)
		return r;
	return finish_pair(w, key, &b);
}

int gguf_writer_u32(struct gguf_writer *w, const char *key, uint32_t value)
{
	return add_scalar(w, key, GGUF_TYPE_U32, &value);
}

int gguf_writer_f32(struct gguf_writer *w, const char *key, float value)
{
	return add_scalar(w, key, GGUF_TYPE_F32, &value);
}

int gguf_writer_bool(struct gguf_writer *w, const char *key, bool value)
{
	uint8_t byte = value;

	return add_scalar(w, key, GGUF_TYPE_BOOL, &byte);
}

int gguf_writer_str(struct gguf_writer *w, const char *key, const char *value, size_t len)
{
	_cleanup_(buf_deinit) struct buf b = BUF_NULL;
	int r;

	if (len > GGUF_MAX_STRING)
		return -EINVAL;
	r = start_pair(&b, key, GGUF_TYPE_STRING);
	if (r < 0 || (r = put_string(&b, value, len)) < 0)
		return r;
	return finish_pair(w, key, &b);
}

static int start_array(struct buf *b, const char *key, enum gguf_type element, size_t count)
{
	int r;

	if (count > GGUF_MAX_ARRAY)
		return -EINVAL;
	r = start_pair(b, key, GGUF_TYPE_ARRAY);
	if (r < 0 || (r = put_u32(b, element)) < 0)
		return r;
	return put_u64(b, count);
}

int gguf_writer_array(struct gguf_writer *w, const char *key, enum gguf_type element,
		      const void *values, size_t count)
{
	_cleanup_(buf_deinit) struct buf b = BUF_NULL;
	int r;

	if ((unsigned)element >= GGUF_TYPE_COUNT || gguf_type_size(element) == 0)
		return -EINVAL;
	r = start_array(&b, key, element, count);
	if (r < 0)
		return r;
	/* At most 2^24 elements of 8 bytes. */
	if (count && (r = buf_append(&b, values, count * gguf_type_size(element))) < 0)
		return r;
	return finish_pair(w, key, &b);
}

int gguf_writer_strings(struct gguf_writer *w, const char *key, const char *const *values,
			size_t count)
{
	_cleanup_(buf_deinit) struct buf b = BUF_NULL;
	int r = start_array(&b, key, GGUF_TYPE_STRING, count);

	for (size_t i = 0; r == 0 && i < count; i++) {
		size_t len = strlen(values[i]);

		r = len > GGUF_MAX_STRING ? -EINVAL : put_string(&b, values[i], len);
	}
	return r < 0 ? r : finish_pair(w, key, &b);
}

static int copy_pair(struct gguf_writer *w, const struct gguf_pair *p)
{
	_cleanup_(buf_deinit) struct buf b = BUF_NULL;
	char key[GGUF_MAX_KEY + 1] = "";
	size_t size = gguf_array_size(&p->array);
	int r;

	memcpy(key, p->key, p->key_len);
	if (p->type == GGUF_TYPE_ARRAY)
		r = start_array(&b, key, p->array.type, p->array.count);
	else
		r = start_pair(&b, key, p->type);
	if (r == 0 && size)
		r = buf_append(&b, p->array.data, size);
	return r < 0 ? r : finish_pair(w, key, &b);
}

int gguf_writer_copy(struct gguf_writer *w, const struct gguf *g, const char *prefix)
{
	size_t len = strlen(prefix);
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->n_pairs; i++)
		if (g->pairs[i].key_len >= len && memcmp(g->pairs[i].key, prefix, len) == 0)
			r = copy_pair(w, &g->pairs[i]);
	return r;
}

int gguf_writer_copy_key(struct gguf_writer *w, const struct gguf *g, size_t index)
{
	return index < g->n_pairs ? copy_pair(w, &g->pairs[index]) : -EINVAL;
}

int gguf_writer_tensor(struct gguf_writer *w, const char *name, enum tensor_type type,
		       uint32_t n_dims, const uint64_t *ne, const void *data)
{
	struct gguf_tensor t = { .n_dims = n_dims, .type = type, .data = data,
				 .ne = { 1, 1, 1, 1 } };
	uint64_t size;
	int r;

	if (!good_name(name, GGUF_MAX_NAME) || n_dims < 1 || n_dims > GGUF_MAX_DIMS ||
	    w->n_tensors >= GGUF_MAX_TENSORS)
		return -EINVAL;
	memcpy(t.name, name, strlen(name));
	size = tensor_row_size(type, ne[0]);
	for (uint32_t i = 0; i < n_dims; i++) {
		t.ne[i] = ne[i];
		if (i > 0 && mul_overflow(size, ne[i], &size))
			return -EINVAL;
	}
	/* A length of zero, an unknown type and a broken block all end as no bytes. The
	 * eighth bounds the number of weights, too: no type packs more than five into a byte. */
	if (size == 0 || size > INT64_MAX / 8)
		return -EINVAL;
	t.size = size;
	r = grow(&w->tensors, w->n_tensors, &w->cap_tensors, sizeof(*w->tensors));
	if (r < 0)
		return r;
	w->tensors[w->n_tensors++] = t;
	return 0;
}

static int compare_keys(const void *a, const void *b, void *arg)
{
	const struct written_key *keys = arg;

	return strcmp(keys[*(const uint32_t *)a].text, keys[*(const uint32_t *)b].text);
}

static int compare_names(const void *a, const void *b, void *arg)
{
	const struct gguf_tensor *tensors = arg;

	return strcmp(tensors[*(const uint32_t *)a].name, tensors[*(const uint32_t *)b].name);
}

static int check_distinct(void *items, size_t n,
			  int (*compare)(const void *, const void *, void *))
{
	_cleanup_free_ uint32_t *index = NULL;
	int r = gguf_sort_index(&index, n, compare, items);

	if (r < 0)
		return r;
	for (size_t i = 1; i < n; i++)
		if (compare(&index[i - 1], &index[i], items) == 0)
			return -EEXIST;
	return 0;
}

static size_t padding(size_t n)
{
	return -n & (ALIGNMENT - 1);
}

static int put_info(struct buf *b, const struct gguf_tensor *t, uint64_t offset)
{
	int r = put_string(b, t->name, strlen(t->name));

	if (r == 0)
		r = put_u32(b, t->n_dims);
	for (uint32_t i = 0; r == 0 && i < t->n_dims; i++)
		r = put_u64(b, t->ne[i]);
	if (r == 0)
		r = put_u32(b, t->type);
	return r < 0 ? r : put_u64(b, offset);
}

/* Everything before the data, padded to where it starts. */
static int put_head(struct buf *b, const struct gguf_writer *w)
{
	static const char zero[ALIGNMENT];
	uint64_t offset = 0;
	int r = buf_append(b, "GGUF", 4);

	if (r < 0 || (r = put_u32(b, FORMAT_VERSION)) < 0 || (r = put_u64(b, w->n_tensors)) < 0 ||
	    (r = put_u64(b, w->n_keys)) < 0)
		return r;
	if (w->metadata.len && (r = buf_append(b, w->metadata.data, w->metadata.len)) < 0)
		return r;
	for (size_t i = 0; i < w->n_tensors; i++) {
		const struct gguf_tensor *t = &w->tensors[i];

		r = put_info(b, t, offset);
		if (r < 0)
			return r;
		if (add_overflow(offset, (uint64_t)t->size + padding(t->size), &offset) ||
		    offset > INT64_MAX / 2)
			return -EINVAL;
	}
	return w->n_tensors ? buf_append(b, zero, padding(b->len)) : 0;
}

int gguf_writer_write(const struct gguf_writer *w, int fd)
{
	static const char zero[ALIGNMENT];
	_cleanup_(buf_deinit) struct buf head = BUF_NULL;
	int r = check_distinct(w->keys, w->n_keys, compare_keys);

	if (r < 0 || (r = check_distinct(w->tensors, w->n_tensors, compare_names)) < 0 ||
	    (r = put_head(&head, w)) < 0 || (r = file_write(fd, head.data, head.len)) < 0)
		return r;
	for (size_t i = 0; i < w->n_tensors; i++) {
		const struct gguf_tensor *t = &w->tensors[i];

		r = file_write(fd, t->data, t->size);
		if (r < 0 || (r = file_write(fd, zero, padding(t->size))) < 0)
			return r;
	}
	return 0;
}
