/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "adapters/catalog.h"
#include "adapters/manifest-fields.h"

/* Entries are a list's items: their first line begins with a dash. */
enum { INDENT = 4, DASH = 2 };

static int put_string(struct buf *out, const char *key, const char *value)
{
	return manifest_put_string(out, INDENT, key, value);
}

static int put_entry(struct buf *out, const struct catalog_entry *e)
{
	char digest[DIGEST_HEX_LEN + 1];
	size_t start = out->len;
	int r = manifest_fields_write(&e->manifest, INDENT, out);

	if (r < 0)
		return r;
	out->data[start + DASH] = '-';
	digest_to_hex(&e->digest, digest);
	if ((r = put_string(out, "file", e->file)) < 0 ||
	    (r = put_string(out, "digest", digest)) < 0 ||
	    (r = put_string(out, "state", catalog_state_name(e->state))) < 0 ||
	    (*e->reason && (r = put_string(out, "reason", e->reason)) < 0) ||
	    (*e->signature && (r = put_string(out, "signature", e->signature)) < 0))
		return r;
	return buf_printf(out, "%*ssince: %" PRId64 "\n%*senabled: %s\n%*spinned: %s\n", INDENT,
			  "", e->since, INDENT, "", e->enabled ? "true" : "false", INDENT, "",
			  e->pinned ? "true" : "false");
}

int catalog_write(struct buf *out, const struct catalog_entry *entries, size_t n, struct diag *d)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	_cleanup_(catalog_freep) struct catalog *c = NULL;
	int r = buf_printf(&text, "version: 1\nadapters:%s\n", n ? "" : " []");

	for (size_t i = 0; r == 0 && i < n; i++)
		r = put_entry(&text, &entries[i]);
	if (r == 0)
		r = catalog_parse(&c, text.data, text.len, d);
	if (r == 0)
		r = buf_append(out, text.data, text.len);
	return r;
}
