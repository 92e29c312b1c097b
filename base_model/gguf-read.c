/* SPDX-License-Identifier: MIT */
/*
 * Bytes to tables. The header and the metadata. Every count is bounded by the bytes that are left
 * before anything is allocated for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/gguf-private.h"
#include "base_model/gguf-reader.h"
#include "util/macro.h"

#define DEFAULT_ALIGNMENT 32
#define MIN_ALIGNMENT 8
#define MAX_ALIGNMENT 4096
#define MAX_ARCHITECTURE 64

static int check_bools(const struct gguf_array *a, const char *field, struct diag *d)
{
	for (uint64_t i = 0; i < a->count; i++)
		if (a->data[i] > 1)
			return diag_set(d, -EINVAL, DIAG_RANGE, field,
					"truth value %u, expected 0 or 1", a->data[i]);
	return 0;
}

static int read_strings(struct gguf_reader *r, const struct gguf_array *a, const char *field)
{
	const char *s;
	uint64_t n;
	size_t len;
	int e;

	for (uint64_t i = 0; i < a->count; i++) {
		/* Vocabularies have millions of strings: those that are whole take no call. */
		if (r->left >= sizeof(n)) {
			memcpy(&n, r->at, sizeof(n));
			if (n <= MIN(r->left - sizeof(n), GGUF_MAX_STRING)) {
				r->at += sizeof(n) + n;
				r->left -= sizeof(n) + n;
				continue;
			}
		}
		e = gguf_read_string(r, &s, &len, GGUF_MAX_STRING, DIAG_LIMIT, field);
		if (e < 0)
			return e;
	}
	return 0;
}

/* The elements of @a, whose type and count are known. */
static int read_elements(struct gguf_reader *r, struct gguf_array *a, const char *field)
{
	uint32_t unit = gguf_type_size(a->type);
	uint64_t bytes;

	a->data = r->at;
	if (a->type == GGUF_TYPE_STRING)
		return read_strings(r, a, field);
	if (mul_overflow(a->count, (uint64_t)unit, &bytes))
		return diag_set(r->d, -EINVAL, DIAG_OVERFLOW, field, "size overflows");
	if (!gguf_take(r, bytes, field))
		return -EINVAL;
	return a->type == GGUF_TYPE_BOOL ? check_bools(a, field, r->d) : 0;
}

static int read_array(struct gguf_reader *r, struct gguf_array *a, const char *field)
{
	uint32_t type;

	if (gguf_read_u32(r, &type, field) < 0 || gguf_read_u64(r, &a->count, field) < 0)
		return -EINVAL;
	if (type == GGUF_TYPE_ARRAY)
		return diag_set(r->d, -EINVAL, DIAG_UNSUP, field, "an array of arrays");
	if (type >= GGUF_TYPE_COUNT)
		return diag_set(r->d, -EINVAL, DIAG_TYPE, field, "element type %u", type);
	if (a->count > INT64_MAX)
		return diag_set(r->d, -EINVAL, DIAG_OVERFLOW, field, "%llu elements",
				(unsigned long long)a->count);
	if (type == GGUF_TYPE_STRING && a->count > r->left / sizeof(uint64_t))
		return diag_set(r->d, -EINVAL, DIAG_RANGE, field, "%llu strings in %zu bytes",
				(unsigned long long)a->count, r->left);
	if (a->count > GGUF_MAX_ARRAY && a->count <= r->left)
		return diag_set(r->d, -EINVAL, DIAG_LIMIT, field, "%llu elements, at most %llu",
				(unsigned long long)a->count, (unsigned long long)GGUF_MAX_ARRAY);
	a->type = type;
	return read_elements(r, a, field);
}

static int read_pair(struct gguf_reader *r, struct gguf_pair *p)
{
	char field[GGUF_MAX_KEY + 1];
	size_t len;
	uint32_t type;
	int e = gguf_read_string(r, &p->key, &len, GGUF_MAX_KEY, DIAG_LIMIT, "key");

	if (e < 0)
		return e;
	if (len == 0)
		return diag_set(r->d, -EINVAL, DIAG_RANGE, "key", "empty");
	memcpy(field, p->key, len);
	field[len] = '\0';
	p->key_len = (uint32_t)len;
	p->hash = gguf_hash(p->key, len);
	e = gguf_check_printable(p->key, len, field, r->d);
	if (e < 0 || (e = gguf_read_u32(r, &type, field)) < 0)
		return e;
	if (type >= GGUF_TYPE_COUNT)
		return diag_set(r->d, -EINVAL, DIAG_TYPE, field, "value type %u", type);
	p->type = type;
	if (type == GGUF_TYPE_ARRAY)
		return read_array(r, &p->array, field);
	p->array.type = type;
	p->array.count = 1;
	return read_elements(r, &p->array, field);
}

static int compare_pairs(const void *a, const void *b, void *arg)
{
	const struct gguf_pair *pairs = arg;

	return gguf_compare_keys(&pairs[*(const uint32_t *)a], &pairs[*(const uint32_t *)b]);
}

static int read_pairs(struct gguf *g, struct gguf_reader *r, uint64_t n)
{
	uint64_t bytes;
	int e;

	if (n > INT64_MAX)
		return diag_set(r->d, -EINVAL, DIAG_RANGE, "metadata count", "%llu",
				(unsigned long long)n);
	if (mul_overflow(n, (uint64_t)GGUF_MIN_PAIR, &bytes))
		return diag_set(r->d, -EINVAL, DIAG_OVERFLOW, "metadata count", "%llu",
				(unsigned long long)n);
	if (bytes > r->left)
		return diag_set(r->d, -EINVAL, DIAG_RANGE, "metadata count", "%llu in %zu bytes",
				(unsigned long long)n, r->left);
	if (n > GGUF_MAX_KEYS)
		return diag_set(r->d, -EINVAL, DIAG_LIMIT, "metadata count", "%llu, at most %d",
				(unsigned long long)n, GGUF_MAX_KEYS);
	g->pairs = calloc(MAX(n, (uint64_t)1), sizeof(*g->pairs));
	if (!g->pairs)
		return diag_set(r->d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	for (; g->n_pairs < n; g->n_pairs++) {
		e = read_pair(r, &g->pairs[g->n_pairs]);
		if (e < 0)
			return e;
	}
	e = gguf_sort_index(&g->by_key, g->n_pairs, compare_pairs, g->pairs);
	if (e < 0)
		return diag_set(r->d, e, DIAG_SYSTEM, "", "out of memory");
	for (size_t i = 1; i < g->n_pairs; i++)
		if (compare_pairs(&g->by_key[i - 1], &g->by_key[i], g->pairs) == 0) {
			char key[GGUF_MAX_KEY + 1] = { 0 };

			memcpy(key, g->pairs[g->by_key[i]].key, g->pairs[g->by_key[i]].key_len);
			return diag_set(r->d, -EINVAL, DIAG_DUP, key, "given twice");
		}
	return 0;
}

static int read_alignment(struct gguf *g, struct diag *d)
{
	static const char key[] = "general.alignment";
	const struct gguf_pair *p = gguf_pair(g, key, strlen(key));

	g->alignment = DEFAULT_ALIGNMENT;
	if (!p)
		return 0;
	if (p->type != GGUF_TYPE_U32)
		return diag_set(d, -EINVAL, DIAG_TYPE, key, "type %s, expected u32",
				gguf_type_name(p->type));
	memcpy(&g->alignment, p->array.data, sizeof(g->alignment));
	if (g->alignment < MIN_ALIGNMENT || g->alignment > MAX_ALIGNMENT ||
	    (g->alignment & (g->alignment - 1)) != 0)
		return diag_set(d, -EINVAL, DIAG_ALIGN, key,
				"%u, expected a power of two from %d to %d", g->alignment,
				MIN_ALIGNMENT, MAX_ALIGNMENT);
	return 0;
}

static int check_general(const struct gguf *g, struct diag *d)
{
	static const char key[] = "general.architecture";
	const char *s;
	size_t len;
	int e = gguf_str(g, "general.type", &s, &len, d);

	if (e < 0)
		return e;
	e = gguf_str(g, key, &s, &len, d);
	if (e == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "missing");
	if (e < 0)
		return e;
	if (len > MAX_ARCHITECTURE)
		return diag_set(d, -EINVAL, DIAG_LIMIT, key, "%zu bytes, at most %d", len,
				MAX_ARCHITECTURE);
	if (len == 0)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "empty");
	return gguf_check_printable(s, len, key, d);
}

static int read_version(struct gguf_reader *r)
{
	const uint8_t *magic = gguf_take(r, 4, "magic");
	uint32_t version;

	if (!magic)
		return -EINVAL;
	if (memcmp(magic, "GGUF", 4) != 0)
		return diag_set(r->d, -EINVAL, DIAG_TYPE, "magic", "not a GGUF file");
	if (gguf_read_u32(r, &version, "version") < 0)
		return -EINVAL;
	if (version != 3)
		return diag_set(r->d, -EINVAL, DIAG_UNSUP, "version",
				version == 3u << 24 ? "big endian" : "%u, expected 3", version);
	return 0;
}

int gguf_read(struct gguf *g, struct diag *d)
{
	struct gguf_reader r = { .at = g->data, .left = g->size, .d = d };
	uint64_t n_tensors, n_pairs;
	int e = read_version(&r);

	if (e < 0 || (e = gguf_read_u64(&r, &n_tensors, "tensor count")) < 0 ||
	    (e = gguf_read_u64(&r, &n_pairs, "metadata count")) < 0)
		return e;
	/* Before the metadata too, which a wrong count would make us read for nothing. */
	if ((e = gguf_check_tensor_count(&r, n_tensors)) < 0 ||
	    (e = read_pairs(g, &r, n_pairs)) < 0 || (e = read_alignment(g, d)) < 0)
		return e;
	if (n_tensors == 0 && n_pairs == 0 && r.left)
		return diag_set(d, -EINVAL, DIAG_LAYOUT, "data", "%zu bytes behind an empty header",
				r.left);
	if ((e = check_general(g, d)) < 0)
		return e;
	return gguf_read_tensors(g, &r, n_tensors);
}
