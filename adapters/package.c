/* SPDX-License-Identifier: MIT */
#include "adapters/package.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/base_model.h"
#include "util/buf.h"
#include "util/file.h"
#include "util/macro.h"
#include "util/yaml.h"

static const char magic[12] = { 'A', 'S', 'S', 'I', 'S', 'T', 'S', 'I', 'G', 'N', '1', '\n' };

struct footer {
	uint32_t length;
	char magic[sizeof(magic)];
};

int package_split(struct package *ret, const char *data, size_t len, struct diag *d)
{
	struct footer footer;
	size_t rest;

	*ret = (struct package){ .content = data, .content_len = len };
	if (len < sizeof(footer))
		return 0;
	rest = len - sizeof(footer);
	memcpy(&footer, data + rest, sizeof(footer));
	if (memcmp(footer.magic, magic, sizeof(magic)) != 0)
		return 0;
	if (footer.length == 0 || footer.length > PACKAGE_MAX_SIGNATURE || footer.length > rest)
		return diag_set(d, -EINVAL, DIAG_SIG, "signature",
				"%u bytes, expected 1 to %d and not more than the file has",
				footer.length, PACKAGE_MAX_SIGNATURE);
	ret->content_len = rest - footer.length;
	ret->signature = data + ret->content_len;
	ret->signature_len = footer.length;
	return 0;
}

/* Every matrix has one of these. */
static bool is_lora_a(const char *name)
{
	static const char suffix[] = ".lora_a";
	size_t len = strlen(name), n = strlen(suffix);

	return len > n && strcmp(name + len - n, suffix) == 0;
}

uint32_t package_rank(const struct gguf *g)
{
	uint64_t rank = 0;

	for (size_t i = 0; i < gguf_n_tensors(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);

		if (is_lora_a(t->name))
			rank = MAX(rank, t->ne[1]);
	}
	return (uint32_t)MIN(rank, (uint64_t)UINT32_MAX);
}

uint32_t package_matrices(const struct gguf *g)
{
	uint32_t n = 0;

	for (size_t i = 0; i < gguf_n_tensors(g); i++)
		n += is_lora_a(gguf_tensor_at(g, i)->name);
	return n;
}

int package_manifest(struct manifest_file **ret, const struct gguf *g, struct diag *d)
{
	_cleanup_(manifest_file_freep) struct manifest_file *f = NULL;
	const char *text;
	size_t len;
	uint32_t rank = package_rank(g);
	int r = gguf_str(g, PACKAGE_MANIFEST_KEY, &text, &len, d);

	if (r == GGUF_E_ABSENT)
		return PACKAGE_E_BARE;
	if (r < 0 || (r = manifest_parse(&f, text, len, d)) < 0)
		return r;
	if (manifest_of(f)->rank != rank)
		return diag_set(d, -EINVAL, DIAG_SHAPE, "rank", "%u, but the file's is %u",
				manifest_of(f)->rank, rank);
	*ret = TAKE(f);
	return 0;
}

static int write_error(int r, const char *field, struct diag *d)
{
	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, field, "%s", strerror(-r)) : 0;
}

/* Our own manifest replaces theirs, and our writer's alignment is the standard's default. */
static bool is_replaced(const char *key, size_t len)
{
	static const char *const keys[] = { PACKAGE_MANIFEST_KEY, "general.alignment" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (len == strlen(keys[i]) && memcmp(key, keys[i], len) == 0)
			return true;
	return false;
}

int package_put_lora(struct gguf_writer *w, const struct gguf *g, struct diag *d)
{
	enum gguf_type type;
	const char *key;
	size_t len;
	int r = 0;

	for (size_t i = 0; r == 0 && gguf_key_at(g, i, &key, &len, &type); i++)
		if (!is_replaced(key, len))
			r = gguf_writer_copy_key(w, g, i);
	for (size_t i = 0; r == 0 && i < gguf_n_tensors(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);

		r = gguf_writer_tensor(w, t->name, t->type, t->n_dims, t->ne, t->data);
	}
	return write_error(r, "", d);
}

int package_put_manifest(struct gguf_writer *w, const struct manifest *m, struct diag *d)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	int r = manifest_write(m, &text);

	if (r == 0 && text.len > YAML_MAX_SIZE)
		return diag_set(d, -EINVAL, DIAG_LIMIT, PACKAGE_MANIFEST_KEY,
				"%zu bytes, expected at most %d", text.len, YAML_MAX_SIZE);
	if (r == 0)
		r = gguf_writer_str(w, PACKAGE_MANIFEST_KEY, text.data, text.len);
	return write_error(r, PACKAGE_MANIFEST_KEY, d);
}

int package_write_signature(int fd, const char *text, size_t len, struct diag *d)
{
	struct footer footer;
	int r;

	if (len == 0 || len > PACKAGE_MAX_SIGNATURE)
		return diag_set(d, -EINVAL, DIAG_SIG, "signature", "%zu bytes, expected 1 to %d",
				len, PACKAGE_MAX_SIGNATURE);
	footer.length = (uint32_t)len;
	memcpy(footer.magic, magic, sizeof(magic));
	r = file_write(fd, text, len);
	if (r == 0)
		r = file_write(fd, &footer, sizeof(footer));
	return write_error(r, "signature", d);
}
