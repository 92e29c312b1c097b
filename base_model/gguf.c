/* SPDX-License-Identifier: MIT */
#include "base_model/gguf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base_model/gguf-private.h"
#include "util/file.h"
#include "util/macro.h"

/* Larger than any file of this project's class; a sparse file can claim anything. */
#define MAX_FILE ((uint64_t)256 << 30)
/* Up to this size a copy costs nothing that one would notice, and nobody can change it. */
#define MAX_COPY ((size_t)16 << 20)

static const struct {
	const char *name;
	uint32_t size;
} types[GGUF_TYPE_COUNT] = {
	[GGUF_TYPE_U8] = { "u8", 1 },	      [GGUF_TYPE_I8] = { "i8", 1 },
	[GGUF_TYPE_U16] = { "u16", 2 },	      [GGUF_TYPE_I16] = { "i16", 2 },
	[GGUF_TYPE_U32] = { "u32", 4 },	      [GGUF_TYPE_I32] = { "i32", 4 },
	[GGUF_TYPE_F32] = { "f32", 4 },	      [GGUF_TYPE_BOOL] = { "bool", 1 },
	[GGUF_TYPE_STRING] = { "string", 0 }, [GGUF_TYPE_ARRAY] = { "array", 0 },
	[GGUF_TYPE_U64] = { "u64", 8 },	      [GGUF_TYPE_I64] = { "i64", 8 },
	[GGUF_TYPE_F64] = { "f64", 8 },
};

uint32_t gguf_type_size(enum gguf_type type)
{
	return types[type].size;
}

const char *gguf_type_name(enum gguf_type type)
{
	return types[type].name;
}

int gguf_parse(struct gguf **ret, const void *data, size_t len, struct diag *d)
{
	_cleanup_(gguf_freep) struct gguf *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	g->data = data;
	g->size = len;
	r = gguf_read(g, d);
	if (r < 0)
		return r;
	*ret = TAKE(g);
	return 0;
}

/* Pages of our own for small files, the file's for large ones; both for munmap(). */
static int map_file(void **ret, int fd, size_t size, struct diag *d)
{
	bool copy = size <= MAX_COPY;
	void *mapping = copy ? mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
			     : mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	int r = 0;

	if (mapping == MAP_FAILED)
		return diag_set(d, -errno, DIAG_SYSTEM, "", "%s", strerror(errno));
	if (copy)
		r = file_read_at(fd, mapping, size, 0, d);
	if (r == 0 && copy && mprotect(mapping, size, PROT_READ) < 0)
		r = diag_set(d, -errno, DIAG_SYSTEM, "", "%s", strerror(errno));
	if (r < 0)
		munmap(mapping, size);
	else
		*ret = mapping;
	return r;
}

int gguf_open_fd(struct gguf **ret, int fd, struct diag *d)
{
	void *mapping = NULL;
	size_t size = 0;
	int r = file_size(fd, MAX_FILE, &size, d);

	if (r < 0 || (r = map_file(&mapping, fd, size, d)) < 0)
		return r;
	r = gguf_parse(ret, mapping, size, d);
	if (r < 0)
		munmap(mapping, size);
	else
		(*ret)->mapping = mapping;
	return r;
}

struct gguf *gguf_free(struct gguf *g)
{
	if (!g)
		return NULL;
	if (g->mapping)
		munmap(g->mapping, g->size);
	free(g->pairs);
	free(g->tensors);
	free(g->by_key);
	free(g->by_name);
	free(g);
	return NULL;
}

size_t gguf_n_tensors(const struct gguf *g)
{
	return g->n_tensors;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t index)
{
	return index < g->n_tensors ? &g->tensors[index] : NULL;
}

size_t gguf_size(const struct gguf *g)
{
	return g->size;
}

const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name)
{
	size_t low = 0, high = g->n_tensors;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct gguf_tensor *t = &g->tensors[g->by_name[middle]];
		int c = strcmp(name, t->name);

		if (c == 0)
			return t;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

uint32_t gguf_hash(const char *key, size_t len)
{
	uint64_t hash = len, word;

	for (size_t i = 0; i < len; i += sizeof(word)) {
		word = 0;
		memcpy(&word, key + i, MIN(len - i, sizeof(word)));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

int gguf_compare_keys(const struct gguf_pair *a, const struct gguf_pair *b)
{
	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->key_len != b->key_len)
		return a->key_len < b->key_len ? -1 : 1;
	return memcmp(a->key, b->key, a->key_len);
}

const struct gguf_pair *gguf_pair(const struct gguf *g, const char *key, size_t len)
{
	struct gguf_pair wanted = { .key = key };
	size_t low = 0, high = g->n_pairs;

	if (len > GGUF_MAX_KEY)
		return NULL;
	wanted.key_len = (uint32_t)len;
	wanted.hash = gguf_hash(key, len);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct gguf_pair *p = &g->pairs[g->by_key[middle]];
		int c = gguf_compare_keys(&wanted, p);

		if (c == 0)
			return p;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

bool gguf_key_at(const struct gguf *g, size_t index, const char **key, size_t *len,
		 enum gguf_type *type)
{
	if (index >= g->n_pairs)
		return false;
	*key = g->pairs[index].key;
	*len = g->pairs[index].key_len;
	*type = g->pairs[index].type;
	return true;
}

static int wrong_type(const char *key, enum gguf_type is, const char *expected, struct diag *d)
{
	return diag_set(d, -EINVAL, DIAG_TYPE, key, "type %s, expected %s", gguf_type_name(is),
			expected);
}

/* The integer as 64 bits; false when it is negative or no integer. */
static bool integer(const struct gguf_pair *p, uint64_t *ret)
{
	static const bool is_signed[GGUF_TYPE_COUNT] = {
		[GGUF_TYPE_I8] = true, [GGUF_TYPE_I16] = true,
		[GGUF_TYPE_I32] = true, [GGUF_TYPE_I64] = true,
	};
	uint32_t size = gguf_type_size(p->type);

	*ret = 0;
	memcpy(ret, p->array.data, size);
	/* Files and hosts are little endian: the sign is the top bit of the last byte. */
	return !(is_signed[p->type] && p->array.data[size - 1] & 0x80);
}

int gguf_u32(const struct gguf *g, const char *key, uint32_t *ret, struct diag *d)
{
	const struct gguf_pair *p = gguf_pair(g, key, strlen(key));
	uint64_t value;

	if (!p)
		return GGUF_E_ABSENT;
	switch (p->type) {
	case GGUF_TYPE_U8:
	case GGUF_TYPE_I8:
	case GGUF_TYPE_U16:
	case GGUF_TYPE_I16:
	case GGUF_TYPE_U32:
	case GGUF_TYPE_I32:
	case GGUF_TYPE_U64:
	case GGUF_TYPE_I64:
		break;
	case GGUF_TYPE_F32:
	case GGUF_TYPE_BOOL:
	case GGUF_TYPE_STRING:
	case GGUF_TYPE_ARRAY:
	case GGUF_TYPE_F64:
	case GGUF_TYPE_COUNT:
		return wrong_type(key, p->type, "an integer", d);
	}
	if (!integer(p, &value) || value > UINT32_MAX)
		return diag_set(d, -EINVAL, DIAG_RANGE, key, "expected 0 to %u", UINT32_MAX);
	*ret = (uint32_t)value;
	return 0;
}

int gguf_f32(const struct gguf *g, const char *key, float *ret, struct diag *d)
{
	const struct gguf_pair *p = gguf_pair(g, key, strlen(key));

	if (!p)
		return GGUF_E_ABSENT;
	if (p->type != GGUF_TYPE_F32)
		return wrong_type(key, p->type, "f32", d);
	memcpy(ret, p->array.data, sizeof(*ret));
	return 0;
}

int gguf_bool(const struct gguf *g, const char *key, bool *ret, struct diag *d)
{
	const struct gguf_pair *p = gguf_pair(g, key, strlen(key));

	if (!p)
		return GGUF_E_ABSENT;
	if (p->type != GGUF_TYPE_BOOL)
		return wrong_type(key, p->type, "bool", d);
	*ret = p->array.data[0] != 0;
	return 0;
}

int gguf_str(const struct gguf *g, const char *key, const char **ret, size_t *len, struct diag *d)
{
	const struct gguf_pair *p = gguf_pair(g, key, strlen(key));
	struct gguf_strings s;

	if (!p)
		return GGUF_E_ABSENT;
	if (p->type != GGUF_TYPE_STRING)
		return wrong_type(key, p->type, "string", d);
	gguf_strings_init(&s, &p->array);
	gguf_strings_next(&s, ret, len);
	return 0;
}

int gguf_array(const struct gguf *g, const char *key, enum gguf_type element,
	       struct gguf_array *ret, struct diag *d)
{
	const struct gguf_pair *p = gguf_pair(g, key, strlen(key));

	if (!p)
		return GGUF_E_ABSENT;
	if (p->type != GGUF_TYPE_ARRAY)
		return wrong_type(key, p->type, "array", d);
	if (p->array.type != element)
		return diag_set(d, -EINVAL, DIAG_TYPE, key, "array of %s, expected of %s",
				gguf_type_name(p->array.type), gguf_type_name(element));
	*ret = p->array;
	return 0;
}

uint32_t gguf_array_u32(const struct gguf_array *a, uint64_t index)
{
	uint32_t value;

	memcpy(&value, a->data + index * sizeof(value), sizeof(value));
	return value;
}

float gguf_array_f32(const struct gguf_array *a, uint64_t index)
{
	float value;

	memcpy(&value, a->data + index * sizeof(value), sizeof(value));
	return value;
}

void gguf_strings_init(struct gguf_strings *s, const struct gguf_array *a)
{
	s->at = a->data;
	s->left = a->count;
}

bool gguf_strings_next(struct gguf_strings *s, const char **ret, size_t *len)
{
	uint64_t n;

	if (s->left == 0)
		return false;
	/* Lengths were checked when the file was parsed. */
	memcpy(&n, s->at, sizeof(n));
	*ret = (const char *)s->at + sizeof(n);
	*len = (size_t)n;
	s->at += sizeof(n) + n;
	s->left--;
	return true;
}

size_t gguf_array_size(const struct gguf_array *a)
{
	struct gguf_strings s;
	const char *text;
	size_t len;

	if (a->type != GGUF_TYPE_STRING)
		return a->count * gguf_type_size(a->type);
	gguf_strings_init(&s, a);
	while (gguf_strings_next(&s, &text, &len))
		;
	return (size_t)(s.at - a->data);
}
