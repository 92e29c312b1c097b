/* SPDX-License-Identifier: MIT */
#include "base_model/keys.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base_model/gguf-private.h"
#include "util/macro.h"

const char *keys_name(struct keys *k, const char *suffix)
{
	snprintf(k->key, sizeof(k->key), "%s.%s", k->architecture, suffix);
	return k->key;
}

static const struct gguf_pair *find(struct keys *k, const char *suffix)
{
	const char *key = keys_name(k, suffix);

	return gguf_pair(k->g, key, strlen(key));
}

int keys_need(struct keys *k, const char *suffix)
{
	if (find(k, suffix))
		return 0;
	return diag_set(k->d, -EINVAL, DIAG_RANGE, k->key, "missing");
}

static int in_range(struct keys *k, uint32_t value, uint32_t min, uint32_t max)
{
	if (value >= min && value <= max)
		return 0;
	return diag_set(k->d, -EINVAL, DIAG_RANGE, k->key, "%u, expected %u to %u", value, min,
			max);
}

int keys_number(struct keys *k, const char *suffix, uint32_t min, uint32_t max, uint32_t *ret)
{
	uint32_t value;
	int r = gguf_u32(k->g, keys_name(k, suffix), &value, k->d);

	if (r != 0)
		return r == GGUF_E_ABSENT ? 0 : r;
	r = in_range(k, value, min, max);
	if (r == 0)
		*ret = value;
	return r;
}

int keys_real(struct keys *k, const char *suffix, float min, float max, float *ret)
{
	float value;
	int r = gguf_f32(k->g, keys_name(k, suffix), &value, k->d);

	if (r != 0)
		return r == GGUF_E_ABSENT ? 0 : r;
	/* False for a NaN too. */
	if (!(value >= min && value <= max))
		return diag_set(k->d, -EINVAL, DIAG_RANGE, k->key, "%g, expected %g to %g",
				(double)value, (double)min, (double)max);
	*ret = value;
	return 0;
}

int keys_bool(struct keys *k, const char *suffix, bool *ret)
{
	int r = gguf_bool(k->g, keys_name(k, suffix), ret, k->d);

	return r == GGUF_E_ABSENT ? 0 : r;
}

static int wrong_count(struct keys *k, uint64_t count, uint32_t n)
{
	return diag_set(k->d, -EINVAL, DIAG_SHAPE, k->key, "%llu values for %u layers",
			(unsigned long long)count, n);
}

int keys_numbers(struct keys *k, const char *suffix, uint32_t min, uint32_t max, uint32_t n,
		 uint32_t *ret)
{
	const struct gguf_pair *p = find(k, suffix);
	struct gguf_array a;
	int r = 0;

	if (!p)
		return 0;
	if (p->type != GGUF_TYPE_ARRAY) {
		r = keys_number(k, suffix, min, max, &ret[0]);
		for (uint32_t i = 1; i < n; i++)
			ret[i] = ret[0];
		return r;
	}
	/* Files have either; a negative number is out of range as an unsigned one. */
	r = gguf_array(k->g, k->key, p->array.type == GGUF_TYPE_I32 ? GGUF_TYPE_I32 : GGUF_TYPE_U32,
		       &a, k->d);
	if (r == 0 && a.count != n)
		return wrong_count(k, a.count, n);
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		ret[i] = gguf_array_u32(&a, i);
		r = in_range(k, ret[i], min, max);
	}
	return r;
}

int keys_choice(struct keys *k, const char *suffix, const char *const *names, unsigned *ret)
{
	const char *s;
	size_t len;
	int r = gguf_str(k->g, keys_name(k, suffix), &s, &len, k->d);

	if (r != 0)
		return r == GGUF_E_ABSENT ? 0 : r;
	for (unsigned i = 0; names[i]; i++)
		if (len == strlen(names[i]) && memcmp(s, names[i], len) == 0) {
			*ret = i;
			return 0;
		}
	return diag_set(k->d, -EINVAL, DIAG_UNSUP, k->key, "'%.*s' is not supported",
			(int)MIN(len, (size_t)64), s);
}

int keys_pattern(struct keys *k, const char *suffix, uint32_t period, uint32_t n, bool *ret)
{
	const struct gguf_pair *p = find(k, suffix);
	struct gguf_array a;
	int r;

	if (p && p->type == GGUF_TYPE_ARRAY) {
		r = gguf_array(k->g, k->key, GGUF_TYPE_BOOL, &a, k->d);
		if (r == 0 && a.count != n)
			return wrong_count(k, a.count, n);
		for (uint32_t i = 0; r == 0 && i < n; i++)
			ret[i] = a.data[i] != 0;
		return r;
	}
	r = keys_number(k, suffix, 0, UINT32_MAX, &period);
	for (uint32_t i = 0; r == 0 && i < n; i++)
		ret[i] = period == 0 || i % period < period - 1;
	return r;
}
