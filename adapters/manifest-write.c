/* SPDX-License-Identifier: MIT */
#include "adapters/manifest-fields.h"
#include "util/yaml-write.h"

int manifest_put_string(struct buf *out, unsigned indent, const char *key, const char *value)
{
	int r = buf_printf(out, "%*s%s: ", (int)indent, "", key);

	if (r == 0)
		r = yaml_write_string(out, value);
	return r < 0 ? r : buf_append_char(out, '\n');
}

static int put_digest(struct buf *out, unsigned indent, const char *key,
		      const struct digest *digest)
{
	char hex[DIGEST_HEX_LEN + 1];

	digest_to_hex(digest, hex);
	return manifest_put_string(out, indent, key, hex);
}

static int put_list(struct buf *out, unsigned indent, const char *key)
{
	return buf_printf(out, "%*s%s:\n", (int)indent, "", key);
}

static int put_item(struct buf *out, unsigned indent, const char *value)
{
	int r = buf_printf(out, "%*s- ", (int)indent, "");

	if (r == 0)
		r = yaml_write_string(out, value);
	return r < 0 ? r : buf_append_char(out, '\n');
}

static int put_languages(struct buf *out, unsigned indent, const struct manifest *m)
{
	int r = m->n_languages ? put_list(out, indent, "languages") : 0;

	for (size_t i = 0; r == 0 && i < m->n_languages; i++)
		r = put_item(out, indent + 2, m->languages[i]);
	return r;
}

static int put_bases(struct buf *out, unsigned indent, const struct manifest *m)
{
	int r = put_list(out, indent, "base");

	for (size_t i = 0; r == 0 && i < m->n_bases; i++) {
		char hex[DIGEST_HEX_LEN + 1];

		digest_to_hex(&m->bases[i], hex);
		r = put_item(out, indent + 2, hex);
	}
	return r;
}

int manifest_fields_write(const struct manifest *m, unsigned indent, struct buf *out)
{
	int r;

	if ((r = manifest_put_string(out, indent, "name", m->name)) < 0 ||
	    (r = manifest_put_string(out, indent, "task", m->task)) < 0 ||
	    (m->style && (r = manifest_put_string(out, indent, "style", m->style)) < 0) ||
	    (r = manifest_put_string(out, indent, "title", m->title)) < 0 ||
	    (r = put_languages(out, indent, m)) < 0 ||
	    (r = buf_printf(out, "%*ssequence: %u\n", (int)indent, "", m->sequence)) < 0 ||
	    (r = put_bases(out, indent, m)) < 0 ||
	    (r = put_digest(out, indent, "tokenizer", &m->tokenizer)) < 0 ||
	    (r = put_digest(out, indent, "template", &m->template)) < 0 ||
	    (r = buf_printf(out, "%*srank: %u\n", (int)indent, "", m->rank)) < 0 ||
	    /* Nine digits are every float by itself. */
	    (r = buf_printf(out, "%*sscale: %.9g\n", (int)indent, "", (double)m->scale)) < 0)
		return r;
	return manifest_put_string(out, indent, "prompt", m->prompt);
}

static int put_training(struct buf *out, const struct manifest *m)
{
	int r = m->n_training ? put_list(out, 0, "training") : 0;

	for (size_t i = 0; r == 0 && i < m->n_training; i++)
		r = manifest_put_string(out, 2, m->training[i].key, m->training[i].value);
	return r;
}

static int put_canaries(struct buf *out, const struct manifest *m)
{
	int r = m->n_canaries ? put_list(out, 0, "canaries") : 0;

	for (size_t i = 0; r == 0 && i < m->n_canaries; i++) {
		const struct manifest_canary *c = &m->canaries[i];

		if ((r = manifest_put_string(out, 2, "- text", c->text)) == 0 &&
		    (r = manifest_put_string(out, 4, "output", c->output)) == 0)
			r = buf_printf(out, "    max_tokens: %u\n", c->max_tokens);
	}
	return r;
}

int manifest_write(const struct manifest *m, struct buf *out)
{
	int r;

	if ((r = buf_append_str(out, "version: 1\n")) < 0 ||
	    (r = manifest_fields_write(m, 0, out)) < 0 || (r = put_training(out, m)) < 0)
		return r;
	return put_canaries(out, m);
}
