/* SPDX-License-Identifier: MIT */
/*
 * The tensor table and where the data lies. The sums over all tensors are checked
 * before any of them is compared with the file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/gguf-private.h"
#include "base_model/gguf-reader.h"
#include "util/macro.h"

static int read_dimensions(struct gguf_reader *r, struct gguf_tensor *t)
{
	uint64_t elements = 1;

	if (gguf_read_u32(r, &t->n_dims, t->name) < 0)
		return -EINVAL;
	if (t->n_dims < 1 || t->n_dims > GGUF_MAX_DIMS)
		return diag_set(r->d, -EINVAL, DIAG_RANGE, t->name,
				"%u dimensions, expected 1 to %d", t->n_dims, GGUF_MAX_DIMS);
	for (uint32_t i = 0; i < GGUF_MAX_DIMS; i++) {
		t->ne[i] = 1;
		if (i < t->n_dims && gguf_read_u64(r, &t->ne[i], t->name) < 0)
			return -EINVAL;
		if (t->ne[i] < 1 || t->ne[i] > INT64_MAX)
			return diag_set(r->d, -EINVAL, DIAG_RANGE, t->name,
					"dimension %u is %lld", i, (long long)t->ne[i]);
		/* Without a short cut for zero: a product can wrap to exactly that. */
		if (mul_overflow(elements, t->ne[i], &elements) || elements > INT64_MAX)
			return diag_set(r->d, -EINVAL, DIAG_OVERFLOW, t->name,
					"the number of weights overflows");
	}
	return 0;
}

static int read_size(struct gguf_reader *r, struct gguf_tensor *t)
{
	uint32_t type, per, bytes;
	uint64_t size;

	if (gguf_read_u32(r, &type, t->name) < 0)
		return -EINVAL;
	if (!tensor_type_block(type, &per, &bytes))
		return diag_set(r->d, -EINVAL, DIAG_TYPE, t->name, "weight type %u", type);
	if (t->ne[0] % per != 0)
		return diag_set(r->d, -EINVAL, DIAG_SHAPE, t->name,
				"a row of %llu weights is no multiple of the block of %u",
				(unsigned long long)t->ne[0], per);
	/* The number of weights fits 63 bits, so these divisions are exact. */
	size = t->ne[0] / per * t->ne[1] * t->ne[2] * t->ne[3];
	if (mul_overflow(size, (uint64_t)bytes, &size) || size > INT64_MAX)
		return diag_set(r->d, -EINVAL, DIAG_OVERFLOW, t->name,
				"its size in bytes overflows");
	t->type = type;
	t->size = size;
	return 0;
}

/* @offset is given back: where it lies is judged when all are known. */
static int read_info(struct gguf_reader *r, struct gguf_tensor *t, uint64_t *offset)
{
	const char *name;
	size_t len;
	int e = gguf_read_string(r, &name, &len, GGUF_MAX_NAME, DIAG_RANGE, "tensor name");

	if (e < 0)
		return e;
	if (len == 0)
		return diag_set(r->d, -EINVAL, DIAG_RANGE, "tensor name", "empty");
	memcpy(t->name, name, len);
	t->name[len] = '\0';
	e = gguf_check_printable(name, len, t->name, r->d);
	if (e < 0 || (e = read_dimensions(r, t)) < 0 || (e = read_size(r, t)) < 0)
		return e;
	return gguf_read_u64(r, offset, t->name);
}

int gguf_check_tensor_count(const struct gguf_reader *r, uint64_t n)
{
	if (n > r->left / GGUF_MIN_INFO)
		return diag_set(r->d, -EINVAL, DIAG_RANGE, "tensor count", "%llu in %zu bytes",
				(unsigned long long)n, r->left);
	if (n > GGUF_MAX_TENSORS)
		return diag_set(r->d, -EINVAL, DIAG_LIMIT, "tensor count", "%llu, at most %d",
				(unsigned long long)n, GGUF_MAX_TENSORS);
	return 0;
}

static int compare_tensors(const void *a, const void *b, void *arg)
{
	const struct gguf_tensor *tensors = arg;

	return strcmp(tensors[*(const uint32_t *)a].name, tensors[*(const uint32_t *)b].name);
}

static int read_infos(struct gguf *g, struct gguf_reader *r, uint64_t n, uint64_t **offsets)
{
	int e = gguf_check_tensor_count(r, n);

	if (e < 0)
		return e;
	g->tensors = calloc(MAX(n, (uint64_t)1), sizeof(*g->tensors));
	*offsets = calloc(MAX(n, (uint64_t)1), sizeof(**offsets));
	if (!g->tensors || !*offsets)
		return diag_set(r->d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	for (; g->n_tensors < n; g->n_tensors++) {
		e = read_info(r, &g->tensors[g->n_tensors], &(*offsets)[g->n_tensors]);
		if (e < 0)
			return e;
	}
	e = gguf_sort_index(&g->by_name, g->n_tensors, compare_tensors, g->tensors);
	if (e < 0)
		return diag_set(r->d, e, DIAG_SYSTEM, "", "out of memory");
	for (size_t i = 1; i < g->n_tensors; i++)
		if (compare_tensors(&g->by_name[i - 1], &g->by_name[i], g->tensors) == 0)
			return diag_set(r->d, -EINVAL, DIAG_DUP, g->tensors[g->by_name[i]].name,
					"given twice");
	return 0;
}

static bool pad_overflow(uint64_t n, uint32_t alignment, uint64_t *ret)
{
	if (add_overflow(n, (uint64_t)alignment - 1, &n) || n > INT64_MAX)
		return true;
	*ret = n & ~((uint64_t)alignment - 1);
	return false;
}

/* All tensors together, padding included, before one of them is compared with the file. */
static int check_sum(const struct gguf *g, uint64_t start, struct diag *d)
{
	uint64_t sum = start;

	for (size_t i = 0; i < g->n_tensors; i++)
		if (add_overflow(sum, (uint64_t)g->tensors[i].size, &sum) ||
		    pad_overflow(sum, g->alignment, &sum))
			return diag_set(d, -EINVAL, DIAG_OVERFLOW, g->tensors[i].name,
					"the sizes of all tensors overflow");
	return 0;
}

static int check_zero(const uint8_t *data, size_t from, size_t to, const char *field,
		      struct diag *d)
{
	for (size_t i = from; i < to; i++)
		if (data[i])
			return diag_set(d, -EINVAL, DIAG_LAYOUT, field, "padding is not zero");
	return 0;
}

static int place_tensor(struct gguf *g, struct gguf_tensor *t, uint64_t offset, uint64_t start,
			uint64_t *next, struct diag *d)
{
	uint64_t size = g->size - start, end, padded;

	if (offset % g->alignment != 0)
		return diag_set(d, -EINVAL, DIAG_ALIGN, t->name, "offset %llu, alignment %u",
				(unsigned long long)offset, g->alignment);
	if (offset > size)
		return diag_set(d, -EINVAL, *next > size ? DIAG_TRUNC : DIAG_RANGE, t->name,
				"offset %llu, the data has %llu bytes", (unsigned long long)offset,
				(unsigned long long)size);
	if (offset != *next)
		return diag_set(d, -EINVAL, DIAG_LAYOUT, t->name, "offset %llu, expected %llu: %s",
				(unsigned long long)offset, (unsigned long long)*next,
				offset < *next ? "tensors overlap" : "a gap");
	if (t->size > size - offset)
		return diag_set(d, -EINVAL, DIAG_TRUNC, t->name, "%zu bytes, the file has %llu",
				t->size, (unsigned long long)(size - offset));
	t->data = g->data + start + offset;
	end = offset + t->size;
	if (pad_overflow(end, g->alignment, &padded))
		return diag_set(d, -EINVAL, DIAG_OVERFLOW, t->name, "its padding overflows");
	*next = padded;
	return check_zero(g->data, start + end, start + MIN(padded, size), t->name, d);
}

static int place_tensors(struct gguf *g, struct gguf_reader *r, const uint64_t *offsets)
{
	size_t header = (size_t)(r->at - g->data);
	uint64_t start, next = 0;
	int e;

	if (pad_overflow(header, g->alignment, &start))
		return diag_set(r->d, -EINVAL, DIAG_OVERFLOW, "data", "its start overflows");
	if (g->n_tensors == 0)
		return r->left ? diag_set(r->d, -EINVAL, DIAG_LAYOUT, "data",
					  "%zu bytes behind the metadata", r->left) : 0;
	e = check_sum(g, start, r->d);
	if (e < 0)
		return e;
	if (start > g->size)
		return diag_set(r->d, -EINVAL, DIAG_TRUNC, "data", "the file ends before it");
	e = check_zero(g->data, header, start, "data", r->d);
	for (size_t i = 0; e == 0 && i < g->n_tensors; i++)
		e = place_tensor(g, &g->tensors[i], offsets[i], start, &next, r->d);
	if (e == 0 && g->size - start > next)
		return diag_set(r->d, -EINVAL, DIAG_LAYOUT, "data",
				"%llu bytes behind the last tensor",
				(unsigned long long)(g->size - start - next));
	return e;
}

int gguf_read_tensors(struct gguf *g, struct gguf_reader *r, uint64_t n)
{
	_cleanup_free_ uint64_t *offsets = NULL;
	int e = read_infos(g, r, n, &offsets);

	return e < 0 ? e : place_tensors(g, r, offsets);
}
