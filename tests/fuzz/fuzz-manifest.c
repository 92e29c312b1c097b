/* SPDX-License-Identifier: MIT */
/*
 * What an adapter brings besides its matrices. By how it begins, an input is a GGUF with a
 * manifest and perhaps a signature behind it, a signature, or the text of a manifest and of a
 * catalogue: every promise of manifest.h, catalog.h, package.h and signature.h about them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapters.h"
#include "base_model/base_model.h"
#include "tests/fuzz/fuzz.h"
#include "util/yaml.h"

/* Its other half was thrown away; the corpus has signatures of other contents by it. */
#define KEY "RWT5ztlZdykbC2zN1jiL7/R815VuxgEC1tfcd5AJA/ouHV78ngNhU+yR"

static void expect(bool condition)
{
	if (!condition)
		abort();
}

/* A verdict of a reader: nothing, or what is wrong. */
static bool is_good(int r, const void *result, const struct diag *d)
{
	expect(r == -EINVAL || r == -ENOMEM || r >= 0);
	expect((r == 0) == (result != NULL));
	expect((r < 0) == (d->code != DIAG_NONE && *d->text));
	return r == 0;
}

static void check_name(const char *s)
{
	expect(*s && strlen(s) <= MANIFEST_MAX_NAME && !strpbrk(s, "/.\n "));
}

static void check_fields(const struct manifest *m)
{
	check_name(m->name);
	check_name(m->task);
	if (m->style)
		check_name(m->style);
	expect(*m->title && !strchr(m->title, '\n') && strlen(m->title) <= MANIFEST_MAX_TITLE);
	expect(*m->prompt && strlen(m->prompt) <= MANIFEST_MAX_PROMPT);
	expect(m->n_languages <= MANIFEST_MAX_LANGUAGES);
	expect(m->n_bases >= 1 && m->n_bases <= MANIFEST_MAX_BASES);
	expect(m->rank >= 1 && m->rank <= ADAPTER_MAX_RANK && m->sequence >= 1);
	expect(m->scale >= 0.0f && m->scale <= ADAPTER_MAX_SCALE);
}

static void check_manifest(const struct manifest *m)
{
	_cleanup_(manifest_file_freep) struct manifest_file *f = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL, again = BUF_NULL;
	struct diag d = DIAG_NULL;

	check_fields(m);
	expect(m->n_training <= MANIFEST_MAX_FACTS && m->n_canaries <= MANIFEST_MAX_CANARIES);
	expect(manifest_write(m, &text) == 0);
	/* Escapes make it longer. */
	if (text.len > YAML_MAX_SIZE)
		return;
	expect(manifest_parse(&f, text.data, text.len, &d) == 0);
	expect(manifest_write(manifest_of(f), &again) == 0);
	expect(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
}

static void take_manifest(const char *text, size_t len)
{
	_cleanup_(manifest_file_freep) struct manifest_file *f = NULL;
	struct diag d = DIAG_NULL;
	int r = manifest_parse(&f, text, len, &d);

	if (is_good(r, f, &d))
		check_manifest(manifest_of(f));
}

static void take_catalog(const char *text, size_t len)
{
	_cleanup_(catalog_freep) struct catalog *c = NULL, *same = NULL;
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	struct diag d = DIAG_NULL;
	int r = catalog_parse(&c, text, len, &d);
	size_t n;

	if (!is_good(r, c, &d))
		return;
	n = catalog_count(c);
	for (size_t i = 0; i < n; i++) {
		const struct catalog_entry *e = catalog_at(c, i);

		check_fields(&e->manifest);
		expect(*e->file && *e->file != '.' && !strchr(e->file, '/') && e->since >= 0);
		expect(catalog_version(c, e->manifest.name, &e->digest) == e);
		expect((e->state == CATALOG_ACTIVE) == (catalog_active(c, e->manifest.name) == e));
	}
	r = catalog_write(&out, catalog_at(c, 0), n, &d);
	expect(r == 0 || d.code == DIAG_LIMIT);
	if (r == 0)
		expect(catalog_parse(&same, out.data, out.len, &d) == 0 &&
		       catalog_count(same) == n);
}

static void take_signature(const struct package *p)
{
	const char *key = KEY;
	struct diag d = DIAG_NULL;
	struct signature s;
	int r = signature_check(&s, p, &key, 1, &d);

	expect(r == 0 || (r == -EINVAL && d.code == DIAG_SIG));
	expect(s.state != SIGNATURE_VALID && !*s.trusted_comment);
	expect((p->signature != NULL) == (r < 0 || s.state == SIGNATURE_UNKNOWN_KEY));
}

static void take_package(const char *data, size_t len)
{
	_cleanup_(manifest_file_freep) struct manifest_file *f = NULL;
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	struct diag d = DIAG_NULL;
	struct package p;
	int r = package_split(&p, data, len, &d);

	if (r < 0) {
		expect(r == -EINVAL && d.code == DIAG_SIG);
		return;
	}
	expect(p.content == data && p.content_len <= len);
	expect(!p.signature || (p.signature == data + p.content_len && p.signature_len > 0 &&
				p.signature_len <= PACKAGE_MAX_SIGNATURE &&
				p.content_len + p.signature_len + 16 == len));
	take_signature(&p);
	if (gguf_parse(&g, p.content, p.content_len, &d) < 0)
		return;
	r = package_manifest(&f, g, &d);
	if (r == PACKAGE_E_BARE)
		expect(!f && d.code == DIAG_NONE);
	else if (is_good(r, f, &d))
		expect(manifest_of(f)->rank == package_rank(g));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	if (size >= 4 && memcmp(text, "GGUF", 4) == 0) {
		take_package(text, size);
	} else if (size >= 9 && memcmp(text, "untrusted", 9) == 0) {
		take_signature(&(struct package){ "content", 7, text, size });
	} else {
		take_manifest(text, size);
		take_catalog(text, size);
	}
	return 0;
}
