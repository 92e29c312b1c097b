/* SPDX-License-Identifier: MIT */
/* What a file says of itself, without a model. */
#include <errno.h>
#include <string.h>

#include "assistantd/engine/workshop-private.h"
#include "util/macro.h"

_Static_assert((int)WORKSHOP_UNSIGNED == (int)SIGNATURE_NONE &&
	       (int)WORKSHOP_UNKNOWN_KEY == (int)SIGNATURE_UNKNOWN_KEY &&
	       (int)WORKSHOP_SIGNED == (int)SIGNATURE_VALID, "they travel as numbers");

static int copy_text(struct buf *to, const struct gguf *g, const char *key, struct diag *d)
{
	const char *text;
	size_t len;
	int r = gguf_str(g, key, &text, &len, d);

	return r == 0 ? buf_append(to, text, len) : r;
}

static int count(uint32_t *ret, const struct gguf *g, const char *key, enum gguf_type element,
		 struct diag *d)
{
	struct gguf_array list;
	int r = gguf_array(g, key, element, &list, d);

	if (r == 0)
		*ret = (uint32_t)list.count;
	return r < 0 ? r : 0;
}

static int expect_lora(const struct gguf *g, struct diag *d)
{
	const char *type;
	size_t len;
	int r = gguf_str(g, "adapter.type", &type, &len, d);

	if (r == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_UNSUP, "adapter.type",
				"missing: the file is no adapter");
	if (r == 0 && !(len == 4 && memcmp(type, "lora", 4) == 0))
		return diag_set(d, -EINVAL, DIAG_UNSUP, "adapter.type", "expected 'lora'");
	return r;
}

static int describe(struct workshop_inspected *v, const struct gguf *g, struct diag *d)
{
	int r = expect_lora(g, d);

	if (r == 0)
		r = copy_text(&v->architecture, g, "general.architecture", d);
	if (r >= 0)
		r = gguf_f32(g, "adapter.lora.alpha", &v->alpha, d);
	if (r >= 0)
		r = count(&v->n_invocation, g, "adapter.alora.invocation_tokens", GGUF_TYPE_U32, d);
	if (r >= 0)
		r = count(&v->n_tokens, g, "assistantd.tokens.text", GGUF_TYPE_STRING, d);
	v->rank = package_rank(g);
	v->matrices = package_matrices(g);
	return r < 0 ? r : 0;
}

static int read_manifest(struct workshop_inspected *v, const struct gguf *g, struct diag *d)
{
	_cleanup_(manifest_file_freep) struct manifest_file *manifest = NULL;
	int r = package_manifest(&manifest, g, d);

	v->kind = r == PACKAGE_E_BARE ? WORKSHOP_BARE : WORKSHOP_PACKAGE;
	return r == 0 ? copy_text(&v->manifest, g, PACKAGE_MANIFEST_KEY, d) : MIN(r, 0);
}

static int check_signature(struct workshop_inspected *v, const struct package *p,
			   const struct workshop_inspect *question, struct diag *d)
{
	const char *keys[WORKSHOP_KEYS_MAX];
	_cleanup_free_ struct signature *signature = calloc(1, sizeof(*signature));
	int r;

	if (!signature)
		return -ENOMEM;
	for (uint32_t i = 0; i < question->n_keys; i++)
		keys[i] = question->keys[i].len ? question->keys[i].data : "";
	r = signature_check(signature, p, keys, question->n_keys, d);
	if (r < 0)
		return r;
	v->signature = (uint32_t)signature->state;
	r = buf_append_str(&v->key_id, signature->key_id);
	return r < 0 ? r : buf_append_str(&v->comment, signature->trusted_comment);
}

int workshop_look(const struct workshop_inspect *question, struct workshop_inspected *v,
		  struct diag *d)
{
	_cleanup_(package_file_freep) struct package_file *f = NULL;
	int r = package_open_fd(&f, question->fd, d);

	if (r == 0)
		r = describe(v, package_gguf(f), d);
	if (r == 0)
		r = read_manifest(v, package_gguf(f), d);
	if (r == 0)
		r = check_signature(v, package_parts(f), question, d);
	if (r < 0)
		return r;
	v->bytes = package_size(f);
	return package_digest(f, &v->digest, d);
}
