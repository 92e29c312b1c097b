/* SPDX-License-Identifier: MIT */
#include "adapters/safetensors.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/scanner.h"
#include "util/macro.h"
#include "util/utf8.h"

#define LENGTH_SIZE 8	/* bytes before the header */

static const struct {
	const char *name;
	uint32_t bits;
} types[] = {
	[SAFETENSORS_BOOL] = { "BOOL", 8 },
	[SAFETENSORS_F4] = { "F4", 4 },
	[SAFETENSORS_F6_E2M3] = { "F6_E2M3", 6 },
	[SAFETENSORS_F6_E3M2] = { "F6_E3M2", 6 },
	[SAFETENSORS_U8] = { "U8", 8 },
	[SAFETENSORS_I8] = { "I8", 8 },
	[SAFETENSORS_F8_E5M2] = { "F8_E5M2", 8 },
	[SAFETENSORS_F8_E4M3] = { "F8_E4M3", 8 },
	[SAFETENSORS_F8_E8M0] = { "F8_E8M0", 8 },
	[SAFETENSORS_F8_E4M3FNUZ] = { "F8_E4M3FNUZ", 8 },
	[SAFETENSORS_F8_E5M2FNUZ] = { "F8_E5M2FNUZ", 8 },
	[SAFETENSORS_I16] = { "I16", 16 },
	[SAFETENSORS_U16] = { "U16", 16 },
	[SAFETENSORS_F16] = { "F16", 16 },
	[SAFETENSORS_BF16] = { "BF16", 16 },
	[SAFETENSORS_I32] = { "I32", 32 },
	[SAFETENSORS_U32] = { "U32", 32 },
	[SAFETENSORS_F32] = { "F32", 32 },
	[SAFETENSORS_C64] = { "C64", 64 },
	[SAFETENSORS_F64] = { "F64", 64 },
	[SAFETENSORS_I64] = { "I64", 64 },
	[SAFETENSORS_U64] = { "U64", 64 },
};

const char *safetensors_type_name(enum safetensors_type type)
{
	return types[type].name;
}

struct safetensors {
	char *strings;		/* of the header, decoded */
	struct safetensors_tensor *tensors;
	size_t n, cap;
	const char **keys;	/* of the metadata, to find those given twice */
	size_t n_keys, cap_keys;
};

struct safetensors *safetensors_free(struct safetensors *s)
{
	if (!s)
		return NULL;
	free(s->strings);
	free(s->tensors);
	free(s->keys);
	free(s);
	return NULL;
}

/* Room for one more in an array that grows as its text is read. */
static void *grow(void *array, size_t n, size_t *cap, size_t element)
{
	void *grown;

	if (n < *cap)
		return array;
	grown = reallocarray(array, *cap ? 2 * *cap : 16, element);
	if (grown)
		*cap = *cap ? 2 * *cap : 16;
	return grown;
}

static int no_memory(struct diag *d)
{
	return diag_set(d, -ENOMEM, DIAG_SYSTEM, "header", "out of memory");
}

/* Free text by free keys: nothing in it changes what the tensors are. */
static int read_metadata(struct safetensors *f, struct scanner *s)
{
	const char **keys, *value;
	int r;

	if ((r = scanner_expect(s, '{')) < 0 || scanner_take(s, '}'))
		return r;
	do {
		keys = grow(f->keys, f->n_keys, &f->cap_keys, sizeof(*keys));
		if (!keys)
			return no_memory(s->d);
		f->keys = keys;
		if ((r = scanner_string(s, SIZE_MAX, &keys[f->n_keys])) < 0 ||
		    (r = scanner_expect(s, ':')) < 0 ||
		    (r = scanner_string(s, SIZE_MAX, &value)) < 0)
			return r;
		f->n_keys++;
	} while (scanner_take(s, ','));
	return scanner_expect(s, '}');
}

static int read_type(struct safetensors_tensor *t, struct scanner *s)
{
	const char *name;
	int r = scanner_string(s, SIZE_MAX, &name);

	for (int i = 0; r == 0 && i < SAFETENSORS_TYPE_COUNT; i++)
		if (strcmp(name, types[i].name) == 0) {
			t->type = i;
			return 0;
		}
	return r < 0 ? r : diag_set(s->d, -EINVAL, DIAG_UNSUP, s->field,
				    "dtype '%.32s', expected one of BOOL, F16, BF16, F32 …", name);
}

static int read_shape(struct safetensors_tensor *t, struct scanner *s)
{
	int r = scanner_expect(s, '[');

	if (r < 0 || scanner_take(s, ']'))
		return r;
	do {
		if (t->n_dims == SAFETENSORS_MAX_DIMS)
			return scanner_fail(s, DIAG_LIMIT, "at most 8 dimensions");
		r = scanner_number(s, &t->shape[t->n_dims++]);
		if (r < 0)
			return r;
	} while (scanner_take(s, ','));
	return scanner_expect(s, ']');
}

static int read_offsets(struct safetensors_tensor *t, struct scanner *s)
{
	uint64_t end = 0;
	int r;

	if ((r = scanner_expect(s, '[')) < 0 || (r = scanner_number(s, &t->begin)) < 0 ||
	    (r = scanner_expect(s, ',')) < 0 || (r = scanner_number(s, &end)) < 0 ||
	    (r = scanner_expect(s, ']')) < 0)
		return r;
	if (end < t->begin)
		return diag_set(s->d, -EINVAL, DIAG_RANGE, s->field,
				"data_offsets: the end %llu is before the beginning %llu",
				(unsigned long long)end, (unsigned long long)t->begin);
	t->size = end - t->begin;
	return 0;
}

/* Every one of its three keys, once, in any order. */
static int read_tensor(struct safetensors_tensor *t, struct scanner *s)
{
	static const struct {
		const char *key;
		int (*read)(struct safetensors_tensor *t, struct scanner *s);
	} parts[] = {
		{ "dtype", read_type }, { "shape", read_shape }, { "data_offsets", read_offsets },
	};
	unsigned seen = 0;
	const char *key;
	size_t i;
	int r = scanner_expect(s, '{');

	while (r == 0) {
		r = scanner_string(s, SIZE_MAX, &key);
		if (r < 0)
			return r;
		for (i = 0; i < ARRAY_SIZE(parts) && strcmp(key, parts[i].key) != 0; i++)
			;
		if (i == ARRAY_SIZE(parts))
			return scanner_fail(s, DIAG_UNSUP,
					    "dtype, shape or data_offsets before it");
		if (seen & 1u << i)
			return scanner_fail(s, DIAG_DUP, "a key that was not given before it");
		seen |= 1u << i;
		if ((r = scanner_expect(s, ':')) < 0 || (r = parts[i].read(t, s)) < 0)
			return r;
		if (!scanner_take(s, ','))
			break;
	}
	if (r == 0 && seen != (1u << ARRAY_SIZE(parts)) - 1)
		return scanner_fail(s, DIAG_PAIR, "dtype, shape and data_offsets of the tensor");
	return r < 0 ? r : scanner_expect(s, '}');
}

/* No short cut for tensors without elements: a product that overflows is refused first. */
static int check_size(const struct safetensors_tensor *t, struct diag *d)
{
	uint64_t bits = types[t->type].bits;

	for (uint32_t i = 0; i < t->n_dims; i++)
		if (mul_overflow(bits, t->shape[i], &bits))
			return diag_set(d, -EINVAL, DIAG_OVERFLOW, t->name,
					"its shape has more elements than can be counted");
	if (bits % 8 != 0)
		return diag_set(d, -EINVAL, DIAG_ALIGN, t->name,
				"%llu bits of %s are no whole number of bytes",
				(unsigned long long)bits, types[t->type].name);
	if (bits / 8 != t->size)
		return diag_set(d, -EINVAL, DIAG_SHAPE, t->name,
				"%zu bytes by data_offsets, but %llu by shape and dtype", t->size,
				(unsigned long long)(bits / 8));
	return 0;
}

static int add_tensor(struct safetensors *f, struct scanner *s, const char *name)
{
	struct safetensors_tensor *t = grow(f->tensors, f->n, &f->cap, sizeof(*t));
	int r;

	if (!t)
		return no_memory(s->d);
	f->tensors = t;
	t += f->n++;
	*t = (struct safetensors_tensor){ .name = name };
	if (f->n > SAFETENSORS_MAX_TENSORS)
		return diag_set(s->d, -EINVAL, DIAG_LIMIT, name, "more than %d tensors",
				SAFETENSORS_MAX_TENSORS);
	s->field = name;
	r = read_tensor(t, s);
	s->field = "header";
	return r < 0 ? r : check_size(t, s->d);
}

static int read_header(struct safetensors *f, struct scanner *s)
{
	bool metadata = false;
	const char *name;
	int r;

	if (s->at == s->end || *s->at != '{')
		return scanner_fail(s, DIAG_SYNTAX, "'{'");
	s->at++;
	if (scanner_take(s, '}'))
		return scanner_finish(s);
	do {
		if ((r = scanner_string(s, SAFETENSORS_MAX_NAME, &name)) < 0 ||
		    (r = scanner_expect(s, ':')) < 0)
			return r;
		if (strcmp(name, "__metadata__") != 0) {
			r = add_tensor(f, s, name);
		} else if (metadata) {
			return scanner_fail(s, DIAG_DUP, "one __metadata__");
		} else {
			metadata = true;
			r = read_metadata(f, s);
		}
		if (r < 0)
			return r;
	} while (scanner_take(s, ','));
	r = scanner_expect(s, '}');
	return r < 0 ? r : scanner_finish(s);
}

static int by_offset(const void *a, const void *b)
{
	const struct safetensors_tensor *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	/* Those without bytes stand before the one that begins where they do. */
	return x->size < y->size ? -1 : x->size > y->size;
}

/* From the header's end to the file's, each where the one before it ended. */
static int place(struct safetensors *f, const char *data, size_t len, struct diag *d)
{
	uint64_t at = 0;

	if (f->n)
		qsort(f->tensors, f->n, sizeof(*f->tensors), by_offset);
	for (size_t i = 0; i < f->n; i++) {
		struct safetensors_tensor *t = &f->tensors[i];

		if (t->begin != at)
			return diag_set(d, -EINVAL, DIAG_LAYOUT, t->name,
					"begins at byte %llu, expected %llu, where the one before "
					"it ends", (unsigned long long)t->begin,
					(unsigned long long)at);
		if (t->size > len - at)
			return diag_set(d, -EINVAL, DIAG_TRUNC, t->name,
					"%zu bytes, but only %llu are left in the file", t->size,
					(unsigned long long)(len - at));
		t->data = data + at;
		at += t->size;
	}
	if (at == len)
		return 0;
	return diag_set(d, -EINVAL, DIAG_LAYOUT, "header",
			"%llu bytes behind the last tensor, expected none",
			(unsigned long long)(len - at));
}

static int by_name(const void *a, const void *b)
{
	const struct safetensors_tensor *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int refuse_duplicates(struct safetensors *f, struct diag *d)
{
	if (f->n)
		qsort(f->tensors, f->n, sizeof(*f->tensors), by_name);
	if (f->n_keys)
		qsort(f->keys, f->n_keys, sizeof(*f->keys), by_key);
	for (size_t i = 1; i < f->n; i++)
		if (by_name(&f->tensors[i - 1], &f->tensors[i]) == 0)
			return diag_set(d, -EINVAL, DIAG_DUP, f->tensors[i].name,
					"a tensor of this name is there already");
	for (size_t i = 1; i < f->n_keys; i++)
		if (by_key(&f->keys[i - 1], &f->keys[i]) == 0)
			return diag_set(d, -EINVAL, DIAG_DUP, "__metadata__",
					"'%.64s' stands twice", f->keys[i]);
	return 0;
}

static int header_size(const char *data, size_t len, size_t *ret, struct diag *d)
{
	uint64_t size;

	if (len < LENGTH_SIZE)
		return diag_set(d, -EINVAL, DIAG_TRUNC, "header",
				"%zu bytes, expected at least %d", len, LENGTH_SIZE);
	memcpy(&size, data, sizeof(size));
	size = le64toh(size);
	if (size > SAFETENSORS_MAX_HEADER)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "header", "%llu bytes, at most %d",
				(unsigned long long)size, SAFETENSORS_MAX_HEADER);
	if (size > len - LENGTH_SIZE)
		return diag_set(d, -EINVAL, DIAG_TRUNC, "header",
				"%llu bytes, but only %zu are left in the file",
				(unsigned long long)size, len - LENGTH_SIZE);
	if (!utf8_valid(data + LENGTH_SIZE, size))
		return diag_set(d, -EINVAL, DIAG_TYPE, "header", "not UTF-8");
	*ret = size;
	return 0;
}

int safetensors_parse(struct safetensors **ret, const char *data, size_t len, struct diag *d)
{
	_cleanup_(safetensors_freep) struct safetensors *f = calloc(1, sizeof(*f));
	struct scanner s = { .field = "header", .d = d };
	size_t size = 0;
	int r = header_size(data, len, &size, d);

	if (r < 0)
		return r;
	if (!f || !(f->strings = malloc(size + 1)))
		return no_memory(d);
	s.begin = s.at = data + LENGTH_SIZE;
	s.end = s.begin + size;
	s.strings = f->strings;
	if ((r = read_header(f, &s)) < 0 ||
	    (r = place(f, s.end, len - LENGTH_SIZE - size, d)) < 0 ||
	    (r = refuse_duplicates(f, d)) < 0)
		return r;
	*ret = TAKE(f);
	return 0;
}

size_t safetensors_count(const struct safetensors *s)
{
	return s->n;
}

const struct safetensors_tensor *safetensors_at(const struct safetensors *s, size_t index)
{
	return index < s->n ? &s->tensors[index] : NULL;
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *s, const char *name)
{
	const struct safetensors_tensor key = { .name = name };

	return s->n ? bsearch(&key, s->tensors, s->n, sizeof(key), by_name) : NULL;
}
